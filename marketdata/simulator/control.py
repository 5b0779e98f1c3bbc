"""Starts, stops and steers the crowd. Called by the admin endpoints and `manage.py sim`.

Nothing here trades: the next step does as it was told, within about a second. A stopped crowd takes
its orders off the books and forgets its prices.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from redis.exceptions import RedisError

from marketdata import listing
from marketdata.simulator import instructions
from marketdata.simulator.domain.moods import Profile
from matching.domain.errors import ErrorCode, ExchangeError


class SimulatorState(msgspec.Struct, frozen=True, rename="camel"):
    """Whether the crowd trades, and symbol → profile of each market it trades."""

    running: bool
    profiles: dict[str, str]


def start() -> None:
    """Let the crowd trade. Raises ExchangeError UNAVAILABLE."""
    with _reaching_the_store():
        instructions.set_running(running=True)


def stop() -> None:
    """Let the crowd withdraw its orders and rest. Raises ExchangeError UNAVAILABLE."""
    with _reaching_the_store():
        instructions.set_running(running=False)


def forget_start() -> None:
    """Let the crowd be as it was configured, unless it was stopped. Raises UNAVAILABLE."""
    with _reaching_the_store():
        instructions.forget_start()


def set_profile(profile: str, symbol: str | None = None) -> None:
    """Set the volatility profile of one market or of all.

    Raises ExchangeError: INVALID_REQUEST (no such profile), UNKNOWN_SYMBOL, UNAVAILABLE.
    """
    try:
        chosen = Profile(profile)
    except ValueError:
        raise ExchangeError(
            ErrorCode.INVALID_REQUEST,
            f"The profiles are {', '.join(Profile)}; {profile[:20]!r} is none of them.",
            field="profile",
        ) from None
    if symbol is not None:
        listing.get(symbol)
    with _reaching_the_store():
        instructions.set_profile(chosen, instructions.EVERY_MARKET if symbol is None else symbol)


def state() -> SimulatorState:
    """Return what the crowd is told to do. Raises ExchangeError UNAVAILABLE."""
    with _reaching_the_store():
        told = instructions.read()
    profiles = {
        market.symbol: told.profile_of(market.symbol).value
        for market in listing.all()
        if market.simulated
    }
    return SimulatorState(running=told.running, profiles=profiles)


@contextmanager
def _reaching_the_store() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError):
        raise ExchangeError(
            ErrorCode.UNAVAILABLE, "The simulator cannot be reached now. Try again."
        ) from None
