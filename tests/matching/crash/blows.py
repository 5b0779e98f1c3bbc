"""The plan of a crash run: who is killed in each round, when, and how they come back. Pure.

Used by `run.py` only.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.matching.crash.parts import Moment, Victim

LOAD_S = (0.02, 0.4)
DOWN_MOST_S = 0.3
# How often a start is cut short, and how often the hot server is writing its log anew.
CUT_SHORT = 0.5
REWRITING = 0.25
AIMS = (None, Moment.COMPUTING, Moment.SYNCING, Moment.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """One round: `victims` die together, `after_s` into the load, and stay down for `down_s`."""

    victims: tuple[Victim, ...]
    after_s: float
    aim: Moment | None
    is_rewriting: bool
    """The hot server has just begun to write its log anew."""
    down_s: float
    cut_short: dict[Victim, float]
    """Who is killed once more on the way up, and after which share of its usual start."""


def blows(rng: random.Random) -> Iterator[Blow]:
    """Yield blows without end; in every seven each combination of victims has its turn."""
    combinations = [
        victims
        for count in range(1, len(Victim) + 1)
        for victims in itertools.combinations(Victim, count)
    ]
    while True:
        for victims in rng.sample(combinations, len(combinations)):
            yield Blow(
                victims=victims,
                after_s=rng.uniform(*LOAD_S),
                aim=rng.choice(AIMS),
                is_rewriting=rng.random() < REWRITING,
                down_s=rng.choice((0.0, rng.uniform(0, DOWN_MOST_S))),
                cut_short={victim: rng.random() for victim in victims if rng.random() < CUT_SHORT},
            )
