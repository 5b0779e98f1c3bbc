"""Writes events onto a shard's stream by hand, as the matching function would have.

For tests of the readers of events, which must not depend on how the events came about.
"""

from typing import Any

import msgspec
from redis import Redis

from matching import keys
from matching.domain.errors import ErrorCode
from matching.domain.events import (
    AccountReset,
    AnyEvent,
    CommandRefused,
    FundsMoved,
    LimitsChanged,
    MarketDefined,
    MarketStatusChanged,
    OrderCanceled,
    OrderFilled,
    OrderPlaced,
    OrderRejected,
    Trade,
)
from matching.domain.ids import order_id
from matching.domain.values import EndReason, MarketStatus, OrderType, Side, TimeInForce

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

    def terms(self, **fields: Any) -> MarketDefined:
        """The listing of BTC-USD; `fields` override any field."""
        defaults = {
            "symbol": SYMBOL,
            "base": "BTC",
            "quote": "USD",
            "lot_units": 10_000,
            "tick_lot_units": 1,
            "min_qty_lots": 1,
            "max_qty_lots": 1_000_000,
            "max_price_ticks": 1_000_000_000,
            "min_notional_units": 0,
            "price_band_bps": 0,
            "maker_fee_ppm": 1_000,
            "taker_fee_ppm": 2_000,
        }
        return MarketDefined(**self._head() | defaults | fields)

    def status(self, **fields: Any) -> MarketStatusChanged:
        """A pause of BTC-USD by staff; `fields` override any field."""
        defaults = {"symbol": SYMBOL, "status": MarketStatus.PAUSED, "reason": "by hand"}
        return MarketStatusChanged(**self._head() | defaults | fields)

    def limits(self, **fields: Any) -> LimitsChanged:
        """Limits of MAKER; `fields` override any field."""
        defaults = {
            "user_id": MAKER,
            "max_open_orders": 5,
            "position_caps": (("BTC", 7),),
            "orders_per_second": 0,
        }
        return LimitsChanged(**self._head() | defaults | fields)

    def reset(self, **fields: Any) -> AccountReset:
        """The last event of a reset of MAKER; `fields` override any field."""
        defaults = {"user_id": MAKER, "reference": "reset-1"}
        return AccountReset(**self._head() | defaults | fields)

    def refused(self, **fields: Any) -> CommandRefused:
        """A command of MAKER that was refused; `fields` override any field."""
        defaults = {
            "user_id": MAKER,
            "kind": "cancel",
            "reason": ErrorCode.UNKNOWN_ORDER,
            "detail": "",
        }
        return CommandRefused(**self._head() | defaults | fields)

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
