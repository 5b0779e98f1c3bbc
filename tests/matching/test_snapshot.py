"""The state hash: the same for the same meaning, another for every value that differs."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
from redis import Redis

from matching import keys, snapshot
from matching.domain.commands import SetLimits
from matching.domain.state import Balance
from matching.domain.values import Side, Units
from matching.snapshot_reader import read
from tests.matching.conftest import PLENTY
from tests.matching.shard import ALICE, BOB, LOT_UNITS, SHARD, Shard, buy, sell

Tamper = Callable[[Redis], object]

BTC = "BTC-USD"


@pytest.fixture
def traded(funded: Shard) -> Shard:
    """Alice offers 5 lots at 100 of which Bob takes 2; Bob bids for 3 at 90."""
    funded.place(sell(ALICE, 100, 5, client_order_id="one"))
    funded.place(buy(BOB, 100, 2))
    funded.place(buy(BOB, 90, 3))
    return funded


def test_a_snapshot_says_what_the_shard_holds(traded: Shard) -> None:
    taken = read(traded.hot, SHARD)
    offer, bid = taken.orders[64], taken.orders[192]
    assert (offer.user_id, offer.remaining_lots, offer.client_order_id) == (ALICE, 3, "one")
    assert (bid.side, bid.price_ticks, bid.qty_lots) == (Side.BUY, 90, 3)
    assert taken.books == {(BTC, Side.BUY): (192,), (BTC, Side.SELL): (64,)}
    assert taken.levels == {(BTC, Side.BUY): {90: 3}, (BTC, Side.SELL): {100: 3}}
    assert taken.wallets[ALICE]["BTC"] == Balance(
        available=Units(PLENTY - 5 * LOT_UNITS), reserved=Units(3 * LOT_UNITS)
    )
    assert taken.supply == {"BTC": 3 * PLENTY, "USD": 3 * PLENTY}
    assert taken.markets[BTC].last_price_ticks == 100
    assert (taken.last_trade, taken.last_order) == (1, 3)
    assert taken.last_event == len(traded.events())


MARKET = keys.market(SHARD, BTC)


def change_terms(hot: Redis, before: bytes, after: bytes) -> None:
    line = cast("bytes", hot.hget(MARKET, "terms"))
    hot.hset(MARKET, "terms", line.replace(before, after))


TAMPERED: list[tuple[str, Tamper]] = [
    (
        "wallet of user 2, USD.available",
        lambda hot: hot.hincrby(keys.wallet(SHARD, BOB), "USD.available", 1),
    ),
    ("supply of BTC", lambda hot: hot.hincrby(keys.supply(SHARD), "BTC", -1)),
    ("market BTC-USD, last price", lambda hot: hot.hset(MARKET, "last_price", "101")),
    (
        "market BTC-USD, max_qty_lots",
        lambda hot: change_terms(hot, b"max_qty=1000000", b"max_qty=7"),
    ),
    ("level BTC-USD BUY 90", lambda hot: hot.delete(keys.levels(SHARD, BTC, Side.BUY))),
    ("book BTC-USD SELL, place 1", lambda hot: hot.delete(keys.book(SHARD, BTC, Side.SELL))),
    ("last trade", lambda hot: hot.hincrby(keys.sequence(SHARD), "trade", 1)),
]


@pytest.mark.damage
@pytest.mark.parametrize(("changed", "tamper"), TAMPERED)
def test_every_value_that_differs_is_named_and_changes_the_hash(
    traded: Shard, changed: str, tamper: Tamper
) -> None:
    before = read(traded.hot, SHARD)
    tamper(traded.hot)
    after = read(traded.hot, SHARD)
    assert [name for name, _, _ in snapshot.differences(before, after)] == [changed]
    assert snapshot.digest(before) != snapshot.digest(after)


def test_limits_of_a_user_are_state(traded: Shard) -> None:
    before = read(traded.hot, SHARD)
    limits = SetLimits(
        user_id=BOB, max_open_orders=7, position_caps=(("BTC", Units(0)),), orders_per_second=0
    )
    traded.apply(limits)
    after = read(traded.hot, SHARD)
    assert after.limits == {BOB: limits}
    changed = [name for name, _, _ in snapshot.differences(before, after)]
    assert changed == ["last event", "limits of user 2, open orders", "limits of user 2, BTC cap"]


def test_an_amount_of_zero_is_as_good_as_none(traded: Shard) -> None:
    taken = read(traded.hot, SHARD)
    nothing = {"ETH": Balance(available=Units(0), reserved=Units(0))}
    padded = replace(
        taken,
        wallets={**taken.wallets, 99: nothing},
        supply={**taken.supply, "ETH": 0},
        books={**taken.books, ("ETH-USD", Side.BUY): ()},
    )
    assert snapshot.digest(padded) == snapshot.digest(taken)
