"""Finds the hashes of a shard: its markets, wallets, open orders and limits.

Used by those who look through a whole shard, `matching.invariants` and `matching.snapshot_reader`.
"""

from collections.abc import Iterator
from typing import Any, cast

from redis import Redis

from matching import keys

Name = tuple[str, str]
"""A hash's kind, and whose it is: `("wallet", "7")`."""


def scan_hashes(hot: Redis, shard: int, *, count: int) -> Iterator[list[Name]]:
    """Yield the shard's hashes, a page for each call of the server, which looks at `count` keys.

    One that is there all the time comes at least once; others may come or not.
    """
    prefix, cursor, is_end = keys.prefix(shard), 0, False
    while not is_end:
        # Only hashes: remembered client orders, which are strings, can be a hundred times as many.
        cursor, names = cast("Any", hot).scan(cursor, f"{prefix}*", count, "HASH")
        yield [_name(name.decode(errors="replace").removeprefix(prefix)) for name in names]
        is_end = cursor == 0


def _name(text: str) -> Name:
    kind, _, rest = text.partition(":")
    return kind, rest
