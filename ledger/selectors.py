"""Reads the book of record for the front door: ended orders and fills. Synchronous.

It answers about what the writer has written; what happened a moment ago may not be there yet.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from django.db.models import F, Model, Q, QuerySet, Sum, Value

from ledger.domain.fills import LedgerFill, OrderFills
from ledger.domain.history import HistoryPage
from ledger.domain.orders import EndedOrder
from ledger.models import OpenedOrder, OrderRecord, Trade
from matching.domain.timestamps import from_datetime, to_datetime
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

MAX_ORDER_FILLS: Final = 500
"""So many fills are listed with an order; its fees are those of all."""

Fact = TypeVar("Fact", bound=Model)


class _Half(NamedTuple):
    """The columns of `trade_ledger` that one side of a trade has for itself."""

    side: Side
    order_id: str
    user_id: str
    fee_units: str


_BUYER: Final = _Half(Side.BUY, "buy_order_id", "buyer_user_id", "buyer_fee_units")
_SELLER: Final = _Half(Side.SELL, "sell_order_id", "seller_user_id", "seller_fee_units")


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


def ended_orders(page: HistoryPage) -> list[EndedOrder]:
    """Return a page of a user's ended orders, newest first."""
    records = OrderRecord.objects.filter(user_id=page.user_id)
    records = _within(records, page, moment="ended_at", number="order_id")
    return [_ended_order(record) for record in records]


def fills(page: HistoryPage) -> list[LedgerFill]:
    """Return a page of a user's fills, newest first.

    Each half of the union is a backward scan of one index that ends after `limit` rows: how many
    trades there are makes no difference.
    """
    bought, sold = (
        _within(_fills(half, page.user_id), page, moment="executed_at", number="event_id")
        for half in (_BUYER, _SELLER)
    )
    rows = bought.union(sold, all=True).order_by("-executed_at", "-event_id")
    return [_fill(row) for row in rows[: page.limit]]


def fills_of(order: EndedOrder) -> OrderFills:
    """Return the fills of an ended order: among its user's, from when it came to rest."""
    ended_at = to_datetime(order.ended_us)
    opened = OpenedOrder.objects.filter(order_id=order.order_id).first()
    half = _BUYER if order.side is Side.BUY else _SELLER
    rows = _fills(half, order.user_id).filter(
        **{half.order_id: order.order_id},
        executed_at__range=(opened.opened_at if opened else ended_at, ended_at),
    )
    found = [_fill(row) for row in rows.order_by("event_id")[:MAX_ORDER_FILLS]]
    if len(found) < MAX_ORDER_FILLS:
        return OrderFills(found, Units(sum(fill.fee_units for fill in found)))
    return OrderFills(found, Units(rows.aggregate(total=Sum("fee_units"))["total"]))


def _within(
    rows: "QuerySet[Fact, Any]", page: HistoryPage, *, moment: str, number: str
) -> "QuerySet[Fact, Any]":
    """Return those of the rows that are on the page, newest first."""
    if page.symbol:
        rows = rows.filter(symbol=page.symbol)
    if page.begin is not None:
        rows = rows.filter(**{f"{moment}__gte": page.begin})
    if page.end is not None:
        rows = rows.filter(**{f"{moment}__lte": page.end})
    if page.before is not None:
        then = to_datetime(page.before.ts_us)
        same_moment = Q(**{moment: then, f"{number}__lt": page.before.number})
        # The index has only the moment, so the bound on it must stand by itself.
        rows = rows.filter(Q(**{f"{moment}__lt": then}) | same_moment, **{f"{moment}__lte": then})
    return rows.order_by(f"-{moment}", f"-{number}")[: page.limit]


def _fills(half: _Half, user_id: int) -> "QuerySet[Trade, Any]":
    """Return a user's fills on one side."""
    common = ("event_id", "trade_id", "symbol", "price_ticks", "qty_lots")
    rows: QuerySet[Trade, Any] = Trade.objects.filter(**{half.user_id: user_id}).values(
        *common,
        "maker_side",
        "executed_at",
        side=Value(half.side.value),
        order_id=F(half.order_id),
        fee_units=F(half.fee_units),
    )
    return rows


def _fill(row: dict[str, Any]) -> LedgerFill:
    executed_at: datetime = row.pop("executed_at")
    side, maker_side = Side(row.pop("side")), Side(row.pop("maker_side"))
    liquidity = Liquidity.MAKER if side is maker_side else Liquidity.TAKER
    return LedgerFill(side=side, liquidity=liquidity, ts_us=from_datetime(executed_at), **row)


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
