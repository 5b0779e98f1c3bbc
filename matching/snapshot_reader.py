"""Reads what a shard's state means (matching/snapshot.py) out of the keys that hold it.

Used by the replay, and by the tests that compare a shard with the naive engine.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import msgspec
from redis import Redis
from redis.client import Pipeline

from matching import keys
from matching.domain.commands import DefineMarket, SetLimits
from matching.domain.state import Balance, OpenOrder
from matching.domain.values import MarketStatus, Side, Units
from matching.hash_scan import scan_hashes
from matching.snapshot import MarketSnapshot, ShardSnapshot
from matching.state import balances_of, open_order

KEYS_PER_SCAN: Final = 5_000
KEYS_PER_PIPELINE: Final = 2_000
# The terms in a market's line, in the order of the DefineMarket command.
MARKET_TERMS: Final = (
    "symbol", "base", "quote", "lot_units", "tick_lot_units", "min_qty", "max_qty", "max_price",
    "min_notional", "price_band_bps", "maker_fee_ppm", "taker_fee_ppm",
)  # fmt: skip


def read(hot: Redis, shard: int) -> ShardSnapshot:
    """Read a shard. Nobody may change it meanwhile: its cursor tells whether somebody did."""
    hashes = _hash_names(hot, shard)
    markets = dict(_read_markets(hot, hashes["market"]))
    sides = [(symbol, side) for symbol in sorted(markets) for side in Side]
    books = _sorted_sets(hot, [keys.book(shard, *side) for side in sides])
    levels = _hashes(hot, [keys.levels(shard, *side) for side in sides])
    numbers = _texts(hot.hgetall(keys.sequence(shard)))
    return ShardSnapshot(
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


def _hash_names(hot: Redis, shard: int) -> dict[str, list[str]]:
    """Return the names of the shard's hashes by kind: `market`, `wallet`, `orders`, `limits`."""
    names: dict[str, list[str]] = {kind: [] for kind in ("market", "wallet", "orders", "limits")}
    for page in scan_hashes(hot, shard, count=KEYS_PER_SCAN):
        for kind, rest in page:
            if rest and kind in names:
                names[kind].append(f"{keys.prefix(shard)}{kind}:{rest}")
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
        amounts = {field: int(amount) for field, amount in _texts(reply).items()}
        yield int(name.rpartition(":")[2]), balances_of(amounts)


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
