"""Wallets against postings: equal at every moment of a running market, and what is not is named.

`LOAD_S=120 pytest -s tests/ledger/test_reconcile.py -k never` for long ones.
"""

import os
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from redis import Redis

from kalency.stack.addresses import Address
from ledger import balances, reconcile
from ledger.domain import agreement
from ledger.models import AccountBalance, BalanceCheckpoint
from ledger.reconcile import CHECKS, Outcome
from matching import keys
from matching.connection import open_sync
from matching.event_log import last_sequence
from tests.ledger.conftest import WriterThread, reach_the_log
from tests.matching import wild_history
from tests.matching.crowd import Crowd, in_the_background
from tests.matching.shard import ALICE, BOB, SHARD, Shard, buy

LOAD_S = float(os.environ.get("LOAD_S", "3"))
FIRST_TRADE, SECOND_TRADE, THIRD_TRADE = 64, 128, 192

StartWriter = Callable[[], WriterThread]
Tamper = Callable[[str], None]


@pytest.fixture
def other(hot_server: Address) -> Iterator[Redis]:
    """Another connection to the same store."""
    with open_sync(hot_server.url) as client:
        yield client


@pytest.fixture
def mostly_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    """All postings are added up only where that is asked for, however few there are."""
    monkeypatch.setattr(reconcile, "FULL_UP_TO_TRADES", -1)


def sentences(outcome: Outcome) -> list[str]:
    assert outcome.unjudged == []
    return [
        f"{violation.check}: {violation.sentence}"
        for report in outcome.reports
        for violation in report.violations
    ]


def found(hot: Redis, *, full: bool = False) -> list[str]:
    return sentences(reconcile.reconcile(hot, full=full))


@pytest.fixture
def tamper(owner: psycopg.Connection) -> Tamper:
    """Changes the book of record as nobody may: as superuser, with the triggers off."""

    def change(statement: str) -> None:
        with owner.transaction():
            owner.execute("SET LOCAL session_replication_role = replica")
            owner.execute(statement)

    return change


def test_what_was_traded_is_in_the_ledger(traded: Shard) -> None:
    outcome = reconcile.reconcile(traded.hot)
    assert sentences(outcome) == []
    looked_at = {name: outcome.looked_at[name] for name in agreement.CHECKS}
    assert looked_at == {
        "accounts": 4, "fees": 2, "deposits": 2, "postings": 2, "trades": 3, "carried": 8,
        "ledger": 0,
    }  # fmt: skip
    assert [check["name"] for check in outcome.checks()] == list(CHECKS)


def test_an_exchange_without_anything_is_clean(hot: Redis, start_writer: StartWriter) -> None:
    Shard(hot)
    assert found(hot) == []


@pytest.mark.usefixtures("mostly_carried")
def test_balances_are_carried_forward(traded: Shard) -> None:
    assert found(traded.hot) == []
    before = BalanceCheckpoint.objects.get()
    traded.place(buy(BOB, 100, 1))
    assert found(traded.hot) == []
    after = BalanceCheckpoint.objects.get()
    assert (before.trades, after.trades) == (3, 4)
    assert after.sequence == last_sequence(traded.hot, shard=SHARD)
    assert found(traded.hot, full=True) == []


def test_balances_can_be_had_of_an_earlier_event(traded: Shard) -> None:
    last = last_sequence(traded.hot, shard=SHARD)
    assert balances.carried_to(SHARD, last).units[BOB, "USD"] == 10**9 - 600
    earlier = balances.carried_to(SHARD, 3)
    assert (earlier.trades, earlier.units[BOB, "USD"]) == (0, 10**9)
    assert balances.carried_to(SHARD, last).trades == 3
    assert found(traded.hot, full=True) == []


