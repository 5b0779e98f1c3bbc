"""What must always hold on a shard, in words, and what looking for it came to. Pure.

Filled by `matching.invariants`; read by `manage.py reconcile`, the self-check and the tests.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

MAX_VIOLATIONS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of invariant: what is looked at, and what must hold of each."""

    unit: str
    meaning: str


CHECKS: Final = {
    "markets": Check("markets", "A market's terms, status, last price and update id can be read."),
    "wallets": Check("wallets", "Every amount in a wallet is a whole number from 0 to 2^53-1."),
    "supply": Check(
        "assets",
        "What all wallets hold of an asset, available and reserved, the fee account among them, is "
        "all deposits less all withdrawals, to the last unit.",
    ),
    "reserved": Check(
        "wallets",
        "What a wallet has reserved, expects from its buys, and counts as open orders is what its "
        "open orders add up to.",
    ),
    "orders": Check(
        "orders",
        "An open order has at least one lot left and no more than its quantity, has traded at its "
        "limit or better, and stands in its book at its price.",
    ),
    "books": Check(
        "entries",
        "An entry of a book is an open order of that market, side and price, first come first; "
        "the best bid is below the best ask.",
    ),
    "levels": Check(
        "levels", "A level's total is what its orders have left; no level is without orders."
    ),
    "events": Check(
        "events", "The log of events has no hole and no repetition, and ends with the last event."
    ),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant. `symbol` is the market it is about; empty: all of the shard."""

    check: str
    symbol: str
    subject: str
    what: str

    @property
    def sentence(self) -> str:
        return f"{self.subject[:1].upper()}{self.subject[1:]} {self.what}."


@dataclass(frozen=True, slots=True)
class Step:
    """What one slice looked at and found.

    `unjudged` says what could not be told, `untold` of which checks. `in_a_sum`: the next slice
    should come soon, since every event until then must be read.
    """

    looked_at: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    violations: Sequence[Violation] = ()
    unjudged: str = ""
    untold: Collection[str] = ()
    in_a_sum: bool = False

    @classmethod
    def judged(cls, check: str, number: int, violations: Sequence[Violation]) -> Self:
        """Return the step that looked at `number` things of one check, and found these."""
        broken = Counter({check: len(violations)} if violations else {})
        return cls(Counter({check: number}), broken, violations)


@dataclass(slots=True)
class Report:
    """What was looked at on a shard, by check, and what is wrong.

    `violations` are the first ones; `broken` counts all. `unjudged` says what could not be
    told, `untold` of which checks.
    """

    shard: int
    looked_at: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)
    steps: int = 0

    @property
    def is_clean(self) -> bool:
        return not self.broken

    def add(self, step: Step) -> None:
        self.steps += 1
        self.looked_at += step.looked_at
        self.broken += step.broken
        self.violations += step.violations[: MAX_VIOLATIONS - len(self.violations)]
        if step.unjudged:
            self.unjudged.append(step.unjudged)
            self.untold.update(step.untold)
