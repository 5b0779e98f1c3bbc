"""What users hold and what it cost them, by the average cost method. Pure.

Folds a user's fills and movements of funds, in their order, into a holding for each asset. Costs,
proceeds and PnL are in units of the quote asset; every market has the same one, so that an asset is
the base of one market at most, and the holding of an asset is the position in its market.

- A buyer pays the whole quote amount for the base amount less the fee.
- A sale takes its part of the cost: cost x units sold / units held, rounded half to even, and all
  of it with the last unit. What it brings, less the fee, minus that part is realised PnL.
- A deposit costs what it is worth at the last price before it, nothing where there was none. A
  withdrawal takes its part of the cost like a sale, and realises nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from matching.domain.values import Side


class Price(NamedTuple):
    """So many quote units for so many base units."""

    quote_units: int
    base_units: int

    def worth(self, units: int) -> int:
        """Return what base units are worth in quote units, rounded half to even."""
        return half_even(units * self.quote_units, self.base_units)


class Holding(NamedTuple):
    """What a user holds of an asset, what that cost, and the PnL that sales have realised.

    Of the quote asset only the units mean something.
    """

    units: int = 0
    cost: int = 0
    realised: int = 0

    def unrealised(self, price: Price | None) -> int:
        """Return what selling all at the price would gain; before the first trade, nothing."""
        return (price.worth(self.units) if price else 0) - self.cost

    def part_of_cost(self, units: int) -> int:
        """Return the cost of so many of the units held."""
        return self.cost if units >= self.units else half_even(self.cost * units, self.units)


Holdings = dict[str, Holding]
NOTHING = Holding()


@dataclass(frozen=True, slots=True)
class Filled:
    """A user's half of a trade; the fee is in the asset that the side receives."""

    side: Side
    base: str
    quote: str
    base_units: int
    quote_units: int
    fee_units: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A deposit (`units` > 0) or withdrawal (< 0), and the asset's last price before it, if any."""

    asset: str
    units: int
    price: Price | None


Change = Filled | Moved


def fold(holdings: Holdings, changes: Iterable[Change]) -> None:
    """Carry the holdings on by what happened next, in its order."""
    for change in changes:
        match change:
            case Filled(side=Side.BUY):
                _buy(holdings, change)
            case Filled():
                _sell(holdings, change)
            case Moved():
                _move(holdings, change)


def half_even(numerator: int, denominator: int) -> int:
    """Return the quotient as a whole number, rounded half to even; the denominator is positive."""
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2):
        return quotient + 1
    return quotient


def _buy(holdings: Holdings, fill: Filled) -> None:
    units, cost, realised = holdings.get(fill.base, NOTHING)
    received = fill.base_units - fill.fee_units
    holdings[fill.base] = Holding(units + received, cost + fill.quote_units, realised)
    _pay(holdings, fill.quote, -fill.quote_units)


def _sell(holdings: Holdings, fill: Filled) -> None:
    held = holdings.get(fill.base, NOTHING)
    part, proceeds = held.part_of_cost(fill.base_units), fill.quote_units - fill.fee_units
    holdings[fill.base] = Holding(
        held.units - fill.base_units, held.cost - part, held.realised + proceeds - part
    )
    _pay(holdings, fill.quote, proceeds)


def _move(holdings: Holdings, moved: Moved) -> None:
    held = holdings.get(moved.asset, NOTHING)
    if moved.units > 0:
        change = moved.price.worth(moved.units) if moved.price else 0
    else:
        change = -held.part_of_cost(-moved.units)
    holdings[moved.asset] = Holding(held.units + moved.units, held.cost + change, held.realised)


def _pay(holdings: Holdings, quote: str, units: int) -> None:
    held = holdings.get(quote, NOTHING)
    holdings[quote] = Holding(held.units + units, held.cost, held.realised)


def add_up(parts: Iterable[Holdings]) -> Holdings:
    """Return the holdings of a user over all shards."""
    total: Holdings = {}
    for part in parts:
        for asset, (units, cost, realised) in part.items():
            held = total.get(asset, NOTHING)
            total[asset] = Holding(held.units + units, held.cost + cost, held.realised + realised)
    return total
