"""Servers go away while the writer runs, and come back: nothing is missing, nothing is double."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from redis import Redis

from kalency.environment import postgres
from kalency.stack.addresses import Address, new_postgres_address, new_valkey_address
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.postgres import postgres_service
from kalency.stack.valkey import valkey_service
from ledger.models import Trade
from tests.event_script import EventScript
from tests.ledger.conftest import WriterThread
from tests.polling import wait_until

OUTAGES = 3


@pytest.fixture
def layout() -> Iterator[Layout]:
    """A directory that PostgreSQL may enter even where it runs as somebody else."""
    with tempfile.TemporaryDirectory(prefix="kalency-outage-") as name:
        found = Layout(Path(name))
        found.make()
        found.root.chmod(0o711)
        yield found


def trade_ids(database: Address) -> list[int]:
    with psycopg.connect(database.url) as connection:
        query = "SELECT trade_id FROM trade_ledger ORDER BY event_id"
        return [row[0] for row in connection.execute(query)]


def migrate(database: Address) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    environment = os.environ | {"DATABASE_URL": database.url, "DATABASE_ADMIN_URL": ""}
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True)


def test_postgres_away_is_waited_for(
    hot: Redis, hot_server: Address, layout: Layout, caplog: pytest.LogCaptureFixture
) -> None:
    database = new_postgres_address()
    service = postgres_service(layout, address=database)
    script = EventScript(hot)
    with running(service, layout):
        migrate(database)
    writer = WriterThread(hot_server.url, postgres(database.url))
    for _ in range(OUTAGES):
        with running(service, layout):
            script.append(*[script.trade() for _ in range(100)])
            wait_until(lambda: len(trade_ids(database)) == script.sequence, "all are written")
        script.append(*[script.trade() for _ in range(100)])
    with running(service, layout):
        wait_until(lambda: len(trade_ids(database)) == script.sequence, "all are written")
        assert trade_ids(database) == list(range(1, script.sequence + 1))
        writer.stop()
    assert writer.error is None
    assert caplog.text.count("Postgres is away") <= OUTAGES + 1
    assert caplog.text.count("Postgres is back") == caplog.text.count("Postgres is away")


@pytest.mark.usefixtures("transactional_db")
def test_killed_hot_redis_is_waited_for(layout: Layout, caplog: pytest.LogCaptureFixture) -> None:
    address = new_valkey_address()
    service = valkey_service(
        "valkey-hot", address=address, directory=layout.valkey("valkey-hot"), durable=True
    )
    script = EventScript(Redis.from_url(address.url))
    writer = WriterThread(address.url)
    for _ in range(OUTAGES):
        with running(service, layout) as server:
            for _ in range(20):
                script.append(*[script.trade() for _ in range(25)])
            server.kill()
    with running(service, layout):
        wait_until(lambda: Trade.objects.count() == script.sequence, "all are written")
    writer.stop()
    written = Trade.objects.order_by("event_id").values_list("trade_id", flat=True)
    assert list(written) == list(range(1, script.sequence + 1))
    assert writer.error is None
    assert caplog.text.count("hot Redis is away") <= OUTAGES + 2
