"""The heartbeat of each ledger writer: once a second, on the bus, which server it waits for.

The writer is a process without HTTP. Its command sends the heartbeat; `/readyz` and `/metrics` look
for it. One that does not come again is forgotten after a few seconds.
"""

import contextlib
from typing import Final, cast

from django.core.cache import cache
from redis.exceptions import RedisError

BEAT_EVERY_S: Final = 1.0
SILENT_AFTER_S: Final = 10

POSTGRES: Final = "Postgres"
HOT: Final = "hot Redis"
NOBODY: Final = ""


def beat(shard: int, waits_for: str) -> None:
    """Tell which server the writer of a shard waits for; empty: it writes."""
    # Where the bus is away nobody hears it, and that is what readers see.
    with contextlib.suppress(RedisError):
        cache.set(_key(shard), waits_for, timeout=SILENT_AFTER_S)


def last_beat(shard: int) -> str | None:
    """Return what the writer of a shard waits for, None where it is silent. Raises RedisError."""
    return cast("str | None", cache.get(_key(shard)))


def _key(shard: int) -> str:
    return f"ledger:writer:{shard}"
