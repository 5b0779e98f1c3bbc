"""Drives one shard: calls the matching function, hands out the acks, trims the streams.

It computes nothing. A batch is durable before its acks leave, because the hot Redis syncs its log
before it replies. A worker may die anywhere: the next one goes on at the shard's cursor. How much a
call takes, and what the shard takes in at all, follow the load (`pacing`, `intake_watch`).
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from redis import Redis
from redis.exceptions import RedisError

from matching import backlog, keys, library
from matching.domain.intake import IntakeBounds
from matching.function import BatchReply, match_or_refuse
from matching.intake_watch import IntakeWatch
from matching.pacing import Pacer
from matching.self_check import SelfCheck

IDLE_WAIT_MS: Final = 100
RETRY_PAUSE_S: Final = 0.2
# Measures and tells the gateways; less than a millisecond of the server's time.
LOOK_EVERY_S: Final = 0.1
TRIM_EVERY_S: Final = 1.0
KEEP_COMMANDS_S: Final = 60
# Behind the slowest durable consumer, for those who only follow and may be a moment late.
KEEP_EVENTS: Final = 100_000
CLIENT_ORDER_WINDOW_S: Final = 3_600
MS_PER_S: Final = 1_000
US_PER_S: Final = 1_000_000

log = logging.getLogger(__name__)


class MatchingWorker:
    """The one process that drives a shard."""

    def __init__(
        self,
        *,
        hot: Redis,
        bus: Redis,
        shard: int,
        consumers: tuple[str, ...] = (),
        client_order_window_s: int = CLIENT_ORDER_WINDOW_S,
        keep_commands_s: int | None = KEEP_COMMANDS_S,
        bounds: IntakeBounds | None = None,
        hot_directory: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`consumers` must have dealt with an event before it may be trimmed.

        Applied commands are kept for `keep_commands_s`, or for good where it is None. The disk of
        `hot_directory` is watched, where the hot Redis is on this machine.
        """
        self._hot = hot
        self._bus = bus
        self._shard = shard
        self._consumers = consumers
        self._window_us = client_order_window_s * US_PER_S
        self._keep_commands_s = keep_commands_s
        self._pacer = Pacer(hot, shard=shard)
        self._watch = IntakeWatch(
            hot=hot,
            bus=bus,
            shard=shard,
            consumers=consumers,
            bounds=bounds or IntakeBounds(),
            directory=hot_directory,
        )
        self._self_check = SelfCheck(hot, shard)
        self._clock = clock
        self._next_look = self._next_trim = clock()
        self._stopping = False

    def stop(self) -> None:
        """Ask the worker to return after the batch at hand; safe from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Drive the shard until `stop` is called; outlives outages of both servers."""
        self._load_library()
        log.info("Matching worker of shard %d ready", self._shard)
        while not self._stopping:
            try:
                self.run_once()
            except (RedisError, OSError) as error:
                log.warning("Shard %d: the server does not work (%s), again", self._shard, error)
                self._self_check.begin_round()
                # It may last, a full disk or a damaged key: nobody is helped by haste.
                time.sleep(RETRY_PAUSE_S)
                self._load_library()

    def run_once(self) -> BatchReply:
        """Apply what waits, or wait a moment for something to come."""
        # First, so that the word that the shard is open is out before the first answer.
        self._look_now_and_then()
        reply = self._next_batch()
        if reply.entries:
            self._pacer.count(entries=reply.entries, commands=reply.commands)
            self._hand_out(reply)
        else:
            self._wait()
        self._trim_now_and_then()
        self._self_check.go_on()
        return reply

    def _next_batch(self) -> BatchReply:
        reply = match_or_refuse(
            self._hot, shard=self._shard, window_us=self._window_us, max_commands=self._pacer.size
        )
        if reply.fault:
            log.critical("Shard %d: refused an entry that fails: %s", self._shard, reply.fault)
        return reply

    def _hand_out(self, reply: BatchReply) -> None:
        pipe = self._bus.pipeline(transaction=False)
        for gateway, packed in reply.acks.items():
            pipe.publish(keys.acks(gateway), packed)
        try:
            pipe.execute()
        except RedisError as error:
            # The effects stand; the senders learn of them by looking, as after any lost answer.
            log.warning("Shard %d: acks were lost: %s", self._shard, error)

    def _wait(self) -> None:
        self._hot.xread({keys.commands(self._shard): self._cursor()}, count=1, block=IDLE_WAIT_MS)

    def _cursor(self) -> bytes:
        return cast("bytes | None", self._hot.get(keys.cursor(self._shard))) or b"0-0"

    def _load_library(self) -> None:
        while not self._stopping:
            try:
                library.load(self._hot)
            except (RedisError, OSError) as error:
                log.warning("Shard %d: hot Redis is not ready: %s", self._shard, error)
                time.sleep(RETRY_PAUSE_S)
            else:
                return

    def _look_now_and_then(self) -> None:
        if self._clock() >= self._next_look:
            self._watch.look()
            self._pacer.adjust()
            self._next_look = self._clock() + LOOK_EVERY_S

    def _trim_now_and_then(self) -> None:
        if self._clock() >= self._next_trim:
            self._trim_commands()
            self._trim_events()
            self._next_trim = self._clock() + TRIM_EVERY_S

    def _trim_commands(self) -> None:
        """Drop commands applied a while ago; entry ids begin with the server's milliseconds."""
        if self._keep_commands_s is None:
            return
        cursor = self._cursor()
        oldest_ms = int(cursor.partition(b"-")[0]) - self._keep_commands_s * MS_PER_S
        if oldest_ms > 0:
            self._hot.xtrim(keys.commands(self._shard), minid=str(oldest_ms), approximate=True)

    def _trim_events(self) -> None:
        """Drop events that every durable consumer dealt with a while ago."""
        if not self._consumers:
            return
        done = backlog.slowest_checkpoint(self._hot, shard=self._shard, consumers=self._consumers)
        oldest = done + 1 - KEEP_EVENTS
        if oldest > 0:
            self._hot.xtrim(keys.events(self._shard), minid=f"{oldest}-0", approximate=True)
