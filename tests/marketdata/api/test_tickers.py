"""The last 24 hours: what lies within, what has rolled out, what changed."""

import time

import pytest
from redis import Redis

from marketdata import tickers
from marketdata.candles.rollup import roll_up
from marketdata.domain.tickers import Day, day_of
from matching import runtime
from tests.event_script import EventScript

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


@pytest.fixture
def now_us() -> int:
    return time.time_ns() // 1_000


def traded(hot: Redis, *trades: tuple[int, int, int]) -> None:
    """Let trades have happened at the given times, prices and quantities."""
    script = EventScript(hot)
    for ts_us, price, qty in trades:
        script.append(script.trade(price, qty, ts_us=ts_us))
    roll_up(hot, shard=0, clock_us=lambda: time.time_ns() // 1_000)


def today(symbol: str = "BTC-USD") -> Day:
    return runtime.run_blocking(tickers.day(symbol))


def test_a_market_that_never_traded_has_no_prices(hot: Redis) -> None:
    day = today()
    assert (day.open_ticks, day.high_ticks, day.low_ticks, day.change_pct) == (None,) * 4
    assert day.volume_lots == 0


def test_the_day_holds_what_was_traded_within_24_hours(hot: Redis, now_us: int) -> None:
    traded(
        hot,
        (now_us - 23 * HOUR_US, 100, 5),
        (now_us - 2 * HOUR_US, 130, 6),
        (now_us - 1_000, 90, 7),
    )
    day = today()
    assert (day.open_ticks, day.high_ticks, day.low_ticks) == (100, 130, 90)
    assert day.volume_lots == 18
    assert day.quote_units == 100 * 5 + 130 * 6 + 90 * 7


def test_what_is_older_has_rolled_out_but_left_its_close_as_the_open(
    hot: Redis, now_us: int
) -> None:
    traded(
        hot,
        (now_us - 30 * HOUR_US, 500, 50),
        (now_us - 24 * HOUR_US - 2 * MINUTE_US, 70, 50),
        (now_us - 24 * HOUR_US + 2 * MINUTE_US, 80, 5),
        (now_us - 1_000, 90, 7),
    )
    day = today()
    assert day.volume_lots == 12
    assert (day.open_ticks, day.high_ticks, day.low_ticks) == (70, 90, 70)


def test_the_change_is_from_the_open_to_the_last_price() -> None:
    day = Day(
        last_ticks=110, open_ticks=80, high_ticks=120, low_ticks=80, volume_lots=1, quote_units=1
    )
    assert day.change_ticks == 30
    assert day.change_pct == 37.5


def test_a_last_price_without_candles_is_the_whole_day() -> None:
    day = day_of([], last_ticks=100)
    assert (day.open_ticks, day.high_ticks, day.low_ticks, day.change_pct) == (100, 100, 100, 0.0)
