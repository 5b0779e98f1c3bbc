"""The views over the facts: debits equal credits, and what is posted is what wallets hold."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from redis import Redis

from matching import keys
from matching.domain.values import FEE_ACCOUNT
from tests.event_script import MAKER, TAKER, EventScript
from tests.ledger.conftest import WriterThread, reach_the_log, wallet_totals
from tests.matching import wild_history

OUTSIDE = -1


@pytest.fixture
def written(hot: Redis, start_writer: Callable[[], WriterThread]) -> Callable[[], None]:
    """Write all events of shard 0, and wait until they are in the ledger."""

    def write() -> None:
        start_writer()
        reach_the_log(hot)

    return write


def rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def test_a_trade_is_two_transfers_and_two_fees(
    script: EventScript, written: Callable[[], None]
) -> None:
    script.append(script.trade(price=100, qty=10))
    written()
    found = rows(
        "SELECT leg, kind, asset, units, debit_account, credit_account, reference"
        " FROM ledger_transfers ORDER BY event_id, leg"
    )
    assert found == [
        (1, "trade", "USD", 1_000, TAKER, MAKER, "1"),
        (2, "trade", "BTC", 100_000, MAKER, TAKER, "1"),
        (3, "fee", "BTC", 7, TAKER, FEE_ACCOUNT, "1"),
        (4, "fee", "USD", 3, MAKER, FEE_ACCOUNT, "1"),
    ]


def test_a_fee_of_nothing_leaves_no_line(script: EventScript, written: Callable[[], None]) -> None:
    script.append(script.trade(taker_fee_units=0, maker_fee_units=0))
    written()
    assert rows("SELECT DISTINCT kind FROM ledger_transfers") == [("trade",)]


def test_funds_come_from_outside_and_go_back(
    script: EventScript, written: Callable[[], None]
) -> None:
    script.append(script.funds(amount=500), script.funds(amount=-200, reference="back"))
    written()
    found = rows("SELECT kind, account, units FROM ledger_postings ORDER BY event_id, units")
    assert found == [
        ("deposit", OUTSIDE, -500),
        ("deposit", MAKER, 500),
        ("withdrawal", MAKER, -200),
        ("withdrawal", OUTSIDE, 200),
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_debits_equal_credits_at_any_moment_of_a_wild_session(
    hot: Redis, written: Callable[[], None], seed: int
) -> None:
    wild_history.make(hot, commands=4_000, seed=seed)
    written()
    unequal = "SELECT 1 FROM ledger_postings GROUP BY event_id, asset HAVING sum(units) <> 0"
    assert rows(unequal) == []
    assert rows("SELECT count(DISTINCT kind) FROM ledger_postings") == [(4,)]


def test_what_is_posted_is_what_wallets_hold(hot: Redis, written: Callable[[], None]) -> None:
    wild_history.make(hot, commands=4_000, seed=4)
    written()
    balances: dict[int, dict[str, int]] = {}
    sums = "SELECT account, asset, sum(units) FROM ledger_postings GROUP BY account, asset"
    for account, asset, units in rows(sums):
        if units:
            balances.setdefault(account, {})[asset] = int(units)
    supply: Any = hot.hgetall(keys.supply(0))
    outside = {asset: -units for asset, units in balances.pop(OUTSIDE).items()}
    assert outside == {asset.decode(): int(units) for asset, units in supply.items()}
    assert balances == {user: wallet_totals(hot, user) for user in balances}
    assert len(balances) > wild_history.USERS
