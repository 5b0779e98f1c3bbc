"""What orders reserve, trades settle, fees take and cancels free, to the last unit."""

import pytest

from matching.domain.commands import MoveFunds
from matching.domain.errors import ErrorCode
from matching.domain.events import CommandRefused, FundsMoved, OrderRejected, Trade
from matching.domain.values import FEE_ACCOUNT, MAX_AMOUNT, Units
from tests.matching.shard import (
    ALICE,
    BOB,
    BTC_USD,
    LOT_UNITS,
    Shard,
    buy,
    cancel,
    cancel_all,
    market_buy,
    market_sell,
    sell,
)


def rejection(shard: Shard, order: object) -> ErrorCode:
    (event,) = shard.apply(order)[0]
    assert isinstance(event, OrderRejected), event
    return event.reason


def with_fees(shard: Shard, *, maker_ppm: int, taker_ppm: int) -> None:
    terms = {name: getattr(BTC_USD, name) for name in BTC_USD.__struct_fields__}
    shard.apply(type(BTC_USD)(**terms | {"maker_fee_ppm": maker_ppm, "taker_fee_ppm": taker_ppm}))


def test_a_resting_buy_reserves_price_times_quantity(shard: Shard) -> None:
    shard.deposit(ALICE, "USD", 1_000)
    shard.place(buy(ALICE, 100, 7))
    assert shard.wallet(ALICE) == {"USD.available": 300, "USD.reserved": 700}


def test_a_resting_sell_reserves_its_quantity(shard: Shard) -> None:
    shard.deposit(ALICE, "BTC", 10 * LOT_UNITS)
    shard.place(sell(ALICE, 100, 7))
    assert shard.wallet(ALICE) == {"BTC.available": 3 * LOT_UNITS, "BTC.reserved": 7 * LOT_UNITS}


def test_a_trade_settles_both_wallets_and_releases_the_improvement(shard: Shard) -> None:
    shard.deposit(ALICE, "BTC", 5 * LOT_UNITS)
    shard.deposit(BOB, "USD", 1_000)
    shard.place(sell(ALICE, 100, 5))
    shard.place(buy(BOB, 120, 8))
    assert shard.wallet(ALICE) == {"USD.available": 500}
    assert shard.wallet(BOB) == {
        "BTC.available": 5 * LOT_UNITS,
        "USD.available": 1_000 - 500 - 360,
        "USD.reserved": 360,
    }


def test_cancel_frees_what_is_still_reserved(shard: Shard) -> None:
    shard.deposit(ALICE, "BTC", 5 * LOT_UNITS)
    shard.deposit(BOB, "USD", 1_000)
    order = shard.place(buy(BOB, 100, 10))
    shard.place(sell(ALICE, 100, 4))
    shard.apply(cancel(BOB, order.order_id))
    assert shard.wallet(BOB) == {"BTC.available": 4 * LOT_UNITS, "USD.available": 600}


def test_fees_are_taken_from_what_each_side_receives_and_rounded_up(shard: Shard) -> None:
    with_fees(shard, maker_ppm=1_000, taker_ppm=2_500)
    shard.deposit(ALICE, "BTC", 3 * LOT_UNITS)
    shard.deposit(BOB, "USD", 1_000)
    shard.place(sell(ALICE, 101, 3))
    trade = shard.apply(buy(BOB, 101, 3))[0][0]
    assert isinstance(trade, Trade)
    assert (trade.maker_fee_units, trade.taker_fee_units) == (1, 75)  # 0.303 up; 0.25 % of 30,000
    assert shard.wallet(ALICE) == {"USD.available": 302}
    assert shard.wallet(BOB) == {"BTC.available": 29_925, "USD.available": 697}
    assert shard.wallet(FEE_ACCOUNT) == {"BTC.available": 75, "USD.available": 1}


@pytest.mark.parametrize(
    "order",
    [
        buy(ALICE, 100, 11),
        sell(ALICE, 100, 11),
        buy(ALICE, 1_001, 1),
        market_sell(ALICE, 11),
    ],
)
def test_more_than_is_available_is_refused_and_nothing_changes(shard: Shard, order: object) -> None:
    shard.deposit(ALICE, "USD", 1_000)
    shard.deposit(ALICE, "BTC", 10 * LOT_UNITS)
    before = shard.wallet(ALICE)
    assert rejection(shard, order) == ErrorCode.INSUFFICIENT_FUNDS
    assert shard.wallet(ALICE) == before
    assert shard.ladder() == []


