"""Real servers for the tests: two Valkeys and a PostgreSQL, in a directory of their own.

A pytest plugin (`-p tests.servers`), because the addresses must be in the environment before
pytest-django loads the settings. A server starts when a first test asks for its fixture.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kalency.stack.addresses import (
    Address,
    application_of,
    new_postgres_address,
    new_valkey_address,
)
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.postgres import postgres_service
from kalency.stack.roles import keep_application_role
from kalency.stack.valkey import valkey_service

# Losing a test database costs nothing; waiting for the disk at every commit costs minutes.
FAST_AND_LOOSE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

layout = Layout(Path(tempfile.mkdtemp(prefix="kalency-tests-")))
hot_address = new_valkey_address()
bus_address = new_valkey_address()
owner_address = new_postgres_address()
application_address = application_of(owner_address)


def _set_environment() -> None:
    layout.make()
    # Root may have to run PostgreSQL as another user, who must be able to enter.
    layout.root.chmod(0o711)
    os.environ |= {
        "DATABASE_ADMIN_URL": owner_address.url,
        "DATABASE_URL": application_address.url,
        "KALENCY_DATA_DIR": str(layout.root),
        "KALENCY_HTTPS": "off",
        "REDIS_BUS_URL": bus_address.url,
        "REDIS_HOT_URL": hot_address.url,
        "SECRET_KEY": "only-for-tests-" + "k" * 40,
    }


_set_environment()
# At exit and not in a hook: pytest calls none after an error in a conftest or on its command line.
atexit.register(shutil.rmtree, layout.root, ignore_errors=True)


@pytest.fixture(scope="session")
def hot_server() -> Iterator[Address]:
    """A durable Valkey, as the matching store is: every write is fsynced before its answer."""
    directory = layout.valkey("valkey-hot")
    service = valkey_service("valkey-hot", address=hot_address, directory=directory, durable=True)
    with running(service, layout):
        yield hot_address


@pytest.fixture(scope="session")
def bus_server() -> Iterator[Address]:
    """A Valkey that may forget: Celery's broker, the channel layer and the cache."""
    directory = layout.valkey("valkey-bus")
    service = valkey_service("valkey-bus", address=bus_address, directory=directory, durable=False)
    with running(service, layout):
        yield bus_address


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Address]:
    """A PostgreSQL server with both roles and an empty database; the address is the owner's."""
    service = postgres_service(layout, address=owner_address, settings=FAST_AND_LOOSE)
    with running(service, layout):
        keep_application_role(owner_address, application_address)
        yield owner_address
