"""This process's connection to matching: where the servers are, and one client per event loop.

Async code takes `await client()` and `state()`; synchronous code (DRF views, admin, management
commands, Celery tasks) wraps a service in `run_blocking`. `matching.apps` calls `configure`.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from redis.asyncio import Redis

from matching import keys
from matching.client import MatchingClient
from matching.connection import READ_RETRIES, open_async
from matching.state import HotState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MatchingConfig:
    """Where matching lives: the two Redis roles and the number of shards."""

    hot_url: str
    bus_url: str
    shards: int


_config: MatchingConfig | None = None
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, MatchingClient] = WeakKeyDictionary()
_readers: WeakKeyDictionary[asyncio.AbstractEventLoop, Redis] = WeakKeyDictionary()


def configure(config: MatchingConfig) -> None:
    """Set where matching lives; called once, before anything else here."""
    global _config
    _config = config


def config() -> MatchingConfig:
    assert _config is not None, "matching.runtime.configure has not been called"
    return _config


async def client() -> MatchingClient:
    """Return the running loop's client, connected on first use."""
    loop = asyncio.get_running_loop()
    found = _clients.get(loop)
    if found is None:
        where = config()
        found = _clients[loop] = MatchingClient(
            hot=open_async(where.hot_url), bus=open_async(where.bus_url), shards=where.shards
        )
    await found.start()
    return found


async def close() -> None:
    """End the running loop's client and reader, where it has any: before the loop itself ends."""
    loop = asyncio.get_running_loop()
    if found := _clients.pop(loop, None):
        await found.close()
    if found_reader := _readers.pop(loop, None):
        await found_reader.aclose()


def state() -> HotState:
    """Return the running loop's reader of wallets, open orders and books."""
    return HotState(reader(), shards=config().shards)


def reader() -> Redis:
    """Return the running loop's connection to the hot Redis, for reads only: it sends again."""
    loop = asyncio.get_running_loop()
    found = _readers.get(loop)
    if found is None:
        found = _readers[loop] = open_async(config().hot_url, retries=READ_RETRIES)
    return found


def shard_of(symbol: str) -> int:
    """Return the shard that matches `symbol`, as this process is configured."""
    return keys.shard_of(symbol, config().shards)


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the process's background loop and wait for its result.

    Safe from any thread but the background loop's own. All callers share one client, so their
    commands travel together.
    """
    # In a context of its own: in the caller's, asgiref would send the coroutine's database work to
    # the caller's thread, which waits here.
    future = Context().run(asyncio.run_coroutine_threadsafe, coroutine, _background_loop())
    return future.result()


@cache
def _background_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="matching-client", daemon=True).start()
    return loop