def test_a_market_buy_that_costs_too_much_is_refused_whole(shard: Shard) -> None:
    shard.deposit(ALICE, "BTC", 10 * LOT_UNITS)
    shard.deposit(BOB, "USD", 1_000)
    shard.apply(sell(ALICE, 100, 5), sell(ALICE, 200, 5))
    assert rejection(shard, market_buy(BOB, 8)) == ErrorCode.INSUFFICIENT_FUNDS
    assert shard.wallet(BOB) == {"USD.available": 1_000}
    assert shard.place(market_buy(BOB, 7)).filled_units == 900


def test_reserved_funds_cannot_be_used_twice(shard: Shard) -> None:
    shard.deposit(ALICE, "USD", 1_000)
    shard.place(buy(ALICE, 100, 6))
    assert rejection(shard, buy(ALICE, 100, 5)) == ErrorCode.INSUFFICIENT_FUNDS


def test_deposits_and_withdrawals_move_the_balance(shard: Shard) -> None:
    shard.deposit(ALICE, "USD", 1_000)
    shard.deposit(ALICE, "USD", -400)
    assert shard.wallet(ALICE) == {"USD.available": 600}
    assert shard.hot.hget("v1:{s0}:supply", "USD") == b"600"


def test_a_withdrawal_beyond_the_available_balance_is_refused(shard: Shard) -> None:
    shard.deposit(ALICE, "USD", 1_000)
    shard.place(buy(ALICE, 100, 6))
    (event,) = shard.apply(_move(ALICE, -500, "w"))[0]
    assert isinstance(event, CommandRefused)
    assert event.reason == ErrorCode.INSUFFICIENT_FUNDS


def test_a_repeated_reference_is_answered_and_not_applied_again(shard: Shard) -> None:
    (first,) = shard.apply(_move(ALICE, 500, "opening:1"))[0]
    (again,) = shard.apply(_move(ALICE, 500, "opening:1"))[0]
    (other,) = shard.apply(_move(ALICE, 600, "opening:1"))[0]
    assert isinstance(first, FundsMoved)
    assert again == first
    assert isinstance(other, CommandRefused)
    assert other.reason == ErrorCode.CONFLICT
    assert shard.wallet(ALICE) == {"USD.available": 500}


def test_supply_never_passes_what_a_double_can_hold(shard: Shard) -> None:
    shard.deposit(ALICE, "USD", MAX_AMOUNT)
    (event,) = shard.apply(_move(BOB, 1, "one too many"))[0]
    assert isinstance(event, CommandRefused)
    assert event.reason == ErrorCode.INVALID_REQUEST
    assert shard.wallet(ALICE) == {"USD.available": MAX_AMOUNT}
    assert shard.wallet(BOB) == {}


def test_large_amounts_keep_their_last_digit(shard: Shard) -> None:
    with_fees(shard, maker_ppm=1_000, taker_ppm=999_999)
    shard.deposit(ALICE, "BTC", 1_000_000 * LOT_UNITS)
    shard.deposit(BOB, "USD", MAX_AMOUNT)
    shard.place(sell(ALICE, 8_999_999_999, 999_999))
    trade = shard.apply(buy(BOB, 8_999_999_999, 999_999))[0][0]
    assert isinstance(trade, Trade)
    notional = 8_999_999_999 * 999_999
    assert trade.quote_units == notional
    assert trade.maker_fee_units == -(-notional * 1_000 // 1_000_000)
    assert trade.taker_fee_units == -(-trade.base_units * 999_999 // 1_000_000)
    assert shard.wallet(BOB)["USD.available"] == MAX_AMOUNT - notional


def test_nothing_is_made_or_lost_by_trading(funded: Shard) -> None:
    with_fees(funded, maker_ppm=1_234, taker_ppm=4_321)
    for price in range(90, 110):
        funded.apply(buy(ALICE, price, 3), sell(BOB, 200 - price, 7), cancel_all(BOB))
    for asset in ("BTC", "USD"):
        in_wallets = sum(
            amount
            for user in (FEE_ACCOUNT, 1, 2, 3)
            for name, amount in funded.wallet(user).items()
            if name.startswith(asset)
        )
        assert in_wallets == int(funded.hot.hget("v1:{s0}:supply", asset) or 0)


def _move(user: int, amount: int, reference: str) -> MoveFunds:
    return MoveFunds(user_id=user, asset="USD", amount=Units(amount), reference=reference)
