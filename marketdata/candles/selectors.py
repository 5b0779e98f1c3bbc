"""Reads candles for the front door: empty buckets carried, the current one included."""

from typing import cast

from marketdata import keys
from marketdata.candles import store
from marketdata.candles.domain import US_PER_S, Candle, Stretch, Timeframe
from matching import runtime
from matching.client import wall_clock_us


async def candles(
    symbol: str, timeframe: Timeframe, from_us: int | None, to_us: int | None, limit: int
) -> list[Candle]:
    """Return candles whose bucket starts within [from_us, to_us], at most `limit`, oldest first.

    With `from_us` the first of them, without it the latest. None begins before the first trade and
    none lies in the future. Raises RedisError.
    """
    shard = runtime.shard_of(symbol)
    known_s = await store.first_start(
        runtime.reader(), shard=shard, symbol=symbol, timeframe=timeframe
    )
    if known_s is None:
        return []
    stretch = _stretch(symbol, timeframe, known_s, from_us, to_us, limit)
    if stretch.last_s < stretch.first_s:
        return []
    as_of_us = int(cast("bytes", await runtime.reader().hget(keys.roll_up(shard), "as_of_us")) or 0)
    buckets = await store.read(
        runtime.reader(),
        shard=shard,
        symbol=symbol,
        timeframe=timeframe,
        first_s=stretch.first_s,
        last_s=stretch.last_s,
    )
    before = max((start_s for start_s in buckets if start_s < stretch.first_s), default=None)
    close_before = None if before is None else buckets[before].close_ticks
    return stretch.candles(buckets, close_before=close_before, as_of_us=as_of_us)


def _stretch(
    symbol: str,
    timeframe: Timeframe,
    known_s: int,
    from_us: int | None,
    to_us: int | None,
    limit: int,
) -> Stretch:
    """Return the buckets to show: within the wish, the known time, and the limit."""
    step_s = timeframe.seconds
    now_us = wall_clock_us()
    last_s = timeframe.start_s(now_us if to_us is None else min(to_us, now_us))
    if from_us is None:
        first_s = max(known_s, last_s - (limit - 1) * step_s)
    else:
        wished_s = -(-from_us // (step_s * US_PER_S)) * step_s
        first_s = max(known_s, wished_s)
        last_s = min(last_s, first_s + (limit - 1) * step_s)
    return Stretch(symbol, timeframe, first_s, last_s)
