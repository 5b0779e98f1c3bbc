"""The price the crowd believes in: a random walk that reverts to a slower one. Pure."""

import math
from random import Random
from typing import Final

import msgspec

from marketdata.simulator.domain.characters import Character
from marketdata.simulator.domain.moods import MOODS, Mood, Profile, toward

REVERSION: Final = 0.01
"""Share of the distance to the anchor that the price comes back in a step."""
ANCHOR_SHARE: Final = 0.6
"""How much of a step's volatility moves the anchor for good."""
HOMING: Final = 0.000_02
"""Share of the distance to the start price that the anchor comes back in a step."""
PULL: Final = 0.15
"""Share of the distance to the last trade that the crowd takes over: orders move the price."""
HEAT_MEMORY: Final = 0.97
HEAT_NOISE: Final = 0.12
MAX_HEAT: Final = 1.5
MAX_MOVE: Final = 0.02
"""Largest move of one step, in log price."""
MAX_DISTANCE: Final = math.log(20)
"""Farthest the anchor may go from the start price."""
BPS: Final = 10_000


class Belief(msgspec.Struct, frozen=True):
    """What the crowd of one market carries from step to step. Prices are natural logarithms.

    `heat` is the logarithm of a factor on volatility: unrest follows unrest.
    """

    step: int
    log_price: float
    log_anchor: float
    heat: float
    mood: Mood

    @property
    def price(self) -> float:
        return math.exp(self.log_price)


def first_belief(price: float, profile: Profile) -> Belief:
    """Return the belief of a crowd that has just come, at the given price."""
    log_price = math.log(price)
    return Belief(step=0, log_price=log_price, log_anchor=log_price, heat=0.0, mood=MOODS[profile])


def advance(
    belief: Belief,
    *,
    character: Character,
    profile: Profile,
    last_price: float | None,
    rng: Random,
) -> Belief:
    """Return the belief one step later. `last_price` is that of the market's last trade."""
    mood = toward(belief.mood, profile)
    heat = HEAT_MEMORY * belief.heat + HEAT_NOISE * rng.gauss(0, 1)
    heat = _within(heat, MAX_HEAT)
    sigma = character.volatility_bps / BPS * mood.volatility * math.exp(heat)
    drift = mood.drift_bps / BPS
    home = math.log(character.start_price)
    anchor = belief.log_anchor + drift + ANCHOR_SHARE * sigma * rng.gauss(0, 1)
    anchor += HOMING * (home - anchor)
    anchor = home + _within(anchor - home, MAX_DISTANCE)
    move = drift + sigma * rng.gauss(0, 1) + REVERSION * (anchor - belief.log_price)
    if last_price is not None:
        move += PULL * (math.log(last_price) - belief.log_price)
    return Belief(
        step=belief.step + 1,
        log_price=belief.log_price + _within(move, MAX_MOVE),
        log_anchor=anchor,
        heat=heat,
        mood=mood,
    )


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
