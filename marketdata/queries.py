"""What the public endpoints may be asked, read from the query string."""

from datetime import datetime
from typing import Annotated

import msgspec

from accounts.rest.wire import Form, invalid
from marketdata.candles.domain import Timeframe
from marketdata.recent_trades import MAX_KEPT
from matching.domain.timestamps import from_datetime

MAX_DEPTH = 1_000
MAX_CANDLES = 1_000

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class BookQuery(Form, frozen=True, kw_only=True):
    depth: Annotated[int, msgspec.Meta(ge=1, le=MAX_DEPTH)] = 20


class TradesQuery(Form, frozen=True, kw_only=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_KEPT)] = 50


class CandlesQuery(Form, frozen=True, kw_only=True):
    """`from` and `to` are RFC 3339, and both may be the start of a candle that is wanted."""

    tf: Timeframe = Timeframe.M1
    begin: Moment | None = msgspec.field(default=None, name="from")
    end: Moment | None = msgspec.field(default=None, name="to")
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_CANDLES)] = 500

    def __post_init__(self) -> None:
        if self.begin is not None and self.end is not None and self.begin > self.end:
            raise invalid("from", "This is after to.")

    @property
    def from_us(self) -> int | None:
        return None if self.begin is None else from_datetime(self.begin)

    @property
    def to_us(self) -> int | None:
        return None if self.end is None else from_datetime(self.end)
