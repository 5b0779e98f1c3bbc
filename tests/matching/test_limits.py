"""Risk limits: how many orders may be open in a symbol, and how much may be held of an asset."""

from typing import Any

import pytest

from matching.domain.commands import AnyCommand, SetLimits, SetMarketStatus
from matching.domain.errors import ErrorCode
from matching.domain.events import LimitsChanged, OrderPlaced, OrderRejected
from matching.domain.values import DEFAULT_MAX_OPEN_ORDERS, MarketStatus, TimeInForce, Units
from tests.matching.shard import (
    ALICE,
    BOB,
    LOT_UNITS,
    Shard,
    buy,
    cancel,
    market_buy,
    sell,
    with_terms,
)

ETH_USD = with_terms("ETH-USD")
BTC_EUR = with_terms("BTC-EUR")


def limits(user: int, *, most: int = 0, **caps: int) -> SetLimits:
    """Limits on open orders, and on what may be held of each asset in lots."""
    return SetLimits(
        user_id=user,
        max_open_orders=most,
        position_caps=tuple((asset, Units(lots * LOT_UNITS)) for asset, lots in caps.items()),
        orders_per_second=0,
    )


def rejection(shard: Shard, order: AnyCommand) -> ErrorCode | None:
    """Return why an order is rejected, None where it is taken in."""
    event = shard.apply(order)[0][-1]
    assert isinstance(event, OrderPlaced | OrderRejected)
    return event.reason if isinstance(event, OrderRejected) else None


def test_limits_are_answered_with_what_holds_now(shard: Shard) -> None:
    command = SetLimits(
        user_id=ALICE,
        max_open_orders=7,
        position_caps=(("BTC", Units(5)), ("A", Units(0))),
        orders_per_second=9,
    )
    (event,) = shard.apply(command)[0]
    assert isinstance(event, LimitsChanged)
    assert (event.user_id, event.max_open_orders, event.orders_per_second) == (ALICE, 7, 9)
    assert event.position_caps == (("BTC", 5), ("A", 0))


def test_without_limits_of_their_own_a_user_may_have_the_default_open(funded: Shard) -> None:
    funded.apply(*[buy(ALICE, 10, 1)] * DEFAULT_MAX_OPEN_ORDERS)
    assert rejection(funded, buy(ALICE, 10, 1)) == ErrorCode.TOO_MANY_OPEN_ORDERS
    assert funded.ladder() == ["200 | 10 |"]
    funded.apply(cancel(ALICE, 64))
    assert rejection(funded, buy(ALICE, 10, 1)) is None


def test_open_orders_are_counted_per_user_and_symbol(funded: Shard) -> None:
    funded.apply(ETH_USD, limits(ALICE, most=2))
    funded.apply(buy(ALICE, 10, 1), sell(ALICE, 20, 1))
    assert rejection(funded, buy(ALICE, 10, 1)) == ErrorCode.TOO_MANY_OPEN_ORDERS
    assert rejection(funded, buy(ALICE, 10, 1, symbol="ETH-USD")) is None
    assert rejection(funded, buy(BOB, 10, 1)) is None


@pytest.mark.parametrize(
    "order",
    [
        buy(ALICE, 100, 1, time_in_force=TimeInForce.IOC),
        buy(ALICE, 100, 1, time_in_force=TimeInForce.FOK),
        market_buy(ALICE, 1),
    ],
)
def test_an_order_that_never_rests_needs_no_place(funded: Shard, order: AnyCommand) -> None:
    funded.apply(limits(ALICE, most=1), buy(ALICE, 10, 1), sell(BOB, 100, 1))
    assert rejection(funded, order) is None


def test_an_order_that_may_rest_needs_a_place_even_if_it_would_fill(funded: Shard) -> None:
    funded.apply(limits(ALICE, most=1), buy(ALICE, 10, 1), sell(BOB, 100, 1))
    assert rejection(funded, buy(ALICE, 100, 1)) == ErrorCode.TOO_MANY_OPEN_ORDERS


