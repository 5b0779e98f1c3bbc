"""What happened on a shard. Pure, immutable, in the order of the wire.

An event travels as a MessagePack array, `[kind, sequence, ts_us, …]`; `matching/lua/events.lua`
writes the fields in the same order. `sequence` is contiguous within the shard, `ts_us` is the
command's own time in microseconds since the epoch.

Events that change a book carry the change: `level_lots` is the new total quantity at that price on
that side, `update_id` the market's book update id, which grows by one with each change. Whoever
applies them in order holds the book.
"""

import msgspec

from matching.domain.errors import ErrorCode
from matching.domain.values import (
    AssetUnits,
    EndReason,
    Lots,
    MarketStatus,
    OrderType,
    Sequence,
    Side,
    Ticks,
    TimeInForce,
    Units,
)


class Event(msgspec.Struct, tag_field="tag", frozen=True, array_like=True, kw_only=True):
    """Shared by all events."""

    sequence: Sequence
    ts_us: int


class OrderEvent(Event, frozen=True, array_like=True, kw_only=True):
    """Shared by all events of an order: its terms, as they were placed.

    `order_id` is 0 for an order that was refused before it existed.
    """

    order_id: int
    user_id: int
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    post_only: bool
    price_ticks: Ticks
    qty_lots: Lots
    client_order_id: str


class OrderPlaced(OrderEvent, tag="placed", frozen=True, array_like=True, kw_only=True):
    """An order was taken in, after its trades: what became of it at once.

    `qty_lots = filled_lots + resting_lots + canceled_lots`; `filled_units` is the quote amount of
    the fills (for the average price). Without a resting remainder the book fields are 0.
    """

    filled_lots: Lots
    filled_units: Units
    resting_lots: Lots
    canceled_lots: Lots
    end_reason: EndReason
    level_lots: Lots
    update_id: int


class OrderRejected(OrderEvent, tag="rejected", frozen=True, array_like=True, kw_only=True):
    """An order was refused whole; nothing changed. `reason` is an error code."""

    reason: ErrorCode


class Trade(Event, tag="trade", frozen=True, array_like=True, kw_only=True):
    """A maker and a taker exchanged `base_units` for `quote_units` at the maker's price.

    The buyer pays its fee in the base asset, the seller in the quote asset. The book change is on
    the maker's side, which is opposite to `taker_side`.
    """

    trade_id: int
    symbol: str
    price_ticks: Ticks
    qty_lots: Lots
    base_units: Units
    quote_units: Units
    taker_side: Side
    taker_order_id: int
    maker_order_id: int
    taker_user_id: int
    maker_user_id: int
    taker_fee_units: Units
    maker_fee_units: Units
    maker_remaining_lots: Lots
    level_lots: Lots
    update_id: int


class OrderCanceled(OrderEvent, tag="canceled", frozen=True, array_like=True, kw_only=True):
    """A resting order was taken off the book; `filled_lots` of it had traded before."""

    filled_lots: Lots
    filled_units: Units
    canceled_lots: Lots
    end_reason: EndReason
    level_lots: Lots
    update_id: int


class OrderFilled(OrderEvent, tag="filled", frozen=True, array_like=True, kw_only=True):
    """A resting order traded to its end; comes right after the trade that did it."""

    filled_units: Units


class FundsMoved(Event, tag="funds", frozen=True, array_like=True, kw_only=True):
    """A deposit (`amount` > 0) or withdrawal (< 0) took effect, by itself or with a reset."""

    user_id: int
    asset: str
    amount: Units
    reference: str


class MarketDefined(Event, tag="market-defined", frozen=True, array_like=True, kw_only=True):
    """A market was listed, or its filters or fees changed (fields as in the command)."""

    symbol: str
    base: str
    quote: str
    lot_units: int
    tick_lot_units: int
    min_qty_lots: Lots
    max_qty_lots: Lots
    max_price_ticks: Ticks
    min_notional_units: Units
    price_band_bps: int
    maker_fee_ppm: int
    taker_fee_ppm: int


class MarketStatusChanged(Event, tag="market-status", frozen=True, array_like=True, kw_only=True):
    """A market was paused or halted, or trades again; `reason` says why, where somebody did."""

    symbol: str
    status: MarketStatus
    reason: str = ""


class LimitsChanged(Event, tag="limits", frozen=True, array_like=True, kw_only=True):
    """A user has these risk limits from here on (fields as in the command)."""

    user_id: int
    max_open_orders: int
    position_caps: tuple[AssetUnits, ...]
    orders_per_second: int


class AccountReset(Event, tag="reset", frozen=True, array_like=True, kw_only=True):
    """A user's account is back at its opening balance.

    Comes last: before it stand a `canceled` for each open order (lowest id first), then a `funds`
    for each asset whose amount had to change (in the order of their names).
    """

    user_id: int
    reference: str


class CommandRefused(Event, tag="refused", frozen=True, array_like=True, kw_only=True):
    """A command was refused; nothing changed.

    An order only where its form is wrong or the function fails on it: all else that speaks against
    it is an OrderRejected. `kind` is the command's tag, `unreadable` where it has none that is
    known; `detail` says more where there is more to say.
    """

    user_id: int
    kind: str
    reason: ErrorCode
    detail: str


AnyEvent = (
    OrderPlaced
    | OrderRejected
    | Trade
    | OrderCanceled
    | OrderFilled
    | FundsMoved
    | MarketDefined
    | MarketStatusChanged
    | LimitsChanged
    | AccountReset
    | CommandRefused
)
BookEvent = OrderPlaced | Trade | OrderCanceled
