"""Which quantities make sense on a market at a price. Pure."""

from dataclasses import dataclass

from marketdata.domain.markets import Market
from marketdata.simulator.domain.characters import Character
from matching.domain.values import Lots, Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Usual quantities of a maker's level and of a taker, and the market's bounds, in lots."""

    level_lots: Lots
    take_lots: Lots
    least_lots: Lots
    most_lots: Lots

    def bounded(self, lots: int) -> Lots:
        """Return the nearest quantity that the market's filters let through."""
        return Lots(max(self.least_lots, min(self.most_lots, lots)))


def sizes_at(price_ticks: Ticks, *, market: Market, character: Character) -> Sizes:
    """Return the sizes for a market at a price."""
    terms = market.definition()
    lot_notional_units = price_ticks * terms.tick_lot_units
    unit = 10**market.quote_decimals
    # Twice the least notional: a price that moves against an order must not make it too small.
    least = max(terms.min_qty_lots, -(-2 * terms.min_notional_units // lot_notional_units))
    return Sizes(
        level_lots=Lots(max(least, character.level_notional * unit // lot_notional_units)),
        take_lots=Lots(max(1, character.take_notional * unit // lot_notional_units)),
        least_lots=Lots(least),
        most_lots=terms.max_qty_lots,
    )
