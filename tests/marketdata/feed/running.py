"""What the feed's tests share: a running feed and a market that trades."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from marketdata.feed.bus import FeedPublisher
from marketdata.feed.shard_feed import ShardFeed
from matching.domain.events import OrderPlaced
from tests.matching.shard import ALICE, BOB, BTC_USD, Shard, buy, cancel, sell

NOW_US = 1_700_000_001_000_000
PATIENCE_S = 20
PLENTY = 10**15


@contextlib.asynccontextmanager
async def running_feed(hot: AsyncRedis) -> AsyncIterator[None]:
    """Feed shard 0 while the block lasts."""
    stop = asyncio.Event()
    feed = ShardFeed(
        shard=0, hot=hot, publisher=FeedPublisher(), clock_us=lambda: NOW_US, stop=stop
    )
    task = asyncio.create_task(feed.run())
    try:
        await asyncio.wait_for(feed.serving.wait(), PATIENCE_S)
        yield
    finally:
        stop.set()
        await task


class BusyMarket:
    """BTC-USD on the real function library, with two traders who place and cancel at random."""

    def __init__(self, hot: Redis, *, seed: int = 1) -> None:
        self.shard = Shard(hot)
        self._chance = random.Random(seed)
        self._resting: list[tuple[int, int]] = []
        self.shard.apply(BTC_USD)
        for user in (ALICE, BOB):
            for asset in ("USD", "BTC"):
                self.shard.deposit(user, asset, PLENTY)

    def trade(self, orders: int) -> None:
        """Send as many random orders and cancels as one batch."""
        for events in self.shard.apply(*[self._command() for _ in range(orders)]):
            for event in events:
                if isinstance(event, OrderPlaced) and event.resting_lots:
                    self._resting.append((event.user_id, event.order_id))

    def _command(self) -> object:
        chance = self._chance
        if self._resting and chance.random() < 0.4:
            return cancel(*self._resting.pop(chance.randrange(len(self._resting))))
        side = chance.choice([buy, sell])
        return side(chance.choice([ALICE, BOB]), chance.randint(950, 1_050), chance.randint(1, 20))
