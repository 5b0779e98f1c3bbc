"""`manage.py rebuild_shard`: what is there again, what is said to be lost, when nothing is done."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from redis import Redis

from ledger.reconcile import reconcile
from marketdata import keys as market_data_keys
from marketdata.candles.rollup import roll_up
from matching import keys, snapshot_reader
from matching.event_log import last_sequence
from matching.snapshot import digest
from tests.ledger.conftest import WriterThread, reach_the_log
from tests.ledger.conftest import start_writer as start_writer  # a fixture
from tests.matching import wild_history
from tests.matching.shard import SHARD, Shard

CLOCK_US = (wild_history.START_MS + 10**9) * 1_000


class Rebuilt:
    """What the command said, and its exit status."""

    def __init__(self, **options: Any) -> None:
        out, warnings = StringIO(), StringIO()
        self.status, self.reason = 0, ""
        try:
            call_command("rebuild_shard", stdout=out, stderr=warnings, **options)
        except CommandError as error:
            self.status, self.reason = error.returncode, str(error)
        self.said, self.warned = out.getvalue(), warnings.getvalue()


@pytest.fixture
def traded(hot: Redis, start_writer: Callable[[], WriterThread]) -> Shard:
    """A wild history that is in the ledger and in candles; the writer has ended."""
    wild_history.make(hot, commands=9_000, seed=11)
    fold(hot)
    writer = start_writer()
    reach_the_log(hot)
    writer.stop()
    return Shard(hot)


def fold(hot: Redis) -> None:
    assert roll_up(hot, shard=SHARD, clock_us=lambda: CLOCK_US)


def candles(hot: Redis) -> dict[bytes, Any]:
    pattern = market_data_keys.candle_chunks(SHARD, "*", "*:*")
    return {key: hot.hgetall(key) for key in hot.scan_iter(pattern)}


def test_all_of_a_lost_shard_is_there_again(traded: Shard) -> None:
    hot = traded.hot
    state, buckets = digest(snapshot_reader.read(hot, SHARD)), candles(hot)
    hot.flushall()
    rebuilt = Rebuilt()
    assert (rebuilt.status, rebuilt.warned) == (0, "")
    assert f"state hash         {state}" in rebuilt.said
    assert "Reconciled: all that must hold does." in rebuilt.said
    assert digest(snapshot_reader.read(hot, SHARD)) == state
    assert candles(hot) == buckets != {}
    assert hot.zcard(market_data_keys.recent_trades(SHARD, "M1-USD")) > 0


def test_what_is_lost_is_said_plainly(traded: Shard) -> None:
    last = last_sequence(traded.hot, shard=SHARD)
    traded.hot.flushall()
    said = Rebuilt().said
    assert f"Whatever was acknowledged after event {last:,}" in said
    assert "one that is sent again is refused (CONFLICT)" in said


def test_everybody_goes_on_behind_it(
    traded: Shard, start_writer: Callable[[], WriterThread]
) -> None:
    hot, last = traded.hot, last_sequence(traded.hot, shard=SHARD)
    hot.flushall()
    Rebuilt()
    done = {name: str(last).encode() for name in (b"ledger", b"candles", b"feed")}
    assert hot.hgetall(keys.checkpoints(SHARD)) == done
    start_writer()
    wild_history.make(hot, commands=9_000, seed=12)
    reach_the_log(hot)
    before = candles(hot)
    fold(hot)
    assert candles(hot) != before
    assert hot.hget(keys.checkpoints(SHARD), "candles") == hot.hget(
        keys.checkpoints(SHARD), "ledger"
    )
    outcome = reconcile(hot, full=True)
    assert (outcome.is_clean, outcome.unjudged) == (True, [])


def test_a_shard_that_is_not_empty_needs_force(traded: Shard) -> None:
    state = digest(snapshot_reader.read(traded.hot, SHARD))
    traded.hot.flushall()
    traded.deposit(1, "USD", 7)
    refused = Rebuilt()
    assert refused.status == 2
    assert refused.reason.startswith("Shard 0 is not empty: its last event is 1, the ledger is at ")
    assert refused.reason.endswith(
        "It seems to have begun anew; --force drops it for what the ledger has."
    )
    assert traded.wallet(1) == {"USD.available": 7}
    forced = Rebuilt(force=True)
    assert forced.status == 0
    assert forced.warned.startswith("WARNING: Shard 0 is not empty: ")
    assert digest(snapshot_reader.read(traded.hot, SHARD)) == state


def test_a_shard_that_is_not_lost_is_said_to_be(traded: Shard) -> None:
    refused = Rebuilt()
    assert refused.status == 2
    assert "It does not seem lost at all; --force drops it" in refused.reason


def test_a_server_that_is_away_is_said(traded: Shard, settings: Any) -> None:
    settings.REDIS_HOT_URL = "redis://127.0.0.1:1/0"
    rebuilt = Rebuilt()
    assert rebuilt.status == 2
    assert rebuilt.reason.startswith("A server does not do its part: ")
