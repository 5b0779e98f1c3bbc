"""Opens connections to the two Redis roles. Used by everything that talks to them.

Nothing is sent a second time underneath unless the caller allows it: a command sent twice would be
applied twice.
"""

from redis import Redis
from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ConstantBackoff
from redis.retry import Retry

CONNECT_TIMEOUT_S = 2.0
# For an answer; longer than any blocking read waits.
ANSWER_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 64
RETRY_PAUSE_S = 0.05
# Enough for pooled connections that a server left behind when it restarted.
READ_RETRIES = 3


def open_sync(url: str) -> Redis:
    """Return a client for synchronous processes; replies are bytes."""
    return Redis.from_url(
        url,
        retry=Retry(ConstantBackoff(RETRY_PAUSE_S), 0),
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
    )


def open_async(url: str, *, retries: int = 0) -> AsyncRedis:
    """Return a client for the running event loop; replies are bytes.

    Callers beyond MAX_CONNECTIONS at once wait for their turn. `retries` is how often a call that
    failed is sent again: only for calls that are harmless when repeated, such as reads.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=ANSWER_TIMEOUT_S,
        retry=AsyncRetry(ConstantBackoff(RETRY_PAUSE_S), retries),
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
    )
    return AsyncRedis.from_pool(pool)
