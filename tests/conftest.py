"""Fixtures for every test: clean clients of the real servers, and a whole running stack."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from kalency.stack.addresses import Address
from matching import runtime
from tests.running_stack import RunningStack
from tests.running_worker import running_worker


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kalency")
    group.addoption("--crash-rounds", type=int, default=7, help="rounds of the crash run")
    group.addoption("--crash-seed", type=int, default=5, help="what the crash run draws from")
    group.addoption("--examples", type=int, default=200, help="short runs of both engines")
    group.addoption("--commands", type=int, default=6_000, help="commands of a long run of both")
    group.addoption("--seeds", default="1,2,3", help="what the long runs of both draw from")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server: Address) -> None:
    """Start PostgreSQL before pytest-django makes its test database.

    Here and not in the plugin, because pytest-django's own would take its place there. Threads of
    the web application let go of their connections, or the database could not be dropped.
    """
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture
def hot(hot_server: Address) -> Iterator[Redis]:
    """A client of the matching store, emptied before the test; loaded functions stay."""
    with Redis.from_url(hot_server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
async def hot_async(hot: Redis, hot_server: Address) -> AsyncIterator[AsyncRedis]:
    """The same emptied store, for asyncio."""
    async with AsyncRedis.from_url(hot_server.url) as client:
        yield client


@pytest.fixture
def bus(bus_server: Address) -> Iterator[Redis]:
    """A client of the bus, emptied before the test."""
    with Redis.from_url(bus_server.url) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def background_client(hot_server: Address, bus_server: Address) -> Iterator[None]:
    """Close this process's client of matching while its servers are still there to leave."""
    yield

    async def close() -> None:
        await (await runtime.client()).close()

    runtime.run_blocking(close())


@pytest.fixture
def matching(
    hot: Redis,
    bus: Redis,
    hot_server: Address,
    bus_server: Address,
    background_client: None,
) -> Iterator[None]:
    """Shard 0 is matched by a real worker while the test runs."""
    with running_worker(hot_server, bus_server):
        yield


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningStack]:
    """The one-command stack, ready. `parametrize("stack", ["off"], indirect=True)`: no crowd."""
    data_dir: Path = tmp_path_factory.mktemp("stack")
    with RunningStack(data_dir, simulator=getattr(request, "param", "on")) as running:
        running.wait_ready()
        yield running
