"""One connection to the hot Redis for each event loop. Used by what market data keeps there."""

import asyncio
from weakref import WeakKeyDictionary

from redis.asyncio import Redis

from matching import keys, runtime
from matching.connection import open_async

_connections: WeakKeyDictionary[asyncio.AbstractEventLoop, Redis] = WeakKeyDictionary()


def hot() -> Redis:
    """Return the running loop's connection, opened on first use."""
    loop = asyncio.get_running_loop()
    found = _connections.get(loop)
    if found is None:
        found = _connections[loop] = open_async(runtime.config().hot_url)
    return found


def shard_of(symbol: str) -> int:
    """Return the shard that matches `symbol`, as this process is configured."""
    return keys.shard_of(symbol, runtime.config().shards)
