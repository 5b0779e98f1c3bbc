"""Makes a long history of one shard: every kind of command, good and bad, in batches of any size.

The same seed gives the same history: entry ids and times come from the history's own clock.
"""

import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from redis import Redis

from matching import keys, library
from matching.codec import decode_acks, encode_command_entry
from matching.domain.commands import (
    DefineMarket,
    MoveFunds,
    PlaceOrder,
    ResetAccount,
    SetLimits,
    SetMarketStatus,
)
from matching.domain.events import OrderCanceled, OrderFilled, OrderPlaced
from matching.domain.values import (
    Lots,
    MarketStatus,
    OrderType,
    Side,
    Ticks,
    TimeInForce,
    Units,
)
from matching.function import match_commands
from tests.matching.shard import GATEWAY, SHARD, WINDOW_US, buy, cancel, cancel_all, sell

SYMBOLS: Final = tuple(f"M{number}-USD" for number in range(8))
ASSETS: Final = ("USD", *(symbol.partition("-")[0] for symbol in SYMBOLS))
MIDDLE_TICKS: Final = 10_000
USERS: Final = 400
# They trade so much that they meet their own orders, and they are poor.
BUSY_USERS: Final = (1, 2, 3, 4, 5)
START_MS: Final = 1_700_000_000_000
ENTRY_SIZES: Final = (1, 1, 2, 5, 20, 20, 100, 250)
BATCH_SIZES: Final = (1, 3, 20, 200, 500, 2_000)
# A few are longer than the client order window.
PAUSES_MS: Final = (0,) * 500 + (1, 2, 7, 40) * 100 + (900, 60_000, 4_000_000)
UNREADABLE: Final[tuple[dict[Any, Any], ...]] = (
    {"gateway": "g", "ts": 1, "commands": b"\xc1"},
    {"gateway": "g", "ts": 1, "commands": b"\x81\xa1a\x01"},
    {"gateway": "g", "ts": "soon", "commands": b"\x90"},
    {"what": "this"},
)
BAD_COMMANDS: Final[tuple[Any, ...]] = (
    None, 7, "place", [], ["place"], ["dance", 1], ["cancel", 1, 0, 64], ["cancel", 2, 5, 1.5],
    ["place", 3, 5, "M1-USD", "BUY", "LIMIT", "GTC", False, -1, 1, ""],
    ["funds", 4, 5, "USD", 2**60, "x"], ["place", 5, 5, "M1-USD", "BUY", "LIMIT", "GTC"],
)  # fmt: skip


def make(hot: Redis, *, commands: int, seed: int) -> None:
    """Make a history of about so many commands on an empty server, and apply it."""
    library.load(hot)
    rng = random.Random(seed)
    market = WildMarket(rng)
    clock_ms, made = START_MS, 0
    source = _endless(market)
    while made < commands:
        pipe = hot.pipeline(transaction=False)
        for _ in range(rng.choice((1, 1, 1, 4, 40))):
            entry = list(islice(source, rng.choice(ENTRY_SIZES)))
            made += len(entry)
            clock_ms += rng.choice(PAUSES_MS)
            pipe.xadd(keys.commands(SHARD), _entry(rng, clock_ms, entry), id=f"{clock_ms}-*")
            if rng.random() < 0.002:
                pipe.xadd(keys.commands(SHARD), rng.choice(UNREADABLE), id=f"{clock_ms}-*")
        pipe.execute()
        if rng.random() < 0.02:
            # Nothing that the function keeps between calls may matter.
            hot.function_load(library.compose(), replace=True)
        for packed in _apply_all(hot, rng):
            market.learn(packed)


def _endless(market: "WildMarket") -> Iterator[Any]:
    yield from market.listing()
    while True:
        yield market.command()


def _entry(rng: random.Random, clock_ms: int, commands: list[Any]) -> dict[Any, Any]:
    # Gateways' clocks are a little off, and one is far ahead.
    ahead_ms = rng.choice((0, 0, 0, -30, 20, 10_000_000))
    return dict(
        encode_command_entry(
            gateway=GATEWAY, ts_us=(clock_ms + ahead_ms) * 1_000, commands=commands
        )
    )


def _apply_all(hot: Redis, rng: random.Random) -> Iterator[bytes]:
    """Apply what waits in batches of any size; yield the packed acks."""
    while True:
        reply = match_commands(
            hot, shard=SHARD, window_us=WINDOW_US, max_commands=rng.choice(BATCH_SIZES)
        )
        if not reply.entries:
            return
        yield from reply.acks.values()


