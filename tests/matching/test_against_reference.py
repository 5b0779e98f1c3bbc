"""The Lua library and the naive engine agree on every event, wallet and book.

Random commands, cut into batches anywhere, must give the same from both.
"""

import random
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from matching import keys
from matching.domain.commands import AnyCommand, MoveFunds, SetMarketStatus
from matching.domain.values import MarketStatus, OrderType, Side, TimeInForce, Units
from tests.matching.shard import BTC_USD, SHARD, Shard, buy, cancel, cancel_all, sell
from tests.reference.engine import ReferenceEngine

USERS = (1, 2, 3, 4)
LONG_RUN_COMMANDS = 6_000
SEEDS = (1, 2, 3)


def with_terms(symbol: str, **changes: Any) -> AnyCommand:
    fields = {name: getattr(BTC_USD, name) for name in BTC_USD.__struct_fields__}
    base = symbol.partition("-")[0]
    return type(BTC_USD)(**fields | {"symbol": symbol, "base": base} | changes)


MARKETS: list[AnyCommand] = [
    with_terms("BTC-USD", maker_fee_ppm=1_234, taker_fee_ppm=5_678),
    with_terms(
        "ETH-USD",
        lot_units=7,
        tick_lot_units=13,
        min_qty_lots=2,
        min_notional_units=900,
        max_price_ticks=10**8,
        price_band_bps=500,
    ),
]


class RandomCommands:
    """Makes commands that meet each other: few users, prices and ids."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._references = 0
        self.placed = 0

    def __iter__(self) -> Iterator[AnyCommand]:
        makers = [self._order] * 12 + [self._cancel] * 5 + [self._funds, self._rare]
        while True:
            yield self._rng.choice(makers)()

    def _order(self) -> AnyCommand:
        rng = self._rng
        tif = rng.choice((TimeInForce.GTC,) * 5 + (TimeInForce.IOC, TimeInForce.FOK))
        terms: dict[str, Any] = {
            "symbol": rng.choice(("BTC-USD",) * 5 + ("ETH-USD", "NOPE-USD")),
            "time_in_force": tif,
            "post_only": tif is TimeInForce.GTC and rng.random() < 0.1,
            "client_order_id": rng.choice(("",) * 8 + ("a", "b")),
        }
        price = rng.choice((0, *range(95, 106), 10**10))
        if rng.random() < 0.1:
            price = 0
            terms |= {"type": OrderType.MARKET, "time_in_force": TimeInForce.IOC}
            terms["post_only"] = False
        self.placed += rng.random() < 0.8  # about as many as the engine gives ids to
        place = rng.choice((buy, sell))
        return place(rng.choice(USERS), price, rng.choice((0, 1, 2, 3, 5, 8, 40)), **terms)

    def _cancel(self) -> AnyCommand:
        # Mostly one of the latest orders: what came long before has ended.
        number = max(1, self.placed - self._rng.randint(0, 60))
        return cancel(self._rng.choice(USERS), number * 64)

    def _funds(self) -> AnyCommand:
        self._references += self._rng.randint(0, 1)
        return MoveFunds(
            user_id=self._rng.choice(USERS),
            asset=self._rng.choice(("USD", "BTC", "ETH")),
            amount=Units(self._rng.randint(-3_000, 200_000)),
            reference=f"r{self._references}",
        )

    def _rare(self) -> AnyCommand:
        rng = self._rng
        if rng.random() < 0.5:
            return cancel_all(rng.choice(USERS), rng.choice(("", "BTC-USD")))
        status = MarketStatus.PAUSED if rng.random() < 0.3 else MarketStatus.TRADING
        return SetMarketStatus(symbol=rng.choice(("BTC-USD", "NOPE-USD")), status=status)


def compare(hot: Redis, commands: list[AnyCommand], rng: random.Random) -> None:
    """Apply the commands to both engines, in batches of any size, and compare all there is."""
    hot.flushall()
    shard, reference = Shard(hot), ReferenceEngine()
    at = 0
    while at < len(commands):
        size = rng.choice((1, 2, 7, 50, 300))
        batch = commands[at : at + size]
        at += size
        shard.now_us += rng.choice((0, 1, 400_000_000))
        expected = [reference.apply(command, shard.now_us) for command in batch]
        for first in range(0, len(batch), 11):
            shard.send(batch[first : first + 11])
        assert shard.match(max_commands=10_000) == expected
    compare_state(shard, reference)


def compare_state(shard: Shard, reference: ReferenceEngine) -> None:
    wallets = {user: shard.wallet(user) for user in (0, *USERS)}
    expected: dict[int, dict[str, int]] = {user: {} for user in (0, *USERS)}
    for (user, asset), balance in reference.wallets.items():
        for part in ("available", "reserved"):
            if getattr(balance, part):
                expected[user][f"{asset}.{part}"] = getattr(balance, part)
    assert wallets == expected
    supply = cast("dict[bytes, bytes]", shard.hot.hgetall(keys.supply(SHARD)))
    assert {asset.decode(): int(units) for asset, units in supply.items()} == {
        asset: units for asset, units in reference.supply.items() if units
    }
    for symbol in ("BTC-USD", "ETH-USD"):
        for side in Side:
            levels = cast("dict[bytes, bytes]", shard.hot.hgetall(keys.levels(SHARD, symbol, side)))
            assert {int(price): int(lots) for price, lots in levels.items()} == reference.levels(
                symbol, side
            )
            ids = cast("list[bytes]", shard.hot.zrange(keys.book(SHARD, symbol, side), 0, -1))
            assert [int(i.partition(b":")[0]) for i in ids] == [
                o.id for o in reference.book(symbol, side)
            ]
    assert [event.sequence for event in shard.events()] == list(range(1, reference.sequence + 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_long_random_runs_agree(hot: Redis, seed: int) -> None:
    rng = random.Random(seed)
    stream = iter(RandomCommands(rng))
    compare(hot, MARKETS + [next(stream) for _ in range(LONG_RUN_COMMANDS)], rng)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(min_value=0, max_value=2**32), length=st.integers(1, 120))
def test_short_random_runs_agree(hot: Redis, seed: int, length: int) -> None:
    rng = random.Random(seed)
    stream = iter(RandomCommands(rng))
    compare(hot, MARKETS + [next(stream) for _ in range(length)], rng)
