"""The WebSocket door over real servers: a market that trades, a running feed, and clients."""

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from marketdata import listing
from marketdata.feed.hub import running_hub
from tests.exchange.sockets.client import SocketClient, SocketOpener
from tests.marketdata.feed.running import BusyMarket, running_feed
from tests.marketdata.listed import list_quietly


@pytest.fixture
def market(hot: Redis, bus: Redis, transactional_db: None) -> BusyMarket:
    """BTC-USD, listed, trading whenever it is told to."""
    listing.forget()
    list_quietly()
    return BusyMarket(hot)


@pytest.fixture
async def feed(market: BusyMarket, hot_async: AsyncRedis) -> AsyncIterator[None]:
    """The feed runs while the test does."""
    async with running_feed(hot_async):
        yield


@pytest.fixture
async def open_socket(market: BusyMarket) -> AsyncIterator[SocketOpener]:
    """Open sockets on the ASGI application; all are closed after the test."""
    opened: list[SocketClient] = []

    async def opener(path: str = "/ws", **headers: str) -> SocketClient:
        opened.append(SocketClient(path, headers))
        await opened[-1].connect()
        return opened[-1]

    yield opener
    for client in opened:
        await client.disconnect()
    await running_hub().close()
    await sync_to_async(connections.close_all)()
