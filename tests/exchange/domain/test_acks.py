"""Acks: integers of the engine as the contract's decimal text."""

from typing import Any

import pytest

from exchange.domain.acks import (
    average_price,
    canceled_ack,
    ended_ack,
    open_ack,
    placed_ack,
    rejected_ack,
)
from ledger.domain.orders import EndedOrder
from matching.domain.errors import ErrorCode
from matching.domain.events import OrderCanceled, OrderPlaced, OrderRejected, Trade
from matching.domain.state import OpenOrder
from matching.domain.values import (
    EndReason,
    Lots,
    OrderStatus,
    OrderType,
    Sequence,
    Side,
    Ticks,
    TimeInForce,
    Units,
)
from tests.exchange.markets import BTC_USD

TS_US = 1_767_225_600_000_001
TS = "2026-01-01T00:00:00.000001Z"


def terms(**fields: Any) -> dict[str, Any]:
    """A limit buy of 0.0030 BTC at 64231.50; `fields` override any."""
    return {
        "order_id": 64,
        "user_id": 1,
        "symbol": "BTC-USD",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "price_ticks": Ticks(6_423_150),
        "qty_lots": Lots(30),
        "client_order_id": "",
    } | fields


def placed(*, filled: int = 0, units: int = 0, canceled: int = 0, **fields: Any) -> OrderPlaced:
    order = terms(**fields)
    return OrderPlaced(
        sequence=Sequence(1),
        ts_us=TS_US,
        filled_lots=Lots(filled),
        filled_units=Units(units),
        resting_lots=Lots(order["qty_lots"] - filled - canceled),
        canceled_lots=Lots(canceled),
        end_reason=order.pop("end_reason", EndReason.NONE),
        level_lots=Lots(0),
        update_id=0,
        **order,
    )


def trade(*, price: int, lots: int, fee: int) -> Trade:
    return Trade(
        sequence=Sequence(1),
        ts_us=TS_US,
        trade_id=7,
        symbol="BTC-USD",
        price_ticks=Ticks(price),
        qty_lots=Lots(lots),
        base_units=Units(lots * 10_000),
        quote_units=Units(price * lots),
        taker_side=Side.BUY,
        taker_order_id=64,
        maker_order_id=128,
        taker_user_id=1,
        maker_user_id=2,
        taker_fee_units=Units(fee),
        maker_fee_units=Units(0),
        maker_remaining_lots=Lots(0),
        level_lots=Lots(0),
        update_id=1,
    )


def test_a_resting_order_is_accepted() -> None:
    ack = placed_ack(placed(client_order_id="mine"), [], BTC_USD)
    assert (ack.order_id, ack.client_order_id, ack.status) == ("64", "mine", "ACCEPTED")
    assert (ack.price, ack.qty) == ("64231.50", "0.0030")
    assert (ack.filled_qty, ack.remaining_qty, ack.canceled_qty) == ("0.0000", "0.0030", "0.0000")
    assert (ack.avg_price, ack.fees, ack.fills, ack.reject_reason) == (None, {}, [], None)
    assert ack.ts == TS


def test_a_buyer_pays_the_fee_in_what_he_gets() -> None:
    trades = [
        trade(price=6_423_000, lots=10, fee=50),
        trade(price=6_423_100, lots=10, fee=50),
    ]
    event = placed(filled=20, units=6_423_000 * 10 + 6_423_100 * 10)
    ack = placed_ack(event, trades, BTC_USD)
    assert (ack.status, ack.remaining_qty) == ("PARTIALLY_FILLED", "0.0010")
    assert ack.avg_price == "64230.500000"
    assert ack.fees == {"BTC": "0.00000100"}
    assert [(fill.price, fill.qty, fill.fee, fill.fee_asset) for fill in ack.fills] == [
        ("64230.00", "0.0010", "0.00000050", "BTC"),
        ("64231.00", "0.0010", "0.00000050", "BTC"),
    ]
    assert {fill.liquidity for fill in ack.fills} == {"TAKER"}


