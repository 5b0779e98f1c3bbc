"""Reads the book of record for the front door: ended orders. Synchronous.

It answers about what the writer has written; an order that ended a moment ago may not be there yet.
"""

from ledger.domain.orders import EndedOrder
from ledger.models import OrderRecord
from matching.domain.timestamps import from_datetime
from matching.domain.values import (
    Lots,
    OrderStatus,
    OrderType,
    Side,
    Ticks,
    TimeInForce,
    Units,
)


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
