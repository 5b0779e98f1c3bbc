"""How trades become candles: edges of buckets, repeats, latecomers, quiet times. Pure."""

from collections.abc import Iterable
from typing import cast
from unittest.mock import sentinel

import pytest
from redis import Redis

from marketdata.candles.domain import US_PER_S, Bucket, Stretch, Timeframe, fold
from matching.domain.events import Trade
from tests.event_script import EventScript


@pytest.fixture
def script() -> EventScript:
    return EventScript(cast("Redis", sentinel.never_written))


def folded(trades: Iterable[Trade]) -> Bucket | None:
    bucket = None
    for trade in trades:
        bucket = fold(bucket, trade)
    return bucket


def test_open_high_low_close_and_sums(script: EventScript) -> None:
    trades = [script.trade(price, qty) for price, qty in [(100, 1), (120, 2), (90, 3), (110, 4)]]
    assert folded(trades) == Bucket(
        open_ticks=100,
        high_ticks=120,
        low_ticks=90,
        close_ticks=110,
        volume_lots=10,
        quote_units=100 + 240 + 270 + 440,
        trades=4,
        last_sequence=4,
    )


def test_repeated_trades_count_once(script: EventScript) -> None:
    trades = [script.trade(100, 1), script.trade(101, 2)]
    assert folded([*trades, *trades]) == folded(trades)


@pytest.mark.parametrize("timeframe", Timeframe)
def test_bucket_holds_its_first_and_last_microsecond(timeframe: Timeframe) -> None:
    start_us = 1_699_999_200 * US_PER_S  # a full hour
    last_us = start_us + timeframe.us - 1
    assert timeframe.start_s(start_us) * US_PER_S == start_us
    assert timeframe.start_s(last_us) * US_PER_S == start_us
    assert timeframe.start_s(last_us + 1) * US_PER_S == start_us + timeframe.us


def test_empty_buckets_carry_the_last_close(script: EventScript) -> None:
    stretch = Stretch("BTC-USD", Timeframe.S1, first_s=10, last_s=13)
    bucket = fold(None, script.trade(100, 7))
    candles = stretch.candles({11: bucket}, close_before=95, as_of_us=13 * US_PER_S)
    assert [(c.open_ticks, c.close_ticks, c.volume_lots, c.trades) for c in candles] == [
        (95, 95, 0, 0),
        (100, 100, 7, 1),
        (100, 100, 0, 0),
        (100, 100, 0, 0),
    ]
    assert [candle.final for candle in candles] == [True, True, True, False]


def test_candles_begin_with_the_first_trade(script: EventScript) -> None:
    stretch = Stretch("BTC-USD", Timeframe.S1, first_s=10, last_s=12)
    bucket = fold(None, script.trade(100, 7))
    candles = stretch.candles({11: bucket}, close_before=None, as_of_us=0)
    assert [candle.start_us // US_PER_S for candle in candles] == [11, 12]
