"""How long work has been waiting for the processes that nobody can ask. Used by `kalency.health`.

A process that is gone, or hangs, shows by what it leaves undone; one without work shows nothing.
"""

from typing import cast

from redis import Redis

from matching import keys
from matching.codec import decode_event_entry

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


def _now_s(hot: Redis) -> float:
    seconds, microseconds = hot.time()
    return seconds + microseconds / 1e6
