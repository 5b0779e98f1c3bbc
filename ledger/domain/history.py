"""How a user's past is read, page by page, newest first. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Cursor(NamedTuple):
    """Where something stands in a history; `number` tells apart what happened at one moment."""

    ts_us: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Which page of a user's history is asked for: at most `limit` things older than `before`.

    Within [begin, end], and in one market, where these are given.
    """

    user_id: int
    limit: int
    symbol: str = ""
    begin: datetime | None = None
    end: datetime | None = None
    before: Cursor | None = None
