"""Orders and commands that are refused: the right reason, and nothing changed."""

from typing import Any

import pytest
from redis.exceptions import ResponseError

from matching.domain.commands import DefineMarket, SetMarketStatus
from matching.domain.errors import ErrorCode
from matching.domain.events import CommandRefused, MarketDefined, OrderPlaced, OrderRejected
from matching.domain.values import MAX_AMOUNT, MarketStatus, TimeInForce
from tests.matching.shard import (
    ALICE,
    BOB,
    BTC_USD,
    Shard,
    buy,
    cancel,
    market_buy,
    market_sell,
    no_limits,
    sell,
)


def terms(**changes: Any) -> DefineMarket:
    fields = {name: getattr(BTC_USD, name) for name in BTC_USD.__struct_fields__}
    return DefineMarket(**fields | changes)


def refusal(shard: Shard, command: object) -> ErrorCode:
    """Return why `command` was refused, after checking that nothing else changed."""
    before = (shard.ladder(), [shard.wallet(user) for user in range(4)])
    (event,) = shard.apply(command)[0]
    assert isinstance(event, OrderRejected | CommandRefused), event
    assert (shard.ladder(), [shard.wallet(user) for user in range(4)]) == before
    return event.reason


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (buy(ALICE, 100, 1, symbol="DOGE-USD"), ErrorCode.UNKNOWN_SYMBOL),
        (buy(ALICE, 0, 1), ErrorCode.INVALID_PRICE),
        (buy(ALICE, 9_000_000_001, 1), ErrorCode.INVALID_PRICE),
        (buy(ALICE, 100, 0), ErrorCode.INVALID_QTY),
        (buy(ALICE, 100, 1_000_001), ErrorCode.INVALID_QTY),
        (buy(ALICE, 100, MAX_AMOUNT), ErrorCode.INVALID_QTY),
        (market_sell(ALICE, 0), ErrorCode.INVALID_QTY),
        (buy(ALICE, 101, 1, post_only=True), ErrorCode.WOULD_TRADE),
        (buy(BOB, 101, 1, post_only=True), ErrorCode.WOULD_TRADE),
        (buy(ALICE, 101, 6, time_in_force=TimeInForce.FOK), ErrorCode.CANNOT_FILL),
        (buy(BOB, 101, 1, time_in_force=TimeInForce.FOK), ErrorCode.CANNOT_FILL),
    ],
)
def test_an_order_that_breaks_a_rule(funded: Shard, order: object, reason: ErrorCode) -> None:
    funded.place(sell(BOB, 101, 5))
    assert refusal(funded, order) == reason


def test_a_market_buy_that_nobody_could_pay_lacks_funds_whatever_else_is_wrong(
    shard: Shard,
) -> None:
    shard.apply(BTC_USD)
    shard.deposit(BOB, "BTC", 10**12)
    shard.deposit(ALICE, "USD", 100 * BTC_USD.tick_lot_units)
    shard.place(sell(BOB, 100, 1))
    shard.place(sell(BOB, 101, 1))
    assert refusal(shard, market_buy(ALICE, 2, post_only=True)) == ErrorCode.INSUFFICIENT_FUNDS
    assert refusal(shard, market_buy(ALICE, 1, post_only=True)) == ErrorCode.WOULD_TRADE


def test_notional_below_the_minimum(funded: Shard) -> None:
    funded.apply(terms(min_notional_units=1_000))
    assert refusal(funded, buy(ALICE, 100, 9)) == ErrorCode.NOTIONAL_TOO_SMALL
    assert funded.place(buy(ALICE, 100, 10)).resting_lots == 10


def test_the_price_band_includes_its_bounds_and_starts_with_the_first_trade(funded: Shard) -> None:
    funded.apply(terms(price_band_bps=1_000))
    funded.apply(sell(ALICE, 5_000, 1), sell(ALICE, 1_000, 1), buy(BOB, 1_000, 1))
    assert refusal(funded, buy(BOB, 899, 1)) == ErrorCode.PRICE_OUT_OF_BAND
    assert refusal(funded, sell(BOB, 1_101, 1)) == ErrorCode.PRICE_OUT_OF_BAND
    assert funded.place(buy(BOB, 900, 1)).resting_lots == 1
    assert funded.place(sell(BOB, 1_100, 1)).resting_lots == 1


def test_a_paused_market_takes_cancels_and_refuses_orders(funded: Shard) -> None:
    order = funded.place(sell(ALICE, 101, 5))
    funded.apply(SetMarketStatus(symbol="BTC-USD", status=MarketStatus.PAUSED))
    assert refusal(funded, buy(BOB, 0, 0)) == ErrorCode.SYMBOL_PAUSED
    funded.apply(cancel(ALICE, order.order_id))
    assert funded.ladder() == []
    funded.apply(SetMarketStatus(symbol="BTC-USD", status=MarketStatus.TRADING))
    assert funded.place(buy(BOB, 100, 1)).resting_lots == 1


def test_an_order_that_was_seen_has_an_id_and_one_that_was_not_has_none(funded: Shard) -> None:
    (unseen,) = funded.apply(buy(ALICE, 0, 1))[0]
    (seen,) = funded.apply(buy(9, 100, 1))[0]
    assert isinstance(unseen, OrderRejected)
    assert isinstance(seen, OrderRejected)
    assert unseen.order_id == 0
    assert seen.order_id > 0


@pytest.mark.parametrize("user", [ALICE, BOB])
def test_cancel_of_an_unknown_or_foreign_order(funded: Shard, user: int) -> None:
    order = funded.place(sell(BOB, 101, 5))
    order_id = order.order_id if user == ALICE else 999_936
    assert refusal(funded, cancel(user, order_id)) == ErrorCode.UNKNOWN_ORDER