class WildMarket:
    """Makes commands that mostly mean something: it knows which orders are open."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._open: dict[int, int] = {}
        self._request_id = 0
        self._references = 0
        self._paused: str | None = None
        self._last_order: PlaceOrder | None = None
        kinds: list[tuple[Callable[[], Any], float]] = [
            (self._resting, 480), (self._crossing, 120), (self._cancel, 220), (self._again, 30),
            (self._funds, 30), (self._bad, 20), (self._unknown, 10), (self._cancel_all, 1),
            (self._status, 3), (self._redefine, 1), (self._limits, 6), (self._reset, 0.5),
        ]  # fmt: skip
        self._makers = [maker for maker, _ in kinds]
        self._weights = [weight for _, weight in kinds]

    def listing(self) -> Iterator[Any]:
        """Markets, and funds for everybody: plenty for most."""
        for number in range(len(SYMBOLS)):
            yield self._terms(number)
        for user in range(1, USERS + 1):
            wealth = 10**7 if user in BUSY_USERS else 10**12
            for asset in ASSETS:
                yield MoveFunds(
                    user_id=user, asset=asset, amount=Units(wealth), reference=f"{user}:{asset}"
                )

    def command(self) -> Any:
        (make_one,) = self._rng.choices(self._makers, self._weights)
        command = make_one()
        self._request_id += 1
        if isinstance(command, msgspec.Struct):
            return msgspec.structs.replace(command, request_id=self._request_id)
        return command

    def learn(self, packed_acks: bytes) -> None:
        """Follow which orders are open."""
        for _, events in decode_acks(packed_acks):
            for event in events:
                if isinstance(event, OrderPlaced) and event.resting_lots:
                    self._open[event.order_id] = event.user_id
                elif isinstance(event, OrderFilled | OrderCanceled):
                    self._open.pop(event.order_id, None)

    def _terms(self, number: int) -> DefineMarket:
        symbol = SYMBOLS[number]
        return DefineMarket(
            symbol=symbol,
            base=symbol.partition("-")[0],
            quote="USD",
            lot_units=7 * number + 1,
            tick_lot_units=number + 1,
            min_qty_lots=Lots(1 + number % 2),
            max_qty_lots=Lots(100_000),
            max_price_ticks=Ticks(100_000_000),
            min_notional_units=Units(50_000 * (number % 3)),
            price_band_bps=250 * (number % 2),
            maker_fee_ppm=self._rng.randint(0, 2_000),
            taker_fee_ppm=self._rng.randint(0, 5_000),
        )

    def _order(self, side: Side, price: int, lots: int, **terms: Any) -> PlaceOrder:
        rng = self._rng
        user = rng.choice(BUSY_USERS) if rng.random() < 0.15 else rng.randint(1, USERS)
        place = buy if side is Side.BUY else sell
        name = str(rng.randint(1, 10_000)) if rng.random() < 0.2 else ""
        fields = {"symbol": rng.choice(SYMBOLS), "client_order_id": name} | terms
        self._last_order = place(user, price, lots, **fields)
        return self._last_order

    def _resting(self) -> PlaceOrder:
        side, away = self._rng.choice(tuple(Side)), self._rng.randint(1, 300)
        price = MIDDLE_TICKS + (-away if side is Side.BUY else away)
        return self._order(side, price, self._rng.randint(1, 90))

    def _crossing(self) -> PlaceOrder:
        rng = self._rng
        side, reach = rng.choice(tuple(Side)), rng.randint(0, 400)
        price = MIDDLE_TICKS + (reach if side is Side.BUY else -reach)
        terms: dict[str, Any] = rng.choice(
            (
                {"time_in_force": TimeInForce.IOC},
                {"time_in_force": TimeInForce.FOK},
                {"time_in_force": TimeInForce.GTC},
                {"post_only": True},
                {"type": OrderType.MARKET, "time_in_force": TimeInForce.IOC},
            )
        )
        price = 0 if "type" in terms else price
        return self._order(side, price, rng.choice((1, 10, 60, 400)), **terms)

    def _again(self) -> Any:
        """The last order once more, sometimes with other terms."""
        order = self._last_order or self._resting()
        if self._rng.random() < 0.3:
            return msgspec.structs.replace(order, qty_lots=Lots(order.qty_lots + 1))
        return order

    def _cancel(self) -> Any:
        if not self._open:
            return self._unknown()
        # Dicts keep their order: one of the newest or one of the oldest.
        order_id = next(reversed(self._open) if self._rng.random() < 0.5 else iter(self._open))
        return cancel(self._open.pop(order_id), order_id)

    def _cancel_all(self) -> Any:
        symbol = self._rng.choice(("", *SYMBOLS))
        return cancel_all(self._rng.randint(1, USERS), symbol)

    def _unknown(self) -> Any:
        return self._rng.choice(
            (
                cancel(self._rng.randint(1, USERS), self._rng.randint(1, 10**6) * 64),
                buy(USERS + 99, 1, 1, symbol="M1-USD"),
                sell(1, 1, 1, symbol="NOPE-USD"),
                SetMarketStatus(symbol="NOPE-USD", status=MarketStatus.PAUSED),
            )
        )

    def _funds(self) -> MoveFunds:
        self._references += self._rng.randint(0, 1)
        return MoveFunds(
            user_id=self._rng.choice((*BUSY_USERS, self._rng.randint(1, USERS))),
            asset=self._rng.choice(("USD", "M0", "M1", "M2")),
            amount=Units(self._rng.randint(-(10**7), 10**7)),
            reference=f"r{self._references}",
        )

    def _limits(self) -> SetLimits:
        rng = self._rng
        return SetLimits(
            user_id=rng.randint(1, USERS),
            max_open_orders=rng.choice((0, 0, 0, 20, 1_000)),
            position_caps=(("M1", Units(10 ** rng.randint(2, 12))),) if rng.random() < 0.5 else (),
            orders_per_second=rng.randint(0, 10),
        )

    def _reset(self) -> ResetAccount:
        self._references += self._rng.randint(0, 1)
        return ResetAccount(
            user_id=self._rng.randint(1, USERS),
            balances=tuple((asset, Units(10**12)) for asset in ASSETS[:-1]),
            reference=f"r{self._references}",
        )

    def _status(self) -> SetMarketStatus:
        """Pause a market; the next time let it trade again."""
        if self._paused:
            symbol, self._paused = self._paused, None
            return SetMarketStatus(symbol=symbol, status=MarketStatus.TRADING)
        self._paused = self._rng.choice(SYMBOLS)
        return SetMarketStatus(symbol=self._paused, status=MarketStatus.PAUSED)

    def _redefine(self) -> DefineMarket:
        number = self._rng.randrange(len(SYMBOLS))
        changed = self._terms(number)
        if self._rng.random() < 0.2:
            return msgspec.structs.replace(changed, lot_units=changed.lot_units + 1)
        return changed

    def _bad(self) -> Any:
        return self._rng.choice(BAD_COMMANDS)
