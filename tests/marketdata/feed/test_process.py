"""`manage.py run_market_feed` as a process: ready once, killed, stopped."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from marketdata.keys import recent_trades
from matching import keys
from tests.command_process import CommandProcess
from tests.event_script import EventScript
from tests.polling import wait_until


@pytest.fixture
def start_feed(script: EventScript, bus: Redis) -> Iterator[Callable[[], CommandProcess]]:
    """Start feeds that end with the test."""
    started: list[CommandProcess] = []

    def start() -> CommandProcess:
        started.append(CommandProcess("run_market_feed"))
        started[-1].wait_ready()
        return started[-1]

    yield start
    for feed in started:
        feed.forget()


def test_killed_feed_goes_on_and_a_stopped_one_ends_cleanly(
    script: EventScript, hot: Redis, start_feed: Callable[[], CommandProcess]
) -> None:
    for _ in range(2):
        feed = start_feed()
        script.append(script.trade())
        checkpoint_reaches(hot, script.sequence)
        feed.kill()
        script.append(script.trade())
    feed = start_feed()
    checkpoint_reaches(hot, script.sequence)
    assert hot.zcard(recent_trades(0, "BTC-USD")) == 4
    assert feed.stop() == 0
    assert feed.log.count(" ready\n") == 1
    assert "Traceback" not in feed.log


def checkpoint_reaches(hot: Redis, sequence: int) -> None:
    wait_until(
        lambda: hot.hget(keys.checkpoints(0), "feed") == str(sequence).encode(),
        f"the feed is at event {sequence}",
    )
