"""The worker: past what fails, behind what was consumed, through outages."""

import time
from collections.abc import Callable
from typing import cast

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from kalency.stack.addresses import Address
from matching import keys
from matching.domain.events import CommandRefused, OrderPlaced
from matching.domain.values import Side
from matching.event_log import save_checkpoint
from matching.worker import KEEP_EVENTS, RETRY_PAUSE_S, MatchingWorker
from tests.matching.shard import ALICE, BOB, CAROL, SHARD, Shard, buy, cancel_all, sell
from tests.polling import wait_until
from tests.running_worker import running_worker

MakeWorker = Callable[..., MatchingWorker]


@pytest.fixture
def make_worker(hot: Redis, bus: Redis) -> MakeWorker:
    def make(**options: object) -> MatchingWorker:
        return MatchingWorker(hot=hot, bus=bus, shard=SHARD, **options)  # type: ignore[arg-type]

    return make


@pytest.mark.damage
def test_an_entry_that_fails_is_refused_and_its_neighbours_are_not(
    funded: Shard, make_worker: MakeWorker
) -> None:
    damaged = funded.place(sell(ALICE, 100, 1))
    funded.hot.hdel(keys.open_orders(SHARD, ALICE), str(damaged.order_id))
    funded.forget()
    before = len(funded.events())
    funded.send([buy(BOB, 90, 1)])
    funded.send([buy(CAROL, 100, 1)])
    funded.send([buy(BOB, 91, 1)])
    worker = make_worker()
    for _ in range(3):
        worker.run_once()
    kinds = [type(event) for event in funded.events()[before:]]
    assert kinds == [OrderPlaced, CommandRefused, OrderPlaced]
    assert funded.hot.xlen(keys.dead_commands(SHARD)) == 1


def test_events_are_trimmed_well_behind_the_slowest_consumer(
    funded: Shard, make_worker: MakeWorker
) -> None:
    clock = iter(range(10))
    worker = make_worker(consumers=("ledger", "candles"), clock=lambda: float(next(clock)))
    for _ in range(250):
        funded.apply(buy(ALICE, 90, 1), cancel_all(ALICE))
    last = len(funded.events())
    save_checkpoint(funded.hot, shard=SHARD, consumer="ledger", sequence=last)
    worker.run_once()
    assert len(funded.events()) == last
    # A sequence far on, as if much had happened since.
    for consumer in ("ledger", "candles"):
        save_checkpoint(funded.hot, shard=SHARD, consumer=consumer, sequence=KEEP_EVENTS + 300)
    worker.run_once()
    assert 0 < int(funded.hot.xlen(keys.events(SHARD))) < 250


@pytest.mark.parametrize(("keep_commands_s", "are_dropped"), [(60, True), (None, False)])
def test_applied_commands_are_dropped_after_a_while_unless_all_are_kept(
    hot: Redis, make_worker: MakeWorker, keep_commands_s: int | None, are_dropped: bool
) -> None:
    for milliseconds in (*range(1, 251), 100_000):
        hot.xadd(keys.commands(SHARD), {"gateway": "test"}, id=f"{milliseconds}-0")
    make_worker(keep_commands_s=keep_commands_s).run_once()
    assert (int(hot.xlen(keys.commands(SHARD))) < 251) is are_dropped


def test_a_clock_that_runs_ahead_does_not_take_the_shard_with_it(funded: Shard) -> None:
    funded.now_us = 2**53 - 1
    early = funded.place(buy(ALICE, 90, 1))
    seconds, micros = funded.hot.time()
    assert early.ts_us - (seconds * 1_000_000 + micros) < 2_000_000


@pytest.mark.damage
def test_a_store_that_keeps_failing_is_tried_again_in_peace(
    funded: Shard,
    hot_server: Address,
    bus_server: Address,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cursor = keys.cursor(SHARD)
    entry_id = cast("bytes", funded.hot.get(cursor))
    funded.hot.delete(cursor)
    funded.hot.lpush(cursor, "no text")
    with running_worker(hot_server, bus_server):
        began = time.monotonic()
        wait_until(lambda: len(warnings(caplog)) >= 4, "the worker goes on trying")
        assert time.monotonic() - began > 2 * RETRY_PAUSE_S
        funded.hot.delete(cursor)
        funded.hot.set(cursor, entry_id)
        funded.send([buy(ALICE, 90, 1)])
        wait_until(lambda: funded.ladder() == ["1 | 90 |"], "the order is matched")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in caplog.messages if "the server does not work" in text]


@pytest.mark.damage
def test_a_commit_that_fails_half_way_is_not_applied_again(
    funded: Shard, make_worker: MakeWorker
) -> None:
    funded.hot.set(keys.book(SHARD, "BTC-USD", Side.BUY), "not a book")
    funded.send([buy(BOB, 100, 1)])
    worker = make_worker()
    for _ in range(3):
        with pytest.raises(ResponseError):
            worker.run_once()
    assert funded.wallet(BOB)["USD.reserved"] == 100


@pytest.mark.damage
def test_a_damaged_stream_of_unreadable_commands_stops_nobody(
    funded: Shard, make_worker: MakeWorker
) -> None:
    funded.hot.set(keys.dead_commands(SHARD), "not a stream")
    funded.send([["nonsense"], buy(BOB, 100, 1)])
    make_worker().run_once()
    kinds = [type(event) for event in funded.events()[-2:]]
    assert kinds == [CommandRefused, OrderPlaced]
