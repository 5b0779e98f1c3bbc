"""How a maker keeps its ladder full around the fair price, moving only what must move. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from marketdata.simulator.domain.ladder import Ladder
from marketdata.simulator.domain.sizes import Sizes
from matching.domain.values import Lots, Side, Ticks

THIN_SHARE: Final = 0.25
"""A slot with less than this share of the usual quantity gets another quote."""
GROWTH: Final = 0.12
"""Levels get larger away from the fair price, by this share each."""
SIZE_SPREAD: Final = 0.5
"""Deviation of the logarithm of a quote's size."""


@dataclass(frozen=True, slots=True)
class Quote:
    """An order of the maker that rests."""

    order_id: int
    side: Side
    price_ticks: Ticks
    remaining_lots: Lots


@dataclass(frozen=True, slots=True)
class NewQuote:
    side: Side
    price_ticks: Ticks
    qty_lots: Lots


@dataclass(frozen=True, slots=True)
class Requote:
    """What to cancel, then what to place, nearest to the fair price first."""

    cancels: list[int]
    places: list[NewQuote]


def requote(own: Sequence[Quote], *, ladder: Ladder, sizes: Sizes, rng: Random) -> Requote:
    """Return what makes the maker's quotes a full ladder again."""
    cancels: list[int] = []
    resting: dict[tuple[Side, int], int] = {}
    for quote in own:
        if ladder.keeps(quote.side, quote.price_ticks):
            place = quote.side, ladder.slot_of(quote.price_ticks)
            resting[place] = resting.get(place, 0) + quote.remaining_lots
        else:
            cancels.append(quote.order_id)
    thin = int(sizes.level_lots * THIN_SHARE)
    places = [
        NewQuote(side, ladder.price(side, slot), _size(sizes, rank, rng))
        for side in Side
        for rank, slot in enumerate(ladder.slots(side))
        if resting.get((side, slot), 0) <= thin
    ]
    return Requote(cancels, places)


def _size(sizes: Sizes, rank: int, rng: Random) -> Lots:
    factor = (1 + GROWTH * rank) * rng.lognormvariate(0, SIZE_SPREAD)
    return sizes.bounded(int(sizes.level_lots * max(factor, 2 * THIN_SHARE)))
