"""How the id of an order or a trade is made: its number on its shard, and the shard. Pure.

The id alone tells which shard to ask; `matching/lua/ids.lua` makes ids by the same rule.
"""

from typing import Final

MAX_SHARDS: Final = 64


def order_id(number: int, shard: int) -> int:
    """Return the id of the `number`-th order of `shard`."""
    return number * MAX_SHARDS + shard


def shard_of_order(order_id: int) -> int:
    """Return the shard that `order_id` belongs to."""
    return order_id % MAX_SHARDS
