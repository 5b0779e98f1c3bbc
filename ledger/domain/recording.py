"""Turns events into rows of the book of record. Pure; called by the ledger writer."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from ledger.domain.rows import (
    FundingRow,
    NoticeRow,
    OpenedRow,
    OrderRow,
    Rows,
    TradeRow,
    event_id,
)
from matching.domain.events import (
    AccountReset,
    AnyEvent,
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
from matching.domain.timestamps import to_datetime
from matching.domain.values import EndReason, OrderStatus, Side

OrderEnding = OrderPlaced | OrderCanceled | OrderFilled | OrderRejected
Noted = AccountReset | MarketDefined | MarketStatusChanged | LimitsChanged

_MOMENTS_KEPT: Final = 1_000  # All events of a command have its time, and many commands share one.
_NOTICE_COLUMNS: Final = {"sequence", "ts_us", "symbol", "user_id"}
# What COPY puts for characters that would end a value or a line.
_ESCAPES: Final = str.maketrans(
    {"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
)


def rows_of(events: Iterable[AnyEvent], *, shard: int) -> Rows:
    """Return the rows that `events` of `shard` add, in their order."""
    rows = Rows()
    for event in events:
        match event:
            case Trade():
                rows.trades.append(_trade(event, shard))
            case OrderPlaced() if event.resting_lots:
                rows.opened.append(_opened(event, shard))
            case OrderRejected() if not event.order_id:
                pass  # No order was made.
            case OrderPlaced() | OrderCanceled() | OrderFilled() | OrderRejected():
                rows.orders.append(_order(event, shard))
            case FundsMoved():
                rows.funding.append(_funding(event, shard))
            case AccountReset() | MarketDefined() | MarketStatusChanged() | LimitsChanged():
                rows.notices.append(_notice(event, shard))
            case _:
                pass  # A refused command changed nothing.
    return rows


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
        taker_side=event.taker_side,
        buy_order_id=buyer[0],
        sell_order_id=seller[0],
        buyer_user_id=buyer[1],
        seller_user_id=seller[1],
        buyer_fee_units=buyer[2],
        seller_fee_units=seller[2],
        maker_side=Side.SELL if taker_buys else Side.BUY,
        executed_at=_moment(event.ts_us),
    )


class _Ending(NamedTuple):
    """How an order ended, in the words of `order_history`."""

    status: OrderStatus
    filled_lots: int = 0
    filled_units: int = 0
    canceled_lots: int = 0
    end_reason: str = EndReason.NONE
    reject_reason: str = ""


def _ending(event: OrderEnding) -> _Ending:
    match event:
        case OrderFilled():
            return _Ending(OrderStatus.FILLED, event.qty_lots, event.filled_units)
        case OrderRejected():
            return _Ending(OrderStatus.REJECTED, reject_reason=event.reason)
        case OrderPlaced() | OrderCanceled():
            status = OrderStatus.CANCELED if event.canceled_lots else OrderStatus.FILLED
            return _Ending(
                status,
                event.filled_lots,
                event.filled_units,
                event.canceled_lots,
                event.end_reason,
            )


def _order(event: OrderEnding, shard: int) -> OrderRow:
    ending = _ending(event)
    return OrderRow(
        order_id=event.order_id,
        shard=shard,
        sequence=event.sequence,
        user_id=event.user_id,
        symbol=event.symbol,
        side=event.side,
        type=event.type,
        time_in_force=event.time_in_force,
        post_only=_flag(event.post_only),
        price_ticks=event.price_ticks,
        qty_lots=event.qty_lots,
        client_order_id=_text(event.client_order_id),
        status=ending.status,
        filled_lots=ending.filled_lots,
        filled_units=ending.filled_units,
        canceled_lots=ending.canceled_lots,
        end_reason=ending.end_reason,
        reject_reason=ending.reject_reason,
        ended_at=_moment(event.ts_us),
    )


def _opened(event: OrderPlaced, shard: int) -> OpenedRow:
    return OpenedRow(
        order_id=event.order_id,
        shard=shard,
        sequence=event.sequence,
        user_id=event.user_id,
        symbol=event.symbol,
        side=event.side,
        post_only=_flag(event.post_only),
        price_ticks=event.price_ticks,
        qty_lots=event.qty_lots,
        client_order_id=_text(event.client_order_id),
        filled_lots=event.filled_lots,
        filled_units=event.filled_units,
        opened_at=_moment(event.ts_us),
    )


def _funding(event: FundsMoved, shard: int) -> FundingRow:
    return FundingRow(
        event_id=event_id(shard=shard, sequence=event.sequence),
        shard=shard,
        sequence=event.sequence,
        user_id=event.user_id,
        asset=event.asset,
        amount_units=event.amount,
        reference=_text(event.reference),
        moved_at=_moment(event.ts_us),
    )


def _notice(event: Noted, shard: int) -> NoticeRow:
    """Keep the fields that have no column of their own as a JSON object."""
    detail = {
        name: getattr(event, name)
        for name in event.__struct_fields__
        if name not in _NOTICE_COLUMNS
    }
    return NoticeRow(
        event_id=event_id(shard=shard, sequence=event.sequence),
        shard=shard,
        sequence=event.sequence,
        kind=str(event.__struct_config__.tag),
        symbol=getattr(event, "symbol", ""),
        user_id=getattr(event, "user_id", 0),
        detail=_text(msgspec.json.encode(detail).decode()),
        noted_at=_moment(event.ts_us),
    )


def _text(value: str) -> str:
    return value.translate(_ESCAPES) if value else value


def _flag(value: bool) -> str:
    return "t" if value else "f"


@lru_cache(_MOMENTS_KEPT)
def _moment(ts_us: int) -> str:
    """Return the moment as PostgreSQL shows it: a fraction without zeros at its end, or none."""
    moment = f"{to_datetime(ts_us):%Y-%m-%d %H:%M:%S.%f}"
    return moment.rstrip("0").rstrip(".") + "+00"
