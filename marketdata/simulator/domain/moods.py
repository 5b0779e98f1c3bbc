"""Volatility profiles, and the mood that follows a change of profile smoothly. Pure."""

from enum import StrEnum
from typing import Final

import msgspec

SMOOTHING: Final = 0.08
"""Share of the way from mood to profile that one step goes: half of it in about nine steps."""


class Profile(StrEnum):
    """What the crowd has been told to make of a market."""

    CALM = "calm"
    NORMAL = "normal"
    WILD = "wild"
    CRASH = "crash"
    RALLY = "rally"


class Mood(msgspec.Struct, frozen=True):
    """How a market feels: factors on its character, and what pushes the price.

    `drift_bps` is the push on the fair price a step; `lean` is added to the share of buyers.
    """

    volatility: float
    spread: float
    activity: float
    drift_bps: float
    lean: float


MOODS: Final = {
    Profile.CALM: Mood(volatility=0.5, spread=0.8, activity=0.6, drift_bps=0.0, lean=0.0),
    Profile.NORMAL: Mood(volatility=1.0, spread=1.0, activity=1.0, drift_bps=0.0, lean=0.0),
    Profile.WILD: Mood(volatility=4.0, spread=2.5, activity=2.0, drift_bps=0.0, lean=0.0),
    Profile.CRASH: Mood(volatility=3.0, spread=3.0, activity=2.5, drift_bps=-3.0, lean=-0.2),
    Profile.RALLY: Mood(volatility=2.0, spread=1.5, activity=2.0, drift_bps=2.0, lean=0.2),
}


def toward(mood: Mood, profile: Profile) -> Mood:
    """Return the mood one step nearer to what the profile asks for."""
    target = MOODS[profile]

    def between(now: float, then: float) -> float:
        return now + SMOOTHING * (then - now)

    return Mood(
        volatility=between(mood.volatility, target.volatility),
        spread=between(mood.spread, target.spread),
        activity=between(mood.activity, target.activity),
        drift_bps=between(mood.drift_bps, target.drift_bps),
        lean=between(mood.lean, target.lean),
    )
