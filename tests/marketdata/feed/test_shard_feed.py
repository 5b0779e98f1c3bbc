"""The feed of one shard: what it pushes, how it counts, and how it goes on after a death."""

import asyncio
import itertools
import time

import msgspec
import pytest
from redis.asyncio import Redis as AsyncRedis

from marketdata import keys, recent_trades
from marketdata.feed import shard_feed
from marketdata.feed.bus import FeedReceiver
from marketdata.feed.frames import Frame
from matching import keys as matching_keys
from tests.event_script import EventScript
from tests.marketdata.feed.running import PATIENCE_S, running_feed
from tests.polling import POLL_S


async def next_frames(receiver: FeedReceiver, count: int = 1) -> list[Frame]:
    """Return the next pushes, passing over messages that have none."""
    found: list[Frame] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            found += (await receiver.receive()).frames
    return found


async def frames_of(receiver: FeedReceiver, channel: str, last: int) -> list[Frame]:
    """Return a channel's pushes up to the one that reaches `last`."""
    found: list[Frame] = []
    while not found or found[-1].last < last:
        found += [frame for frame in await next_frames(receiver) if frame.channel == channel]
    return found


async def test_trade_and_book_are_pushed(
    script: EventScript, hot_async: AsyncRedis, receiver: FeedReceiver
) -> None:
    async with running_feed(hot_async):
        script.append(script.trade(price=6_423_150, qty=150, level_lots=0))
        trades, book = await next_frames(receiver, 2)
    assert msgspec.json.decode(trades.text) == {
        "channel": "trades.BTC-USD",
        "type": "update",
        "seq": 1,
        "ts": "2023-11-14T22:13:21.000000Z",
        "data": {
            "items": [
                {
                    "tradeId": "1",
                    "symbol": "BTC-USD",
                    "price": "64231.50",
                    "qty": "0.0150",
                    "takerSide": "BUY",
                    "ts": "2023-11-14T22:13:20.000000Z",
                }
            ]
        },
    }
    assert msgspec.json.decode(book.text)["data"] == {
        "symbol": "BTC-USD",
        "firstUpdateId": 1,
        "lastUpdateId": 1,
        "bids": [],
        "asks": [["64231.50", "0"]],
    }


async def test_book_changes_are_conflated(
    script: EventScript, hot_async: AsyncRedis, receiver: FeedReceiver
) -> None:
    async with running_feed(hot_async):
        started = time.monotonic()
        for lots in range(1, 201):
            script.append(script.placed(price_ticks=100, level_lots=lots))
            await asyncio.sleep(0.001)
        pushes = await frames_of(receiver, "book.BTC-USD", last=200)
    assert len(pushes) <= (time.monotonic() - started) / shard_feed.BOOKS_EVERY_S + 2
    assert [frame.seq for frame in pushes] == list(range(1, len(pushes) + 1))
    ends = [(frame.first, frame.last) for frame in pushes]
    assert all(after[0] == before[1] + 1 for before, after in itertools.pairwise(ends))
    assert msgspec.json.decode(pushes[-1].text)["data"]["bids"] == [["1.00", "0.0200"]]


async def test_feed_that_died_goes_on_without_repeating(
    script: EventScript, hot_async: AsyncRedis, receiver: FeedReceiver
) -> None:
    async with running_feed(hot_async):
        script.append(script.trade(), script.trade())
        assert [frame.seq for frame in await next_frames(receiver, 2)] == [1, 1]
    # As if it had died before it wrote its checkpoint: the events come again.
    await hot_async.hset(matching_keys.checkpoints(0), "feed", "0")
    script.append(script.trade())
    async with running_feed(hot_async):
        trades, book = await next_frames(receiver, 2)
    assert (trades.seq, trades.first, trades.last) == (2, 3, 3)
    assert (book.seq, book.first, book.last) == (2, 3, 3)


async def test_recent_trades_are_kept_newest_first_and_capped(
    script: EventScript, hot_async: AsyncRedis, receiver: FeedReceiver
) -> None:
    async with running_feed(hot_async):
        script.append(*[script.trade() for _ in range(1_200)])
        await next_frames(receiver, 2)
    assert [trade.trade_id for trade in await recent_trades.latest("BTC-USD", 3)] == [
        1_200,
        1_199,
        1_198,
    ]
    assert await hot_async.zcard(keys.recent_trades(0, "BTC-USD")) == recent_trades.MAX_KEPT


async def test_trimmed_log_makes_every_channel_skip_a_seq(
    script: EventScript, hot_async: AsyncRedis, receiver: FeedReceiver
) -> None:
    async with running_feed(hot_async):
        script.append(script.trade())
        await next_frames(receiver, 2)
    script.append(script.trade())
    script.append(script.trade())
    await hot_async.xtrim(matching_keys.events(0), maxlen=1, approximate=False)
    async with running_feed(hot_async):
        await wait_for_checkpoint(hot_async, 3)
        script.append(script.trade())
        trades, book = await next_frames(receiver, 2)
    assert (trades.seq, trades.first) == (3, 4)
    assert (book.seq, book.first) == (3, 4)


async def wait_for_checkpoint(hot: AsyncRedis, sequence: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await hot.hget(matching_keys.checkpoints(0), "feed") != str(sequence).encode():  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)


async def test_market_that_is_not_listed_is_not_shown(
    script: EventScript,
    hot_async: AsyncRedis,
    receiver: FeedReceiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_feed(hot_async):
        script.append(script.trade(symbol="NO-USD"), script.trade())
        frames = await next_frames(receiver, 2)
    assert {frame.channel for frame in frames} == {"trades.BTC-USD", "book.BTC-USD"}
    assert caplog.text.count("NO-USD is not listed") == 1


async def test_heads_follow_every_second(
    script: EventScript,
    hot_async: AsyncRedis,
    receiver: FeedReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shard_feed, "HEADS_EVERY_S", 0.05)
    async with running_feed(hot_async):
        script.append(script.trade())
        async with asyncio.timeout(PATIENCE_S):
            while (await receiver.receive()).heads != {"trades.BTC-USD": 1, "book.BTC-USD": 1}:
                pass
