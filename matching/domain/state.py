"""What a shard's state is made of, as readers see it: balances, open orders, depth, markets. Pure.

`matching.state` reads it from a running shard, `ledger.rebuild` makes it of the ledger.
"""

from dataclasses import dataclass

from matching.domain.values import (
    Lots,
    MarketStatus,
    OrderStatus,
    OrderType,
    Side,
    Ticks,
    TimeInForce,
    Units,
)

Level = tuple[Ticks, Lots]


@dataclass(frozen=True, slots=True)
class Balance:
    """One asset in a wallet, in its smallest units."""

    available: Units
    reserved: Units

    @property
    def total(self) -> Units:
        return Units(self.available + self.reserved)


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that rests on a book. `filled_units` is the quote amount of its fills so far."""

    order_id: int
    user_id: int
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    post_only: bool
    price_ticks: Ticks
    qty_lots: Lots
    remaining_lots: Lots
    filled_units: Units
    client_order_id: str
    ts_us: int

    @property
    def filled_lots(self) -> Lots:
        return Lots(self.qty_lots - self.remaining_lots)

    @property
    def status(self) -> OrderStatus:
        return OrderStatus.PARTIALLY_FILLED if self.filled_lots else OrderStatus.ACCEPTED


@dataclass(frozen=True, slots=True)
class BookDepth:
    """The best levels of both sides, best first, as of `last_update_id`."""

    symbol: str
    last_update_id: int
    bids: list[Level]
    asks: list[Level]


@dataclass(frozen=True, slots=True)
class MarketState:
    """What the matching function knows of a market that changes while it trades."""

    symbol: str
    status: MarketStatus
    last_price_ticks: Ticks | None
    update_id: int
