"""How much work waits for each process, and for how long. Used by `kalency.health` and the worker.

A process that is gone, or hangs, shows by what it leaves undone; one without work shows nothing.
"""

from collections.abc import Sequence
from typing import Any, cast

from redis import Redis

from matching import keys
from matching.codec import decode_event_entry
from matching.event_log import last_sequence

Row = tuple[bytes, dict[bytes, bytes]]


def oldest_command_s(hot: Redis, *, shard: int) -> float:
    """Return the age in seconds of the oldest command that is not applied (0: there is none).

    Ids of the command stream begin with the server's milliseconds.
    """
    cursor = cast("bytes", hot.get(keys.cursor(shard)) or b"0-0").decode()
    rows = cast("list[Row]", hot.xrange(keys.commands(shard), min=f"({cursor}", count=1))
    if not rows:
        return 0.0
    return _now_s(hot) - int(rows[0][0].partition(b"-")[0]) / 1e3


def oldest_event_s(hot: Redis, *, shard: int, consumer: str) -> float:
    """Return the age in seconds of the oldest event behind `consumer`'s checkpoint (0: none).

    Ids of the event stream are sequences; the time is that of the command that caused the event.
    """
    done = int(cast("bytes", hot.hget(keys.checkpoints(shard), consumer) or b"0"))
    rows = cast("list[Row]", hot.xrange(keys.events(shard), min=f"{done + 1}-0", count=1))
    if not rows:
        return 0.0
    return _now_s(hot) - decode_event_entry(rows[0][1])[0].ts_us / 1e6


def slowest_checkpoint(hot: Redis, *, shard: int, consumers: Sequence[str]) -> int:
    """Return the last event that all of `consumers`, at least one, have dealt with."""
    rows = cast("list[Any]", hot.hmget(keys.checkpoints(shard), consumers))
    return min(int(row or 0) for row in rows)


def events_waiting(hot: Redis, *, shard: int, consumers: Sequence[str]) -> int:
    """Return how many events the slowest of `consumers` has not dealt with (0: there are none)."""
    if not consumers:
        return 0
    # In this order: the log only grows, so the difference is never too small.
    done = slowest_checkpoint(hot, shard=shard, consumers=consumers)
    return max(0, last_sequence(hot, shard=shard) - done)


def _now_s(hot: Redis) -> float:
    seconds, microseconds = hot.time()
    return seconds + microseconds / 1e6
