"""A shard is made again from its commands; where it differs, or cannot be made, that is said."""

import json
import os
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from redis import Redis

from kalency.stack.addresses import Address
from matching import keys
from matching.connection import open_sync
from matching.domain.values import TimeInForce
from matching.history import read_history
from matching.replay import replay
from matching.snapshot_reader import read
from matching.worker import MatchingWorker
from tests.command_run import CommandRun
from tests.matching import wild_history
from tests.matching.conftest import PLENTY
from tests.matching.shard import ALICE, BOB, CAROL, SHARD, Shard, buy, cancel, cancel_all, sell
from tests.polling import wait_until

# `WILD_COMMANDS=1000000 pytest -s tests/matching/test_replay.py -k wild` for a long one.
WILD_COMMANDS = int(os.environ.get("WILD_COMMANDS", "8000"))


def run_replay(**options: Any) -> CommandRun:
    """Return what `manage.py replay_commands` said."""
    return CommandRun("replay_commands", **options)


@pytest.fixture
def traded(funded: Shard) -> Shard:
    funded.place(sell(ALICE, 100, 5))
    funded.place(buy(BOB, 100, 2))
    return funded


def test_a_wild_history_leads_to_the_same_state(hot: Redis) -> None:
    wild_history.make(hot, commands=WILD_COMMANDS, seed=7)
    replayed = run_replay(json=True, batch=333)
    figures = replayed.figures
    print(json.dumps(figures, indent=2))  # noqa: T201 - the figures of a long run
    assert replayed.status == 0
    assert figures["equal"]
    assert figures["commands"] >= WILD_COMMANDS
    assert figures["events_compared"] == figures["events"] > WILD_COMMANDS
    assert figures["source_hash"] == figures["replay_hash"]


@pytest.mark.damage
def test_a_changed_value_is_named(traded: Shard) -> None:
    traded.hot.hincrby(keys.wallet(SHARD, BOB), "USD.available", 1)
    replayed = run_replay()
    assert replayed.status == 1
    assert f"wallet of user 2, USD.available: {PLENTY - 199} at the source" in replayed.said
    assert f"{PLENTY - 200} in the replay" in replayed.said


def test_a_changed_event_is_named(traded: Shard) -> None:
    (newest,) = cast("list[Any]", traded.hot.xrevrange(keys.events(SHARD), count=1))
    entry_id, fields = newest
    traded.hot.delete(keys.events(SHARD))
    forged = {b"events": fields[b"events"].replace(b"BTC-USD", b"ETH-USD")}
    traded.hot.xadd(keys.events(SHARD), cast("Any", forged), id=entry_id)
    replayed = run_replay()
    assert replayed.status == 1
    assert "'ETH-USD'" in replayed.said
    assert "2 different" in replayed.said


def test_events_that_were_dropped_are_not_missed(traded: Shard) -> None:
    traded.hot.xtrim(keys.events(SHARD), maxlen=1, approximate=False)
    replayed = run_replay(json=True)
    assert replayed.status == 0
    assert (replayed.figures["events_compared"], replayed.figures["events"]) == (2, 10)


def test_commands_that_were_dropped_are_missed(traded: Shard) -> None:
    traded.hot.xtrim(keys.commands(SHARD), maxlen=2, approximate=False)
    replayed = run_replay()
    assert replayed.status == 2
    assert "Of the 9 entries that shard 0 was ever sent, 7 are gone" in replayed.reason


def test_commands_that_still_wait_are_left_out(traded: Shard) -> None:
    traded.send([buy(CAROL, 90, 1)])
    replayed = run_replay(json=True)
    assert replayed.status == 0
    assert replayed.figures["entries"] == 9


def test_an_entry_that_was_given_up_is_pointed_out(traded: Shard) -> None:
    traded.send([buy(CAROL, 90, 1)])
    traded.match(mode="refuse")
    replayed = run_replay()
    assert replayed.status == 2
    assert "The worker gave up commands because the function failed on them (1)" in replayed.reason


