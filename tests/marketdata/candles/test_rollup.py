"""The roll-up on a real server: candles equal the trades, whatever is repeated, late or lost."""

import random
from collections.abc import Iterable

import pytest
from redis import Redis

from marketdata import keys
from marketdata.candles import selectors, tasks
from marketdata.candles.domain import US_PER_S, Candle, Timeframe
from marketdata.candles.rollup import CONSUMER, LOCK_EXPIRES_S, roll_up
from matching import keys as matching_keys
from matching.client import wall_clock_us
from matching.domain.events import Trade
from tests.event_script import SYMBOL, EventScript

HOUR_US = 3_600 * US_PER_S


@pytest.fixture
def script(hot: Redis) -> EventScript:
    """Events that begin two hours ago."""
    made = EventScript(hot)
    made.now_us = wall_clock_us() - 2 * HOUR_US
    return made


def roll(hot: Redis) -> bool:
    return roll_up(hot, shard=0, clock_us=wall_clock_us)


async def all_candles(timeframe: Timeframe) -> list[Candle]:
    return await selectors.candles(SYMBOL, timeframe, None, None, 100_000)


def busy_hour(script: EventScript, *, entries: int = 150) -> list[Trade]:
    """Append an hour of trades in uneven steps, some long apart."""
    chance = random.Random(3)
    made: list[Trade] = []
    for _ in range(entries):
        script.now_us += chance.choice([0, 1, 999_999, 5_000_000, 60_000_000])
        batch = [script.trade(chance.randint(90, 110), chance.randint(1, 9)) for _ in range(5)]
        script.append(*batch)
        made += batch
    return made


