"""Writes a shard's keys from what its state means (`matching.snapshot`), wholly or not at all.

For a shard whose server lost its data: `manage.py rebuild_shard` takes the state from the ledger.
The counterpart of `matching.snapshot_reader`; the forms are those of `matching/lua/`. Whoever
matches the shard goes on from the new state with the next call of the function.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from redis import Redis
from redis.client import Pipeline

from matching import keys
from matching.domain.commands import DefineMarket, SetLimits
from matching.domain.events import AnyEvent, OrderPlaced, OrderRejected
from matching.domain.state import OpenOrder
from matching.domain.values import Side
from matching.snapshot import MarketSnapshot, ShardSnapshot
from matching.snapshot_reader import MARKET_TERMS

FIELDS_PER_WRITE: Final = 2_000
ANSWERS_PER_WRITE: Final = 500
US_PER_MS: Final = 1_000
LEAST_GRACE_MS: Final = 3_600_000
STATE_KEYS: Final = (
    "market:*", "book:*", "levels:*", "orders:*", "wallet:*", "limits:*", "client-order:*",
    "references", "supply", "sequence", "cursor", "checkpoints", "events", "commands",
    "commands:dead",
)  # fmt: skip
"""All that `matching.keys` names, less the prefix; market data has keys of its own beside them."""
ORDER_TERMS: Final = (
    "symbol", "side", "type", "time_in_force", "post_only", "price_ticks", "qty_lots",
)  # fmt: skip
"""What an order must repeat to get its first answer again."""

_DROP: Final = """
for _, pattern in ipairs(ARGV) do
    for _, key in ipairs(redis.call("KEYS", KEYS[1] .. pattern)) do
        redis.call("UNLINK", key)
    end
end
"""
# As references.lua and client_orders.lua remember what they answered.
_REMEMBER_REFERENCES: Final = """
for index = 1, #ARGV, 3 do
    local use = { terms = ARGV[index + 1], answer = ARGV[index + 2] }
    redis.call("HSET", KEYS[1], ARGV[index], cmsgpack.pack(use))
end
"""
_REMEMBER_ORDERS: Final = """
for index = 1, #ARGV, 6 do
    local key, keep_ms = ARGV[index], ARGV[index + 5]
    local packed = cmsgpack.pack({
        ts = tonumber(ARGV[index + 1]),
        order_id = tonumber(ARGV[index + 2]),
        terms = cmsgpack.unpack(ARGV[index + 3]),
        answer = ARGV[index + 4],
    })
    if keep_ms == "0" then
        redis.call("SET", key, packed)
    else
        redis.call("SET", key, packed, "PX", keep_ms)
    end
