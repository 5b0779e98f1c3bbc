"""Reads a shard's events in sequence, from a checkpoint. Used by ledger, feed and roll-up.

Events are contiguous; a reader that meets a hole raises `EventHole` rather than skip it. Each
consumer writes how far it has come to the `checkpoints` hash, behind which the worker may trim.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from matching import keys
from matching.codec import decode_event_entry
from matching.domain import values
from matching.domain.events import AnyEvent


class EventHole(Exception):  # noqa: N818 - a fact about the log, not of the caller
    """The log does not go on where the reader left off: events are missing."""

    def __init__(self, *, shard: int, expected: int, found: int) -> None:
        super().__init__(
            f"Shard {shard}: event {expected} should come next, the log goes on with {found}."
        )
        self.shard, self.expected, self.found = shard, expected, found


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads the events of one shard; holds no position: its caller owns the checkpoint."""

    shard: int
    max_entries: int = 200

    def read(self, hot: "Redis", *, after: int, block_ms: int) -> list[AnyEvent]:
        """Return the events after sequence `after`; wait up to `block_ms` (0: don't wait)."""
        reply = hot.xread(self._position(after), count=self.max_entries, block=block_ms or None)
        return self._events(reply, after)

    async def read_async(self, hot: "AsyncRedis", *, after: int, block_ms: int) -> list[AnyEvent]:
        """The same from an event loop."""
        reply = await hot.xread(
            self._position(after), count=self.max_entries, block=block_ms or None
        )
        return self._events(reply, after)

    def _position(self, after: int) -> dict[Any, Any]:
        return {keys.events(self.shard): f"{after}-0"}

    def _events(self, reply: Any, after: int) -> list[AnyEvent]:
        events = [event for fields in _entries(reply) for event in decode_event_entry(fields)]
        fresh = [event for event in events if event.sequence > after]
        expected = after + 1
        for event in fresh:
            if event.sequence != expected:
                raise EventHole(shard=self.shard, expected=expected, found=event.sequence)
            expected += 1
        return fresh


def _entries(reply: Any) -> list[Mapping[bytes, bytes]]:
    """Return the field maps of an XREAD reply of one stream, in either RESP shape."""
    if not reply:
        return []
    streams = reply.values() if isinstance(reply, dict) else [rows for _, rows in reply]
    rows = cast("Sequence[Any]", next(iter(streams)))
    if rows and isinstance(rows[0], list) and rows[0] and isinstance(rows[0][0], tuple | list):
        rows = rows[0]
    return [fields for _, fields in rows]


def save_checkpoint(hot: "Redis", *, shard: int, consumer: str, sequence: int) -> None:
    """Tell the worker that `consumer` needs no event up to `sequence` any more."""
    hot.hset(keys.checkpoints(shard), consumer, str(sequence))


def last_sequence(hot: "Redis", *, shard: int) -> values.Sequence:
    """Return the sequence of the shard's newest event (0: none yet)."""
    value = hot.hget(keys.sequence(shard), "event")
    return values.Sequence(int(cast("bytes", value) or 0))
