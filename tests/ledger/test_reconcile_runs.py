"""What is kept of each run of reconcile, for the admin and for cheap readers."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.models import User
from kalency.stack.addresses import Address
from ledger import reconcile_runs, tasks
from ledger.models import ReconcileRun
from matching import keys
from matching.connection import open_sync
from tests.matching.shard import BOB, SHARD, Shard

pytestmark = pytest.mark.usefixtures("bus")

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def break_a_wallet(shard: Shard) -> None:
    shard.hot.hincrby(keys.wallet(SHARD, BOB), "USD.available", 1)


def test_a_run_is_kept_as_a_row_and_on_the_bus(traded: Shard) -> None:
    tasks.reconcile_everything()
    row = ReconcileRun.objects.get()
    assert (row.result, row.findings, row.ledger_lag) == ("clean", [], 0)
    assert {"name": "trades", "ok": True, "figures": {"trades": 3, "broken": 0}} in row.checks
    last = reconcile_runs.last_run()
    assert last
    assert (last.result, last.broken["accounts"]) == ("clean", 0)


def test_what_is_broken_is_kept_and_logged(traded: Shard, caplog: pytest.LogCaptureFixture) -> None:
    break_a_wallet(traded)
    tasks.reconcile_everything()
    row, last = ReconcileRun.objects.get(), reconcile_runs.last_run()
    sentence = (
        "Account of user 2, USD is 999999401 in the wallet, "
        "the ledger's postings make it 999999400."
    )
    assert row.result == "broken"
    assert sentence in row.findings
    assert last
    assert (last.result, last.broken["accounts"]) == ("broken", 1)
    assert f"Reconcile: {sentence}" in [
        r.message for r in caplog.records if r.levelname == "CRITICAL"
    ]


def test_a_run_that_fails_is_kept_as_one(traded: Shard, settings: Settings) -> None:
    settings.REDIS_HOT_URL = NOBODY_LISTENS
    tasks.reconcile_everything()
    row, last = ReconcileRun.objects.get(), reconcile_runs.last_run()
    assert row.result == "unknown"
    assert row.findings[0].startswith("The run failed: ConnectionError")
    assert last
    assert (last.result, last.broken) == ("unknown", {})
    with pytest.raises(RedisConnectionError):
        reconcile_runs.run()


def test_without_postgres_the_last_run_is_on_the_bus(
    traded: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", "1")
        tasks.reconcile_everything()
        last = reconcile_runs.last_run()
    assert last
    assert last.result == "unknown"
    assert not ReconcileRun.objects.exists()


def test_old_runs_are_dropped(traded: Shard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_runs, "KEPT_RUNS", 2)
    for _ in range(3):
        reconcile_runs.run()
    assert ReconcileRun.objects.count() == 2


@pytest.fixture
def another_run(bus: Redis, bus_server: Address) -> Iterator[None]:
    """Another process is at it."""
    with open_sync(bus_server.url) as other, other.lock(tasks.LOCK, timeout=10):
        yield


@pytest.mark.usefixtures("another_run")
def test_a_run_does_not_overlap_another(traded: Shard) -> None:
    tasks.reconcile_everything()
    assert not ReconcileRun.objects.exists()


def test_runs_follow_each_other(traded: Shard, bus: Redis) -> None:
    for _ in range(2):
        tasks.reconcile_everything()
    assert ReconcileRun.objects.count() == 2
    assert not bus.exists(tasks.LOCK)


def test_staff_reads_the_runs(traded: Shard, client: Client) -> None:
    break_a_wallet(traded)
    tasks.reconcile_everything()
    client.force_login(User.objects.create_superuser("boss", password="a long enough password"))
    listed = client.get("/admin/ledger/reconcilerun/", {"result": "broken"})
    assert b"the wallets hold 1000000001. (and 1 more)" in listed.content
    row = f"/admin/ledger/reconcilerun/{ReconcileRun.objects.get().pk}/change/"
    shown = client.get(row)
    assert shown.status_code == 200
    assert b"Account of user 2, USD is 999999401 in the wallet" in shown.content
    assert b"3 trades, 0 broken" in shown.content
    assert client.post(row, {"result": "clean"}).status_code == 403