end
"""


class NotEmpty(Exception):  # noqa: N818 - a fact about the shard
    """The shard has applied commands since its server came up: it is not lost, or trades again."""


@dataclass(frozen=True, slots=True)
class FirstUse:
    """What a reference of funds or of a reset was first used for, and the answer to it."""

    reference: str
    terms: str
    answer: Sequence[AnyEvent]


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """The answer to an order with a client order id: its own event, placed or rejected.

    It is valid while the order is open, and for the window; `keep_ms` tidies up later (0: never).
    """

    event: OrderPlaced | OrderRejected
    keep_ms: int


@dataclass(frozen=True, slots=True)
class ShardPast:
    """What a shard is made of: how it stands, and what it must not do a second time."""

    state: ShardSnapshot
    references: Sequence[FirstUse]
    answers: Sequence[FirstAnswer]


def restore(
    hot: Redis,
    shard: int,
    past: ShardPast,
    *,
    consumers: Sequence[str] = (),
    replace: bool = False,
) -> None:
    """Write all keys of a shard in one transaction; with `replace` in place of those it has.

    `consumers` have dealt with all events up to the last. Raises NotEmpty; and WatchError where a
    command was applied while this was prepared.
    """
    with hot.pipeline(transaction=True) as pipe:
        if not replace:
            pipe.watch(keys.sequence(shard))  # type: ignore[no-untyped-call]
            if pipe.exists(keys.sequence(shard)):
                raise NotEmpty(f"Shard {shard} is not empty.")
            pipe.multi()
        else:
            pipe.eval(_DROP, 1, keys.prefix(shard), *STATE_KEYS)
        _queue(pipe, shard, past)
        done = dict.fromkeys(consumers, past.state.last_event)
        _queue_hash(pipe, keys.checkpoints(shard), done)
        pipe.execute()


def keep_answer_ms(window_us: int) -> int:
    """Return how long an answer is kept at most, as client_orders.lua has it."""
    window_ms = math.ceil(window_us / US_PER_MS)
    return window_ms + max(window_ms, LEAST_GRACE_MS)


def _queue(pipe: Pipeline, shard: int, past: ShardPast) -> None:
    state = past.state
    for symbol, market in state.markets.items():
        _queue_hash(pipe, keys.market(shard, symbol), _market_fields(market))
    for user_id, fields in _wallets(state).items():
        _queue_hash(pipe, keys.wallet(shard, user_id), fields)
    _queue_orders(pipe, shard, state)
    for (symbol, side), totals in state.levels.items():
        _queue_hash(pipe, keys.levels(shard, symbol, side), totals)
    for user_id, limits in state.limits.items():
        _queue_hash(pipe, keys.limits(shard, user_id), _limit_fields(limits))
    _queue_hash(pipe, keys.supply(shard), state.supply)
    _queue_references(pipe, shard, past.references)
    _queue_answers(pipe, shard, past.answers)
    _queue_numbers(pipe, shard, state)


def _queue_hash(pipe: Pipeline, key: str, fields: Mapping[Any, Any]) -> None:
    for some in _pieces(fields.items(), FIELDS_PER_WRITE):
        pipe.hset(key, mapping=dict(some))


def _queue_orders(pipe: Pipeline, shard: int, state: ShardSnapshot) -> None:
    lines: dict[int, dict[int, str]] = {}
    for order in state.orders.values():
        lines.setdefault(order.user_id, {})[order.order_id] = _order_line(order)
    for user_id, fields in lines.items():
        _queue_hash(pipe, keys.open_orders(shard, user_id), fields)
    for (symbol, side), order_ids in state.books.items():
        orders = (state.orders[order_id] for order_id in order_ids)
        for some in _pieces((_book_entry(order) for order in orders), FIELDS_PER_WRITE):
            pipe.zadd(keys.book(shard, symbol, side), dict(some))


def _queue_references(pipe: Pipeline, shard: int, uses: Sequence[FirstUse]) -> None:
    for some in _pieces(uses, ANSWERS_PER_WRITE):
        arguments: list[Any] = []
        for use in some:
            arguments += [use.reference, use.terms, msgspec.msgpack.encode(use.answer)]
        pipe.eval(_REMEMBER_REFERENCES, 1, keys.references(shard), *arguments)


def _queue_answers(pipe: Pipeline, shard: int, answers: Sequence[FirstAnswer]) -> None:
    for some in _pieces(answers, ANSWERS_PER_WRITE):
        arguments: list[Any] = []
        for answer in some:
            event = answer.event
            arguments += [
                keys.client_order(shard, event.user_id, event.client_order_id),
                event.ts_us,
                event.order_id,
                msgspec.msgpack.encode([getattr(event, name) for name in ORDER_TERMS]),
                msgspec.msgpack.encode([event]),
                answer.keep_ms,
            ]
        pipe.eval(_REMEMBER_ORDERS, 1, keys.prefix(shard), *arguments)


def _queue_numbers(pipe: Pipeline, shard: int, state: ShardSnapshot) -> None:
    numbers = {
        "event": state.last_event,
        "trade": state.last_trade,
        "order": state.last_order,
        "ts": state.ts_us,
    }
    _queue_hash(pipe, keys.sequence(shard), numbers)
    # A log that was trimmed to nothing: it goes on with the next event.
    pipe.xadd(keys.events(shard), {"events": b"\x90"}, id=f"{state.last_event}-0")
    pipe.xtrim(keys.events(shard), maxlen=0, approximate=False)


def _market_fields(market: MarketSnapshot) -> dict[str, Any]:
    return {
        "terms": _terms_line(market.terms),
        "status": market.status.value,
        "last_price": market.last_price_ticks,
        "update_id": market.update_id,
    }


def _terms_line(terms: DefineMarket) -> str:
    _, _, *values = msgspec.to_builtins(terms)
    return " ".join(f"{name}={value}" for name, value in zip(MARKET_TERMS, values, strict=True))


def _limit_fields(limits: SetLimits) -> dict[str, int]:
    caps = {f"{asset}.cap": int(units) for asset, units in limits.position_caps}
    return {
        "open_orders": limits.max_open_orders,
        "orders_per_second": limits.orders_per_second,
    } | caps


def _wallets(state: ShardSnapshot) -> dict[int, dict[str, int]]:
    """Return every wallet's fields: amounts, and what follows from the user's open orders."""
    wallets = {
        user_id: Counter(
            {f"{asset}.available": int(balance.available) for asset, balance in wallet.items()}
            | {f"{asset}.reserved": int(balance.reserved) for asset, balance in wallet.items()}
        )
        for user_id, wallet in state.wallets.items()
    }
    for order in state.orders.values():
        terms, wallet = state.markets[order.symbol].terms, wallets[order.user_id]
        wallet[f"{order.symbol}.orders"] += 1
        if order.side is Side.BUY:
            wallet[f"{terms.base}.incoming"] += order.remaining_lots * terms.lot_units
    return {user_id: dict(fields) for user_id, fields in wallets.items() if fields}


def _order_line(order: OpenOrder) -> str:
    return (
        f"symbol={order.symbol} side={order.side} price={order.price_ticks} qty={order.qty_lots} "
        f"remaining={order.remaining_lots} filled_units={order.filled_units} "
        f"post_only={int(order.post_only)} ts={order.ts_us} client_order_id={order.client_order_id}"
    )


def _book_entry(order: OpenOrder) -> tuple[str, int]:
    sign = -1 if order.side is Side.BUY else 1
    return f"{order.order_id:016}:{order.user_id}", sign * order.price_ticks


def _pieces(items: Any, size: int) -> Iterator[list[Any]]:
    remaining = iter(items)
    while piece := list(itertools.islice(remaining, size)):
        yield piece
