"""Turns one shard's events into public pushes. Run by `manage.py run_market_feed`.

Trades leave with every read, books every 100 ms. A push is first written down (its channel's head,
and the trades themselves), then published; so whatever dies, a restarted feed goes on with the
events after its checkpoint and leaves out what its heads say it has pushed already.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from marketdata import recent_trades
from marketdata.domain.trades import PublicTrade, public_trade
from marketdata.feed import frames, heads
from marketdata.feed.book import BookChanges
from marketdata.feed.bus import FeedPublisher
from marketdata.feed.frames import Frame
from marketdata.feed.heads import Head
from marketdata.feed.markets import KnownMarkets
from marketdata.feed.names import Kind, PublicName
from matching import keys as matching_keys
from matching.domain.errors import ExchangeError
from matching.domain.events import AnyEvent, BookEvent, OrderCanceled, OrderPlaced, Trade
from matching.event_log import EventHole, EventReader

CONSUMER: Final = "feed"
MAX_ENTRIES_PER_READ: Final = 200
IDLE_WAIT_MS: Final = 1_000
READ_EVERY_S: Final = 0.01
BOOKS_EVERY_S: Final = 0.1
HEADS_EVERY_S: Final = 1.0
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0

log = logging.getLogger(__name__)


class ShardFeed:
    """Pushes what happens on one shard."""

    def __init__(
        self,
        *,
        shard: int,
        hot: Redis,
        publisher: FeedPublisher,
        clock_us: Callable[[], int],
        stop: asyncio.Event,
    ) -> None:
        self.serving = asyncio.Event()
        self._heads: dict[str, Head] = {}
        self._shard = shard
        self._hot = hot
        self._publisher = publisher
        self._clock_us = clock_us
        self._stop = stop
        self._reader = EventReader(shard, max_entries=MAX_ENTRIES_PER_READ)
        self._markets = KnownMarkets()
        self._changes: dict[str, BookChanges] = {}
        self._position = 0
        self._checkpoint = 0
        self._books_due = 0.0
        self._heads_due = 0.0
        self._away = False

    async def run(self) -> None:
        """Push until told to stop, through outages of hot Redis and of the listing.

        It looks for `stop` between steps; a cancellation may get lost, since redis-py waits with
        `asyncio.wait_for`, which up to Python 3.11 swallows one that comes with the result.
        """
        pause_s = FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                await self._resume()
                pause_s = FIRST_PAUSE_S
                await self._serve()
            except (RedisError, OSError, ExchangeError) as error:
                if not self._away:
                    log.warning("Shard %d: trying again, since: %s", self._shard, error)
                self._away = True
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _resume(self) -> None:
        """Take up what hot Redis knows; forget everything else."""
        self._changes.clear()
        self._heads = await heads.load(self._hot, shard=self._shard)
        checkpoint = await self._hot.hget(matching_keys.checkpoints(self._shard), CONSUMER)
        self._position = self._checkpoint = int(checkpoint or 0)
        last = await self._last_sequence()
        if self._position > last:
            log.critical(
                "Shard %d: the feed is at event %d, but the log ends at %d: hot Redis lost data.",
                self._shard,
                self._position,
                last,
            )
            await self._jump()
        if self._away:
            log.warning("Shard %d: going on after event %d.", self._shard, self._position)
        self._away = False
        self.serving.set()

    async def _serve(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            await self.step()
            await self._announce_heads()
            # Reading less often under load makes pushes bigger instead of more.
            await asyncio.sleep(max(0.0, started + READ_EVERY_S - time.monotonic()))

    async def step(self) -> None:
        """Read once, and push what is due."""
        try:
            events = await self._reader.read_async(
                self._hot, after=self._position, block_ms=self._wait_ms()
            )
        except EventHole as hole:
            # The log may be trimmed ahead of the feed, which needs no past.
            log.warning("%s Public data goes on with the newest event.", hole)
            await self._jump()
            return
        if events:
            self._gather(events)
            await self._push_trades(events)
            self._position = events[-1].sequence
        if self._position > self._checkpoint and time.monotonic() >= self._books_due:
            await self._push_books()

    def _wait_ms(self) -> int:
        if self._position == self._checkpoint:
            return IDLE_WAIT_MS
        return max(1, int(1_000 * (self._books_due - time.monotonic())))

    def _gather(self, events: Iterable[AnyEvent]) -> None:
        """Add the books' changes to what waits for the next push."""
        for event in events:
            if isinstance(event, OrderPlaced | Trade | OrderCanceled) and event.update_id:
                self._change(event)

    def _change(self, event: BookEvent) -> None:
        changes = self._changes.get(event.symbol)
        if changes is None:
            pushed = self._head(Kind.BOOK, event.symbol).last
            if event.update_id <= pushed:
                return
            changes = self._changes[event.symbol] = BookChanges(event.update_id)
        changes.add(event)

    async def _push_trades(self, events: Iterable[AnyEvent]) -> None:
        trades: dict[str, list[PublicTrade]] = {}
        for event in events:
            if isinstance(event, Trade) and self._is_new(event):
                trades.setdefault(event.symbol, []).append(public_trade(event))
        ready: list[Frame] = []
        async with self._hot.pipeline(transaction=True) as pipe:
            for symbol, items in trades.items():
                if market := await self._markets.get(symbol):
                    channel, seq = self._next(Kind.TRADES, symbol)
                    ready.append(
                        frames.trades_update(
                            channel, items, market, seq=seq, ts_us=self._clock_us()
                        )
                    )
                    recent_trades.queue_write(pipe, shard=self._shard, symbol=symbol, trades=items)
            await self._publish(pipe, ready)

    async def _push_books(self) -> None:
        """Push all changes that wait; everything read so far is dealt with then."""
        ready: list[Frame] = []
        for symbol, changes in self._changes.items():
            if market := await self._markets.get(symbol):
                channel, seq = self._next(Kind.BOOK, symbol)
                ready.append(
                    frames.book_update(channel, changes, market, seq=seq, ts_us=self._clock_us())
                )
        async with self._hot.pipeline(transaction=True) as pipe:
            self._queue_checkpoint(pipe)
            await self._publish(pipe, ready)
        self._checkpoint = self._position
        self._changes.clear()
        self._books_due = time.monotonic() + BOOKS_EVERY_S

    async def _publish(self, pipe: Pipeline, ready: list[Frame]) -> None:
        """Write down what `pipe` holds and the heads of `ready`, then publish."""
        new = {frame.channel: Head(frame.seq, frame.last) for frame in ready}
        if new:
            heads.queue_write(pipe, new, shard=self._shard)
        if len(pipe):
            await pipe.execute()
        self._heads |= new
        await self._publisher.frames(ready)

    async def _announce_heads(self) -> None:
        """Say where every channel stands, so that a hub sees what it has missed in a quiet hour.

        It takes its turn with the pushes: a head never overtakes, or lags behind, its push.
        """
        if time.monotonic() >= self._heads_due:
            await self._publisher.heads({name: head.seq for name, head in self._heads.items()})
            self._heads_due = time.monotonic() + HEADS_EVERY_S

    async def _jump(self) -> None:
        """Go on with the newest event. Every channel skips a seq, so that hubs start afresh."""
        self._changes.clear()
        self._position = await self._last_sequence()
        moved = {channel: Head(head.seq + 1, head.last) for channel, head in self._heads.items()}
        async with self._hot.pipeline(transaction=True) as pipe:
            self._queue_checkpoint(pipe)
            if moved:
                heads.queue_write(pipe, moved, shard=self._shard)
            await pipe.execute()
        self._heads = moved
        self._checkpoint = self._position

    def _queue_checkpoint(self, pipe: Pipeline) -> None:
        pipe.hset(matching_keys.checkpoints(self._shard), CONSUMER, str(self._position))

    async def _last_sequence(self) -> int:
        value = await self._hot.hget(matching_keys.sequence(self._shard), "event")
        return int(value or 0)

    def _is_new(self, trade: Trade) -> bool:
        return trade.trade_id > self._head(Kind.TRADES, trade.symbol).last

    def _head(self, kind: Kind, symbol: str) -> Head:
        return self._heads.get(str(PublicName(kind, symbol)), Head())

    def _next(self, kind: Kind, symbol: str) -> tuple[str, int]:
        """Return a channel's name and its next seq."""
        return str(PublicName(kind, symbol)), self._head(kind, symbol).seq + 1
