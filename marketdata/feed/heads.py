"""Where each public channel stands: its last seq and what that push reached. Kept in hot Redis.

The feed writes a head before it publishes the push, so a hub that reads heads is never behind what
it has received, and a push that got lost shows as a gap.
"""

from typing import Any, NamedTuple, cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from marketdata import keys, recent_trades
from marketdata.domain.trades import PublicTrade


class Head(NamedTuple):
    """The last push of a channel; `last` is its last book update id or trade id."""

    seq: int = 0
    last: int = 0


async def load(hot: Redis, *, shard: int) -> dict[str, Head]:
    """Return the heads of all channels of a shard."""
    fields = cast("dict[bytes, bytes]", await hot.hgetall(keys.feed_heads(shard)))
    return {channel.decode(): _head(value) for channel, value in fields.items()}


def queue_write(pipe: Pipeline, heads: dict[str, Head], *, shard: int) -> None:
    """Queue the writing of heads."""
    fields: dict[Any, Any] = {channel: f"{head.seq}:{head.last}" for channel, head in heads.items()}
    pipe.hset(keys.feed_heads(shard), mapping=fields)


async def of_channel(hot: Redis, channel: str, *, shard: int) -> Head:
    """Return the head of one channel."""
    return _head(cast("bytes | None", await hot.hget(keys.feed_heads(shard), channel)))


async def with_trades(
    hot: Redis, channel: str, *, shard: int, symbol: str, limit: int
) -> tuple[Head, list[PublicTrade]]:
    """Return the head of a trades channel and the newest trades, of one moment."""
    async with hot.pipeline(transaction=True) as pipe:
        pipe.hget(keys.feed_heads(shard), channel)
        recent_trades.queue_latest(pipe, shard=shard, symbol=symbol, limit=limit)
        head, members = await pipe.execute()
    return _head(head), recent_trades.unpack(members)


def _head(value: bytes | None) -> Head:
    if value is None:
        return Head()
    seq, last = value.split(b":")
    return Head(int(seq), int(last))
