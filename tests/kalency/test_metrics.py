"""What /metrics says of the exchange: what waits, what the ledger's processes have found."""

import time

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from redis import Redis

from ledger import reconcile_runs, writer_heartbeat
from matching.event_log import last_sequence, save_checkpoint
from tests.command_process import CommandProcess
from tests.matching.shard import BTC_USD, SHARD, Shard
from tests.polling import wait_until

pytestmark = pytest.mark.django_db

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def figures() -> dict[str, float]:
    """Return what /metrics says of the exchange: `name{label values}` → value."""
    text = Client().get("/metrics").content.decode()
    return {
        ",".join([sample.name.removeprefix("kalency_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("kalency_")
    }


def test_what_waits_for_each_consumer_is_told(hot: Redis, bus: Redis) -> None:
    shard = Shard(hot)
    shard.now_us = int((time.time() - 20) * 1e6)
    shard.apply(BTC_USD)
    shard.deposit(1, "USD", 1)
    save_checkpoint(hot, shard=SHARD, consumer="candles", sequence=1)
    save_checkpoint(hot, shard=SHARD, consumer="feed", sequence=last_sequence(hot, shard=SHARD))
    told = figures()
    waiting = [told[f"events_waiting,{name},0"] for name in ("ledger", "candles", "feed")]
    assert (waiting, told["event_backlog,0"]) == ([2, 1, 0], 2)
    assert 20 <= told["events_waiting_seconds,ledger,0"] < 60
    assert (told["events_waiting_seconds,feed,0"], told["command_waiting_seconds,0"]) == (0, 0)


def test_a_server_that_is_away_costs_its_figures_only(
    hot: Redis, bus: Redis, settings: Settings
) -> None:
    settings.REDIS_HOT_URL = NOBODY_LISTENS
    told = figures()
    assert (told["server_up,hot"], told["server_up,bus"]) == (0, 1)
    assert "event_backlog,0" not in told
    assert told["ledger_writer_up,0"] == 0


def test_what_the_writer_says_is_told(hot: Redis, bus: Redis) -> None:
    for waits_for, postgres_up in ((writer_heartbeat.NOBODY, 1), (writer_heartbeat.POSTGRES, 0)):
        writer_heartbeat.beat(SHARD, waits_for)
        told = figures()
        assert (told["ledger_writer_up,0"], told["ledger_postgres_up,0"]) == (1, postgres_up)


def test_a_silent_writer_is_told(hot: Redis, bus: Redis) -> None:
    told = figures()
    assert told["ledger_writer_up,0"] == 0
    assert "ledger_postgres_up,0" not in told


@pytest.mark.usefixtures("transactional_db")
def test_a_running_writer_is_heard_until_it_ends(hot: Redis, bus: Redis) -> None:
    process = CommandProcess("run_ledger_writer")
    try:
        process.wait_ready()
        wait_until(lambda: figures()["ledger_writer_up,0"], "the writer is heard")
        assert figures()["ledger_postgres_up,0"] == 1
    finally:
        process.forget()
    assert bus.pttl(next(bus.scan_iter("*ledger:writer:0"))) > 0


@pytest.mark.usefixtures("transactional_db")
def test_the_last_run_of_reconcile_is_told(hot: Redis, bus: Redis) -> None:
    Shard(hot)
    assert "reconcile_age_seconds" not in figures()
    reconcile_runs.run()
    told = figures()
    assert [told[f"reconcile_result,{result}"] for result in ("clean", "broken", "unknown")] == [
        1, 0, 0,
    ]  # fmt: skip
    assert told["reconcile_broken,accounts"] == 0
    assert 0 < told["reconcile_seconds"] <= told["reconcile_age_seconds"] + 0.01 < 60
