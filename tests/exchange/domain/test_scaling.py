"""From decimal text to the engine's integers, and which refusal answers first."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.domain.scaling import order_number, place_command
from exchange.messages import NewOrder
from matching.domain.commands import PlaceOrder
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.values import MarketStatus, OrderType, Side, TimeInForce
from tests.exchange.markets import BTC_USD

PAUSED = replace(BTC_USD, status=MarketStatus.PAUSED)


def order(**fields: Any) -> NewOrder:
    terms = {"symbol": "BTC-USD", "side": Side.BUY, "type": OrderType.LIMIT}
    return NewOrder(**terms | {"price": "64231.50", "qty": "0.0030"} | fields)


def test_prices_become_ticks_and_quantities_lots() -> None:
    command = place_command(user_id=7, order=order(client_order_id="mine"), market=BTC_USD)
    assert isinstance(command, PlaceOrder)
    assert (command.price_ticks, command.qty_lots) == (6_423_150, 30)
    assert (command.user_id, command.client_order_id) == (7, "mine")
    assert command.time_in_force is TimeInForce.GTC


def test_a_market_order_goes_without_price_and_never_rests() -> None:
    asked = order(type=OrderType.MARKET, price=None)
    command = place_command(user_id=7, order=asked, market=BTC_USD)
    assert (command.price_ticks, command.time_in_force) == (0, TimeInForce.IOC)


@pytest.mark.parametrize("price", ["64231.505", "0", "-0.01", "0.00", "9" * 40, "1" + "0" * 30])
def test_a_price_off_the_tick_is_refused_with_the_tick(price: str) -> None:
    with pytest.raises(ExchangeError) as refused:
        place_command(user_id=7, order=order(price=price), market=BTC_USD)
    assert refused.value.code is ErrorCode.INVALID_PRICE
    assert (refused.value.details["field"], refused.value.details["tickSize"]) == ("price", "0.01")


@pytest.mark.parametrize("qty", ["0.00301", "0", "-1", "9" * 40, "0." + "0" * 30 + "1"])
def test_a_quantity_off_the_lot_is_refused_with_the_lot(qty: str) -> None:
    with pytest.raises(ExchangeError) as refused:
        place_command(user_id=7, order=order(qty=qty), market=BTC_USD)
    assert refused.value.code is ErrorCode.INVALID_QTY
    assert (refused.value.details["field"], refused.value.details["lotSize"]) == ("qty", "0.0001")


@pytest.mark.parametrize("field", ["price", "qty"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9" * 38, "is too large"),
        ("-" + "9" * 38, "is too large"),
        ("1" + "0" * 19, "is too large"),
        ("0." + "0" * 30 + "1", "has more than 18 decimals"),
    ],
)
def test_a_number_that_is_out_of_reach_is_called_just_that(
    field: str, text: str, said: str
) -> None:
    with pytest.raises(ExchangeError, match=said) as refused:
        place_command(user_id=7, order=order(**{field: text}), market=BTC_USD)
    assert refused.value.code in {ErrorCode.INVALID_PRICE, ErrorCode.INVALID_QTY}


def test_zeros_in_front_change_nothing() -> None:
    asked = order(qty="0" * 30 + "1", price="64231.500")
    command = place_command(user_id=7, order=asked, market=BTC_USD)
    assert (command.qty_lots, command.price_ticks) == (10_000, 6_423_150)


def test_a_pause_answers_before_tick_and_lot() -> None:
    with pytest.raises(ExchangeError) as refused:
        place_command(user_id=7, order=order(price="0.001"), market=PAUSED)
    assert refused.value.code is ErrorCode.SYMBOL_PAUSED


def test_a_good_order_for_a_paused_market_is_left_to_the_engine() -> None:
    assert place_command(user_id=7, order=order(), market=PAUSED).qty_lots == 30


def test_order_ids_are_numbers_that_exist() -> None:
    assert order_number("128") == 128


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.0", "x", "٣", "1\n", "007", str(2**53), "9" * 99]
)
def test_anything_else_is_an_unknown_order(text: str) -> None:
    with pytest.raises(ExchangeError) as refused:
        order_number(text)
    assert refused.value.code is ErrorCode.UNKNOWN_ORDER
