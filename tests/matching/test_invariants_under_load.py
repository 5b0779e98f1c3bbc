"""A market that trades is never found broken for it; one that is broken is, while it trades.

`LOAD_S=600 pytest -s tests/matching/test_invariants_under_load.py` for a long one.
"""

import os
import threading
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from kalency.stack.addresses import Address
from matching import keys
from matching.connection import open_sync
from matching.domain.invariants import Report
from matching.domain.values import Side
from matching.event_log import last_sequence
from matching.invariants import check_shard
from tests.matching import wild_history
from tests.matching.crowd import CROWD, TRADERS, Crowd, in_the_background
from tests.matching.shard import SHARD
from tests.polling import wait_until

LOAD_S = float(os.environ.get("LOAD_S", "3"))
BTC = "BTC-USD"


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
