"""The hub of a web process: snapshots, updates, and what it does about pushes that got lost."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from marketdata.feed import shard_feed
from marketdata.feed.channels import SNAPSHOT_LEVELS
from marketdata.feed.hub import Hub
from marketdata.feed.names import Kind, PublicName
from matching import runtime
from matching.domain.events import Trade
from tests.marketdata.feed.running import BusyMarket, running_feed
from tests.polling import until

BOOK = PublicName(Kind.BOOK, "BTC-USD")
TRADES = PublicName(Kind.TRADES, "BTC-USD")
TICK = Decimal("0.01")
LOT = Decimal("0.0001")


class Client:
    """Applies pushes as docs/api.md tells a client to, and fails where they break its promises."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.types: Counter[str] = Counter()
        self.update_id = 0
        self.sides: dict[str, dict[str, str]] = {"bids": {}, "asks": {}}
        self.trade_ids: list[int] = []

    def push(self, channel: str, text: str, *, skippable: bool) -> None:
        push = msgspec.json.decode(text)
        assert push["channel"] == channel
        assert skippable == channel.startswith("book.")
        if push["type"] == "update":
            assert push["seq"] == (self.seq or 0) + 1
        self.seq = push["seq"]
        self.types[push["type"]] += 1
        if channel.startswith("book."):
            self._take_book(push["type"], push["data"])
        else:
            self._take_trades(push["type"], push["data"]["items"])

    def _take_book(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "snapshot":
            self.sides = {"bids": {}, "asks": {}}
        else:
            assert data["firstUpdateId"] <= self.update_id + 1
            assert data["lastUpdateId"] >= self.update_id
        for side, levels in self.sides.items():
            for price, qty in data[side]:
                if qty == "0":
                    levels.pop(price, None)
                else:
                    levels[price] = qty
        self.update_id = data["lastUpdateId"]

    def _take_trades(self, kind: str, items: list[dict[str, Any]]) -> None:
        ids = [int(item["tradeId"]) for item in items]
        if kind == "snapshot":
            known = set(self.trade_ids)
            ids = [trade_id for trade_id in reversed(ids) if trade_id not in known]
        assert ids == sorted(ids)
        self.trade_ids += ids

    def book(self, side: str) -> dict[int, int]:
        """Return price in ticks → lots."""
        levels = self.sides[side].items()
        return {int(Decimal(price) / TICK): int(Decimal(qty) / LOT) for price, qty in levels}


async def assert_same_book(client: Client) -> None:
    """The client's book becomes what REST would show."""
    depth = await runtime.state().book("BTC-USD", depth=SNAPSHOT_LEVELS)
    await until(lambda: client.update_id == depth.last_update_id, "the client is up to date")
    assert client.book("bids") == dict(depth.bids)
    assert client.book("asks") == dict(depth.asks)


async def test_client_that_applies_updates_holds_the_book(
    market: BusyMarket, hub: Hub, hot_async: AsyncRedis
) -> None:
    client = Client()
    market.trade(200)
    async with running_feed(hot_async):
        hub.subscribe(BOOK, client)
        for _ in range(30):
            market.trade(20)
            await asyncio.sleep(0.02)
        await assert_same_book(client)
    assert client.types["update"] > 3


async def test_every_client_gets_the_same_push(
    market: BusyMarket, hub: Hub, hot_async: AsyncRedis
) -> None:
    first, late = Client(), Client()
    async with running_feed(hot_async):
        hub.subscribe(TRADES, first)
        await until(lambda: first.types, "the snapshot came")
        market.trade(300)
        await until(lambda: first.types["update"], "trades have been pushed")
        hub.subscribe(TRADES, late)
        market.trade(300)
        made = trades_of(market)
        await until(lambda: first.trade_ids[-1:] == late.trade_ids[-1:] == made[-1:], "all came")
    assert first.trade_ids == made
    assert late.types["snapshot"] == 1
    assert late.seq == first.seq


def trades_of(market: BusyMarket) -> list[int]:
    """Return the ids of all trades so far."""
    return [event.trade_id for event in market.shard.events() if isinstance(event, Trade)]


async def test_lost_pushes_are_made_up_for_by_snapshots(
    market: BusyMarket, hub: Hub, hot_async: AsyncRedis, bus: Redis
) -> None:
    book, trades = Client(), Client()
    async with running_feed(hot_async):
        hub.subscribe(BOOK, book)
        hub.subscribe(TRADES, trades)
        await until(lambda: book.types and trades.types, "both have their snapshot")
        for _ in range(10):
            market.trade(40)
            bus.client_kill_filter(_type="pubsub")
            await asyncio.sleep(0.15)
        market.trade(40)
        await assert_same_book(book)
        made = trades_of(market)
        await until(lambda: trades.trade_ids[-1:] == made[-1:], "the last trade came")
    assert trades.trade_ids == made


async def test_loss_in_a_quiet_hour_is_noticed(
    market: BusyMarket,
    hub: Hub,
    hot_async: AsyncRedis,
    bus: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shard_feed, "HEADS_EVERY_S", 0.2)
    book = Client()
    async with running_feed(hot_async):
        hub.subscribe(BOOK, book)
        await until(lambda: book.types, "the snapshot came")
        bus.client_kill_filter(_type="pubsub")
        market.trade(40)  # and nothing after it
        await assert_same_book(book)


async def test_snapshot_comes_without_a_feed(market: BusyMarket, hub: Hub) -> None:
    market.trade(100)
    book = Client()
    hub.subscribe(BOOK, book)
    await until(lambda: book.types, "the snapshot came")
    await assert_same_book(book)
    assert book.seq == 0


async def test_channel_that_nobody_hears_is_forgotten(market: BusyMarket, hub: Hub) -> None:
    client = Client()
    hub.subscribe(BOOK, client)
    await until(lambda: hub.snapshot(str(BOOK)), "there is a snapshot")
    hub.unsubscribe(BOOK, client)
    assert hub.snapshot(str(BOOK)) == ""
