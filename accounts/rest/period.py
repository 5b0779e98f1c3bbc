"""The query parameters `from` and `to`, wherever a list takes them. Pure."""

from datetime import datetime
from typing import Annotated

import msgspec

from accounts.rest.wire import Form, invalid
from matching.domain.timestamps import from_datetime

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class PeriodQuery(Form, frozen=True, kw_only=True):
    """`from` and `to` are RFC 3339; what happened at either moment is in the period."""

    begin: Moment | None = msgspec.field(default=None, name="from")
    end: Moment | None = msgspec.field(default=None, name="to")

    def __post_init__(self) -> None:
        if self.begin is not None and self.end is not None and self.begin > self.end:
            raise invalid("from", "This is after to.")

    @property
    def from_us(self) -> int | None:
        return None if self.begin is None else from_datetime(self.begin)

    @property
    def to_us(self) -> int | None:
        return None if self.end is None else from_datetime(self.end)
