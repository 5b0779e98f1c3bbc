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
        self._intake = Intake.OPEN
        self._hot = hot
        self._bus = bus
        self._shard = shard
        self._consumers = consumers
        self._bounds = bounds
        self._directory = directory
        self._sees_disk = True

    def look(self) -> None:
        """Measure, decide, and say so. Raises RedisError where the hot Redis does not answer."""
        pressure = self._measure()
        before, self._intake = (
            self._intake,
            next_intake(pressure, self._bounds, before=self._intake),
        )
        if self._intake is not before:
            log.warning(
                "Shard %d: intake %s, was %s: %s", self._shard, self._intake, before, pressure
            )
        # Acks cannot leave either while the bus is away; those are logged.
        with contextlib.suppress(RedisError):
            self._bus.publish(keys.intake(self._shard), self._intake)

    def _measure(self) -> Pressure:
        memory = self._hot.info("memory")
        return Pressure(
            command_wait_ms=round(backlog.oldest_command_s(self._hot, shard=self._shard) * 1e3),
            events_waiting=backlog.events_waiting(
                self._hot, shard=self._shard, consumers=self._consumers
            ),
            memory_used=memory["used_memory"],
            memory_limit=memory["maxmemory"],
            disk_free=self._disk_free(),
        )

    def _disk_free(self) -> int | None:
        """Return the free bytes of the log's disk; None where they cannot be seen from here."""
        if self._directory is None:
            return None
        try:
            free = shutil.disk_usage(self._directory).free
        except OSError as error:
            if self._sees_disk:
                log.warning("Shard %d: the disk cannot be watched: %s", self._shard, error)
            self._sees_disk = False
            return None
        self._sees_disk = True
        return free
