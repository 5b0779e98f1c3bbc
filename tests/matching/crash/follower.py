"""Reads the event log while servers die, as the ledger writer does: what it has read must stay.

Used by `run.py` only.
"""

import asyncio
import hashlib

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from matching.domain.events import AnyEvent
from matching.event_log import EventReader
from tests.matching.shard import SHARD

WAIT_MS = 100
RETRY_PAUSE_S = 0.05


class Follower:
    """Reads on from its position and keeps a digest of all it has read."""

    def __init__(self, hot: Redis) -> None:
        self.position = 0
        self._digest = hashlib.sha256()
        self._hot = hot
        self._unread: list[AnyEvent] = []

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    async def follow(self) -> None:
        """Read until cancelled, through outages. Raises EventHole."""
        while True:
            try:
                await self.read()
            except (RedisError, OSError):
                await asyncio.sleep(RETRY_PAUSE_S)

    async def read(self) -> int:
        """Wait a moment for events, read some, return how many. Raises EventHole."""
        reader = EventReader(SHARD)
        events = await reader.read_async(self._hot, after=self.position, block_ms=WAIT_MS)
        for event in events:
            self._digest.update(msgspec.msgpack.encode(event))
            self.position = event.sequence
        self._unread += events
        return len(events)

    def take(self) -> list[AnyEvent]:
        """Return the events that were read since the last call."""
        taken, self._unread = self._unread, []
        return taken
