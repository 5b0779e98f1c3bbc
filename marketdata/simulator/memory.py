"""What the crowd remembers between steps, in the bus Redis; shared by `control` and `step`.

The bus may lose it all: then the crowd is as it was configured, and believes in the last price.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final, cast

import msgspec
from django.conf import settings
from redis import Redis
from redis.exceptions import LockNotOwnedError
from redis.typing import EncodableT, FieldT

from marketdata.simulator.domain.fair_price import Belief
from marketdata.simulator.domain.moods import Profile
from matching.connection import open_sync

CONTROL_KEY: Final = "v1:simulator:control"
PROFILES_KEY: Final = "v1:simulator:profiles"
BELIEFS_KEY: Final = "v1:simulator:beliefs"
STEP_LOCK: Final = "v1:simulator:step"
STEP_LOCK_S: Final = 10
"""Longer than the longest step (`step.MAX_STEP_S`)."""
EVERY_MARKET: Final = "*"

log = logging.getLogger(__name__)

_belief_decoder = msgspec.json.Decoder(Belief)


class Control(msgspec.Struct, frozen=True):
    """What people told the crowd. `withdrawn`: a stopped crowd has taken its orders back."""

    running: bool
    withdrawn: bool
    profiles: dict[str, Profile]

    def profile_of(self, symbol: str) -> Profile:
        return self.profiles.get(symbol) or self.profiles.get(EVERY_MARKET, Profile.NORMAL)


def read_control() -> Control:
    fields = _hash(CONTROL_KEY)
    by_default = "1" if settings.SIMULATOR_ENABLED else "0"
    return Control(
        running=fields.get("running", by_default) == "1",
        withdrawn=fields.get("withdrawn") == "1",
        profiles={symbol: Profile(value) for symbol, value in _hash(PROFILES_KEY).items()},
    )


def set_running(*, running: bool) -> None:
    """Start or stop the crowd; one that is stopped has its orders still to withdraw."""
    _bus().hset(CONTROL_KEY, mapping={"running": int(running), "withdrawn": 0})


def set_withdrawn() -> None:
    _bus().hset(CONTROL_KEY, "withdrawn", "1")


def set_profile(profile: Profile, symbol: str) -> None:
    """Set the profile of one market, or of `EVERY_MARKET`, which ends the markets' own."""
    with _bus().pipeline() as pipe:
        if symbol == EVERY_MARKET:
            pipe.delete(PROFILES_KEY)
        pipe.hset(PROFILES_KEY, symbol, profile.value)
        pipe.execute()


def read_beliefs() -> dict[str, Belief]:
    """Return symbol → what the crowd there believed after its last step."""
    return {symbol: _belief_decoder.decode(row) for symbol, row in _hash(BELIEFS_KEY).items()}


def write_beliefs(beliefs: Mapping[str, Belief]) -> None:
    if beliefs:
        rows: dict[FieldT, EncodableT] = {
            symbol: msgspec.json.encode(belief) for symbol, belief in beliefs.items()
        }
        _bus().hset(BELIEFS_KEY, mapping=rows)


def forget_beliefs(symbols: Collection[str]) -> None:
    if symbols:
        _bus().hdel(BELIEFS_KEY, *symbols)


@contextmanager
def single_flight() -> Iterator[bool]:
    """Yield whether this is the only step under way; where it is not, leave it be."""
    lock = _bus().lock(STEP_LOCK, timeout=STEP_LOCK_S, blocking=False)
    if not lock.acquire():
        yield False
        return
    try:
        yield True
    finally:
        try:
            lock.release()
        except LockNotOwnedError:
            log.warning("A step took longer than its lock of %d s.", STEP_LOCK_S)


def _hash(key: str) -> dict[str, str]:
    rows = cast("dict[bytes, bytes]", _bus().hgetall(key))
    return {name.decode(): value.decode() for name, value in rows.items()}


@cache
def _bus() -> Redis:
    return open_sync(settings.REDIS_BUS_URL)