def test_a_seller_pays_the_fee_in_what_he_gets() -> None:
    event = placed(filled=30, units=192_690_000, side=Side.SELL)
    ack = placed_ack(event, [trade(price=6_423_000, lots=30, fee=96_345)], BTC_USD)
    assert (ack.status, ack.fees) == ("FILLED", {"USD": "0.096345"})


@pytest.mark.parametrize("reason", ["IOC_REMAINDER", "NO_LIQUIDITY", "SELF_TRADE"])
def test_a_canceled_remainder_says_why(reason: str) -> None:
    event = placed(
        filled=10, units=64_231_500, canceled=20, end_reason=EndReason(reason), price_ticks=0
    )
    ack = placed_ack(event, [trade(price=6_423_150, lots=10, fee=1)], BTC_USD)
    assert (ack.status, ack.reject_reason) == ("CANCELED", reason)
    assert (ack.filled_qty, ack.remaining_qty, ack.canceled_qty) == ("0.0010", "0.0000", "0.0020")


def test_a_market_order_has_no_price() -> None:
    market = placed(type=OrderType.MARKET, time_in_force=TimeInForce.IOC, price_ticks=0)
    ack = placed_ack(market, [], BTC_USD)
    assert (ack.price, ack.time_in_force) == (None, "IOC")


@pytest.mark.parametrize("reason", [EndReason.USER, EndReason.RESET])
def test_what_a_user_asked_for_is_no_rejection(reason: EndReason) -> None:
    event = OrderCanceled(
        sequence=Sequence(1),
        ts_us=TS_US,
        filled_lots=Lots(10),
        filled_units=Units(64_231_500),
        canceled_lots=Lots(20),
        end_reason=reason,
        level_lots=Lots(0),
        update_id=2,
        **terms(),
    )
    ack = canceled_ack(event, BTC_USD)
    assert (ack.status, ack.reject_reason, ack.filled_qty) == ("CANCELED", None, "0.0010")
    assert (ack.avg_price, ack.fills) == ("64231.500000", [])


def test_a_rejected_order_has_neither_fills_nor_remainder() -> None:
    event = OrderRejected(
        sequence=Sequence(1), ts_us=TS_US, reason=ErrorCode.INSUFFICIENT_FUNDS, **terms()
    )
    ack = rejected_ack(event, BTC_USD)
    assert (ack.status, ack.reject_reason) == ("REJECTED", "INSUFFICIENT_FUNDS")
    assert (ack.filled_qty, ack.remaining_qty, ack.canceled_qty) == ("0.0000",) * 3


def test_open_and_ended_orders_look_like_acks() -> None:
    rests = OpenOrder(
        remaining_lots=Lots(20), filled_units=Units(64_231_500), ts_us=TS_US, **terms()
    )
    ended = EndedOrder(
        status=OrderStatus.CANCELED,
        filled_lots=Lots(10),
        filled_units=Units(64_231_500),
        canceled_lots=Lots(20),
        reason="USER",
        ended_us=TS_US,
        **terms(),
    )
    assert open_ack(rests, BTC_USD).status == "PARTIALLY_FILLED"
    assert open_ack(rests, BTC_USD).remaining_qty == "0.0020"
    assert ended_ack(ended, BTC_USD).canceled_qty == "0.0020"
    assert ended_ack(ended, BTC_USD).reject_reason is None


@pytest.mark.parametrize(
    ("units", "lots", "text"),
    [
        (1, 20_000, "0.000000"),  # half a unit, to the even 0
        (3, 20_000, "0.000002"),  # one and a half, to the even 2
        (5, 20_000, "0.000002"),  # two and a half, to the even 2
        (2, 30_000, "0.000001"),
        (2**53 - 1, 1, "90071992547409.910000"),
        (2**53 - 1, 3, "30023997515803.303333"),
    ],
)
def test_the_average_rounds_half_even_to_the_quotes_decimals(
    units: int, lots: int, text: str
) -> None:
    assert average_price(filled_units=units, filled_lots=lots, market=BTC_USD) == text
