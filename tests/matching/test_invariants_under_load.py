"""A market that trades is never found broken for it; one that is broken is, while it trades.

`LOAD_S=600 pytest -s tests/matching/test_invariants_under_load.py` for a long one.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from kalency.stack.addresses import Address
from matching import keys
from matching.connection import open_sync
from matching.domain.commands import AnyCommand, MoveFunds
from matching.domain.events import OrderCanceled, OrderFilled, OrderPlaced
from matching.domain.invariants import Report
from matching.domain.values import Side, TimeInForce, Units
from matching.event_log import last_sequence
from matching.invariants import check_shard
from tests.matching import wild_history
from tests.matching.shard import BTC_USD, SHARD, Shard, buy, cancel, no_limits, sell
from tests.polling import wait_until

LOAD_S = float(os.environ.get("LOAD_S", "3"))
BTC = "BTC-USD"
TRADERS = (1, 2, 3)
CROWD = 300
"""Orders of a trader and of a level, at least: more than one slice looks at."""


class Crowd:
    """Three people with hundreds of orders at six prices, and new people all the time."""

    def __init__(self, hot: Redis) -> None:
        self._shard = Shard(hot)
        self._rng = random.Random(1)
        self._people = len(TRADERS)
        self._open: dict[int, int] = {}
        self._shard.apply(BTC_USD, *map(no_limits, TRADERS))
        for user in TRADERS:
            self._shard.deposit(user, "USD", 10**12)
            self._shard.deposit(user, "BTC", 10**12)
        while len(self._open) < 6 * CROWD:
            self._apply([self._resting() for _ in range(100)])

    def trade(self, until: threading.Event) -> None:
        while not until.is_set():
            self._apply([self._next() for _ in range(20)])

    def _apply(self, commands: list[AnyCommand]) -> None:
        for events in self._shard.apply(*commands):
            for event in events:
                if isinstance(event, OrderPlaced) and event.resting_lots:
                    self._open[event.order_id] = event.user_id
                elif isinstance(event, OrderFilled | OrderCanceled):
                    self._open.pop(event.order_id, None)

    def _next(self) -> AnyCommand:
        kind = self._rng.random()
        if kind < 0.05:
            return self._newcomer()
        if kind < 0.3:
            order_id = self._rng.choice(list(self._open))
            return cancel(self._open[order_id], order_id)
        if kind < 0.4 or len(self._open) > 8 * CROWD:
            place, price = self._rng.choice(((buy, 200), (sell, 1)))
            taker = self._rng.choice((*TRADERS, self._people))
            return place(taker, price, 12, time_in_force=TimeInForce.IOC)
        return self._resting()

    def _resting(self) -> AnyCommand:
        place, prices = self._rng.choice(((buy, (98, 97, 96)), (sell, (101, 102, 103))))
        user, price = self._rng.choice(TRADERS), self._rng.choice(prices)
        return place(user, price, self._rng.randint(1, 5))

    def _newcomer(self) -> AnyCommand:
        self._people += 1
        return MoveFunds(
            user_id=self._people, asset="USD", amount=Units(7_777), reference=f"{self._people}"
        )


@contextmanager
def in_the_background(work: Callable[[threading.Event], None]) -> Iterator[threading.Thread]:
    """Run `work` in a thread until the block ends; raise what it raised."""
    failures: list[BaseException] = []
    stop = threading.Event()

    def run() -> None:
        try:
            work(stop)
        except BaseException as failure:  # noqa: BLE001 - it is raised below
            failures.append(failure)

    thread = threading.Thread(target=run, name="market")
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()
        # Also where the block failed: most likely for this.
        if failures:
            raise failures[0]


@pytest.fixture
def other(hot: Redis, hot_server: Address) -> Iterator[Redis]:
    """Another connection to the same store."""
    with open_sync(hot_server.url) as client:
        yield client


def check_while_it_moves(hot: Redis) -> Report:
    """Check until the market moved meanwhile."""
    reports: list[Report] = []

    def is_moved() -> bool:
        before = last_sequence(hot, shard=SHARD)
        reports.append(check_shard(hot, SHARD))
        return last_sequence(hot, shard=SHARD) > before

    wait_until(is_moved, "the market moves during a check", poll_s=0)
    return reports[-1]


def test_a_crowded_market_that_trades_is_never_found_broken(hot: Redis, other: Redis) -> None:
    crowd = Crowd(other)
    rounds, began, first = 0, time.monotonic(), last_sequence(hot, shard=SHARD)
    with in_the_background(crowd.trade):
        while time.monotonic() < began + LOAD_S:
            report = check_while_it_moves(hot)
            assert ([v.sentence for v in report.violations], report.unjudged) == ([], [])
            rounds += 1
    assert min(hot.hlen(keys.open_orders(SHARD, user)) for user in TRADERS) > CROWD
    assert max(hot.zcount(keys.book(SHARD, BTC, Side.SELL), n, n) for n in (101, 102, 103)) > CROWD
    assert rounds > 0
    events = last_sequence(hot, shard=SHARD) - first
    print(f"\ncrowd: {rounds:,} rounds during {events:,} events, nothing found")  # noqa: T201


@pytest.mark.damage
def test_what_is_broken_is_found_while_the_market_trades(hot: Redis, other: Redis) -> None:
    crowd = Crowd(other)
    hot.hincrby(keys.supply(SHARD), "BTC", 1)
    with in_the_background(crowd.trade):
        for _ in range(3):
            (violation,) = check_while_it_moves(hot).violations
            assert (violation.check, violation.subject) == ("supply", "supply of BTC")


def test_a_wild_market_is_never_found_broken(hot: Redis, other: Redis) -> None:
    rounds = moving = 0

    def make_history(_stop: threading.Event) -> None:
        wild_history.make(other, commands=int(LOAD_S * 2_000), seed=3)

    with in_the_background(make_history) as market:
        while market.is_alive():
            before = last_sequence(hot, shard=SHARD)
            report = check_shard(hot, SHARD)
            assert ([v.sentence for v in report.violations], report.unjudged) == ([], [])
            rounds += 1
            moving += last_sequence(hot, shard=SHARD) > before
    assert moving > 0, "it moved during a check"
    events = last_sequence(hot, shard=SHARD)
    print(f"\nwild: {rounds:,} rounds during {events:,} events, nothing found")  # noqa: T201
