"""What a shard's state means, as plain values, however Redis holds it; and its hash.

Used where two states must be the same: `manage.py replay_commands`, and the tests that hold the
Lua library against the naive engine (tests/reference/), which fills a ShardSnapshot from its lists.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from itertools import islice
from typing import Any, Final, cast

import msgspec
from redis import Redis
from redis.client import Pipeline

from matching import keys
from matching.domain.commands import DefineMarket, SetLimits
from matching.domain.values import (
    MarketStatus,
    Side,
    Units,
)
from matching.state import Balance, OpenOrder, open_order

KEYS_PER_SCAN: Final = 5_000
KEYS_PER_PIPELINE: Final = 2_000
# The terms in a market's line, in the order of the DefineMarket command.
MARKET_TERMS: Final = (
    "symbol", "base", "quote", "lot_units", "tick_lot_units", "min_qty", "max_qty", "max_price",
    "min_notional", "price_band_bps", "maker_fee_ppm", "taker_fee_ppm",
)  # fmt: skip

BookSide = tuple[str, Side]
"""A symbol and the side of the orders that rest there."""
Fact = tuple[str, str]
"""What is meant, and its value: `("wallet of user 5, USD.available", "100")`."""


class ShardMoved(Exception):  # noqa: N818 - a fact about the shard, not a fault
    """The matching function changed the shard while it was being read."""


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


# Reading a shard. From here on the code knows how Redis holds it.


def read(hot: Redis, shard: int) -> ShardSnapshot:
    """Read a shard that nobody changes meanwhile. Raises ShardMoved where somebody did."""
    cursor = hot.get(keys.cursor(shard))
    hashes = _hash_names(hot, shard)
    markets = dict(_read_markets(hot, hashes["market"]))
    sides = [(symbol, side) for symbol in sorted(markets) for side in Side]
    books = _sorted_sets(hot, [keys.book(shard, *side) for side in sides])
    levels = _hashes(hot, [keys.levels(shard, *side) for side in sides])
    numbers = _texts(hot.hgetall(keys.sequence(shard)))
    snapshot = ShardSnapshot(
        wallets=dict(_read_wallets(hot, hashes["wallet"])),
        orders=dict(_read_orders(hot, hashes["orders"])),
        books=dict(zip(sides, map(_order_ids, books), strict=True)),
        levels=dict(zip(sides, map(_level_totals, levels), strict=True)),
        markets=markets,
        limits=dict(_read_limits(hot, hashes["limits"])),
        supply={asset: int(n) for asset, n in _texts(hot.hgetall(keys.supply(shard))).items()},
        last_event=int(numbers.get("event", 0)),
        last_trade=int(numbers.get("trade", 0)),
        last_order=int(numbers.get("order", 0)),
        ts_us=int(numbers.get("ts", 0)),
    )
    if hot.get(keys.cursor(shard)) != cursor:
        raise ShardMoved
    return snapshot


def _hash_names(hot: Redis, shard: int) -> dict[str, list[str]]:
    """Return the names of the shard's hashes by kind: `market`, `wallet`, `orders`, `limits`."""
    names: dict[str, list[str]] = {kind: [] for kind in ("market", "wallet", "orders", "limits")}
    prefix = keys.prefix(shard)
    # Only hashes: remembered client orders, which are strings, can be a hundred times as many.
    for key in hot.scan_iter(match=f"{prefix}*", count=KEYS_PER_SCAN, _type="HASH"):
        name = cast("bytes", key).decode()
        kind, _, rest = name.removeprefix(prefix).partition(":")
        if rest and kind in names:
            names[kind].append(name)
    return names


def _read_markets(hot: Redis, names: list[str]) -> Iterator[tuple[str, MarketSnapshot]]:
    for reply in _hashes(hot, names):
        row = _texts(reply)
        line = dict(part.split("=") for part in row["terms"].split(" "))
        terms = ["define-market", 0, *(line[name] for name in MARKET_TERMS)]
        market = MarketSnapshot(
            terms=msgspec.convert(terms, DefineMarket, strict=False),
            status=MarketStatus(row["status"]),
            last_price_ticks=int(row["last_price"]),
            update_id=int(row["update_id"]),
        )
        yield line["symbol"], market


def _read_wallets(hot: Redis, names: list[str]) -> Iterator[tuple[int, dict[str, Balance]]]:
    for name, reply in zip(names, _hashes(hot, names), strict=True):
        amounts = _texts(reply)
        assets = {field.partition(".")[0] for field in amounts if field.endswith(".available")}
        yield (
            int(name.rpartition(":")[2]),
            {
                asset: Balance(
                    available=Units(int(amounts.get(f"{asset}.available", 0))),
                    reserved=Units(int(amounts.get(f"{asset}.reserved", 0))),
                )
                for asset in assets
            },
        )


def _read_orders(hot: Redis, names: list[str]) -> Iterator[tuple[int, OpenOrder]]:
    for name, reply in zip(names, _hashes(hot, names), strict=True):
        user_id = int(name.rpartition(":")[2])
        for order_id, line in _texts(reply).items():
            yield int(order_id), open_order(user_id, int(order_id), line)


def _read_limits(hot: Redis, names: list[str]) -> Iterator[tuple[int, SetLimits]]:
    for name, reply in zip(names, _hashes(hot, names), strict=True):
        row = {field: int(value) for field, value in _texts(reply).items()}
        user_id = int(name.rpartition(":")[2])
        caps = [field for field in row if field.endswith(".cap")]
        yield (
            user_id,
            SetLimits(
                user_id=user_id,
                max_open_orders=row["open_orders"],
                orders_per_second=row["orders_per_second"],
                position_caps=tuple((cap.removesuffix(".cap"), Units(row[cap])) for cap in caps),
            ),
        )


def _order_ids(reply: list[bytes]) -> tuple[int, ...]:
    return tuple(int(member.partition(b":")[0]) for member in reply)


def _level_totals(reply: Mapping[bytes, bytes]) -> dict[int, int]:
    return {int(price): int(lots) for price, lots in reply.items()}


def _texts(reply: Any) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in reply.items()}


def _hashes(hot: Redis, names: Iterable[str]) -> Iterator[Any]:
    return _replies(hot, names, lambda pipe, name: pipe.hgetall(name))


def _sorted_sets(hot: Redis, names: Iterable[str]) -> Iterator[Any]:
    return _replies(hot, names, lambda pipe, name: pipe.zrange(name, 0, -1))


def _replies(
    hot: Redis, names: Iterable[str], ask: Callable[[Pipeline, str], object]
) -> Iterator[Any]:
    """Yield the reply to what `ask` asks of each key, in their order."""
    remaining = iter(names)
    while piece := list(islice(remaining, KEYS_PER_PIPELINE)):
        pipe = hot.pipeline(transaction=False)
        for name in piece:
            ask(pipe, name)
        yield from pipe.execute()
