"""Reads what the matching function wrote: wallets, open orders, books, markets. Never writes.

Used by the front door and the simulator. All figures are integers; sums over shards
where a thing lives on several.
"""

from collections.abc import Mapping
from typing import Any, cast

from redis.asyncio import Redis

from matching import keys
from matching.domain.ids import shard_of_order
from matching.domain.state import Balance, BookDepth, Level, MarketState, OpenOrder
from matching.domain.values import Lots, MarketStatus, OrderType, Side, Ticks, TimeInForce, Units


class HotState:
    """Reads the hot Redis for one event loop."""

    def __init__(self, hot: Redis, *, shards: int) -> None:
        self._hot = hot
        self._shards = shards

    async def wallet(self, user_id: int) -> dict[str, Balance]:
        """Return asset → balance of a user, over all shards; empty for an unknown user."""
        amounts: dict[str, int] = {}
        for shard in range(self._shards):
            fields = await self._hash(keys.wallet(shard, user_id))
            for name, value in fields.items():
                amounts[name] = amounts.get(name, 0) + int(value)
        return balances_of(amounts)

    async def open_order(self, user_id: int, order_id: int) -> OpenOrder | None:
        """Return a user's open order, or None where it is not open, never was, or is another's."""
        shard = shard_of_order(order_id)
        if not 0 <= shard < self._shards:
            return None
        key = keys.open_orders(shard, user_id)
        line = cast("bytes | None", await self._hot.hget(key, str(order_id)))
        return open_order(user_id, order_id, line.decode()) if line else None

    async def open_orders(self, user_id: int, *, symbol: str = "") -> list[OpenOrder]:
        """Return a user's open orders, oldest first; of one market where `symbol` is given."""
        found: list[OpenOrder] = []
        for shard in range(self._shards):
            lines = await self._hash(keys.open_orders(shard, user_id))
            orders = (open_order(user_id, int(order_id), lines[order_id]) for order_id in lines)
            found += [order for order in orders if symbol in {"", order.symbol}]
        return sorted(found, key=lambda order: (order.ts_us, order.order_id))

    async def book(self, symbol: str, *, depth: int) -> BookDepth:
        """Return up to `depth` levels a side, read in one atomic step."""
        shard = keys.shard_of(symbol, self._shards)
        reply = cast(
            "list[Any]",
            await self._hot.fcall_ro("book_depth", 1, keys.prefix(shard), symbol, str(depth)),
        )
        update_id, bids, asks = reply
        return BookDepth(
            symbol=symbol, last_update_id=int(update_id), bids=_levels(bids), asks=_levels(asks)
        )

    async def market(self, symbol: str) -> MarketState | None:
        """Return a market's state, or None where it is not listed."""
        shard = keys.shard_of(symbol, self._shards)
        fields = await self._hash(keys.market(shard, symbol))
        if not fields:
            return None
        last_price = int(fields.get("last_price", 0))
        return MarketState(
            symbol=symbol,
            status=MarketStatus(fields["status"]),
            last_price_ticks=Ticks(last_price) if last_price else None,
            update_id=int(fields.get("update_id", 0)),
        )

    async def last_sequence(self, shard: int) -> int:
        """Return the sequence of the shard's newest event (0: none yet)."""
        return int(await self._hot.hget(keys.sequence(shard), "event") or 0)

    async def checkpoint(self, shard: int, consumer: str) -> int:
        """Return the sequence of the last event `consumer` has dealt with for good (0: none)."""
        return int(await self._hot.hget(keys.checkpoints(shard), consumer) or 0)

    async def _hash(self, key: str) -> dict[str, str]:
        return _text(cast("dict[bytes, bytes]", await self._hot.hgetall(key)))


def _text(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}


def _levels(flat: list[bytes]) -> list[Level]:
    return [(Ticks(int(flat[i])), Lots(int(flat[i + 1]))) for i in range(0, len(flat), 2)]


def balances_of(amounts: Mapping[str, int]) -> dict[str, Balance]:
    """Return asset → balance of a wallet's fields, as `matching/lua/wallets.lua` names them."""
    assets = sorted({name.partition(".")[0] for name in amounts if name.endswith(".available")})
    return {
        asset: Balance(
            available=Units(amounts.get(f"{asset}.available", 0)),
            reserved=Units(amounts.get(f"{asset}.reserved", 0)),
        )
        for asset in assets
    }


def open_order(user_id: int, order_id: int, line: str) -> OpenOrder:
    """Read an open order as `matching/lua/orders.lua` writes it."""
    terms, _, client_order_id = line.partition(" client_order_id=")
    fields = dict(part.split("=") for part in terms.split(" "))
    return OpenOrder(
        order_id=order_id,
        user_id=user_id,
        symbol=fields["symbol"],
        side=Side(fields["side"]),
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        post_only=fields["post_only"] == "1",
        price_ticks=Ticks(int(fields["price"])),
        qty_lots=Lots(int(fields["qty"])),
        remaining_lots=Lots(int(fields["remaining"])),
        filled_units=Units(int(fields["filled_units"])),
        client_order_id=client_order_id,
        ts_us=int(fields["ts"]),
    )
