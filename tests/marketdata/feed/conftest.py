"""A feed on real servers: events in, messages of the bus out."""

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from redis import Redis

from marketdata.feed.bus import FeedReceiver
from marketdata.feed.hub import Hub, running_hub
from tests.event_script import EventScript
from tests.marketdata.feed.running import BusyMarket
from tests.marketdata.listed import list_quietly


@pytest.fixture
def script(hot: Redis, transactional_db: None) -> EventScript:
    """Events of shard 0, whose BTC-USD is listed in Postgres; no engine runs."""
    list_quietly()
    return EventScript(hot)


@pytest.fixture
def market(hot: Redis, transactional_db: None) -> BusyMarket:
    """A market that trades on the real engine whenever it is told to."""
    list_quietly()
    return BusyMarket(hot)


@pytest.fixture
async def receiver(bus: Redis) -> AsyncIterator[FeedReceiver]:
    """What a web process would receive."""
    found = FeedReceiver()
    await found.join()
    yield found
    await _close_thread_connection()


@pytest.fixture
async def hub(bus: Redis) -> AsyncIterator[Hub]:
    """The running loop's hub; it ends with the test."""
    yield running_hub()
    await running_hub().close()
    await _close_thread_connection()


async def _close_thread_connection() -> None:
    """End the database session of the thread that the listing was read in."""
    await sync_to_async(connections.close_all)()
