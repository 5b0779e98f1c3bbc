"""What a candle is and how trades become one. Pure.

A trade belongs to the bucket of its own time, and counts once: a bucket knows the last event that
was folded in, and trades arrive in the order of their events.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from matching.domain.events import Trade

US_PER_S: Final = 1_000_000


class Timeframe(StrEnum):
    """How long a bucket lasts."""

    S1 = "1s"
    S5 = "5s"
    M1 = "1m"
    M5 = "5m"
    H1 = "1h"

    @property
    def seconds(self) -> int:
        return _SECONDS[self]

    @property
    def us(self) -> int:
        return _SECONDS[self] * US_PER_S

    def start_s(self, ts_us: int) -> int:
        """Return the start of the bucket that `ts_us` falls into, in seconds."""
        return ts_us // self.us * self.seconds


_SECONDS: Final[Mapping[Timeframe, int]] = {
    Timeframe.S1: 1,
    Timeframe.S5: 5,
    Timeframe.M1: 60,
    Timeframe.M5: 300,
    Timeframe.H1: 3_600,
}


class Bucket(msgspec.Struct, frozen=True, array_like=True):
    """The trades of one bucket, summed up. The order of the fields is how it is packed."""

    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    quote_units: int
    trades: int
    last_sequence: int


@dataclass(frozen=True, slots=True)
class Candle:
    """A bucket as readers see it, empty ones included. `final`: no trade can change it any more."""

    symbol: str
    timeframe: Timeframe
    start_us: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    quote_units: int
    trades: int
    final: bool


def fold(bucket: Bucket | None, trade: Trade) -> Bucket:
    """Return the bucket with `trade` in it; unchanged where it has the trade already."""
    if bucket is None:
        return _first(trade)
    if trade.sequence <= bucket.last_sequence:
        return bucket
    return Bucket(
        open_ticks=bucket.open_ticks,
        high_ticks=max(bucket.high_ticks, trade.price_ticks),
        low_ticks=min(bucket.low_ticks, trade.price_ticks),
        close_ticks=trade.price_ticks,
        volume_lots=bucket.volume_lots + trade.qty_lots,
        quote_units=bucket.quote_units + trade.quote_units,
        trades=bucket.trades + 1,
        last_sequence=trade.sequence,
    )


def _first(trade: Trade) -> Bucket:
    price = trade.price_ticks
    return Bucket(
        open_ticks=price,
        high_ticks=price,
        low_ticks=price,
        close_ticks=price,
        volume_lots=trade.qty_lots,
        quote_units=trade.quote_units,
        trades=1,
        last_sequence=trade.sequence,
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A row of buckets to be read: from `first_s` up to and including `last_s`."""

    symbol: str
    timeframe: Timeframe
    first_s: int
    last_s: int

    def candles(
        self, buckets: Mapping[int, Bucket], *, close_before: int | None, as_of_us: int
    ) -> list[Candle]:
        """Return a candle for every bucket, oldest first; an empty one carries the last close.

        `close_before` is the close before the stretch, None where there has been no trade yet:
        candles then begin with the first trade. All trades before `as_of_us` are in.
        """
        found: list[Candle] = []
        close = close_before
        for start_s in range(self.first_s, self.last_s + 1, self.timeframe.seconds):
            bucket = buckets.get(start_s)
            if bucket is None and close is not None:
                bucket = Bucket(close, close, close, close, 0, 0, 0, 0)
            if bucket is not None:
                close = bucket.close_ticks
                found.append(self._candle(start_s, bucket, as_of_us))
        return found

    def _candle(self, start_s: int, bucket: Bucket, as_of_us: int) -> Candle:
        start_us = start_s * US_PER_S
        return Candle(
            symbol=self.symbol,
            timeframe=self.timeframe,
            start_us=start_us,
            open_ticks=bucket.open_ticks,
            high_ticks=bucket.high_ticks,
            low_ticks=bucket.low_ticks,
            close_ticks=bucket.close_ticks,
            volume_lots=bucket.volume_lots,
            quote_units=bucket.quote_units,
            trades=bucket.trades,
            final=start_us + self.timeframe.us <= as_of_us,
        )