def test_a_changed_wallet_is_named_with_both_figures(traded: Shard) -> None:
    traded.hot.hincrby(keys.wallet(SHARD, BOB), "USD.available", 5)
    traded.hot.hincrby(keys.wallet(SHARD, ALICE), "USD.available", -5)
    assert found(traded.hot) == [
        "accounts: Account of user 1, USD is 592 in the wallet, the ledger's postings make it 597.",
        "accounts: Account of user 2, USD is 999999405 in the wallet, "
        "the ledger's postings make it 999999400.",
    ]


def test_a_changed_supply_is_named(traded: Shard) -> None:
    traded.hot.hincrby(keys.supply(SHARD), "USD", 1)
    assert "deposits: Supply of USD is 1000000001, the ledger's deposits less withdrawals are " \
        "1000000000." in found(traded.hot)  # fmt: skip


# What is done to the rows, and what is wrong with the second trade's, of 2 lots for 200, then.
DAMAGE = {
    "a trade removed": (
        "DELETE FROM trade_ledger WHERE trade_id = 128",
        [
            "accounts: Account of user 1, BTC is 999940000 in the wallet, "
            "the ledger's postings make it 999960000.",
            "accounts: Account of user 1, USD is 597 in the wallet, "
            "the ledger's postings make it 398.",
            "accounts: Account of user 2, BTC is 59880 in the wallet, "
            "the ledger's postings make it 39920.",
            "accounts: Account of user 2, USD is 999999400 in the wallet, "
            "the ledger's postings make it 999999600.",
            "fees: Fee account, BTC is 120 in the wallet, the fees in the ledger come to 80.",
            "fees: Fee account, USD is 3 in the wallet, the fees in the ledger come to 2.",
            "trades: Trades are 2 in the ledger, the shard made 3.",
            "trades: Trade 128 is missing in the ledger.",
        ],
    ),
    "an amount changed": (
        "UPDATE trade_ledger SET quote_units = 250 WHERE trade_id = 128",
        [
            "accounts: Account of user 1, USD is 597 in the wallet, "
            "the ledger's postings make it 647.",
            "accounts: Account of user 2, USD is 999999400 in the wallet, "
            "the ledger's postings make it 999999350.",
        ],
    ),
    "a deposit changed": (
        "UPDATE funding SET amount_units = 7 WHERE user_id = 2",
        [
            "accounts: Account of user 2, USD is 999999400 in the wallet, "
            "the ledger's postings make it -593.",
            "deposits: Supply of USD is 1000000000, the ledger's deposits less withdrawals are 7.",
        ],
    ),
    "a fee changed": (
        "UPDATE trade_ledger SET buyer_fee_units = 41 WHERE trade_id = 128",
        [
            "accounts: Account of user 2, BTC is 59880 in the wallet, "
            "the ledger's postings make it 59879.",
            "fees: Fee account, BTC is 120 in the wallet, the fees in the ledger come to 121.",
        ],
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_row_is_named_with_both_figures(
    traded: Shard, tamper: Tamper, damage: str
) -> None:
    statement, expected = DAMAGE[damage]
    tamper(statement)
    assert found(traded.hot) == expected
    assert found(traded.hot, full=True) == expected


def test_a_doubled_trade_is_named(traded: Shard, tamper: Tamper) -> None:
    tamper(DOUBLE.format(trade=SECOND_TRADE, sequence=4, number=FIRST_TRADE + 1))
    told = found(traded.hot)
    assert "trades: Trades are 4 in the ledger, the shard made 3." in told
    assert "trades: Trade 65 is in the ledger, but no trade of the shard." in told
    assert "accounts: Account of user 1, USD is 597 in the wallet, " \
        "the ledger's postings make it 796." in told  # fmt: skip


def test_a_row_beyond_the_checkpoint_is_named(traded: Shard, tamper: Tamper) -> None:
    tamper(DOUBLE.format(trade=SECOND_TRADE, sequence=1_000, number=THIRD_TRADE + 64))
    assert found(traded.hot) == ["ledger: Row of event 1000 is beyond the ledger's checkpoint."]


# A trade's row once more, under another event and another number.
DOUBLE = """
CREATE TEMPORARY TABLE doubled AS SELECT * FROM trade_ledger WHERE trade_id = {trade};
UPDATE doubled SET event_id = {sequence} * 64, sequence = {sequence}, trade_id = {number};
INSERT INTO trade_ledger SELECT * FROM doubled
"""


@pytest.mark.usefixtures("mostly_carried")
def test_old_damage_stays_hidden_from_carried_balances_only(traded: Shard, tamper: Tamper) -> None:
    assert found(traded.hot) == []
    tamper("UPDATE funding SET amount_units = 7 WHERE user_id = 2")
    assert found(traded.hot) == []
    told = found(traded.hot, full=True)
    assert (
        "carried: Carried account of user 2, USD is 999999400, all postings make it -593." in told
    )
    # What was added up again is carried from now on: it is found again and again.
    assert any(sentence.startswith("accounts:") for sentence in found(traded.hot))


def test_damaged_carried_balances_are_named_and_mended(traded: Shard) -> None:
    assert found(traded.hot) == []
    AccountBalance.objects.filter(user_id=BOB, asset="USD").update(units=1)
    assert found(traded.hot) == [
        "carried: Carried account of user 2, USD is 1, all postings make it 999999400."
    ]
    assert found(traded.hot) == []


def test_a_log_that_ends_before_the_ledger_is_broken(traded: Shard) -> None:
    last = last_sequence(traded.hot, shard=SHARD)
    traded.hot.hset(keys.sequence(SHARD), "event", last - 1)
    told = found(traded.hot)
    assert f"ledger: Ledger is at event {last}, the log of events ends at {last - 1}." in told


def test_a_ledger_that_stays_behind_is_no_damage(
    traded: Shard, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "WAIT_FOR_LEDGER_S", 0.0)
    with owner.transaction():
        owner.execute("LOCK TABLE ledger_consumer_offsets IN SHARE ROW EXCLUSIVE MODE")
        traded.deposit(BOB, "USD", 5)
        outcome = reconcile.reconcile(traded.hot)
    last = last_sequence(traded.hot, shard=SHARD)
    assert (outcome.is_clean, outcome.ledger_lag) == (True, 1)
    assert outcome.unjudged == [
        "The accounts cannot be held against the ledger: "
        f"it is at event {last - 1}, they were read as of {last}."
    ]


@pytest.mark.usefixtures("mostly_carried")
def test_a_crowded_market_that_trades_is_never_found_broken(
    hot: Redis, other: Redis, start_writer: StartWriter
) -> None:
    crowd, deadline = Crowd(other), time.monotonic() + LOAD_S
    start_writer()
    with in_the_background(crowd.trade):
        check_while(hot, lambda: time.monotonic() < deadline, "crowd")


@pytest.mark.usefixtures("mostly_carried")
def test_a_wild_market_is_never_found_broken(
    hot: Redis, other: Redis, start_writer: StartWriter
) -> None:
    start_writer()

    def make_history(_stop: object) -> None:
        wild_history.make(other, commands=int(LOAD_S * 2_000), seed=3)

    with in_the_background(make_history) as market:
        check_while(hot, market.is_alive, "wild")
    reach_the_log(hot)
    assert found(hot, full=True) == []


def check_while(hot: Redis, is_trading: Callable[[], bool], market: str) -> None:
    """Reconcile again and again, now and then in full; nothing is found while the market moves."""
    rounds = moved = 0
    first = last_sequence(hot, shard=SHARD)
    while is_trading():
        before = last_sequence(hot, shard=SHARD)
        assert found(hot, full=rounds % 4 == 0) == []
        rounds += 1
        moved += last_sequence(hot, shard=SHARD) > before
    assert moved > 0
    events = last_sequence(hot, shard=SHARD) - first
    print(f"\n{market}: {rounds:,} rounds during {events:,} events, nothing found")  # noqa: T201