def test_lower_limits_cancel_nothing(funded: Shard) -> None:
    funded.apply(buy(ALICE, 10, 1), buy(ALICE, 10, 1), limits(ALICE, most=1, BTC=0))
    assert funded.ladder() == ["2 | 10 |"]
    funded.apply(cancel(ALICE, 64))
    assert rejection(funded, sell(ALICE, 20, 1)) == ErrorCode.TOO_MANY_OPEN_ORDERS


def test_limits_replace_each_other_whole(funded: Shard) -> None:
    funded.apply(limits(ALICE, most=1, BTC=0), buy(ALICE, 10, 1))
    funded.apply(limits(ALICE))
    assert rejection(funded, buy(ALICE, 10, 1)) is None


def test_limits_hold_from_their_place_in_a_batch_on(funded: Shard) -> None:
    first, _, second, _, third = funded.apply(
        buy(ALICE, 10, 1),
        limits(ALICE, most=1),
        buy(ALICE, 10, 1),
        limits(ALICE),
        buy(ALICE, 10, 1),
    )
    assert [type(answer[-1]) for answer in (first, second, third)] == [
        OrderPlaced,
        OrderRejected,
        OrderPlaced,
    ]


def test_an_order_beyond_a_limit_is_on_record(funded: Shard) -> None:
    funded.apply(limits(ALICE, most=1, BTC=0), sell(ALICE, 20, 1))
    (too_many,) = funded.apply(sell(ALICE, 20, 1, client_order_id="many"))[0]
    (too_much,) = funded.apply(market_buy(ALICE, 1, client_order_id="much"))[0]
    assert isinstance(too_many, OrderRejected)
    assert isinstance(too_much, OrderRejected)
    assert 0 < too_many.order_id < too_much.order_id
    funded.apply(limits(ALICE))
    again = funded.apply(sell(ALICE, 20, 1, client_order_id="many"))[0]
    assert again == [too_many]


class TestPositionCap:
    """Alice has 10 lots of BTC, may hold 20, and has dollars enough."""

    @pytest.fixture
    def capped(self, shard: Shard) -> Shard:
        shard.deposit(ALICE, "USD", 10**12)
        shard.deposit(ALICE, "EUR", 10**12)
        shard.deposit(ALICE, "BTC", 10 * LOT_UNITS)
        shard.deposit(BOB, "BTC", 10**12)
        shard.apply(BTC_EUR, limits(ALICE, BTC=20))
        return shard

    def test_it_includes_its_bound(self, capped: Shard) -> None:
        assert rejection(capped, buy(ALICE, 100, 11)) == ErrorCode.POSITION_LIMIT
        assert rejection(capped, buy(ALICE, 100, 10)) is None

    def test_what_rests_in_any_market_of_the_asset_counts(self, capped: Shard) -> None:
        capped.apply(buy(ALICE, 100, 4), buy(ALICE, 100, 4, symbol="BTC-EUR"))
        assert rejection(capped, buy(ALICE, 100, 3)) == ErrorCode.POSITION_LIMIT
        assert rejection(capped, buy(ALICE, 100, 3, symbol="BTC-EUR")) == ErrorCode.POSITION_LIMIT
        assert rejection(capped, buy(ALICE, 100, 2)) is None

    def test_what_is_for_sale_counts_until_it_is_sold(self, capped: Shard) -> None:
        capped.apply(sell(ALICE, 100, 10))
        assert rejection(capped, buy(ALICE, 90, 11)) == ErrorCode.POSITION_LIMIT
        capped.deposit(BOB, "USD", 10**6)
        capped.apply(buy(BOB, 100, 10))
        assert rejection(capped, buy(ALICE, 90, 20)) is None

    def test_a_fill_moves_from_on_order_to_held(self, capped: Shard) -> None:
        capped.apply(buy(ALICE, 100, 8), sell(BOB, 100, 5))
        assert rejection(capped, buy(ALICE, 100, 3)) == ErrorCode.POSITION_LIMIT
        assert rejection(capped, buy(ALICE, 100, 2)) is None

    def test_a_cancel_makes_room(self, capped: Shard) -> None:
        order = capped.place(buy(ALICE, 100, 10))
        capped.apply(cancel(ALICE, order.order_id))
        assert rejection(capped, buy(ALICE, 100, 10)) is None

    @pytest.mark.parametrize("order", [market_buy(ALICE, 11), buy(ALICE, 1, 11, post_only=True)])
    def test_it_binds_every_buy(self, capped: Shard, order: AnyCommand) -> None:
        assert rejection(capped, order) == ErrorCode.POSITION_LIMIT

    def test_it_never_binds_a_sale(self, capped: Shard) -> None:
        capped.apply(limits(ALICE, BTC=0))
        assert rejection(capped, sell(ALICE, 100, 10)) is None

    def test_it_binds_nobody_else_and_no_other_asset(self, capped: Shard) -> None:
        capped.deposit(BOB, "USD", 10**12)
        capped.apply(ETH_USD)
        assert rejection(capped, buy(BOB, 100, 21)) is None
        assert rejection(capped, buy(ALICE, 100, 21, symbol="ETH-USD")) is None


