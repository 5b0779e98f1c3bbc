"""What the public endpoints may be asked, read from the query string."""

from typing import Annotated

import msgspec

from accounts.rest.period import PeriodQuery
from accounts.rest.wire import Form
from marketdata.candles.domain import Timeframe
from marketdata.recent_trades import MAX_KEPT

MAX_DEPTH = 1_000
MAX_CANDLES = 1_000


class BookQuery(Form, frozen=True, kw_only=True):
    depth: Annotated[int, msgspec.Meta(ge=1, le=MAX_DEPTH)] = 20


class TradesQuery(Form, frozen=True, kw_only=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_KEPT)] = 50


class CandlesQuery(PeriodQuery, frozen=True, kw_only=True):
    """A candle is in the period where its start is."""

    tf: Timeframe = Timeframe.M1
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_CANDLES)] = 500
