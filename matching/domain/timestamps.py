"""Microseconds since the epoch as RFC 3339 text and back. Pure."""

from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(ts_us: int) -> datetime:
    """Return the moment as an aware datetime, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=ts_us)


def from_datetime(moment: datetime) -> int:
    """Return an aware datetime in microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def in_utc(moment: datetime) -> datetime:
    """Return an aware datetime in UTC, which PostgreSQL takes whatever its offset was.

    Of one that lies outside Python's years there, the first or the last day.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        first = datetime(MINYEAR, 1, 1, tzinfo=UTC)
        return first if moment.year == MINYEAR else datetime(MAXYEAR, 12, 31, tzinfo=UTC)


def rfc3339(ts_us: int) -> str:
    """Return the moment as `2026-01-31T12:00:00.000001Z`."""
    return to_datetime(ts_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
