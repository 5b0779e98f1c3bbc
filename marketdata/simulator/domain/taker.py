"""When takers come, and with what. Pure.

They come at random moments (a Poisson process) with heavy-tailed sizes: most small, a few that eat
through several levels.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

from marketdata.simulator.domain.ladder import Ladder
from marketdata.simulator.domain.sizes import Sizes
from matching.domain.values import Lots, OrderType, Side, Ticks

MAX_TAKES: Final = 20
"""Most takers of one market in one step."""
TAIL: Final = 1.5
"""Exponent of the Pareto distribution of sizes: below 2 the variance has no bound."""
MAX_FACTOR: Final = 100.0
MARKET_SHARE: Final = 0.7
LIMIT_GAPS: Final = 3
"""An IOC order reaches up to this many gaps beyond the fair price."""
INVENTORY_WEIGHT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Take:
    """An order to be sent `offset_s` into the step: a market order (price 0), or a limit IOC."""

    offset_s: float
    side: Side
    type: OrderType
    price_ticks: Ticks
    qty_lots: Lots


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How often takers come, and how many of them buy."""

    per_second: float
    buy_share: float


def takes(flow: Flow, *, span_s: float, ladder: Ladder, sizes: Sizes, rng: Random) -> list[Take]:
    """Return the takers of the next `span_s` seconds, in order."""
    found: list[Take] = []
    offset_s = rng.expovariate(flow.per_second)
    while offset_s < span_s and len(found) < MAX_TAKES:
        found.append(one_take(flow, offset_s, ladder=ladder, sizes=sizes, rng=rng))
        offset_s += rng.expovariate(flow.per_second)
    return found


def one_take(flow: Flow, offset_s: float, *, ladder: Ladder, sizes: Sizes, rng: Random) -> Take:
    """Return one taker who comes at the given moment."""
    side = Side.BUY if rng.random() < flow.buy_share else Side.SELL
    factor = min(rng.paretovariate(TAIL), MAX_FACTOR)
    qty_lots = sizes.bounded(int(sizes.take_lots * factor))
    if rng.random() < MARKET_SHARE:
        return Take(offset_s, side, OrderType.MARKET, Ticks(0), qty_lots)
    price_ticks = ladder.beyond(side, rng.randint(1, LIMIT_GAPS))
    return Take(offset_s, side, OrderType.LIMIT, price_ticks, qty_lots)


def buy_share(*, lean: float, quote_units: int, base_worth_units: int) -> float:
    """Return how likely a taker buys: who holds mostly money buys, who holds mostly goods sells."""
    total = quote_units + base_worth_units
    money = quote_units / total if total else 0.5
    return max(0.05, min(0.95, 0.5 + lean + INVENTORY_WEIGHT * (money - 0.5)))
