"""A crowded market that trades, and what lets it trade while a test looks at it."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from redis import Redis

from matching.domain.commands import AnyCommand, MoveFunds
from matching.domain.events import OrderCanceled, OrderFilled, OrderPlaced
from matching.domain.values import TimeInForce, Units
from tests.matching.shard import BTC_USD, Shard, buy, cancel, no_limits, sell

TRADERS: Final = (1, 2, 3)
CROWD: Final = 300
"""Orders of a trader and of a level, at least: more than one slice looks at."""


class Crowd:
    """Three people with hundreds of orders at six prices, and new people all the time."""

    def __init__(self, hot: Redis) -> None:
        self._shard = Shard(hot)
        self._rng = random.Random(1)
        self._people = len(TRADERS)
        self._open: dict[int, int] = {}
        self._shard.apply(BTC_USD, *map(no_limits, TRADERS))
        for user in TRADERS:
            self._shard.deposit(user, "USD", 10**12)
            self._shard.deposit(user, "BTC", 10**12)
        while len(self._open) < 6 * CROWD:
            self._apply([self._resting() for _ in range(100)])

    def trade(self, until: threading.Event) -> None:
        while not until.is_set():
            self._apply([self._next() for _ in range(20)])

    def _apply(self, commands: list[AnyCommand]) -> None:
        for events in self._shard.apply(*commands):
            for event in events:
                if isinstance(event, OrderPlaced) and event.resting_lots:
                    self._open[event.order_id] = event.user_id
                elif isinstance(event, OrderFilled | OrderCanceled):
                    self._open.pop(event.order_id, None)

    def _next(self) -> AnyCommand:
        kind = self._rng.random()
        if kind < 0.05:
            return self._newcomer()
        if kind < 0.3:
            order_id = self._rng.choice(list(self._open))
            return cancel(self._open[order_id], order_id)
        if kind < 0.4 or len(self._open) > 8 * CROWD:
            place, price = self._rng.choice(((buy, 200), (sell, 1)))
            taker = self._rng.choice((*TRADERS, self._people))
            return place(taker, price, 12, time_in_force=TimeInForce.IOC)
        return self._resting()

    def _resting(self) -> AnyCommand:
        place, prices = self._rng.choice(((buy, (98, 97, 96)), (sell, (101, 102, 103))))
        user, price = self._rng.choice(TRADERS), self._rng.choice(prices)
        return place(user, price, self._rng.randint(1, 5))

    def _newcomer(self) -> AnyCommand:
        self._people += 1
        return MoveFunds(
            user_id=self._people, asset="USD", amount=Units(7_777), reference=f"{self._people}"
        )


@contextmanager
def in_the_background(work: Callable[[threading.Event], None]) -> Iterator[threading.Thread]:
    """Run `work` in a thread until the block ends; raise what it raised."""
    failures: list[BaseException] = []
    stop = threading.Event()

    def run() -> None:
        try:
            work(stop)
        except BaseException as failure:  # noqa: BLE001 - it is raised below
            failures.append(failure)

    thread = threading.Thread(target=run, name="market")
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()
        # Also where the block failed: most likely for this.
        if failures:
            raise failures[0]
