"""One public channel inside a web process: its state, its local subscribers, its place in the feed.

The feed's pushes go out as they came in. When one is missing the channel starts afresh from hot
Redis and sends everybody a snapshot: only a snapshot may jump ahead.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import ClassVar, Final, Protocol

from redis.exceptions import RedisError

from marketdata import listing
from marketdata.feed import frames, heads
from marketdata.feed.book import TextBook
from marketdata.feed.frames import BookData, Data, Frame, TradeItem, TradesData
from marketdata.feed.names import PublicName
from marketdata.recent_trades import MAX_KEPT
from matching import runtime
from matching.domain.errors import ExchangeError

SNAPSHOT_TRADES: Final = 50
SNAPSHOT_LEVELS: Final = 5_000
"""Levels a side of a first snapshot, the most that one read of a book gives."""
MAX_EARLY: Final = 1_000
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0

log = logging.getLogger(__name__)


class Subscriber(Protocol):
    """A local socket, as a channel sees it. `push` must not block, wait or raise."""

    def push(self, channel: str, text: str, *, skippable: bool) -> None: ...


class Fit(Enum):
    """How a push meets the state of its channel."""

    NEXT = auto()
    OLD_NEWS = auto()
    GAP = auto()


class PublicChannel(ABC):
    """What is common to all public channels."""

    skippable: ClassVar[bool]

    def __init__(self, name: PublicName, *, clock_us: Callable[[], int]) -> None:
        self.name = str(name)
        self.symbol = name.symbol
        self.subscribers: set[Subscriber] = set()
        self._clock_us = clock_us
        self._seq = 0
        self._snapshot = ""
        self._early: deque[Frame] = deque(maxlen=MAX_EARLY)
        self._seeding: asyncio.Task[None] | None = None
        self.start_afresh()

    def join(self, subscriber: Subscriber) -> None:
        """Add a subscriber; it gets a snapshot, now or as soon as there is one."""
        self.subscribers.add(subscriber)
        if text := self.snapshot():
            subscriber.push(self.name, text, skippable=self.skippable)

    def close(self) -> None:
        if self._seeding is not None:
            self._seeding.cancel()

    def snapshot(self) -> str:
        """Return the push that brings a subscriber up to date; empty while there is none."""
        if self._seeding is None and not self._snapshot:
            self._snapshot = frames.push_text(
                self.name, "snapshot", seq=self._seq, ts_us=self._clock_us(), data=self._data()
            )
        return self._snapshot

    def receive(self, frame: Frame) -> None:
        """Take in a push of the feed and hand it on."""
        if self._seeding is not None:
            self._early.append(frame)
        elif frame.seq > self._seq + 1:
            self.start_afresh()
        elif frame.seq == self._seq + 1:
            self._take_next(frame)

    def check_head(self, seq: int) -> None:
        """Compare with where the feed says this channel is."""
        if self._seeding is None and seq != self._seq:
            self.start_afresh()

    def start_afresh(self) -> None:
        """Read the state from hot Redis again, then send it to all."""
        if self._seeding is None:
            self._snapshot = ""
            self._seeding = asyncio.create_task(self._seed_until_done())

    def _take_next(self, frame: Frame) -> None:
        fit = self._apply(frame)
        if fit is Fit.GAP:
            self.start_afresh()
            return
        self._seq = frame.seq
        self._snapshot = ""
        # Where the state was ahead of the push, subscribers follow the seq by a new snapshot.
        self._broadcast(frame.text if fit is Fit.NEXT else self.snapshot())

    def _broadcast(self, text: str) -> None:
        for subscriber in tuple(self.subscribers):
            subscriber.push(self.name, text, skippable=self.skippable)

    async def _seed_until_done(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                self._seq = await self._seed()
                break
            except (RedisError, OSError, ExchangeError) as error:
                log.warning("%s cannot be read, trying again: %s", self.name, error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self._seeding = None
        self._broadcast(self.snapshot())
        early = list(self._early)
        self._early.clear()
        for frame in early:
            self.receive(frame)

    @abstractmethod
    async def _seed(self) -> int:
        """Read the state; return the seq it belongs to."""

    @abstractmethod
    def _apply(self, frame: Frame) -> Fit:
        """Bring the state up to a push whose seq is the next."""

    @abstractmethod
    def _data(self) -> Data:
        """Return the state as a snapshot says it."""


class TradesChannel(PublicChannel):
    """The tape of one market. After a gap the snapshot holds all that was missed."""

    skippable = False

    def __init__(self, name: PublicName, *, clock_us: Callable[[], int]) -> None:
        self._items: Sequence[TradeItem] = ()  # newest first
        self._last_id: int | None = None
        super().__init__(name, clock_us=clock_us)

    async def _seed(self) -> int:
        market = await listing.get_async(self.symbol)
        head, trades = await heads.with_trades(
            runtime.reader(),
            self.name,
            shard=runtime.shard_of(self.symbol),
            symbol=self.symbol,
            limit=MAX_KEPT,
        )
        known = head.last if self._last_id is None else self._last_id
        missed = sum(trade.trade_id > known for trade in trades)
        self._items = frames.trade_items(trades[: max(SNAPSHOT_TRADES, missed)], market)
        self._last_id = head.last
        return head.seq

    def _apply(self, frame: Frame) -> Fit:
        newest_first = [*reversed(frames.read_trades(frame)), *self._items]
        self._items = newest_first[:SNAPSHOT_TRADES]
        self._last_id = frame.last
        return Fit.NEXT

    def _data(self) -> Data:
        return TradesData(self._items)


class BookChannel(PublicChannel):
    """The book of one market."""

    skippable = True

    def __init__(self, name: PublicName, *, clock_us: Callable[[], int]) -> None:
        self._book = TextBook(0, bids=(), asks=())
        super().__init__(name, clock_us=clock_us)

    async def _seed(self) -> int:
        market = await listing.get_async(self.symbol)
        # The head first: the book is then never behind it.
        head = await heads.of_channel(
            runtime.reader(), self.name, shard=runtime.shard_of(self.symbol)
        )
        depth = await runtime.state().book(self.symbol, depth=SNAPSHOT_LEVELS)
        self._book = TextBook(
            depth.last_update_id,
            bids=frames.text_levels(dict(depth.bids), market),
            asks=frames.text_levels(dict(depth.asks), market),
        )
        return head.seq

    def _apply(self, frame: Frame) -> Fit:
        if frame.first > self._book.last_update_id + 1:
            return Fit.GAP
        if frame.last < self._book.last_update_id:
            return Fit.OLD_NEWS
        update = frames.read_book(frame)
        self._book.apply(frame.last, bids=update.bids, asks=update.asks)
        return Fit.NEXT

    def _data(self) -> Data:
        return BookData(
            symbol=self.symbol,
            last_update_id=self._book.last_update_id,
            bids=self._book.bids(),
            asks=self._book.asks(),
        )