def test_nobody_may_have_more_on_order_than_there_can_be(shard: Shard) -> None:
    shard.deposit(ALICE, "USD", 1_000)
    shard.apply(with_terms("BIG-USD", lot_units=2**52, max_qty_lots=1))
    order = buy(ALICE, 1, 1, symbol="BIG-USD")
    first = shard.place(order)
    assert rejection(shard, order) == ErrorCode.POSITION_LIMIT
    shard.apply(cancel(ALICE, first.order_id))
    assert rejection(shard, order) is None


def order_of_rules() -> list[tuple[dict[str, Any], ErrorCode]]:
    """An order that breaks every rule, then mended one by one: which rule answers each time."""
    mended: list[tuple[dict[str, Any], ErrorCode]] = [
        ({}, ErrorCode.UNKNOWN_SYMBOL),
        ({"symbol": "BTC-USD"}, ErrorCode.INVALID_PRICE),
        ({"price_ticks": 2}, ErrorCode.INVALID_QTY),
        ({"qty_lots": 1}, ErrorCode.NOTIONAL_TOO_SMALL),
        ({"qty_lots": 60}, ErrorCode.PRICE_OUT_OF_BAND),
        ({"price_ticks": 101}, ErrorCode.DUPLICATE_CLIENT_ORDER_ID),
        ({"client_order_id": ""}, ErrorCode.TOO_MANY_OPEN_ORDERS),
    ]
    changes: dict[str, Any] = {}
    return [(changes := changes | change, reason) for change, reason in mended]


@pytest.mark.parametrize(("changes", "reason"), order_of_rules())
def test_the_first_rule_of_the_contract_answers(
    funded: Shard, changes: dict[str, Any], reason: ErrorCode
) -> None:
    funded.apply(sell(BOB, 100, 1), buy(ALICE, 100, 1, client_order_id="used"))
    funded.apply(
        with_terms("BTC-USD", min_notional_units=100, price_band_bps=1_000),
        sell(BOB, 101, 1),
        buy(ALICE, 99, 2),
        limits(ALICE, most=1, BTC=0),
    )
    worst: dict[str, Any] = {"symbol": "NO-USD", "client_order_id": "used", "post_only": True}
    assert rejection(funded, buy(ALICE, 0, 0, **worst | changes)) == reason


def test_limits_come_before_funds_and_what_the_book_would_do(shard: Shard) -> None:
    shard.deposit(BOB, "BTC", LOT_UNITS)
    shard.apply(sell(BOB, 100, 1), limits(ALICE, most=1, BTC=0))
    order = buy(ALICE, 100, 2, post_only=True)
    assert rejection(shard, order) == ErrorCode.POSITION_LIMIT
    shard.apply(limits(ALICE))
    assert rejection(shard, order) == ErrorCode.INSUFFICIENT_FUNDS
    shard.deposit(ALICE, "USD", 200)
    assert rejection(shard, order) == ErrorCode.WOULD_TRADE


def test_a_halted_market_answers_as_a_paused_one(funded: Shard) -> None:
    order = funded.place(buy(ALICE, 100, 1))
    halt = SetMarketStatus(symbol="BTC-USD", status=MarketStatus.HALTED, reason="a level is off")
    funded.apply(halt)
    assert rejection(funded, buy(ALICE, 100, 1)) == ErrorCode.SYMBOL_PAUSED
    funded.apply(cancel(ALICE, order.order_id))
    assert funded.ladder() == []
