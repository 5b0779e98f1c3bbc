"""The targets of the matching function, and the runs that show whether they are met.

Used by `manage.py bench_matching --targets`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from matching.benchmark import Figures, Load

Measure = Callable[[Load], Figures]

ORDERS_PER_S: Final = 60_000
TIMES_ONE_BY_ONE: Final = 6.0
CALL_P99_MS: Final = 6.0
SHARE_WHEN_DEEP: Final = 0.80
SHARE_WHEN_MANY: Final = 0.80
BYTES_PER_OPEN_ORDER: Final = 600

BATCH: Final = 200
LARGE_BATCH: Final = 500
GATE_DEPTH: Final = 100_000
SHALLOW: Final = 1_000
DEEP: Final = 1_000_000
MANY_MARKETS: Final = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A target, what came out, and whether that is good enough."""

    what: str
    target: str
    figure: str
    is_met: bool


def check(measure: Measure, *, rounds: int, orders: int) -> list[Line]:
    """Run every setting that a target needs, each once, and hold it against its target."""

    def at(**setting: int) -> Figures:
        return measure(Load(rounds=rounds, orders=orders, **setting))

    one_by_one = at(batch=1, depth=GATE_DEPTH)
    gate = at(batch=BATCH, depth=GATE_DEPTH)
    large = at(batch=LARGE_BATCH, depth=GATE_DEPTH)
    shallow = at(batch=BATCH, depth=SHALLOW)
    deep = at(batch=BATCH, depth=DEEP)
    single = at(batch=BATCH, depth=GATE_DEPTH, symbols=1)
    many = at(batch=BATCH, depth=GATE_DEPTH, symbols=MANY_MARKETS)
    return [
        _at_least(f"orders/s, {BATCH} a call, {GATE_DEPTH:,} open", gate, ORDERS_PER_S),
        _at_least(f"orders/s, {LARGE_BATCH} a call, {GATE_DEPTH:,} open", large, ORDERS_PER_S),
        _at_least(f"orders/s, {BATCH} a call, {SHALLOW:,} open", shallow, ORDERS_PER_S),
        _ratio(f"times one order a call, {BATCH} a call", gate, one_by_one, TIMES_ONE_BY_ONE),
        _at_most(f"ms of a call of {BATCH}, p99", gate.call_p99_ms, CALL_P99_MS),
        _share(f"{DEEP:,} open against {SHALLOW:,}", deep, shallow, SHARE_WHEN_DEEP),
        _share(f"{MANY_MARKETS} markets against 1", many, single, SHARE_WHEN_MANY),
        _at_most("bytes of an open order", gate.bytes_per_open_order, BYTES_PER_OPEN_ORDER),
    ]


def _at_least(what: str, figures: Figures, target: float) -> Line:
    rate = figures.orders_per_s
    return Line(what, f"{target:,.0f}", f"{rate:,.0f}", rate >= target)


def _at_most(what: str, figure: float, target: float) -> Line:
    return Line(what, f"{target:,.0f}", f"{figure:,.1f}", figure <= target)


def _ratio(what: str, one: Figures, other: Figures, target: float) -> Line:
    ratio = one.orders_per_s / other.orders_per_s
    return Line(what, f"{target:.0f}", f"{ratio:.1f}", ratio >= target)


def _share(what: str, one: Figures, other: Figures, target: float) -> Line:
    share = one.orders_per_s / other.orders_per_s
    return Line(what, f"{target:.0%}", f"{share:.0%}", share >= target)
