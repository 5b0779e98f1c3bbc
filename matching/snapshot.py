"""What a shard's state means, as plain values, however Redis holds it; and its hash. Pure.

Used where two states must be the same: `manage.py replay_commands`, and the tests that hold the
Lua library against the naive engine (tests/reference/), which fills a ShardSnapshot from its lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Final

from matching.domain.commands import DefineMarket, SetLimits
from matching.domain.state import Balance, OpenOrder
from matching.domain.values import MarketStatus, Side

BookSide = tuple[str, Side]
"""A symbol and the side of the orders that rest there."""
Fact = tuple[str, str]
"""What is meant, and its value: `("wallet of user 5, USD.available", "100")`."""


@dataclass(frozen=True, slots=True)
class MarketSnapshot:
    """A listed market; `last_price_ticks` is 0 before the first trade."""

    terms: DefineMarket
    status: MarketStatus
    last_price_ticks: int
    update_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardSnapshot:
    """One shard between two commands. Zero amounts and empty books may be left out or not."""

    wallets: Mapping[int, Mapping[str, Balance]]
    """User id → asset → balance."""
    orders: Mapping[int, OpenOrder]
    """Order id → open order."""
    books: Mapping[BookSide, Sequence[int]]
    """Order ids, first to trade first."""
    levels: Mapping[BookSide, Mapping[int, int]]
    """Price in ticks → lots resting there."""
    markets: Mapping[str, MarketSnapshot]
    limits: Mapping[int, SetLimits]
    """User id → risk limits of the user's own."""
    supply: Mapping[str, int]
    """Asset → all deposits minus all withdrawals."""
    last_event: int
    last_trade: int
    last_order: int
    ts_us: int
    """The time of the last command."""


def digest(snapshot: ShardSnapshot) -> str:
    """Return the state hash: SHA-256 over the lines `name: value` of `facts`, in their order.

    In it: the numbers of the last event, trade and order, and the time; supply; of every market its
    terms, status, last price and update id, both sides of its book order by order in priority, and
    the lots at each price; every wallet; every user's own limits; every open order with all its
    terms, what is left of it and what it traded. Amounts of zero are left out: an empty wallet is
    no wallet.

    Not in it: what is kept to answer a repeated clientOrderId or funds reference with, which is
    made of events; streams, checkpoints and unreadable commands.
    """
    hashed = sha256()
    for name, value in facts(snapshot):
        hashed.update(f"{name}: {value}\n".encode())
    return hashed.hexdigest()


def differences(one: ShardSnapshot, other: ShardSnapshot) -> Iterator[tuple[str, str, str]]:
    """Yield each fact that is not the same in both, with both values; absent ones are empty."""
    left, right = dict(facts(one)), dict(facts(other))
    for name in left | right:
        if left.get(name) != right.get(name):
            yield name, left.get(name, ""), right.get(name, "")


def facts(snapshot: ShardSnapshot) -> Iterator[Fact]:
    """Yield everything a snapshot says, each fact under a name of its own, always in one order."""
    yield "last event", str(snapshot.last_event)
    yield "last trade", str(snapshot.last_trade)
    yield "last order", str(snapshot.last_order)
    yield "time", str(snapshot.ts_us)
    for asset, units in sorted(snapshot.supply.items()):
        if units:
            yield f"supply of {asset}", str(units)
    yield from _market_facts(snapshot)
    yield from _wallet_facts(snapshot)
    yield from _limit_facts(snapshot)
    for order_id, order in sorted(snapshot.orders.items()):
        yield f"order {order_id}", _order_text(order)


def _market_facts(snapshot: ShardSnapshot) -> Iterator[Fact]:
    for symbol, market in sorted(snapshot.markets.items()):
        name = f"market {symbol}"
        for term in _TERMS:
            yield f"{name}, {term}", str(getattr(market.terms, term))
        yield f"{name}, status", market.status
        yield f"{name}, last price", str(market.last_price_ticks)
        yield f"{name}, update id", str(market.update_id)
    for (symbol, side), order_ids in sorted(snapshot.books.items()):
        name = f"book {symbol} {side}"
        for place, order_id in enumerate(order_ids, start=1):
            yield f"{name}, place {place}", str(order_id)
    for (symbol, side), totals in sorted(snapshot.levels.items()):
        name = f"level {symbol} {side}"
        for price, lots in sorted(totals.items()):
            if lots:
                yield f"{name} {price}", str(lots)


def _wallet_facts(snapshot: ShardSnapshot) -> Iterator[Fact]:
    for user_id, wallet in sorted(snapshot.wallets.items()):
        name = f"wallet of user {user_id}"
        for asset, balance in sorted(wallet.items()):
            if balance.available:
                yield f"{name}, {asset}.available", str(balance.available)
            if balance.reserved:
                yield f"{name}, {asset}.reserved", str(balance.reserved)


def _limit_facts(snapshot: ShardSnapshot) -> Iterator[Fact]:
    for user_id, limits in sorted(snapshot.limits.items()):
        name = f"limits of user {user_id}"
        if limits.max_open_orders:
            yield f"{name}, open orders", str(limits.max_open_orders)
        if limits.orders_per_second:
            yield f"{name}, orders per second", str(limits.orders_per_second)
        # A cap of zero is a cap.
        for asset, units in sorted(dict(limits.position_caps).items()):
            yield f"{name}, {asset} cap", str(units)


_TERMS: Final = [name for name in DefineMarket.__struct_fields__ if name != "request_id"]
_ORDER_FIELDS: Final = [field.name for field in fields(OpenOrder)]


def _order_text(order: OpenOrder) -> str:
    # Quoted, so that no client order id can look like the field after it.
    return ", ".join([f"{name}={str(getattr(order, name))!r}" for name in _ORDER_FIELDS])
