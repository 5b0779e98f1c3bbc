"""Keeps the calls of the matching function short: measures them, and sets how much one may take.

Used by the worker. The time is what the server says it spent in the function; the worker's own
clock would count the sync of the log in, which a smaller batch does not shorten.
"""

import logging
from typing import Final

from redis import Redis

from matching.domain.batch_size import FIRST, Work, next_batch_size

FUNCTION_CALLS: Final = "cmdstat_fcall"

log = logging.getLogger(__name__)


class Pacer:
    """The batch size of one shard, and what its worker has done since it started."""

    def __init__(self, hot: Redis, *, shard: int) -> None:
        self.size = FIRST
        self._done = Work()
        self._hot = hot
        self._shard = shard
        self._adjusted_at = self._done
        self._server_us: int | None = None

    def count(self, *, entries: int, commands: int) -> None:
        """Note a call that had something to apply."""
        self._done += Work(calls=1, entries=entries, commands=commands)

    def adjust(self) -> None:
        """Set the size by the calls since the last time."""
        self._done += Work(server_us=self._spent_us())
        work, self._adjusted_at = self._done - self._adjusted_at, self._done
        self.size = next_batch_size(self.size, work)
        if work.calls:
            log.debug("Shard %d: %s, next up to %d commands a call", self._shard, work, self.size)

    def _spent_us(self) -> int:
        """Return the server's time in the function since the last time it was asked."""
        figures = self._hot.info("commandstats").get(FUNCTION_CALLS, {"usec": 0})
        before, self._server_us = self._server_us, int(figures["usec"])
        # A server that was restarted counts from 0 again.
        return 0 if before is None else max(0, self._server_us - before)
