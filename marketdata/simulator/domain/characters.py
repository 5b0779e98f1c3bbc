"""What each market is like by nature: its price, its restlessness, its busyness. Pure data."""

from dataclasses import dataclass
from typing import Final

from marketdata.domain.markets import Market

START_TICKS: Final = 10_000
"""First price of a market of which nothing is known: fine enough for a ladder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """Distances are basis points of the price; notionals are whole units of the quote asset."""

    start_price: float
    volatility_bps: float = 1.2
    gap_bps: float = 1.5
    half_spread_bps: float = 0.8
    level_notional: int = 8_000
    take_notional: int = 400
    takes_per_second: float = 1.0


_KNOWN: Final = {
    "BTC-USD": Character(
        start_price=64_000,
        volatility_bps=0.8,
        gap_bps=0.8,
        half_spread_bps=0.4,
        level_notional=25_000,
        take_notional=900,
        takes_per_second=2.2,
    ),
    "ETH-USD": Character(
        start_price=3_200,
        volatility_bps=1.0,
        gap_bps=1.0,
        half_spread_bps=0.5,
        level_notional=18_000,
        take_notional=700,
        takes_per_second=1.8,
    ),
    "SOL-USD": Character(start_price=150, volatility_bps=1.4, takes_per_second=1.5),
    "LTC-USD": Character(start_price=84, volatility_bps=1.0, takes_per_second=0.8),
    "AVAX-USD": Character(start_price=34, volatility_bps=1.5, gap_bps=3.0),
    "LINK-USD": Character(start_price=14.5, volatility_bps=1.3),
    "XRP-USD": Character(start_price=0.52, volatility_bps=1.1, gap_bps=2.0, takes_per_second=1.2),
    "ADA-USD": Character(start_price=0.44, volatility_bps=1.2, gap_bps=2.5),
    "DOGE-USD": Character(start_price=0.125, volatility_bps=1.6, takes_per_second=1.2),
    "SHIB-USD": Character(start_price=0.0000175, volatility_bps=1.8, gap_bps=6.0),
}


def character_of(market: Market) -> Character:
    """Return a market's character; one not known starts in the middle of its price scale."""
    known = _KNOWN.get(market.symbol)
    if known is not None:
        return known
    return Character(start_price=float(min(START_TICKS * market.tick_size, market.max_price / 2)))
