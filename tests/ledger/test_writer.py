"""The ledger writer on real servers: exactly once, in the face of kills, holes and lost logs."""

import logging
import random
import time
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection
from redis import Redis

from ledger.models import Checkpoint, Funding, OrderRecord, Trade
from ledger.writer import LogLost
from matching import keys
from matching.event_log import EventHole
from tests.command_process import CommandProcess
from tests.event_script import EventScript
from tests.ledger.conftest import WriterThread
from tests.polling import wait_until

StartWriter = Callable[[], WriterThread]
StartProcess = Callable[[], CommandProcess]


def ledger_reaches(sequence: int) -> None:
    wait_until(
        lambda: Checkpoint.objects.filter(shard=0, sequence=sequence).exists(),
        f"the ledger is at event {sequence}",
    )


def assert_complete(script: EventScript, trades: int) -> None:
    """Every trade of the script is there once, and nothing else."""
    ledger_reaches(script.sequence)
    assert list(Trade.objects.order_by("trade_id").values_list("trade_id", flat=True)) == list(
        range(1, trades + 1)
    )


def test_events_become_rows(script: EventScript, start_writer: StartWriter, hot: Redis) -> None:
    script.append(script.funds(), script.placed())
    script.append(script.trade(price=64_231, qty=15), script.filled(client_order_id="mine"))
    start_writer()
    ledger_reaches(4)
    trade = Trade.objects.get()
    assert (trade.price_ticks, trade.qty_lots, trade.sequence, trade.shard) == (64_231, 15, 3, 0)
    assert OrderRecord.objects.get().client_order_id == "mine"
    assert Funding.objects.get().amount_units == 1_000
    wait_until(
        lambda: hot.hget(keys.checkpoints(0), "ledger") == b"4", "the worker may trim behind 4"
    )


def test_restart_goes_on_at_the_checkpoint(script: EventScript, start_writer: StartWriter) -> None:
    script.append(script.trade(), script.trade())
    first = start_writer()
    ledger_reaches(2)
    first.stop()
    script.append(script.trade())
    start_writer()
    assert_complete(script, trades=3)


def test_hole_stops_the_writer(script: EventScript, start_writer: StartWriter) -> None:
    script.append(script.trade())
    script.trade()  # never written
    script.append(script.trade())
    writer = start_writer()
    writer.thread.join(10)
    assert isinstance(writer.error, EventHole)
    assert (writer.error.expected, writer.error.found) == (2, 3)
    assert not Trade.objects.filter(sequence__gt=1).exists()


def test_log_that_ends_before_the_ledger_is_refused(
    script: EventScript, start_writer: StartWriter
) -> None:
    Checkpoint.objects.create(shard=0, sequence=9, updated_at="2026-01-01T00:00Z")
    script.append(script.trade())
    writer = start_writer()
    writer.thread.join(10)
    assert isinstance(writer.error, LogLost)
    assert "the ledger is at event 9, but the log ends at 1" in str(writer.error)
    assert not Trade.objects.exists()


def test_a_log_that_is_lost_under_the_writer_stops_it(
    script: EventScript, start_writer: StartWriter, hot: Redis
) -> None:
    script.append(script.trade(), script.trade())
    writer = start_writer()
    ledger_reaches(2)
    hot.flushall()
    writer.thread.join(10)
    assert isinstance(writer.error, LogLost)
    assert Trade.objects.count() == 2


def test_second_writer_waits_for_the_first(
    script: EventScript, start_writer: StartWriter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first = start_writer()
    assert first.writer.serving.wait(10)
    second = start_writer()
    wait_until(lambda: "waiting for it to end" in caplog.text, "the second writer waits")
    script.append(script.trade())
    assert_complete(script, trades=1)
    assert not second.writer.serving.is_set()
    first.stop()
    assert second.writer.serving.wait(10)
    script.append(script.trade())
    assert_complete(script, trades=2)


def test_lost_database_session_is_replaced(
    script: EventScript, start_writer: StartWriter, caplog: pytest.LogCaptureFixture
) -> None:
    writer = start_writer()
    assert writer.writer.serving.wait(10)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'kalency-ledger-0' AND datname = current_database()"
        )
    script.append(script.trade())
    assert_complete(script, trades=1)
    assert caplog.text.count("Postgres is away") == 1
    assert caplog.text.count("Postgres is back") == 1


def test_process_says_ready_once_and_stops_cleanly(
    script: EventScript, start_process: StartProcess
) -> None:
    process = start_process()
    process.wait_ready()
    script.append(script.trade())
    assert_complete(script, trades=1)
    assert process.stop() == 0
    assert process.log.count(" ready\n") == 1


def test_process_that_meets_a_hole_fails_visibly(
    script: EventScript, start_process: StartProcess
) -> None:
    script.trade()  # never written
    script.append(script.trade())
    process = start_process()
    assert process.wait() == 1
    assert "CRITICAL" in process.log
    assert "event 1 should come next, the log goes on with 2" in process.log
    assert "Traceback" not in process.log


def test_kill_between_copy_and_commit_leaves_nothing_behind(
    script: EventScript, start_process: StartProcess, owner: psycopg.Connection
) -> None:
    script.append(script.trade(), script.funds())
    with owner.transaction():
        owner.execute("LOCK TABLE funding IN SHARE ROW EXCLUSIVE MODE")
        process = start_process()
        wait_until(_copy_of_funding_waits, "the trades are copied, the funding waits")
        process.kill()
    assert not Trade.objects.exists()
    start_process()
    assert_complete(script, trades=1)
    assert Funding.objects.count() == 1


def _copy_of_funding_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND query LIKE 'COPY \"funding\"%%'"
        )
        return bool(cursor.fetchone()[0])


def test_kills_under_load_leave_no_hole_and_no_double(
    script: EventScript, start_process: StartProcess
) -> None:
    chance = random.Random(7)
    trades = 0
    for _ in range(5):
        process = start_process()
        process.wait_ready()
        for _ in range(chance.randrange(20, 120)):
            batch = [script.trade() for _ in range(chance.randrange(1, 60))]
            script.append(*batch)
            trades += len(batch)
        time.sleep(chance.random() * 0.02)  # a moment of the writer's work that no poll can name
        process.kill()
    start_process()
    assert_complete(script, trades)
