"""`manage.py reconcile` says what it looked at, what is wrong, and by its exit status which."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from redis import Redis

from ledger.reconcile import CHECKS
from matching import keys
from tests.command_run import CommandRun
from tests.matching.shard import ALICE, BOB, SHARD, Shard


def run_reconcile(**options: Any) -> CommandRun:
    """Return what `manage.py reconcile` said."""
    return CommandRun("reconcile", **options)


def test_a_sound_exchange_is_told_check_by_check(traded: Shard) -> None:
    reconciled = run_reconcile()
    assert reconciled.status == 0
    lines = reconciled.said.splitlines()[1:]
    assert [line.split()[0] for line in lines[: len(CHECKS)]] == list(CHECKS)
    assert "orders               1 orders    ok" in lines


def test_a_sound_exchange_is_told_to_machines(traded: Shard) -> None:
    figures = run_reconcile(json=True).figures
    assert (figures["clean"], figures["ledgerLag"]) == (True, 0)
    assert [check["name"] for check in figures["checks"]] == list(CHECKS)
    assert figures["checks"][1] == {
        "name": "wallets",
        "ok": True,
        "figures": {"wallets": 3, "broken": 0},
    }
    assert (figures["violations"], figures["unjudged"]) == ([], [])


@pytest.mark.damage
def test_what_is_broken_is_told_with_both_values(traded: Shard) -> None:
    traded.hot.hincrby(keys.wallet(SHARD, ALICE), "BTC.reserved", -1)
    sentence = "Wallet of user 1, BTC.reserved is 29999, the open orders make it 30000."
    reconciled = run_reconcile()
    assert reconciled.status == 1
    assert "reserved             3 wallets   1 broken" in reconciled.said
    assert f"Shard 0: {sentence}" in reconciled.said
    reconciled = run_reconcile(json=True)
    assert (reconciled.status, reconciled.figures["clean"]) == (1, False)
    assert reconciled.figures["violations"][0] == {
        "shard": 0,
        "check": "reserved",
        "symbol": "",
        "subject": "wallet of user 1, BTC.reserved",
        "what": "is 29999, the open orders make it 30000",
        "sentence": sentence,
    }


@pytest.mark.damage
def test_much_that_is_broken_is_cut_short(traded: Shard) -> None:
    for asset in range(70):
        traded.hot.hset(keys.supply(SHARD), f"A{asset:02}", 1)
    assert "Shard 0: 90 more" in run_reconcile().said


@pytest.mark.damage
def test_what_cannot_be_looked_at_is_broken(traded: Shard) -> None:
    traded.hot.set(keys.open_orders(SHARD, BOB), "text")
    reconciled = run_reconcile()
    assert reconciled.status == 1
    assert "Shard 0: User 2 cannot be looked at: WRONGTYPE" in reconciled.said


@pytest.mark.usefixtures("transactional_db")
def test_a_ledger_that_is_away_is_no_answer(hot: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    Shard(hot)
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    reconciled = run_reconcile()
    monkeypatch.undo()
    assert reconciled.status == 2
    assert "Shard 0: The ledger cannot be looked at: " in reconciled.said


def test_a_server_that_is_away_is_no_answer() -> None:
    reconciled = run_reconcile(url="redis://127.0.0.1:1/0")
    assert reconciled.status == 2
    assert reconciled.reason.startswith("The matching store cannot be looked at: ")


def test_the_help_says_what_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("reconcile", "--help")
    told = " ".join(capsys.readouterr().out.split())
    for check in CHECKS.values():
        assert check.meaning in told
