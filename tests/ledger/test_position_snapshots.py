"""Holdings from the ledger: carried on from where they were left, whoever asks, however many."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from redis import Redis

from ledger import positions
from ledger.domain.positions import Holding
from ledger.models import PositionSnapshot
from ledger.positions import HoldingsAsOf, holdings_of
from matching.event_log import last_sequence
from tests.event_script import MAKER, TAKER, EventScript
from tests.ledger.conftest import WriterThread, reach_the_log, wallet_totals
from tests.matching import wild_history

BUSY = wild_history.BUSY_USERS[0]


@pytest.fixture
def wild(hot: Redis, start_writer: Callable[[], WriterThread]) -> Redis:
    """A long wild history of many users and markets, in the ledger."""
    wild_history.make(hot, commands=4_000, seed=5)
    start_writer()
    reach_the_log(hot)
    return hot


def units(found: HoldingsAsOf) -> dict[str, int]:
    return {asset: held.units for asset, held in found.holdings.items() if held.units}


def test_holdings_are_what_wallets_hold(wild: Redis) -> None:
    for user in range(1, wild_history.USERS + 1):
        found = holdings_of(user, shard=0)
        assert found.sequence == last_sequence(wild, shard=0)
        assert units(found) == wallet_totals(wild, user)


def test_batches_make_no_difference(wild: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = holdings_of(BUSY, shard=0)
    PositionSnapshot.objects.all().delete()
    monkeypatch.setattr(positions, "ROWS_PER_BATCH", 7)
    monkeypatch.setattr(positions, "BATCHES_PER_CALL", 1_000)
    assert holdings_of(BUSY, shard=0) == at_once
    assert PositionSnapshot.objects.count() == 1


def test_a_long_history_is_folded_by_several_calls(
    wild: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = holdings_of(BUSY, shard=0)
    PositionSnapshot.objects.all().delete()
    monkeypatch.setattr(positions, "ROWS_PER_BATCH", 3)
    monkeypatch.setattr(positions, "BATCHES_PER_CALL", 2)
    calls = [holdings_of(BUSY, shard=0)]
    while calls[-1].sequence < at_once.sequence:
        calls.append(holdings_of(BUSY, shard=0))
        assert calls[-1].sequence > calls[-2].sequence
    assert calls[-1] == at_once
    assert len(calls) > 3


def test_who_asks_again_reads_only_what_is_new(
    script: EventScript, hot: Redis, start_writer: Callable[[], WriterThread],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(positions, "ROWS_WORTH_SAVING", 1)
    start_writer()
    script.append(script.trade(price=100, qty=10, taker_fee_units=0))
    reach_the_log(hot)
    holdings_of(TAKER, shard=0)
    # Were the history folded from its beginning again, this would not be seen.
    PositionSnapshot.objects.update(holdings={"BTC": [1, 2, 3]})
    script.append(script.trade(price=100, qty=10, taker_fee_units=0))
    reach_the_log(hot)
    assert holdings_of(TAKER, shard=0).holdings["BTC"] == Holding(100_001, 1_002, 3)


def test_calls_at_the_same_time_agree(wild: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = holdings_of(BUSY, shard=0)
    monkeypatch.setattr(positions, "ROWS_PER_BATCH", 3)
    monkeypatch.setattr(positions, "BATCHES_PER_CALL", 1_000)

    def ask(_: int) -> HoldingsAsOf:
        try:
            return holdings_of(BUSY, shard=0)
        finally:
            connections.close_all()

    for _ in range(3):
        PositionSnapshot.objects.all().delete()
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(ask, range(4))) == [at_once] * 4
        assert holdings_of(BUSY, shard=0) == at_once


def test_a_deposit_costs_what_it_is_worth_at_the_last_price_before_it(
    script: EventScript, hot: Redis, start_writer: Callable[[], WriterThread]
) -> None:
    btc = {"user_id": MAKER, "asset": "BTC"}
    script.append(
        script.funds(**btc, amount=1_000, reference="before any trade"),
        script.trade(price=100, qty=10, maker_user_id=8, taker_user_id=9),
        script.trade(price=300, qty=10, maker_user_id=8, taker_user_id=9),
        script.funds(**btc, amount=5_000, reference="at 300"),
        script.trade(price=500, qty=10, maker_user_id=8, taker_user_id=9),
    )
    start_writer()
    reach_the_log(hot)
    # A lot of 10,000 units costs 300: 5,000 of them 150.
    assert holdings_of(MAKER, shard=0).holdings == {"BTC": Holding(6_000, 150, 0)}


def test_who_has_no_past_holds_nothing(wild: Redis) -> None:
    assert holdings_of(10**9, shard=0).holdings == {}
