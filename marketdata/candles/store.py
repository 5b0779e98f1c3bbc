"""How candles lie in the hot Redis: a hash for each stretch of a few hundred buckets.

Only buckets with trades are stored. A sorted set of the stretches that have any leads a reader over
quiet times. Both expire when the last trade in them is older than the retention.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.client import Pipeline

from marketdata import keys
from marketdata.candles.domain import Bucket, Timeframe

RETENTION_S: Final = 30 * 86_400
CHUNK_S: Final[Mapping[Timeframe, int]] = {
    Timeframe.S1: 600,
    Timeframe.S5: 3_600,
    Timeframe.M1: 43_200,
    Timeframe.M5: 172_800,
    Timeframe.H1: 2_592_000,
}
"""How much time one hash covers: 576 to 720 buckets."""

BucketKey = tuple[str, Timeframe, int]
"""Symbol, timeframe, bucket start in seconds."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Bucket).decode


def chunk_start(timeframe: Timeframe, start_s: int) -> int:
    """Return the start of the stretch that a bucket lies in."""
    return start_s - start_s % CHUNK_S[timeframe]


def load(hot: Redis, wanted: Iterable[BucketKey], *, shard: int) -> dict[BucketKey, Bucket]:
    """Return those of the wanted buckets that exist."""
    order = list(wanted)
    pipe = hot.pipeline(transaction=False)
    for key in order:
        pipe.hget(_chunk(shard, key), str(key[2]))
    found = zip(order, cast("list[bytes | None]", pipe.execute()), strict=True)
    return {key: _decode(packed) for key, packed in found if packed is not None}


def queue_write(pipe: Pipeline, buckets: Mapping[BucketKey, Bucket], *, shard: int) -> None:
    """Queue the writing of buckets; writing one again changes nothing."""
    chunks: dict[tuple[str, Timeframe, int], dict[Any, Any]] = {}
    for (symbol, timeframe, start_s), bucket in buckets.items():
        chunk = (symbol, timeframe, chunk_start(timeframe, start_s))
        chunks.setdefault(chunk, {})[str(start_s)] = _encode(bucket)
    for (symbol, timeframe, start_s), fields in chunks.items():
        key = keys.candle_chunk(shard, symbol, timeframe, start_s)
        index = keys.candle_chunks(shard, symbol, timeframe)
        pipe.hset(key, mapping=fields)
        pipe.expire(key, RETENTION_S)
        pipe.zadd(index, {str(start_s): start_s})
        pipe.zremrangebyscore(index, "-inf", start_s - RETENTION_S - CHUNK_S[timeframe])
        pipe.expire(index, RETENTION_S)


async def first_start(
    hot: AsyncRedis, *, shard: int, symbol: str, timeframe: Timeframe
) -> int | None:
    """Return the start of the first known bucket, None where there is none."""
    chunks = await hot.zrange(keys.candle_chunks(shard, symbol, timeframe), 0, 0)
    if not chunks:
        return None
    starts = await hot.hkeys(keys.candle_chunk(shard, symbol, timeframe, _whole(chunks[0])))
    return min(map(_whole, starts), default=None)


async def read(
    hot: AsyncRedis, *, shard: int, symbol: str, timeframe: Timeframe, first_s: int, last_s: int
) -> dict[int, Bucket]:
    """Return the buckets of a stretch by their start, and the last one before it if there is one.

    Buckets around the stretch may come with it.
    """
    first_chunk = chunk_start(timeframe, first_s)
    pipe = hot.pipeline(transaction=False)
    for start_s in range(first_chunk, last_s + 1, CHUNK_S[timeframe]):
        pipe.hgetall(keys.candle_chunk(shard, symbol, timeframe, start_s))
    found = _buckets(await pipe.execute())
    if not any(start_s <= first_s for start_s in found):
        index = keys.candle_chunks(shard, symbol, timeframe)
        earlier = await hot.zrevrangebyscore(index, f"({first_chunk}", "-inf", start=0, num=1)
        for chunk in cast("list[bytes]", earlier):
            key = keys.candle_chunk(shard, symbol, timeframe, int(chunk))
            found |= _buckets([await hot.hgetall(key)])
    return found


def _chunk(shard: int, key: BucketKey) -> str:
    symbol, timeframe, start_s = key
    return keys.candle_chunk(shard, symbol, timeframe, chunk_start(timeframe, start_s))


def _buckets(replies: Iterable[Any]) -> dict[int, Bucket]:
    return {int(start_s): _decode(packed) for reply in replies for start_s, packed in reply.items()}


def _whole(value: Any) -> int:
    return int(value)
