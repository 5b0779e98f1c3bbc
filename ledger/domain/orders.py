"""An order that has ended, as readers see it. Pure."""

from dataclasses import dataclass

from ledger.domain.history import Cursor
from matching.domain.values import (
    Lots,
    OrderStatus,
    OrderType,
    Side,
    Ticks,
    TimeInForce,
    Units,
)


@dataclass(frozen=True, slots=True)
class EndedOrder:
    """An order's terms and final state; `filled_units` is the quote amount of its fills.

    `reason` says why something stayed unfilled, or why the order was rejected; else it is empty.
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
    status: OrderStatus
    filled_lots: Lots
    filled_units: Units
    canceled_lots: Lots
    reason: str
    ended_us: int

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.ended_us, self.order_id)
