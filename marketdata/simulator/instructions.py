"""What people told the crowd, in the hot Redis: it outlives restarts. For `control` and `step`."""

from functools import cache
from typing import Final, cast

import msgspec
from django.conf import settings
from redis import Redis

from marketdata import keys
from marketdata.simulator.domain.moods import Profile
from matching.connection import open_sync

EVERY_MARKET: Final = "*"


class Instructions(msgspec.Struct, frozen=True):
    """What people told the crowd. `withdrawn`: a stopped crowd has taken its orders back."""

    running: bool
    withdrawn: bool
    profiles: dict[str, Profile]

    def profile_of(self, symbol: str) -> Profile:
        return self.profiles.get(symbol) or self.profiles.get(EVERY_MARKET, Profile.NORMAL)


def read() -> Instructions:
    """Return the instructions; a crowd nobody has told anything is as it was configured."""
    fields = _hash(keys.simulator_control())
    by_default = "1" if settings.SIMULATOR_ENABLED else "0"
    return Instructions(
        running=fields.get("running", by_default) == "1",
        withdrawn=fields.get("withdrawn") == "1",
        profiles={
            symbol: Profile(value) for symbol, value in _hash(keys.simulator_profiles()).items()
        },
    )


def set_running(*, running: bool) -> None:
    """Start or stop the crowd; one that is stopped has its orders still to withdraw."""
    _hot().hset(keys.simulator_control(), mapping={"running": int(running), "withdrawn": 0})


def forget_start() -> None:
    """Take back a start, so that the crowd is as it was configured; a stop stays."""
    if _hash(keys.simulator_control()).get("running") == "1":
        _hot().hdel(keys.simulator_control(), "running")
    _hot().hset(keys.simulator_control(), "withdrawn", "0")


def set_withdrawn() -> None:
    _hot().hset(keys.simulator_control(), "withdrawn", "1")


def set_profile(profile: Profile, symbol: str) -> None:
    """Set the profile of one market, or of `EVERY_MARKET`, which ends the markets' own."""
    with _hot().pipeline() as pipe:
        if symbol == EVERY_MARKET:
            pipe.delete(keys.simulator_profiles())
        pipe.hset(keys.simulator_profiles(), symbol, profile.value)
        pipe.execute()


def _hash(key: str) -> dict[str, str]:
    rows = cast("dict[bytes, bytes]", _hot().hgetall(key))
    return {name.decode(): value.decode() for name, value in rows.items()}


@cache
def _hot() -> Redis:
    return open_sync(settings.REDIS_HOT_URL)
