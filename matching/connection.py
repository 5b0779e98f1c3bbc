"""Opens connections to the two Redis roles. Used by everything that talks to them.

Nothing is retried underneath: a command sent twice would be applied twice, so the sender decides.
"""

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_TIMEOUT_S = 2.0


def open_sync(url: str) -> Redis:
    """Return a client for synchronous processes; replies are bytes."""
    return Redis.from_url(
        url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_TIMEOUT_S
    )


def open_async(url: str) -> AsyncRedis:
    """Return a client for the running event loop; replies are bytes."""
    return AsyncRedis.from_url(
        url, retry=AsyncRetry(NoBackoff(), 0), socket_connect_timeout=CONNECT_TIMEOUT_S
    )
