"""Watches what piles up around a shard, decides what it takes in, and tells the gateways.

Used by the worker. Its word goes out on the bus, not into the hot Redis: it must get through even
when that is full. Its coming also shows that the worker lives: a gateway that does not hear it
refuses new orders by itself.
"""

import contextlib
import logging
import shutil
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from matching import backlog, keys
from matching.domain.intake import Intake, IntakeBounds, Pressure, next_intake

log = logging.getLogger(__name__)


class IntakeWatch:
    """Watches one shard for its worker."""

    def __init__(
        self,
        *,
        hot: Redis,
        bus: Redis,
        shard: int,
        consumers: tuple[str, ...],
        bounds: IntakeBounds,
        directory: Path | None,
    ) -> None:
        """`directory` is where the hot Redis keeps its log, where that can be seen from here."""
        self.intake = Intake.OPEN
        self._hot = hot
        self._bus = bus
        self._shard = shard
        self._consumers = consumers
        self._bounds = bounds
        self._directory = directory

    def look(self) -> None:
        """Measure, decide, and say so. Raises RedisError where the hot Redis does not answer."""
        pressure = self._measure()
        before, self.intake = self.intake, next_intake(pressure, self._bounds, before=self.intake)
        if self.intake is not before:
            log.warning(
                "Shard %d: intake %s, was %s: %s", self._shard, self.intake, before, pressure
            )
        # Acks cannot leave either while the bus is away; those are logged.
        with contextlib.suppress(RedisError):
            self._bus.publish(keys.intake(self._shard), self.intake)

    def _measure(self) -> Pressure:
        memory = self._hot.info("memory")
        directory = self._directory
        return Pressure(
            command_wait_ms=round(backlog.oldest_command_s(self._hot, shard=self._shard) * 1e3),
            events_waiting=backlog.events_waiting(
                self._hot, shard=self._shard, consumers=self._consumers
            ),
            memory_used=memory["used_memory"],
            memory_limit=memory["maxmemory"],
            disk_free=None if directory is None else shutil.disk_usage(directory).free,
        )
