"""The last 24 hours of markets, read from candles and kept for about a second. For the REST API."""

import time
from collections.abc import Sequence
from typing import Final

from marketdata.candles.domain import Timeframe
from marketdata.candles.selectors import candles
from marketdata.domain.markets import Market
from marketdata.domain.tickers import Day, day_of
from matching import runtime
from matching.client import wall_clock_us
from matching.domain.values import MarketStatus

FRESH_FOR_S: Final = 1.0
HOURS: Final = 24

_days: dict[str, tuple[float, Day]] = {}


async def day(symbol: str) -> Day:
    """Return a market's last 24 hours, to the minute. Raises RedisError."""
    fresh_until, known = _days.get(symbol, (0.0, None))
    if known is None or time.monotonic() >= fresh_until:
        known = await _read(symbol, wall_clock_us())
        _days[symbol] = time.monotonic() + FRESH_FOR_S, known
    return known


async def days(markets: Sequence[Market]) -> list[Day]:
    """Return the days of several markets, in their order."""
    return [await day(market.symbol) for market in markets]


def forget() -> None:
    """Read candles again when asked next."""
    _days.clear()


async def _read(symbol: str, now_us: int) -> Day:
    """Add up the minutes left of the first hour, which begins the window exactly, and the hours."""
    hour_us, minute_us = Timeframe.H1.us, Timeframe.M1.us
    begin_us = now_us // minute_us * minute_us - HOURS * hour_us
    next_hour_us = (begin_us // hour_us + 1) * hour_us
    minutes = (next_hour_us - begin_us) // minute_us
    found = await candles(symbol, Timeframe.M1, begin_us, next_hour_us - 1, minutes)
    found += await candles(symbol, Timeframe.H1, next_hour_us, now_us, HOURS)
    market = await runtime.state().market(symbol)
    if market is None:
        return day_of(found, last_ticks=None)
    is_halted = market.status is MarketStatus.HALTED
    return day_of(found, last_ticks=market.last_price_ticks, is_halted=is_halted)
