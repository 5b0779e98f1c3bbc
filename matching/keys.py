"""The name of every key in the hot Redis that Python asks for. Nobody else spells one.

All keys of a shard carry its hash tag, so that one function call may touch them all; the Lua
library builds its names, the same and a few of its own, from the prefix (`matching/lua/keys.lua`).
"""

from binascii import crc32
from typing import Final

from matching.domain.values import Side

BOOK_SIDES: Final = {Side.BUY: "bids", Side.SELL: "asks"}


def shard_of(symbol: str, shards: int) -> int:
    """Return the shard that matches `symbol`."""
    return crc32(symbol.encode()) % shards


def prefix(shard: int) -> str:
    return f"v1:{{s{shard}}}:"


def commands(shard: int) -> str:
    """Stream: what the gateways ask."""
    return f"{prefix(shard)}commands"


def dead_commands(shard: int) -> str:
    """Stream: commands that could not be read."""
    return f"{prefix(shard)}commands:dead"


def events(shard: int) -> str:
    """Stream: what happened; an entry's id is the sequence of its last event."""
    return f"{prefix(shard)}events"


def cursor(shard: int) -> str:
    """String: id of the last command entry that was applied."""
    return f"{prefix(shard)}cursor"


def sequence(shard: int) -> str:
    """Hash: the last event, trade and order numbers, and the time of the last command."""
    return f"{prefix(shard)}sequence"


def checkpoints(shard: int) -> str:
    """Hash: consumer name → sequence of the last event it has dealt with for good."""
    return f"{prefix(shard)}checkpoints"


def market(shard: int, symbol: str) -> str:
    """Hash: terms, status, last price and book update id of a market."""
    return f"{prefix(shard)}market:{symbol}"


def book(shard: int, symbol: str, side: Side) -> str:
    """Sorted set of `{order id}:{user id}`; ascending is best first, then first come.

    The score is the price in ticks, negative for bids.
    """
    return f"{prefix(shard)}book:{symbol}:{BOOK_SIDES[side]}"


def levels(shard: int, symbol: str, side: Side) -> str:
    """Hash: price in ticks → total lots resting there."""
    return f"{prefix(shard)}levels:{symbol}:{BOOK_SIDES[side]}"


def open_orders(shard: int, user_id: int) -> str:
    """Hash: a user's open orders, order id → one line of text."""
    return f"{prefix(shard)}orders:{user_id}"


def wallet(shard: int, user_id: int) -> str:
    """Hash: `<asset>.available` and `<asset>.reserved`, in the asset's smallest units.

    Beside them `<asset>.incoming`, what the user's resting buys would bring, and `<symbol>.orders`,
    how many orders of the user rest there.
    """
    return f"{prefix(shard)}wallet:{user_id}"


def limits(shard: int, user_id: int) -> str:
    """Hash: a user's own risk limits, `open_orders`, `orders_per_second` and `<asset>.cap`."""
    return f"{prefix(shard)}limits:{user_id}"


def references(shard: int) -> str:
    """Hash: reference of funds or of a reset → what it was first used for, and the answer."""
    return f"{prefix(shard)}references"


def client_order(shard: int, user_id: int, client_order_id: str) -> str:
    """String: the first order with this id of the user's own, and the answer to it."""
    return f"{prefix(shard)}client-order:{user_id}:{client_order_id}"


def supply(shard: int) -> str:
    """Hash: asset → all deposits minus all withdrawals."""
    return f"{prefix(shard)}supply"


def intake(shard: int) -> str:
    """Channel (bus): what the shard takes in now, said by its worker several times a second."""
    return f"{prefix(shard)}intake"


def acks(gateway: str) -> str:
    """Channel (bus): answers to the commands of one gateway."""
    return f"v1:acks:{gateway}"
