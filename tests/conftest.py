"""Fixtures for every test: clean clients of the real servers, and a whole running stack."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from kalency.database import as_owner
from kalency.stack.addresses import Address
from matching import runtime
from tests.running_stack import RunningStack
from tests.running_worker import running_worker


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kalency")
    group.addoption("--crash-rounds", type=int, default=7, help="rounds of the crash run")
    group.addoption("--crash-seed", type=int, default=5, help="what the crash run draws from")
    group.addoption("--outage-s", type=float, default=3, help="how long Postgres is away")
    group.addoption("--outage-backlog", type=int, default=10_000, help="events that may wait then")
    group.addoption("--writer-kills", type=int, default=3, help="times the ledger writer dies")
    group.addoption("--postgres-kills", type=int, default=1, help="times PostgreSQL dies")
    group.addoption("--examples", type=int, default=200, help="short runs of both engines")
    group.addoption("--commands", type=int, default=6_000, help="commands of a long run of both")
    group.addoption("--seeds", default="1,2,3", help="what the long runs of both draw from")


@pytest.fixture(scope="session")
def django_db_setup(postgres_server: Address, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the test database as its owner, for tests that have the application's rights only.

    In pytest-django's place: what needs more rights fails here, and not on somebody's exchange.
    """
    # Threads of the web application let go of their connections, or nobody could drop the database.
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", _empty_as_owner)
        with as_owner(connection):
            made = setup_databases(verbosity=0, interactive=False)
        with django_db_blocker.block():
            yield
        with as_owner(connection):
            teardown_databases(made, verbosity=0)


def _empty_as_owner(operations: BaseDatabaseOperations, statements: list[str]) -> None:
    """Empty the tables after a test that committed, append-only ones included."""
    with as_owner(operations.connection), operations.connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no trigger is asked
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def owner(transactional_db: None, postgres_server: Address) -> Iterator[psycopg.Connection]:
    """A session of the tables' owner, a superuser: for what the application's role may not do."""
    params = connection.get_connection_params()
    log_in = {"user": postgres_server.user, "password": postgres_server.password}
    with psycopg.connect(**(params | log_in), autocommit=True) as session:
        yield session


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
