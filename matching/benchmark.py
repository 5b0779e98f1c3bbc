"""Measures the matching function alone: the gate's mix of orders, one call after another.

Used by `manage.py bench_matching`. Only the calls are timed; making commands and reading acks is
not. The mix is that of the acceptance gate: 45 % limit orders that rest, 15 % IOC orders a third
their size that trade at once, 40 % cancels of the sender's own open orders.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import quantiles
from typing import Any, Final, cast

from redis import Redis

from matching import keys, library
from matching.codec import decode_acks, encode_command_entry
from matching.domain.commands import (
    AnyCommand,
    CancelOrder,
    DefineMarket,
    MoveFunds,
    PlaceOrder,
    SetLimits,
)
from matching.domain.events import OrderFilled, OrderPlaced
from matching.domain.values import MAX_LIMIT, Lots, OrderType, Side, Ticks, TimeInForce, Units

MIDDLE_TICKS: Final = 100_000
SPREAD_TICKS: Final = 500
FUNDS: Final = 10**11
COMMANDS_PER_FRAME: Final = 20
START_US: Final = 1_700_000_000_000_000
WINDOW_US: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """What to run: `orders` commands in calls of `batch`, on books seeded with `depth` orders."""

    orders: int
    batch: int
    symbols: int
    users: int
    depth: int
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out of one run; times in milliseconds per call."""

    batch: int
    orders_per_s: float
    events_per_s: float
    call_p50_ms: float
    call_p99_ms: float
    open_orders: int
    bytes_per_open_order: float


class GateMix:
    """Makes the gate's commands and keeps track of which orders are open."""

    def __init__(self, load: Load) -> None:
        self._random = random.Random(load.seed)  # noqa: S311 - a load, not a secret
        self._users = load.users
        self._symbols = [f"M{number:03}-USD" for number in range(load.symbols)]
        self._open: list[tuple[int, int]] = []
        self._place_of: dict[int, int] = {}
        self._request_id = 0

    @property
    def open_orders(self) -> int:
        return len(self._open)

    def listing(self) -> Iterator[AnyCommand]:
        """Markets, and for everybody funds and room for all their orders."""
        for symbol in self._symbols:
            base = symbol.partition("-")[0]
            yield _market(symbol, base)
            for user_id in range(1, self._users + 1):
                yield _deposit(user_id, base)
        for user_id in range(1, self._users + 1):
            yield _deposit(user_id, "USD")
            yield SetLimits(
                user_id=user_id, max_open_orders=MAX_LIMIT, position_caps=(), orders_per_second=0
            )

    def next(self) -> AnyCommand:
        """One command of the mix."""
        kind = self._random.random()
        if kind < 0.40 and self._open:
            return self._cancel()
        return self._crossing() if kind < 0.55 else self.resting()

    def resting(self) -> PlaceOrder:
        """A limit order on its own side of the middle."""
        side = self._random.choice((Side.BUY, Side.SELL))
        away = self._random.randint(1, SPREAD_TICKS)
        price = MIDDLE_TICKS - away if side is Side.BUY else MIDDLE_TICKS + away
        return self._place(side, price, self._random.randint(1, 90), TimeInForce.GTC)

    def learn(self, packed_acks: bytes) -> None:
        """Follow which orders opened and which makers ended."""
        for _, events in decode_acks(packed_acks):
            for event in events:
                if isinstance(event, OrderPlaced) and event.resting_lots:
                    self._place_of[event.order_id] = len(self._open)
                    self._open.append((event.order_id, event.user_id))
                elif isinstance(event, OrderFilled) and event.order_id in self._place_of:
                    self._forget(self._place_of[event.order_id])

    def _crossing(self) -> PlaceOrder:
        side = self._random.choice((Side.BUY, Side.SELL))
        reach = SPREAD_TICKS if side is Side.BUY else -SPREAD_TICKS
        lots = self._random.randint(1, 30)
        return self._place(side, MIDDLE_TICKS + reach, lots, TimeInForce.IOC)

    def _cancel(self) -> CancelOrder:
        order_id, user_id = self._forget(self._random.randrange(len(self._open)))
        return CancelOrder(request_id=self._next_id(), user_id=user_id, order_id=order_id)

    def _forget(self, place: int) -> tuple[int, int]:
        last = self._open.pop()
        if place == len(self._open):
            gone = last
        else:
            gone, self._open[place] = self._open[place], last
            self._place_of[last[0]] = place
        del self._place_of[gone[0]]
        return gone

    def _place(self, side: Side, price: int, lots: int, tif: TimeInForce) -> PlaceOrder:
        return PlaceOrder(
            request_id=self._next_id(),
            user_id=self._random.randint(1, self._users),
            symbol=self._random.choice(self._symbols),
            side=side,
            type=OrderType.LIMIT,
            time_in_force=tif,
            post_only=False,
            price_ticks=Ticks(price),
            qty_lots=Lots(lots),
        )

    def _next_id(self) -> int:
        self._request_id += 1
        return self._request_id


