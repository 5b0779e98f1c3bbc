"""What a market is: its steps, filters and fees, and the integers the engine knows it by. Pure.

Everybody who turns decimal text into ticks, lots or units (or back) asks the `Market` at hand; the
listing (`marketdata.listing`) hands them out.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from matching.domain import decimals
from matching.domain.commands import DefineMarket
from matching.domain.values import (
    MAX_AMOUNT,
    Lots,
    MarketStatus,
    Ticks,
    Units,
)

_BPS_PER_PCT: Final = 100
_PPM_PER_BPS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A listed market. Decimals carry no trailing zeros; percentages and basis points are exact."""

    symbol: str
    base: str
    quote: str
    tick_size: Decimal
    lot_size: Decimal
    base_decimals: int
    quote_decimals: int
    status: MarketStatus
    min_qty: Decimal
    max_qty: Decimal
    max_price: Decimal
    min_notional: Decimal
    price_band_pct: Decimal
    maker_fee_bps: Decimal
    taker_fee_bps: Decimal
    simulated: bool

    @property
    def lot_units(self) -> int:
        """One lot in smallest units of the base asset."""
        return int(self.lot_size.scaleb(self.base_decimals))

    @property
    def tick_lot_units(self) -> int:
        """One tick times one lot in smallest units of the quote asset."""
        return int((self.tick_size * self.lot_size).scaleb(self.quote_decimals))

    def ticks(self, text: str) -> Ticks:
        """Return a price in ticks. Raises ValueError where it is none of this market's prices."""
        return Ticks(_steps("price", text, self.tick_size))

    def lots(self, text: str) -> Lots:
        """Return a quantity in lots. Raises ValueError where it is none of this market's."""
        return Lots(_steps("quantity", text, self.lot_size))

    def price_text(self, ticks: int) -> str:
        """Return a price as decimal text, with the tick's decimals."""
        return decimals.from_steps(ticks, self.tick_size)

    def qty_text(self, lots: int) -> str:
        """Return a quantity as decimal text, with the lot's decimals."""
        return decimals.from_steps(lots, self.lot_size)

    def base_text(self, units: int) -> str:
        """Return an amount of the base asset as decimal text."""
        return decimals.from_units(units, self.base_decimals)

    def quote_text(self, units: int) -> str:
        """Return an amount of the quote asset as decimal text."""
        return decimals.from_units(units, self.quote_decimals)

    def definition(self) -> DefineMarket:
        """Return the command that lists this market with the engine."""
        return DefineMarket(
            symbol=self.symbol,
            base=self.base,
            quote=self.quote,
            lot_units=self.lot_units,
            tick_lot_units=self.tick_lot_units,
            min_qty_lots=Lots(int(self.min_qty / self.lot_size)),
            max_qty_lots=Lots(int(self.max_qty / self.lot_size)),
            max_price_ticks=Ticks(int(self.max_price / self.tick_size)),
            min_notional_units=Units(int(self.min_notional.scaleb(self.quote_decimals))),
            price_band_bps=int(self.price_band_pct * _BPS_PER_PCT),
            maker_fee_ppm=int(self.maker_fee_bps * _PPM_PER_BPS),
            taker_fee_ppm=int(self.taker_fee_bps * _PPM_PER_BPS),
        )


def _steps(what: str, text: str, step: Decimal) -> int:
    count = decimals.to_steps(text, step)
    if count <= 0:
        raise ValueError(f"The {what} must be above zero.")
    if count > MAX_AMOUNT:
        raise ValueError(f"The {what} is too large.")
    return count
