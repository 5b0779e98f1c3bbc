"""A trade as the public sees it: no users, no orders. Pure."""

import msgspec

from matching.domain.events import Trade
from matching.domain.values import Lots, Side, Ticks


class PublicTrade(msgspec.Struct, frozen=True, array_like=True):
    """A trade without the people. The order of the fields is how it is packed."""

    trade_id: int
    symbol: str
    price_ticks: Ticks
    qty_lots: Lots
    taker_side: Side
    ts_us: int


def public_trade(event: Trade) -> PublicTrade:
    """Return what the public may know of a trade."""
    return PublicTrade(
        trade_id=event.trade_id,
        symbol=event.symbol,
        price_ticks=event.price_ticks,
        qty_lots=event.qty_lots,
        taker_side=event.taker_side,
        ts_us=event.ts_us,
    )
