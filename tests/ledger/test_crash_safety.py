"""The ledger writer and PostgreSQL are killed under load, again and again: nothing shows of it.

`--writer-kills 50 --postgres-kills 10 -s` for the long form, which prints a table; `--crash-seed`
draws other moments.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker
from redis import Redis

from kalency.environment import postgres
from kalency.stack.addresses import Address, new_postgres_address
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.postgres import postgres_service
from ledger.domain.recording import rows_of
from ledger.domain.rows import TABLES
from ledger.reconcile import reconcile
from ledger.verification import verify
from matching.connection import open_sync
from matching.event_log import EventReader, last_sequence
from tests.command_process import CommandProcess
from tests.matching.crowd import Crowd, in_the_background
from tests.matching.shard import SHARD
from tests.polling import wait_until

LOOKS_MAX = 400
LOOK_PAUSE_S = 0.002
LONGEST_LIFE_S = 0.3
WRITER_STATE = """
    SELECT state FROM pg_stat_activity WHERE application_name = 'kalency-ledger-0'
"""


class Database:
    """A PostgreSQL of its own, durable as the stack's, to be killed like by a power cut."""

    def __init__(self, directory: Path) -> None:
        self._layout = Layout(directory)
        self._layout.make()
        self._layout.root.chmod(0o711)  # PostgreSQL may run as somebody else, who must get in.
        self.address: Address = new_postgres_address()
        self._service = postgres_service(self._layout, address=self.address)
        self.start()

    def start(self) -> None:
        self._running = running(self._service, self._layout)
        self._server = self._running.__enter__()

    def kill(self) -> None:
        """Kill the server and all its processes: left alone, they would end in order."""
        task = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children")
        sessions = [int(pid) for pid in task.read_text().split()]
        for pid in (self._server.pid, *sessions):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.wait()

    def stop(self) -> None:
        self._running.__exit__(None, None, None)


@pytest.fixture
def database(django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """Django uses this database until the test is over."""
    configured = connection.settings_dict
    with (
        tempfile.TemporaryDirectory(prefix="kalency-crash-") as directory,
        django_db_blocker.unblock(),
    ):
        database = Database(Path(directory))
        migrate(database.address)
        connection.close()
        connection.settings_dict = configured | postgres(database.address.url)
        yield database
        connection.close()
        connection.settings_dict = configured
        database.stop()


def migrate(address: Address) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    environment = os.environ | {"DATABASE_URL": address.url, "DATABASE_ADMIN_URL": ""}
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True)


class Blows:
    """Kills the writer and PostgreSQL; counts what the writer's session was doing.

    A context manager: the last writer is killed at its end.
    """

    def __init__(self, database: Database, chance: random.Random) -> None:
        self.landed: Counter[tuple[str, str]] = Counter()
        self._database = database
        self._chance = chance
        self._writer = CommandProcess("run_ledger_writer")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._writer.forget()

    def kill_writer(self) -> None:
        self._wait_for_a_moment()
        state = self._state()
        self._writer.forget()
        self.landed["writer", state] += 1
        self._writer = CommandProcess("run_ledger_writer")

    def kill_postgres(self) -> None:
        self._wait_for_a_moment()
        state = self._state()
        self._database.kill()
        self.landed["PostgreSQL", state] += 1
        time.sleep(self._chance.random() * LONGEST_LIFE_S)  # The writer meets what is not there.
        self._database.start()
        connection.close()

    def _wait_for_a_moment(self) -> None:
        """Wait for a while after the ledger has moved; every other time, till it is written to."""
        before = checkpoint()
        wait_until(lambda: checkpoint() > before, "the ledger moves", poll_s=0.005)
        time.sleep(self._chance.random() * LONGEST_LIFE_S)
        if self._chance.random() < 0.5:
            return
        for _ in range(LOOKS_MAX):
            if self._state() != "idle":
                return
            time.sleep(LOOK_PAUSE_S)

    def _state(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute(WRITER_STATE)
            row = cursor.fetchone()
        return str(row[0]) if row else "none"


def checkpoint() -> int:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(sequence) FROM ledger_consumer_offsets")
            return cursor.fetchone()[0] or 0
    except Exception:  # noqa: BLE001 - the server may still be on its way up
        connection.close()
        return -1


def rows_expected(hot: Redis) -> Counter[str]:
    """Return how many rows the whole log of events makes, by table."""
    reader, after, expected = EventReader(SHARD), 0, Counter[str]()
    while events := reader.read(hot, after=after, block_ms=1):
        after = events[-1].sequence
        for table, rows in rows_of(events, shard=SHARD).by_table():
            expected[table] += len(rows)
    return expected


def rows_there() -> Counter[str]:
    with connection.cursor() as cursor:
        counts = Counter[str]()
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
    return counts


def test_kills_under_load_leave_no_trace(
    request: pytest.FixtureRequest, hot: Redis, hot_server: Address, database: Database
) -> None:
    kills = ["writer"] * request.config.getoption("--writer-kills")
    kills += ["postgres"] * request.config.getoption("--postgres-kills")
    chance = random.Random(request.config.getoption("--crash-seed"))
    chance.shuffle(kills)
    with open_sync(hot_server.url) as other, Blows(database, chance) as blows:
        crowd = Crowd(other)
        with in_the_background(crowd.trade):
            for kill in kills:
                blows.kill_writer() if kill == "writer" else blows.kill_postgres()
        last = last_sequence(hot, shard=SHARD)
        wait_until(lambda: checkpoint() == last, "the ledger is level with the log")
        outcome = reconcile(hot, full=True)
    expected = rows_expected(hot)
    assert rows_there() == expected
    report = verify(connection.connection, heads=(), progress=lambda _shard: None)
    assert report.is_intact, report.findings
    assert report.shards[0].rows == expected
    assert (outcome.is_clean, outcome.unjudged) == (True, [])
    sys.stdout.write(f"\n{summary(blows, expected, last)}\n")


def summary(blows: Blows, rows: Counter[str], events: int) -> str:
    """Return where the kills landed, and what was there to lose."""
    lines = [
        f"killed while the writer's session was {state}: {who} {count} times"
        for (who, state), count in sorted(blows.landed.items())
    ]
    return "\n".join([*lines, f"{events:,} events", *(f"{t}: {n:,} rows" for t, n in rows.items())])
