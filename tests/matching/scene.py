"""The scene of random commands: a few users, markets, and what everybody begins with."""

from typing import Final

from matching.domain.commands import AnyCommand, MoveFunds, SetLimits
from matching.domain.values import AssetUnits, Units
from tests.matching.shard import LOT_UNITS, with_terms

USERS: Final = (1, 2, 3, 4)
STRANGER: Final = 9

BTC: Final = with_terms("BTC-USD", maker_fee_ppm=1_234, taker_fee_ppm=5_678)
ETH: Final = with_terms(
    "ETH-USD",
    lot_units=7,
    tick_lot_units=13,
    min_qty_lots=2,
    min_notional_units=2_700,
    max_price_ticks=10**8,
    price_band_bps=500,
)
# Its base asset is another market's, too, and its quote asset the base of one.
ETH_BTC: Final = with_terms("ETH-BTC", lot_units=7, tick_lot_units=100, max_qty_lots=50)
# The largest notional and the largest quantity are 2^53-1 exactly.
BIG: Final = with_terms(
    "BIG-WON",
    lot_units=6_361 * 20_394_401,
    tick_lot_units=6_361,
    max_qty_lots=69_431,
    max_price_ticks=20_394_401,
    maker_fee_ppm=1_235,
    taker_fee_ppm=99_999,
)
LATER: Final = with_terms("LTC-USD", lot_units=3)
MARKETS: Final = (BTC, ETH, ETH_BTC, BIG)

ASSETS: Final = ("USD", "BTC", "ETH", "BIG", "WON")
OPENING_BALANCE: Final[tuple[AssetUnits, ...]] = (
    ("USD", Units(2_000_000)),
    ("BTC", Units(500 * LOT_UNITS)),
    ("ETH", Units(50_000)),
    ("BIG", Units(2**47)),
    ("WON", Units(2**47)),
)


def opening() -> list[AnyCommand]:
    """List the markets, give each user something of everything, and a limit within reach."""
    deposits = [
        MoveFunds(user_id=user, asset=asset, amount=units, reference=f"{asset} for {user}")
        for user in USERS
        for asset, units in OPENING_BALANCE
    ]
    limits = [
        SetLimits(user_id=user, max_open_orders=20, position_caps=(), orders_per_second=0)
        for user in USERS
    ]
    return [*MARKETS, *deposits, *limits]
