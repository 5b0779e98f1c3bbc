"""Where quotes belong: slots of one gap each, on both sides of the fair price. Pure.

A slot's price looks arbitrary but is always the same, so a ladder that moved and came back finds
its old quotes in place. A quote stays while it is neither too near to the fair price nor too far
from it, so a small move costs nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from matching.domain.values import Side, Ticks

LEVELS: Final = 15
KEPT_LEVELS: Final = 20
KEEP_SHARE: Final = 0.4
"""A quote may come nearer to the fair price than a new one would, by this factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Where quotes belong: `half_spread_ticks` around `fair_ticks`, a gap apart, within bounds."""

    symbol: str
    fair_ticks: Ticks
    half_spread_ticks: int
    gap_ticks: int
    lowest_ticks: Ticks
    highest_ticks: Ticks

    @property
    def keep_ticks(self) -> int:
        """How near a quote may come; never 0, so that bids stay under asks."""
        return max(1, int(self.half_spread_ticks * KEEP_SHARE))

    def slots(self, side: Side) -> Iterator[int]:
        """Yield the slots that want a quote, nearest first."""
        nearest, outward = self._nearest(side), _outward(side)
        for rank in range(LEVELS):
            slot = nearest + outward * rank
            if self.lowest_ticks <= self.price(side, slot) <= self.highest_ticks:
                yield slot

    def price(self, side: Side, slot: int) -> Ticks:
        """Return the price of a new quote in a slot."""
        offset = crc32(f"{self.symbol}:{slot}".encode()) % self.gap_ticks
        price = slot * self.gap_ticks + offset
        limit = self.fair_ticks + _outward(side) * self.half_spread_ticks
        return Ticks(min(price, limit) if side is Side.BUY else max(price, limit))

    def slot_of(self, price_ticks: Ticks) -> int:
        return price_ticks // self.gap_ticks

    def keeps(self, side: Side, price_ticks: Ticks) -> bool:
        """Say whether a quote may stay where it is."""
        outward = _outward(side)
        distance = (price_ticks - self.fair_ticks) * outward
        rank = (self.slot_of(price_ticks) - self._nearest(side)) * outward
        return distance >= self.keep_ticks and rank < KEPT_LEVELS

    def beyond(self, side: Side, gaps: int) -> Ticks:
        """Return the price at which a taker still trades who reaches so far past the fair price."""
        price = self.fair_ticks - _outward(side) * gaps * self.gap_ticks
        return Ticks(max(self.lowest_ticks, min(self.highest_ticks, price)))

    def _nearest(self, side: Side) -> int:
        return (self.fair_ticks + _outward(side) * self.half_spread_ticks) // self.gap_ticks


def round_gap(exact: float) -> int:
    """Return the largest of 1, 2, 5, 10, 20, … up to `exact`, at least 1: gaps seldom change."""
    power = 1
    while power * 10 <= exact:
        power *= 10
    return max(step * power for step in (1, 2, 5) if step * power <= max(1.0, exact))


def _outward(side: Side) -> int:
    return -1 if side is Side.BUY else 1
