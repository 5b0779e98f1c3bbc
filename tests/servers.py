"""Real servers for the tests: two Valkeys and a PostgreSQL, in a directory of their own.

A pytest plugin (`-p tests.servers`), because the addresses must be in the environment before
pytest-django loads the settings. A server starts when a first test asks for its fixture.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kalency.stack.addresses import Address, new_postgres_address, new_valkey_address
from kalency.stack.layout import Layout
from kalency.stack.postgres import postgres_service
from kalency.stack.service import Service, with_orphan_signal
from kalency.stack.valkey import valkey_service

READY_DEADLINE_S = 60.0
POLL_S = 0.02
# Losing a test database costs nothing; waiting for the disk at every commit costs minutes.
FAST_AND_LOOSE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

layout = Layout(Path(tempfile.mkdtemp(prefix="kalency-tests-")))
hot_address = new_valkey_address()
bus_address = new_valkey_address()
postgres_address = new_postgres_address()


def _set_environment() -> None:
    layout.make()
    # Root may have to run PostgreSQL as another user, who must be able to enter.
    layout.root.chmod(0o711)
    os.environ |= {
        "DATABASE_URL": postgres_address.url,
        "KALENCY_DATA_DIR": str(layout.root),
        "KALENCY_HTTPS": "off",
        "REDIS_BUS_URL": bus_address.url,
        "REDIS_HOT_URL": hot_address.url,
        "SECRET_KEY": "only-for-tests-" + "k" * 40,
    }


_set_environment()


def pytest_unconfigure() -> None:
    shutil.rmtree(layout.root, ignore_errors=True)


@contextlib.contextmanager
def running(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server of the stack until the block ends."""
    command = [*service.run_as, *with_orphan_signal(service.command, service.orphan_signal)]
    with layout.log_file(service.name).open("ab") as log:
        # A session of its own: Ctrl-C must reach it only after the tests that use it.
        child = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_ready(service, child)
        yield child
    finally:
        child.send_signal(service.stop_signal)
        child.wait(service.stop_grace_s)


def _wait_ready(service: Service, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_DEADLINE_S
    while not asyncio.run(_ask(service)):
        log = layout.log_file(service.name)
        assert child.poll() is None, f"{service.name} ended: {log.read_text()}"
        assert time.monotonic() < deadline, f"{service.name} is not ready: {log.read_text()}"
        time.sleep(POLL_S)


async def _ask(service: Service) -> bool:
    assert not isinstance(service.ready, str), "a server is asked, it does not say so itself"
    return await service.ready()


@pytest.fixture(scope="session")
def hot_server() -> Iterator[Address]:
    """A durable Valkey, as the matching store is: every write is fsynced before its answer."""
    directory = layout.valkey("valkey-hot")
    service = valkey_service("valkey-hot", address=hot_address, directory=directory, durable=True)
    with running(service):
        yield hot_address


@pytest.fixture(scope="session")
def bus_server() -> Iterator[Address]:
    """A Valkey that may forget: Celery's broker, the channel layer and the cache."""
    directory = layout.valkey("valkey-bus")
    service = valkey_service("valkey-bus", address=bus_address, directory=directory, durable=False)
    with running(service):
        yield bus_address


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Address]:
    """A PostgreSQL server with an empty database."""
    with running(postgres_service(layout, address=postgres_address, settings=FAST_AND_LOOSE)):
        yield postgres_address


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server: Address) -> None:
    """Start PostgreSQL before pytest-django makes its test database."""