def recomputed(trades: Iterable[Trade], timeframe: Timeframe) -> dict[int, tuple[int, ...]]:
    """Fold trades again in the plainest way: start → open, high, low, close, lots, units, count."""
    groups: dict[int, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(trade.ts_us // timeframe.us * timeframe.us, []).append(trade)
    return {
        start: (
            group[0].price_ticks,
            max(trade.price_ticks for trade in group),
            min(trade.price_ticks for trade in group),
            group[-1].price_ticks,
            sum(trade.qty_lots for trade in group),
            sum(trade.quote_units for trade in group),
            len(group),
        )
        for start, group in groups.items()
    }


def with_trades(candles: Iterable[Candle]) -> dict[int, tuple[int, ...]]:
    return {
        c.start_us: (
            c.open_ticks,
            c.high_ticks,
            c.low_ticks,
            c.close_ticks,
            c.volume_lots,
            c.quote_units,
            c.trades,
        )
        for c in candles
        if c.trades
    }


@pytest.mark.parametrize("timeframe", Timeframe)
async def test_candles_equal_the_trades(
    hot: Redis, script: EventScript, timeframe: Timeframe
) -> None:
    trades = busy_hour(script)
    roll(hot)
    assert with_trades(await all_candles(timeframe)) == recomputed(trades, timeframe)


async def test_events_that_come_again_change_nothing(hot: Redis, script: EventScript) -> None:
    busy_hour(script)
    roll(hot)
    before = await all_candles(Timeframe.S5)
    hot.hset(keys.roll_up(0), "sequence", "0")
    roll(hot)
    after = await all_candles(Timeframe.S5)
    assert with_trades(after) == with_trades(before)


async def test_runs_follow_each_other_without_a_seam(hot: Redis, script: EventScript) -> None:
    trades: list[Trade] = []
    for _ in range(10):
        trades += busy_hour(script, entries=7)
        roll(hot)
    assert with_trades(await all_candles(Timeframe.M1)) == recomputed(trades, Timeframe.M1)


async def test_quiet_time_is_carried_up_to_now(hot: Redis, script: EventScript) -> None:
    script.append(script.trade(price=100, qty=5))
    roll(hot)
    candles = await all_candles(Timeframe.M5)
    assert len(candles) in {25, 26}  # two hours and the bucket they began in
    assert {candle.close_ticks for candle in candles} == {100}
    assert [candle.volume_lots for candle in candles] == [5] + [0] * (len(candles) - 1)
    assert [candle.final for candle in candles] == [True] * (len(candles) - 1) + [False]


async def test_range_and_limit(hot: Redis, script: EventScript) -> None:
    start_us = script.now_us = script.now_us // (60 * US_PER_S) * 60 * US_PER_S
    for minute in range(10):
        script.now_us = start_us + minute * 60 * US_PER_S
        script.append(script.trade(price=100 + minute))
    roll(hot)

    async def closes(from_min: int | None, to_min: int | None, limit: int) -> list[int]:
        bounds = [None if m is None else start_us + m * 60 * US_PER_S for m in (from_min, to_min)]
        found = await selectors.candles(SYMBOL, Timeframe.M1, bounds[0], bounds[1], limit)
        return [candle.close_ticks for candle in found]

    assert await closes(2, 4, 100) == [102, 103, 104]
    assert await closes(2, None, 3) == [102, 103, 104]
    assert await closes(None, 9, 3) == [107, 108, 109]
    assert await closes(-500, 1, 100) == [100, 101]
    assert await closes(5, 3, 100) == []
    assert await closes(10_000, None, 100) == []


async def test_gap_between_stretches_is_carried(hot: Redis, script: EventScript) -> None:
    """The close comes from a stretch that ended long before the one that is asked for."""
    script.append(script.trade(price=77))
    roll(hot)
    now_us = wall_clock_us()
    candles = await selectors.candles(SYMBOL, Timeframe.S1, now_us - 3 * US_PER_S, None, 100)
    assert [candle.close_ticks for candle in candles] == [77] * len(candles)
    assert len(candles) == 3


async def test_market_without_trades_has_no_candles(hot: Redis) -> None:
    assert await all_candles(Timeframe.S1) == []


async def test_second_roll_up_leaves_the_work_to_the_first(hot: Redis, script: EventScript) -> None:
    script.append(script.trade())
    with hot.lock(keys.roll_up_lock(0), timeout=LOCK_EXPIRES_S):
        assert not roll(hot)
    assert roll(hot)


async def test_two_roll_ups_that_both_think_they_are_alone_count_each_trade_once(
    hot: Redis, script: EventScript, caplog: pytest.LogCaptureFixture
) -> None:
    """The first is overtaken (its lock has expired) while it reads the clock."""
    trades = [script.trade(price) for price in (100, 101, 102)]
    script.append(*trades)

    def overtaken() -> int:
        if not hot.hget(keys.roll_up(0), "sequence"):
            hot.delete(keys.roll_up_lock(0))
            roll(hot)
        return wall_clock_us()

    roll_up(hot, shard=0, clock_us=overtaken)
    assert "another roll-up was faster" in caplog.text
    assert with_trades(await all_candles(Timeframe.H1)) == recomputed(trades, Timeframe.H1)


async def test_hole_costs_only_what_is_missing(
    hot: Redis, script: EventScript, caplog: pytest.LogCaptureFixture
) -> None:
    script.append(script.trade(price=100, qty=1))
    script.trade()  # never written
    script.append(script.trade(price=102, qty=2))
    roll(hot)
    (candle,) = [c for c in await all_candles(Timeframe.H1) if c.trades]
    assert (candle.volume_lots, candle.close_ticks) == (3, 102)
    assert "event 2 should come next" in caplog.text


async def test_progress_lets_the_worker_trim(hot: Redis, script: EventScript) -> None:
    script.append(script.trade(), script.trade())
    tasks.roll_up_candles()
    assert hot.hget(matching_keys.checkpoints(0), CONSUMER) == b"2"


async def test_candles_expire_after_the_retention(hot: Redis, script: EventScript) -> None:
    script.append(script.trade())
    roll(hot)
    names = hot.keys("v1:{s0}:candle:*")
    assert len(names) == 2 * len(Timeframe)
    assert all(hot.ttl(name) > 29 * 86_400 for name in names)


async def test_a_candle_is_not_final_while_a_command_waits(script: EventScript, hot: Redis) -> None:
    script.append(script.trade(100, 1))
    hot.hset(matching_keys.sequence(0), "ts", str(script.now_us))
    waiting = hot.xadd(matching_keys.commands(0), {"gateway": "g"})
    for _ in range(2):
        roll(hot)
    assert not any(candle.final for candle in await all_candles(Timeframe.M1))
    hot.set(matching_keys.cursor(0), waiting)
    roll(hot)
    assert (await all_candles(Timeframe.M1))[0].final
