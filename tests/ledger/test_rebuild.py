"""A shard that was lost with its disk, made again from Postgres: the same, and it trades on."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from redis import Redis

from ledger import rebuild
from ledger.models import Trade
from ledger.rebuild import CannotRebuild
from ledger.reconcile import reconcile
from matching import keys, snapshot_reader
from matching.domain.commands import MoveFunds, ResetAccount
from matching.domain.errors import ErrorCode
from matching.domain.events import CommandRefused, OrderPlaced, OrderRejected
from matching.domain.ids import MAX_SHARDS
from matching.domain.values import TimeInForce, Units
from matching.event_log import last_sequence
from matching.restore import NotEmpty, restore
from matching.snapshot import digest
from tests.ledger.conftest import WriterThread, reach_the_log
from tests.matching import wild_history
from tests.matching.shard import (
    ALICE,
    BOB,
    BTC_USD,
    CAROL,
    SHARD,
    WINDOW_US,
    Shard,
    buy,
    cancel,
    market_sell,
    sell,
)  # fmt: skip
from tests.matching.soundness import assert_sound

StartWriter = Callable[[], WriterThread]
DEPOSIT = MoveFunds(user_id=CAROL, asset="USD", amount=Units(500), reference="carols")


@pytest.fixture
def lose(hot: Redis, start_writer: StartWriter) -> Callable[[], None]:
    """Let the ledger catch up and end, and lose everything in hot Redis."""

    def lose_it() -> None:
        writer = start_writer()
        reach_the_log(hot)
        writer.stop()
        hot.flushall()

    return lose_it


def make_again(hot: Redis) -> None:
    restore(hot, SHARD, rebuild.past_of(SHARD, window_us=WINDOW_US))


@pytest.mark.parametrize("seed", [5, 6])
def test_a_wild_history_is_made_again(hot: Redis, lose: Callable[[], None], seed: int) -> None:
    wild_history.make(hot, commands=15_000, seed=seed)
    before = snapshot_reader.read(hot, SHARD)
    lose()
    make_again(hot)
    after = snapshot_reader.read(hot, SHARD)
    assert len(before.orders) > 500
    assert any(order.filled_lots for order in before.orders.values())
    assert (after.orders, after.books, after.levels) == (before.orders, before.books, before.levels)
    assert digest(after) == digest(before)
    assert_sound(hot)


def test_it_trades_on(hot: Redis, lose: Callable[[], None], start_writer: StartWriter) -> None:
    wild_history.make(hot, commands=9_000, seed=7)
    lose()
    make_again(hot)
    last = last_sequence(hot, shard=SHARD)
    writer = start_writer()
    wild_history.make(hot, commands=9_000, seed=8)
    reach_the_log(hot)
    assert writer.error is None
    assert last_sequence(hot, shard=SHARD) > last
    outcome = reconcile(hot, full=True)
    assert [v.sentence for report in outcome.reports for v in report.violations] == []
    assert outcome.unjudged == []
    numbers = [trade // MAX_SHARDS for trade in Trade.objects.values_list("trade_id", flat=True)]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_what_a_reference_was_used_for_does_not_happen_again(
    hot: Redis, lose: Callable[[], None]
) -> None:
    shard = Shard(hot)
    ((first,),) = shard.apply(DEPOSIT)
    reset = ResetAccount(user_id=CAROL, balances=(("USD", Units(70)),), reference="start over")
    shard.apply(reset)
    lose()
    make_again(hot)
    assert shard.apply(DEPOSIT) == [[first]]
    other = MoveFunds(user_id=BOB, asset="USD", amount=Units(500), reference="carols")
    for again in (other, reset):
        ((refused,),) = shard.apply(again)
        assert isinstance(refused, CommandRefused)
        assert refused.reason == ErrorCode.CONFLICT
    assert shard.wallet(CAROL) == {"USD.available": 70}


@pytest.fixture
def funded(hot: Redis) -> Shard:
    """Alice and Bob have plenty of both assets."""
    shard = Shard(hot)
    shard.apply(BTC_USD)
    for user in (ALICE, BOB):
        shard.deposit(user, "BTC", 10**9)
        shard.deposit(user, "USD", 10**9)
    return shard


def test_an_order_that_is_sent_again_is_not_placed_again(
    funded: Shard, lose: Callable[[], None]
) -> None:
    orders = [
        sell(ALICE, 100, 5, client_order_id="rests"),
        buy(BOB, 100, 2, client_order_id="filled"),
        buy(BOB, 100, 9, time_in_force=TimeInForce.IOC, client_order_id="partly"),
        market_sell(BOB, 10**6, client_order_id="too much"),
        sell(ALICE, 100, 5, client_order_id="canceled"),
    ]
    firsts: list[Any] = [funded.apply(order)[0][-1] for order in orders]
    funded.apply(cancel(ALICE, firsts[-1].order_id))
    lose()
    make_again(funded.hot)
    last = last_sequence(funded.hot, shard=SHARD)
    for order, first in zip(orders, firsts, strict=True):
        ((answer,),) = funded.apply(order)
        if isinstance(answer, OrderPlaced):
            # Of the book at that time the ledger knows nothing.
            answer = replace(answer, level_lots=first.level_lots, update_id=first.update_id)
        assert answer == first
    assert last_sequence(funded.hot, shard=SHARD) == last
    ((refused,),) = funded.apply(buy(BOB, 101, 2, client_order_id="filled"))
    assert isinstance(refused, OrderRejected)
    assert refused.reason == ErrorCode.DUPLICATE_CLIENT_ORDER_ID


def test_answers_are_kept_as_long_as_the_function_keeps_them(
    funded: Shard, lose: Callable[[], None]
) -> None:
    funded.place(sell(ALICE, 100, 5, client_order_id="open"))
    funded.place(buy(BOB, 100, 2, client_order_id="ended"))
    names = [keys.client_order(SHARD, ALICE, "open"), keys.client_order(SHARD, BOB, "ended")]
    before = [funded.hot.pttl(name) for name in names]
    lose()
    make_again(funded.hot)
    after = [funded.hot.pttl(name) for name in names]
    assert before[0] == after[0] == -1
    assert after[1] == pytest.approx(before[1], abs=60_000)


def test_a_shard_that_is_not_empty_is_left_alone(funded: Shard, lose: Callable[[], None]) -> None:
    lose()
    funded.deposit(CAROL, "USD", 1)
    with pytest.raises(NotEmpty):
        make_again(funded.hot)
    assert funded.wallet(CAROL) == {"USD.available": 1}


def test_a_shard_that_is_not_empty_can_be_replaced(funded: Shard, lose: Callable[[], None]) -> None:
    before = digest(snapshot_reader.read(funded.hot, SHARD))
    lose()
    funded.apply(BTC_USD)
    funded.deposit(CAROL, "USD", 10)
    funded.place(buy(CAROL, 1, 1, client_order_id="lost"))
    past = rebuild.past_of(SHARD, window_us=WINDOW_US)
    restore(funded.hot, SHARD, past, replace=True)
    assert digest(snapshot_reader.read(funded.hot, SHARD)) == before
    assert_sound(funded.hot)
    assert not funded.hot.keys("*client-order:3:lost")
    funded.place(sell(ALICE, 100, 5))
    assert_sound(funded.hot)


def test_a_ledger_that_does_not_add_up_makes_no_shard(
    funded: Shard, lose: Callable[[], None], owner: psycopg.Connection
) -> None:
    funded.place(sell(ALICE, 100, 5))
    lose()
    with owner.transaction():
        owner.execute("SET LOCAL session_replication_role = replica")
        owner.execute("UPDATE funding SET amount_units = 49999 WHERE user_id = 1 AND asset = 'BTC'")
    with pytest.raises(CannotRebuild, match="User 1 has 49999 of BTC in the ledger, but open"):
        make_again(funded.hot)
    assert not funded.hot.exists(keys.sequence(SHARD))


def test_an_empty_ledger_makes_no_shard(hot: Redis, transactional_db: None) -> None:
    with pytest.raises(CannotRebuild, match="The ledger has no event of shard 0"):
        make_again(hot)


def test_a_ledger_that_is_being_written_is_not_read(
    hot: Redis, start_writer: StartWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "WAIT_FOR_WRITER_S", 0.0)
    assert start_writer().writer.serving.wait(10)
    with pytest.raises(CannotRebuild, match="is at work"), rebuild.writing_stopped(SHARD):
        pass
