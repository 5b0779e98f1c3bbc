"""What each ledger writer says of itself, once a second, on the bus.

The writer is a process without HTTP. Its command says which server it waits for; `/readyz` and
`/metrics` hear it. The word is also the sign that it lives: it is forgotten after a few seconds.
"""

import contextlib
from typing import Final, cast

from django.core.cache import cache
from redis.exceptions import RedisError

SAY_EVERY_S: Final = 1.0
SILENT_AFTER_S: Final = 10

POSTGRES: Final = "Postgres"
HOT: Final = "hot Redis"
NOBODY: Final = ""


def say(shard: int, waits_for: str) -> None:
    """Tell which server the writer of a shard waits for; empty: it writes."""
    # Where the bus is away nobody hears it, and that is what readers see.
    with contextlib.suppress(RedisError):
        cache.set(_key(shard), waits_for, timeout=SILENT_AFTER_S)


def heard(shard: int) -> str | None:
    """Return the last word, or None where the writer is silent. Raises RedisError."""
    return cast("str | None", cache.get(_key(shard)))


def _key(shard: int) -> str:
    return f"ledger:writer:{shard}"