@pytest.mark.damage
def test_a_state_that_cannot_be_read_is_no_answer(traded: Shard) -> None:
    traded.hot.hset(keys.open_orders(SHARD, ALICE), "64", "nonsense")
    replayed = run_replay()
    assert (replayed.status, "is not as the function writes it" in replayed.reason) == (2, True)


def test_a_shard_without_a_past_is_no_answer(hot: Redis) -> None:
    replayed = run_replay()
    assert (replayed.status, replayed.reason) == (2, "Shard 0 has applied no command yet.")


def test_a_server_that_is_away_is_no_answer() -> None:
    assert run_replay(url="redis://127.0.0.1:1/0").status == 2


@pytest.fixture
def other_server(bus: Redis, bus_server: Address) -> Iterator[str]:
    yield bus_server.url
    bus.flushall()


def test_a_shard_is_made_again_on_a_server_of_choice(
    traded: Shard, bus: Redis, other_server: str
) -> None:
    assert run_replay(into=other_server).status == 0
    assert read(bus, SHARD) == read(traded.hot, SHARD)
    # It can be replayed in turn, its events too.
    figures = run_replay(json=True, url=other_server).figures
    assert (figures["equal"], figures["events_compared"]) == (True, 10)


def test_a_slow_replay_forgets_no_client_order(funded: Shard, bus: Redis) -> None:
    window_us = 2_000
    once = buy(ALICE, 100, 1, time_in_force=TimeInForce.IOC, client_order_id="once")
    funded.send([once])
    for _ in range(300):
        funded.send([cancel(BOB, 64)])
    funded.send([once])
    funded.match(max_commands=1_000, window_us=window_us)
    history = read_history(funded.hot, SHARD)
    # Each entry by itself takes longer than the server would remember an order by its own clock.
    outcome = replay(funded.hot, bus, history, window_us=window_us, batch=1)
    assert (outcome.differences, outcome.batches) == ([], 309)


@pytest.fixture
def busy(hot: Redis, hot_server: Address, bus_server: Address) -> Iterator[None]:
    """A worker matches what somebody keeps sending; nothing is trimmed."""
    wild_history.make(hot, commands=5_000, seed=8)
    worker = MatchingWorker(
        hot=open_sync(hot_server.url),
        bus=open_sync(bus_server.url),
        shard=SHARD,
        keep_commands_s=None,
    )
    sender, stop = Shard(hot), threading.Event()

    def send() -> None:
        while not stop.is_set():
            sender.send([buy(ALICE, 9_000, 1, symbol="M0-USD"), cancel_all(ALICE)])

    threads = [threading.Thread(target=work) for work in (worker.run, send)]
    for thread in threads:
        thread.start()
    began_at = hot.get(keys.cursor(SHARD))
    wait_until(lambda: hot.get(keys.cursor(SHARD)) != began_at, "the shard moves")
    yield
    worker.stop()
    stop.set()
    for thread in threads:
        thread.join()


def test_a_shard_that_moves_is_no_answer(busy: None) -> None:
    replayed = run_replay()
    assert (replayed.status, "moved while it was read" in replayed.reason) == (2, True)


def test_a_shard_that_moves_is_frozen_while_it_is_read(busy: None) -> None:
    assert run_replay(freeze=4.0).status == 0


def test_a_server_that_is_not_empty_is_refused(
    traded: Shard, bus: Redis, other_server: str
) -> None:
    bus.set("something", "1")
    replayed = run_replay(into=other_server)
    assert (replayed.status, "is not empty" in replayed.reason) == (2, True)


def test_the_server_that_holds_the_shard_is_refused(traded: Shard, hot_server: Address) -> None:
    other_database = hot_server.url.removesuffix("/0") + "/1"
    replayed = run_replay(into=other_database)
    assert (replayed.status, "is the one that holds it" in replayed.reason) == (2, True)
