"""Reads the book of record for the front door: ended orders and fills. Synchronous.

It answers about what the writer has written; an order that ended a moment ago may not be there yet.
"""

from typing import Final

from django.db.models import Q, QuerySet

from ledger.domain.orders import EndedOrder, Fill
from ledger.models import OrderRecord, Trade
from matching.domain.timestamps import from_datetime
from matching.domain.values import (
    Liquidity,
    Lots,
    OrderStatus,
    OrderType,
    Side,
    Ticks,
    TimeInForce,
    Units,
)

MAX_FILLS: Final = 1_000


def ended_order(order_id: int) -> EndedOrder | None:
    """Return an ended order of anybody, or None where the ledger has none."""
    record = OrderRecord.objects.filter(order_id=order_id).first()
    return _ended_order(record) if record else None


def ended_order_by_client_id(user_id: int, client_order_id: str) -> EndedOrder | None:
    """Return the user's latest ended order with that id of theirs, or None."""
    if not client_order_id:
        return None
    records = OrderRecord.objects.filter(user_id=user_id, client_order_id=client_order_id)
    record = records.order_by("-ended_at", "-order_id").first()
    return _ended_order(record) if record else None


def fills(user_id: int, *, symbol: str = "", limit: int = 100) -> list[Fill]:
    """Return a user's latest fills, newest first, at most MAX_FILLS; of one market where given."""
    trades = Trade.objects.filter(symbol=symbol) if symbol else Trade.objects.all()
    newest = _newest(trades, user_id, min(limit, MAX_FILLS))
    return [_fill(trade, _side_of(trade, user_id)) for trade in newest]


def fills_of_order(order: EndedOrder, *, limit: int = MAX_FILLS) -> list[Fill]:
    """Return the fills of an ended order, newest first."""
    column = "buy_order_id" if order.side is Side.BUY else "sell_order_id"
    trades = Trade.objects.filter(**{column: order.order_id})
    return [_fill(trade, order.side) for trade in _newest(trades, order.user_id, limit)]


def _newest(trades: QuerySet[Trade], user_id: int, limit: int) -> list[Trade]:
    """Return a user's newest trades; each side has its own index, so each is asked by itself."""
    found: list[Trade] = []
    for user in (Q(buyer_user_id=user_id), Q(seller_user_id=user_id)):
        found += trades.filter(user).order_by("-executed_at", "-event_id")[:limit]
    found.sort(key=lambda trade: (trade.executed_at, trade.event_id), reverse=True)
    return found[:limit]


def _side_of(trade: Trade, user_id: int) -> Side:
    """Return the user's side; nobody trades with themselves, so there is just one."""
    return Side.BUY if trade.buyer_user_id == user_id else Side.SELL


def _fill(trade: Trade, side: Side) -> Fill:
    buys = side is Side.BUY
    return Fill(
        trade_id=trade.trade_id,
        order_id=trade.buy_order_id if buys else trade.sell_order_id,
        symbol=trade.symbol,
        side=side,
        price_ticks=Ticks(trade.price_ticks),
        qty_lots=Lots(trade.qty_lots),
        quote_units=Units(trade.quote_units),
        fee_units=Units(trade.buyer_fee_units if buys else trade.seller_fee_units),
        liquidity=Liquidity.TAKER if trade.taker_side == side else Liquidity.MAKER,
        ts_us=from_datetime(trade.executed_at),
    )


def _ended_order(record: OrderRecord) -> EndedOrder:
    return EndedOrder(
        order_id=record.order_id,
        user_id=record.user_id,
        symbol=record.symbol,
        side=Side(record.side),
        type=OrderType(record.type),
        time_in_force=TimeInForce(record.time_in_force),
        post_only=record.post_only,
        price_ticks=Ticks(record.price_ticks),
        qty_lots=Lots(record.qty_lots),
        client_order_id=record.client_order_id,
        status=OrderStatus(record.status),
        filled_lots=Lots(record.filled_lots),
        filled_units=Units(record.filled_units),
        canceled_lots=Lots(record.canceled_lots),
        reason=record.reject_reason or record.end_reason,
        ended_us=from_datetime(record.ended_at),
    )