def run(hot: Redis, load: Load) -> Figures:
    """Empty the server, seed it and run the load."""
    hot.flushall()
    library.load(hot)
    mix = GateMix(load)
    _apply_untimed(hot, mix, list(mix.listing()))
    empty_bytes = _used_memory(hot)
    _apply_untimed(hot, mix, [mix.resting() for _ in range(load.depth)])
    seeded_bytes = _used_memory(hot) - empty_bytes
    times_s, done, first_event = [], 0, _last_event(hot)
    while done < load.orders:
        commands = [mix.next() for _ in range(load.batch)]
        times_s.append(_apply(hot, mix, commands))
        done += len(commands)
    spent_s = sum(times_s)
    percentiles = quantiles(times_s, n=100)
    return Figures(
        batch=load.batch,
        orders_per_s=done / spent_s,
        events_per_s=(_last_event(hot) - first_event) / spent_s,
        call_p50_ms=percentiles[49] * 1e3,
        call_p99_ms=percentiles[98] * 1e3,
        open_orders=mix.open_orders,
        bytes_per_open_order=seeded_bytes / load.depth if load.depth else 0.0,
    )


def _apply(hot: Redis, mix: GateMix, commands: list[AnyCommand]) -> float:
    """Send the commands in frames, apply them in one call and return the seconds it took."""
    pipe = hot.pipeline(transaction=False)
    for start in range(0, len(commands), COMMANDS_PER_FRAME):
        frame = commands[start : start + COMMANDS_PER_FRAME]
        fields = encode_command_entry(gateway="bench", ts_us=START_US, commands=frame)
        pipe.xadd(keys.commands(0), cast("Any", fields))
    pipe.execute()
    began = time.perf_counter()
    reply = cast(
        "list[Any]",
        hot.fcall("match_commands", 1, keys.prefix(0), str(len(commands)), str(WINDOW_US), "apply"),
    )
    spent_s = time.perf_counter() - began
    assert reply[1] == len(commands), f"{reply[1]} of {len(commands)} commands were applied"
    mix.learn(reply[4])
    return spent_s


def _apply_untimed(hot: Redis, mix: GateMix, commands: list[AnyCommand]) -> None:
    for start in range(0, len(commands), 1_000):
        _apply(hot, mix, commands[start : start + 1_000])
    # Seeding leaves streams behind that would count as memory of the orders.
    hot.xtrim(keys.commands(0), maxlen=0, approximate=False)
    hot.xtrim(keys.events(0), maxlen=0, approximate=False)


def _market(symbol: str, base: str) -> DefineMarket:
    return DefineMarket(
        request_id=0,
        symbol=symbol,
        base=base,
        quote="USD",
        lot_units=10_000,
        tick_lot_units=1,
        min_qty_lots=Lots(1),
        max_qty_lots=Lots(1_000_000),
        max_price_ticks=Ticks(1_000_000_000),
        min_notional_units=Units(0),
        price_band_bps=0,
        maker_fee_ppm=1_000,
        taker_fee_ppm=2_000,
    )


def _deposit(user_id: int, asset: str) -> MoveFunds:
    return MoveFunds(
        request_id=0,
        user_id=user_id,
        asset=asset,
        amount=Units(FUNDS),
        reference=f"bench:{asset}:{user_id}",
    )


def _last_event(hot: Redis) -> int:
    return int(cast("bytes", hot.hget(keys.sequence(0), "event")))


def _used_memory(hot: Redis) -> int:
    return int(hot.info("memory")["used_memory"])
