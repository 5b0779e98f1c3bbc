"""Turns events into rows of the book of record. Pure; called by the ledger writer.

The fields of a row stand in the order, and under the names, of its table's columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from matching.domain.events import (
    AnyEvent,
    FundsMoved,
    OrderCanceled,
    OrderFilled,
    OrderPlaced,
    OrderRejected,
    Trade,
)
from matching.domain.ids import MAX_SHARDS
from matching.domain.timestamps import to_datetime
from matching.domain.values import EndReason, OrderStatus, Side


class TradeRow(NamedTuple):
    """One trade, as `trade_ledger` keeps it."""

    event_id: int
    shard: int
    sequence: int
    trade_id: int
    symbol: str
    price_ticks: int
    qty_lots: int
    base_units: int
    quote_units: int
    taker_side: str
    buy_order_id: int
    sell_order_id: int
    buyer_user_id: int
    seller_user_id: int
    buyer_fee_units: int
    seller_fee_units: int
    maker_side: str
    executed_at: datetime


class OrderRow(NamedTuple):
    """An ended order's terms and final state, as `order_history` keeps them."""

    order_id: int
    shard: int
    sequence: int
    user_id: int
    symbol: str
    side: str
    type: str
    time_in_force: str
    post_only: bool
    price_ticks: int
    qty_lots: int
    client_order_id: str
    status: str
    filled_lots: int
    filled_units: int
    canceled_lots: int
    end_reason: str
    reject_reason: str
    ended_at: datetime


class FundingRow(NamedTuple):
    """A deposit or withdrawal, as `funding` keeps it."""

    event_id: int
    shard: int
    sequence: int
    user_id: int
    asset: str
    amount_units: int
    reference: str
    moved_at: datetime


@dataclass(slots=True)
class Rows:
    """What a stretch of events adds to the book of record."""

    trades: list[TradeRow] = field(default_factory=list)
    orders: list[OrderRow] = field(default_factory=list)
    funding: list[FundingRow] = field(default_factory=list)


def event_id(*, shard: int, sequence: int) -> int:
    """Return one number for an event of any shard; unique, and growing within a shard."""
    return sequence * MAX_SHARDS + shard


def rows_of(events: Iterable[AnyEvent], *, shard: int) -> Rows:
    """Return the rows that `events` of `shard` add, in their order."""
    rows = Rows()
    for event in events:
        match event:
            case Trade():
                rows.trades.append(_trade(event, shard))
            case FundsMoved():
                rows.funding.append(_funding(event, shard))
            case OrderPlaced() | OrderCanceled() | OrderFilled() | OrderRejected():
                if _ends_order(event):
                    rows.orders.append(_order(event, shard))
            case _:
                pass  # Markets, limits and refused commands move no balance and end no order.
    return rows


OrderEnding = OrderPlaced | OrderCanceled | OrderFilled | OrderRejected


def _ends_order(event: OrderEnding) -> bool:
    match event:
        case OrderPlaced():
            return event.resting_lots == 0
        case OrderRejected():
            return event.order_id != 0  # Where none was made, its number is 0.
        case _:
            return True


def _trade(event: Trade, shard: int) -> TradeRow:
    taker = (event.taker_order_id, event.taker_user_id, event.taker_fee_units)
    maker = (event.maker_order_id, event.maker_user_id, event.maker_fee_units)
    taker_buys = event.taker_side is Side.BUY
    buyer, seller = (taker, maker) if taker_buys else (maker, taker)
    return TradeRow(
        event_id=event_id(shard=shard, sequence=event.sequence),
        shard=shard,
        sequence=event.sequence,
        trade_id=event.trade_id,
        symbol=event.symbol,
        price_ticks=event.price_ticks,
        qty_lots=event.qty_lots,
        base_units=event.base_units,
        quote_units=event.quote_units,
        taker_side=event.taker_side.value,
        buy_order_id=buyer[0],
        sell_order_id=seller[0],
        buyer_user_id=buyer[1],
        seller_user_id=seller[1],
        buyer_fee_units=buyer[2],
        seller_fee_units=seller[2],
        maker_side=(Side.SELL if taker_buys else Side.BUY).value,
        executed_at=to_datetime(event.ts_us),
    )


@dataclass(frozen=True, slots=True)
class _Ending:
    """How an order ended, in the words of `order_history`."""

    status: OrderStatus
    filled_lots: int = 0
    filled_units: int = 0
    canceled_lots: int = 0
    end_reason: str = EndReason.NONE.value
    reject_reason: str = ""


def _ending(event: OrderEnding) -> _Ending:
    match event:
        case OrderFilled():
            return _Ending(OrderStatus.FILLED, event.qty_lots, event.filled_units)
        case OrderRejected():
            return _Ending(OrderStatus.REJECTED, reject_reason=event.reason.value)
        case OrderPlaced() | OrderCanceled():
            status = OrderStatus.CANCELED if event.canceled_lots else OrderStatus.FILLED
            return _Ending(
                status,
                event.filled_lots,
                event.filled_units,
                event.canceled_lots,
                event.end_reason.value,
            )


def _order(event: OrderEnding, shard: int) -> OrderRow:
    ending = _ending(event)
    return OrderRow(
        order_id=event.order_id,
        shard=shard,
        sequence=event.sequence,
        user_id=event.user_id,
        symbol=event.symbol,
        side=event.side.value,
        type=event.type.value,
        time_in_force=event.time_in_force.value,
        post_only=event.post_only,
        price_ticks=event.price_ticks,
        qty_lots=event.qty_lots,
        client_order_id=event.client_order_id,
        status=ending.status.value,
        filled_lots=ending.filled_lots,
        filled_units=ending.filled_units,
        canceled_lots=ending.canceled_lots,
        end_reason=ending.end_reason,
        reject_reason=ending.reject_reason,
        ended_at=to_datetime(event.ts_us),
    )


def _funding(event: FundsMoved, shard: int) -> FundingRow:
    return FundingRow(
        event_id=event_id(shard=shard, sequence=event.sequence),
        shard=shard,
        sequence=event.sequence,
        user_id=event.user_id,
        asset=event.asset,
        amount_units=event.amount,
        reference=event.reference,
        moved_at=to_datetime(event.ts_us),
    )
