"""How a user's past is read, stretch by stretch, newest first. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Place(NamedTuple):
    """Where something stands in a history; `number` tells apart what happened at one moment."""

    ts_us: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The first `limit` things of a user's history that happened before the place `before`.

    Within [begin, end], and in one market, where these are given.
    """

    user_id: int
    limit: int
    symbol: str = ""
    begin: datetime | None = None
    end: datetime | None = None
    before: Place | None = None
