"""A fill, as readers of the ledger see it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.domain.history import Cursor
from matching.domain.values import Liquidity, Lots, Side, Ticks, Units


@dataclass(frozen=True, slots=True)
class LedgerFill:
    """One order's half of a trade. The fee is in the asset that the side receives."""

    event_id: int
    trade_id: int
    order_id: int
    symbol: str
    side: Side
    price_ticks: Ticks
    qty_lots: Lots
    fee_units: Units
    liquidity: Liquidity
    ts_us: int

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.ts_us, self.event_id)


@dataclass(frozen=True, slots=True)
class OrderFills:
    """The first fills of an order, oldest first, and the fee of all of them."""

    fills: Sequence[LedgerFill]
    fee_units: Units


NO_FILLS: Final = OrderFills((), Units(0))
