"""Writes events onto a shard's stream by hand, as the matching function would have.

For tests of the readers of events, which must not depend on how the events came about.
"""

from typing import Any

import msgspec
from redis import Redis

from matching import keys
from matching.domain.errors import ErrorCode
from matching.domain.events import (
    AnyEvent,
    FundsMoved,
    OrderCanceled,
    OrderFilled,
    OrderPlaced,
    OrderRejected,
    Trade,
)
from matching.domain.ids import order_id
from matching.domain.values import EndReason, OrderType, Side, TimeInForce

START_US = 1_700_000_000_000_000
SYMBOL = "BTC-USD"
MAKER, TAKER = 1, 2


class EventScript:
    """Makes events in sequence and appends them to the stream of one shard."""

    def __init__(self, hot: Redis, *, shard: int = 0) -> None:
        self.now_us = START_US
        self.sequence = 0
        self._hot = hot
        self._shard = shard
        self._trades = 0
        self._orders = 0
        self._update_ids: dict[str, int] = {}

    def append(self, *events: AnyEvent) -> None:
        """Append events as one stream entry."""
        last = events[-1].sequence
        packed = msgspec.msgpack.encode(events)
        self._hot.hset(keys.sequence(self._shard), "event", str(last))
        self._hot.xadd(keys.events(self._shard), {"events": packed}, id=f"{last}-0")

    def trade(self, price: int = 100, qty: int = 10, **fields: Any) -> Trade:
        """A trade of TAKER buying from MAKER; `fields` override any field."""
        self._trades += 1
        symbol = fields.get("symbol", SYMBOL)
        defaults = self._head() | {
            "trade_id": self._trades,
            "symbol": symbol,
            "price_ticks": price,
            "qty_lots": qty,
            "base_units": qty * 10_000,
            "quote_units": price * qty,
            "taker_side": Side.BUY,
            "taker_order_id": self._order_id(),
            "maker_order_id": self._order_id(),
            "taker_user_id": TAKER,
            "maker_user_id": MAKER,
            "taker_fee_units": 7,
            "maker_fee_units": 3,
            "maker_remaining_lots": 0,
            "level_lots": 0,
            "update_id": self._update_id(symbol),
        }
        return Trade(**defaults | fields)

    def placed(self, **fields: Any) -> OrderPlaced:
        """A limit buy of MAKER that rests whole; `fields` override any field."""
        symbol = fields.get("symbol", SYMBOL)
        qty = fields.get("qty_lots", 10)
        rests = fields.get("resting_lots", qty) > 0
        defaults = self._terms() | {
            "filled_lots": 0,
            "filled_units": 0,
            "resting_lots": qty,
            "canceled_lots": 0,
            "end_reason": EndReason.NONE,
            "level_lots": fields.get("resting_lots", qty),
            "update_id": self._update_id(symbol) if rests else 0,
        }
        return OrderPlaced(**defaults | fields)

    def canceled(self, **fields: Any) -> OrderCanceled:
        """The cancel of a resting limit buy of MAKER; `fields` override any field."""
        defaults = self._terms() | {
            "filled_lots": 0,
            "filled_units": 0,
            "canceled_lots": fields.get("qty_lots", 10),
            "end_reason": EndReason.USER,
            "level_lots": 0,
            "update_id": self._update_id(fields.get("symbol", SYMBOL)),
        }
        return OrderCanceled(**defaults | fields)

    def filled(self, **fields: Any) -> OrderFilled:
        """The end of a resting limit buy of MAKER; `fields` override any field."""
        return OrderFilled(**self._terms() | {"filled_units": 1_000} | fields)

    def rejected(self, reason: ErrorCode, **fields: Any) -> OrderRejected:
        """A limit buy of MAKER refused whole; `fields` override any field."""
        return OrderRejected(**self._terms() | {"reason": reason} | fields)

    def funds(self, **fields: Any) -> FundsMoved:
        """A deposit for MAKER; `fields` override any field."""
        defaults = {"user_id": MAKER, "asset": "USD", "amount": 1_000, "reference": "opening"}
        return FundsMoved(**self._head() | defaults | fields)

    def _head(self) -> dict[str, Any]:
        self.sequence += 1
        return {"sequence": self.sequence, "ts_us": self.now_us}

    def _terms(self) -> dict[str, Any]:
        return self._head() | {
            "order_id": self._order_id(),
            "user_id": MAKER,
            "symbol": SYMBOL,
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
            "post_only": False,
            "price_ticks": 100,
            "qty_lots": 10,
            "client_order_id": "",
        }

    def _order_id(self) -> int:
        self._orders += 1
        return order_id(self._orders, self._shard)

    def _update_id(self, symbol: str) -> int:
        self._update_ids[symbol] = self._update_ids.get(symbol, 0) + 1
        return self._update_ids[symbol]
