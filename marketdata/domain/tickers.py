"""A market's last 24 hours in figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketdata.candles.domain import Candle

PCT_DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Rolling figures, and whether matching has halted the market.

    Prices are None before the first trade.
    """

    last_ticks: int | None
    open_ticks: int | None
    high_ticks: int | None
    low_ticks: int | None
    volume_lots: int
    quote_units: int
    is_halted: bool = False

    @property
    def change_ticks(self) -> int | None:
        if self.last_ticks is None or self.open_ticks is None:
            return None
        return self.last_ticks - self.open_ticks

    @property
    def change_pct(self) -> float | None:
        change = self.change_ticks
        if change is None or not self.open_ticks:
            return None
        # Adding zero turns -0.0 into 0.0.
        return round(100 * change / self.open_ticks, PCT_DIGITS) + 0.0


def day_of(candles: Sequence[Candle], *, last_ticks: int | None, is_halted: bool = False) -> Day:
    """Return the figures of a day's candles, oldest first, that ends with the last price."""
    prices = [] if last_ticks is None else [last_ticks]
    return Day(
        last_ticks=last_ticks,
        open_ticks=candles[0].open_ticks if candles else last_ticks,
        high_ticks=max([candle.high_ticks for candle in candles] + prices, default=None),
        low_ticks=min([candle.low_ticks for candle in candles] + prices, default=None),
        volume_lots=sum(candle.volume_lots for candle in candles),
        quote_units=sum(candle.quote_units for candle in candles),
        is_halted=is_halted,
    )