def test_a_second_cancel_finds_nothing(funded: Shard) -> None:
    order = funded.place(sell(BOB, 101, 5))
    funded.apply(cancel(BOB, order.order_id))
    assert refusal(funded, cancel(BOB, order.order_id)) == ErrorCode.UNKNOWN_ORDER


def test_a_repeated_client_order_id_gets_the_first_answer(funded: Shard) -> None:
    first = funded.apply(sell(ALICE, 101, 5, client_order_id="a"))[0]
    assert funded.apply(sell(ALICE, 101, 5, client_order_id="a"))[0] == first
    assert funded.ladder() == ["| 101 | 5"]
    other = sell(ALICE, 102, 5, client_order_id="a")
    assert refusal(funded, other) == ErrorCode.DUPLICATE_CLIENT_ORDER_ID
    assert funded.place(sell(BOB, 102, 5, client_order_id="a")).resting_lots == 5


def test_a_repeated_client_order_id_within_one_batch_gets_the_first_answer(funded: Shard) -> None:
    order = sell(ALICE, 101, 5, client_order_id="a")
    first, second = funded.apply(order, order)
    assert first == second
    assert funded.ladder() == ["| 101 | 5"]


def test_a_repeated_order_gets_its_first_answer_whatever_has_changed_since(
    funded: Shard,
) -> None:
    order = sell(ALICE, 1_000, 5, client_order_id="a")
    first = funded.apply(order)[0]
    funded.apply(terms(price_band_bps=100), sell(ALICE, 500, 1), buy(BOB, 500, 1))
    assert funded.apply(order)[0] == first
    funded.apply(SetMarketStatus(symbol="BTC-USD", status=MarketStatus.PAUSED))
    assert funded.apply(order)[0] == first
    other = sell(ALICE, 500, 5, client_order_id="a")
    assert refusal(funded, other) == ErrorCode.SYMBOL_PAUSED
    assert funded.apply(order)[0] == first


def test_a_rejection_is_remembered_too(shard: Shard) -> None:
    order = buy(ALICE, 100, 5, client_order_id="poor")
    first = shard.apply(order)[0]
    shard.deposit(ALICE, "USD", 1_000)
    assert shard.apply(order)[0] == first


def test_a_client_order_id_is_free_after_the_window_once_its_order_ended(funded: Shard) -> None:
    order = sell(ALICE, 101, 5, client_order_id="a")
    first = funded.place(order)
    funded.now_us += 2 * 3_600 * 1_000_000
    assert funded.place(order) == first
    funded.apply(cancel(ALICE, first.order_id))
    assert funded.place(order).order_id > first.order_id


def test_the_answer_to_an_open_order_never_expires(funded: Shard) -> None:
    order = sell(ALICE, 101, 5, client_order_id="a")
    first = funded.place(order)
    funded.now_us += 2 * 3_600 * 1_000_000
    funded.apply(cancel(ALICE, first.order_id), order)
    assert funded.hot.pttl("v1:{s0}:client-order:1:a") == -1
    (again,) = funded.apply(order)[0]
    assert isinstance(again, OrderPlaced)
    assert again.order_id > first.order_id
    assert funded.ladder() == ["| 101 | 5"]


@pytest.mark.parametrize("window_us", [0, -1, 10**15])
def test_a_window_that_cannot_be_fails_before_anything_is_written(
    funded: Shard, window_us: int
) -> None:
    before = [funded.wallet(user) for user in range(4)]
    funded.send([sell(ALICE, 101, 5, client_order_id="a")])
    with pytest.raises(ResponseError, match="window"):
        funded.match(window_us=window_us)
    assert [funded.wallet(user) for user in range(4)] == before
    assert isinstance(funded.match()[0][0], OrderPlaced)


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": "BTC-EUR"},
        {"lot_units": 0},
        {"tick_lot_units": 0},
        {"min_qty_lots": 0},
        {"min_qty_lots": 2_000_000},
        {"max_price_ticks": 0},
        {"max_price_ticks": MAX_AMOUNT},
        {"max_qty_lots": 10**15},
        {"taker_fee_ppm": 1_000_001},
        {"price_band_bps": 10_001},
    ],
)
def test_market_terms_that_cannot_work(shard: Shard, changes: dict[str, Any]) -> None:
    assert refusal(shard, terms(**changes)) == ErrorCode.INVALID_REQUEST


def test_scales_of_a_listed_market_are_fixed_and_its_filters_are_not(shard: Shard) -> None:
    assert refusal(shard, terms(lot_units=20_000)) == ErrorCode.CONFLICT
    (event,) = shard.apply(terms(max_qty_lots=77))[0]
    assert isinstance(event, MarketDefined)
    assert event.max_qty_lots == 77


def test_an_entry_can_be_refused_unapplied(funded: Shard) -> None:
    funded.send([buy(ALICE, 100, 1), cancel(ALICE, 64)])
    funded.send([buy(ALICE, 99, 1)])
    answers = funded.match(mode="refuse")
    assert [type(events[0]) for events in answers] == [CommandRefused, CommandRefused]
    assert funded.ladder() == []
    assert isinstance(funded.match()[0][0], OrderPlaced)


def test_long_answers_are_repeated_within_bounds(funded: Shard) -> None:
    funded.apply(no_limits(ALICE))
    for _ in range(3):
        funded.apply(*[sell(ALICE, 100, 1) for _ in range(900)])
    sweep = buy(BOB, 100, 2_700, client_order_id="sweep")
    (first,) = funded.apply(sweep)
    again, too_much = funded.apply(sweep, sweep)
    assert again == first
    (refusal,) = too_much
    assert isinstance(refusal, OrderRejected)
    assert refusal.reason is ErrorCode.UNAVAILABLE
    assert funded.apply(sweep) == [first]
