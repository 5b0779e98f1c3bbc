"""A market's latest trades, kept in the hot Redis for the tape. The feed writes, REST reads."""

from collections.abc import Iterable
from typing import Final, cast

import msgspec
from redis.asyncio.client import Pipeline

from marketdata import keys
from marketdata.domain.trades import PublicTrade
from matching import runtime

MAX_KEPT: Final = 1_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(PublicTrade).decode


async def latest(symbol: str, limit: int) -> list[PublicTrade]:
    """Return up to `limit` trades (at most MAX_KEPT), newest first. Raises RedisError."""
    key = keys.recent_trades(runtime.shard_of(symbol), symbol)
    members = await runtime.reader().zrevrange(key, 0, min(limit, MAX_KEPT) - 1)
    return unpack(cast("list[bytes]", members))


def queue_latest(pipe: Pipeline, *, shard: int, symbol: str, limit: int) -> None:
    """Queue the reading of the newest trades; `unpack` makes sense of the reply."""
    pipe.zrevrange(keys.recent_trades(shard, symbol), 0, limit - 1)


def queue_write(pipe: Pipeline, *, shard: int, symbol: str, trades: Iterable[PublicTrade]) -> None:
    """Queue the writing of trades; writing one again changes nothing."""
    key = keys.recent_trades(shard, symbol)
    pipe.zadd(key, {_encode(trade): trade.trade_id for trade in trades})
    pipe.zremrangebyrank(key, 0, -MAX_KEPT - 1)


def unpack(members: Iterable[bytes]) -> list[PublicTrade]:
    """Return the trades of a reply, in its order."""
    return [_decode(member) for member in members]
