"""Orders over REST: which answer each gets, and what it does to wallets, to the last digit."""

import json
from typing import Any

import pytest

from exchange import services
from matching.domain.errors import ErrorCode, ExchangeError
from matching.runtime import run_blocking
from tests.accounts.rest import Rest
from tests.exchange.trading import limit, market, wallet

BOTH_WAYS = True


def test_a_limit_order_rests_and_reserves(ann: Rest) -> None:
    ack = ann.post("orders", limit("BUY", "64231.50", "0.0030", clientOrderId="mine")).ok(201)
    assert ack == {
        "orderId": ack["orderId"],
        "clientOrderId": "mine",
        "symbol": "BTC-USD",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": "64231.50",
        "qty": "0.0030",
        "status": "ACCEPTED",
        "filledQty": "0.0000",
        "remainingQty": "0.0030",
        "canceledQty": "0.0000",
        "avgPrice": None,
        "fees": {},
        "fills": [],
        "rejectReason": None,
        "ts": ack["ts"],
    }
    assert wallet(ann)["USD"] == ("99807.305500", "192.694500")


def test_a_trade_moves_exact_amounts_and_fees(ann: Rest, bob: Rest) -> None:
    ann.post("orders", limit("SELL", "60000.00", "0.5000")).ok(201)
    ack = bob.post("orders", limit("BUY", "60001.00", "0.2000")).ok(201)
    assert (ack["status"], ack["avgPrice"]) == ("FILLED", "60000.000000")
    assert ack["fees"] == {"BTC": "0.00010000"}
    (fill,) = ack["fills"]
    assert (fill["price"], fill["qty"], fill["liquidity"]) == ("60000.00", "0.2000", "TAKER")
    assert (fill["fee"], fill["feeAsset"]) == ("0.00010000", "BTC")
    assert wallet(bob) == {
        "BTC": ("10.19990000", "0.00000000"),
        "USD": ("88000.000000", "0.000000"),
    }
    assert wallet(ann) == {
        "BTC": ("9.50000000", "0.30000000"),
        "USD": ("111998.800000", "0.000000"),
    }


def test_a_maker_sees_the_partial_fill(ann: Rest, bob: Rest) -> None:
    order_id = ann.post("orders", limit("SELL", "60000.00", "0.5000")).ok(201)["orderId"]
    bob.post("orders", market("BUY", "0.2000")).ok(201)
    order = ann.get(f"orders/{order_id}").ok()
    assert (order["status"], order["filledQty"], order["remainingQty"]) == (
        "PARTIALLY_FILLED",
        "0.2000",
        "0.3000",
    )
    assert order["avgPrice"] == "60000.000000"
    assert ann.get("orders/open").ok()["items"] == [order]
    assert ann.get("orders/open?symbol=BTC-USD").ok()["items"] == [order]
    assert bob.get("orders/open").ok() == {"items": [], "nextCursor": None}


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (limit("BUY", "60000.00", "1.0000", timeInForce="IOC"), "IOC_REMAINDER"),
        (market("BUY", "1.0000"), "NO_LIQUIDITY"),
    ],
)
def test_what_cannot_rest_ends_canceled_and_says_why(
    ann: Rest, bob: Rest, order: dict[str, Any], reason: str
) -> None:
    ann.post("orders", limit("SELL", "60000.00", "0.2500")).ok(201)
    ack = bob.post("orders", order).ok(201)
    assert (ack["status"], ack["rejectReason"], ack["timeInForce"]) == ("CANCELED", reason, "IOC")
    assert (ack["filledQty"], ack["remainingQty"], ack["canceledQty"]) == (
        "0.2500",
        "0.0000",
        "0.7500",
    )


def test_a_users_order_does_not_meet_the_users_own(ann: Rest) -> None:
    ann.post("orders", limit("SELL", "60000.00", "0.2500")).ok(201)
    ack = ann.post("orders", limit("BUY", "60000.00", "0.2500")).ok(201)
    assert (ack["status"], ack["rejectReason"]) == ("CANCELED", "SELF_TRADE")
    assert len(ann.get("orders/open").ok()["items"]) == 1


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (limit("BUY", "64000.00", "9.0000"), "INSUFFICIENT_FUNDS"),
        (limit("SELL", "64000.00", "10.0001"), "INSUFFICIENT_FUNDS"),
        (limit("BUY", "60000.00", "0.1000", postOnly=True), "WOULD_TRADE"),
        (limit("BUY", "60000.00", "1.0000", timeInForce="FOK"), "CANNOT_FILL"),
    ],
)
def test_a_rejected_order_comes_with_its_ack(
    ann: Rest, bob: Rest, order: dict[str, Any], code: str
) -> None:
    bob.post("orders", limit("SELL", "60000.00", "0.2500")).ok(201)
    before = wallet(ann)
    refused = ann.post("orders", order)
    assert (refused.status, refused.code) == (422, code)
    ack = refused.details["order"]
    assert (ack["status"], ack["rejectReason"]) == ("REJECTED", code)
    assert int(ack["orderId"]) > 0
    assert wallet(ann) == before


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        (limit("BUY", "60000.00", "1.0000") | {"symbol": "BTC-EUR"}, 404, "UNKNOWN_SYMBOL"),
        (limit("BUY", "60000.001", "1.0000"), 400, "INVALID_PRICE"),
        (limit("BUY", "-60000.00", "1.0000"), 400, "INVALID_PRICE"),
        (limit("BUY", "0", "1.0000"), 400, "INVALID_PRICE"),
        (limit("BUY", "9" * 30, "1.0000"), 400, "INVALID_PRICE"),
        (limit("BUY", "9000000000.00", "1.0000"), 400, "INVALID_PRICE"),
        (limit("BUY", "60000.00", "0.00001"), 400, "INVALID_QTY"),
        (limit("BUY", "60000.00", "-1.0000"), 400, "INVALID_QTY"),
        (limit("BUY", "60000.00", "0"), 400, "INVALID_QTY"),
        (limit("BUY", "60000.00", "1" + "0" * 30), 400, "INVALID_QTY"),
        (limit("BUY", "60000.00", "100.0001"), 400, "INVALID_QTY"),
        (limit("BUY", "0.01", "0.0001"), 400, "NOTIONAL_TOO_SMALL"),
        (limit("BUY", "60000.00", "1.0000", colour="red"), 400, "INVALID_REQUEST"),
        (limit("BUY", "NaN", "1.0000"), 400, "INVALID_REQUEST"),
        (limit("BUY", "60000.00", "1e400"), 400, "INVALID_REQUEST"),
        (limit("BUY", "60000.00", "1" * 5000), 400, "INVALID_REQUEST"),
        (market("BUY", "1.0000", price="60000.00"), 400, "INVALID_REQUEST"),
        (market("BUY", "1.0000", timeInForce="FOK"), 400, "INVALID_REQUEST"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    ann: Rest, order: dict[str, Any], status: int, code: str
) -> None:
    before = wallet(ann)
    refused = ann.post("orders", order)
    assert (refused.status, refused.code) == (status, code)
    assert "order" not in refused.details
    assert wallet(ann) == before
    assert ann.get("orders/open").ok()["items"] == []


def test_a_price_too_far_from_the_last_is_out_of_band(ann: Rest, bob: Rest) -> None:
    ann.post("orders", limit("SELL", "60000.00", "0.0100")).ok(201)
    bob.post("orders", market("BUY", "0.0100")).ok(201)
    assert bob.post("orders", limit("BUY", "54000.00", "0.0100")).status == 201
    refused = bob.post("orders", limit("BUY", "53999.99", "0.0100"))
    assert (refused.status, refused.code) == (400, "PRICE_OUT_OF_BAND")


def test_the_same_client_order_id_is_answered_as_the_first_time(ann: Rest) -> None:
    order = limit("BUY", "60000.00", "0.1000", clientOrderId="once")
    first = ann.post("orders", order).ok(201)
    assert ann.post("orders", order).ok(201) == first
    assert len(ann.get("orders/open").ok()["items"]) == 1
    refused = ann.post("orders", order | {"qty": "0.2000"})
    assert (refused.status, refused.code) == (409, "DUPLICATE_CLIENT_ORDER_ID")


def test_a_repeated_rejection_is_the_first_one(ann: Rest) -> None:
    order = limit("SELL", "60000.00", "99.0000", clientOrderId="once")
    assert ann.post("orders", order).json == ann.post("orders", order).json


def test_cancel_gives_the_reserve_back(ann: Rest) -> None:
    before = wallet(ann)
    order_id = ann.post("orders", limit("BUY", "60000.00", "0.1000")).ok(201)["orderId"]
    assert wallet(ann) != before
    ack = ann.delete(f"orders/{order_id}").ok()
    assert (ack["status"], ack["canceledQty"], ack["rejectReason"]) == ("CANCELED", "0.1000", None)
    assert wallet(ann) == before


def test_cancel_all_takes_every_open_order(ann: Rest, bob: Rest) -> None:
    before = wallet(ann)
    placed = [
        ann.post("orders", limit("BUY", f"{price}.00", "0.1000")).ok(201)["orderId"]
        for price in (59_000, 59_001, 59_002)
    ]
    bob.post("orders", limit("BUY", "59000.00", "0.1000")).ok(201)
    canceled = ann.delete("orders?symbol=BTC-USD").ok()
    assert [ack["orderId"] for ack in canceled["items"]] == placed
    assert wallet(ann) == before
    assert ann.delete("orders").ok() == {"items": [], "nextCursor": None}
    assert len(bob.get("orders/open").ok()["items"]) == 1


def test_a_refused_cancel_all_is_a_refusal(rest: Rest) -> None:
    with pytest.raises(ExchangeError) as refused:
        run_blocking(services.order_cancel_all(user_id=0))  # nobody the engine would take
    assert refused.value.code is ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize("path", ["orders?symbol=NO-USD", "orders/open?symbol=NO-USD"])
def test_an_unknown_symbol_in_the_query_is_refused(ann: Rest, path: str) -> None:
    send = ann.get if "open" in path else ann.delete
    assert (send(path).status, send(path).code) == (404, "UNKNOWN_SYMBOL")


def test_an_order_that_has_ended_cannot_be_canceled(ann: Rest, bob: Rest, ledger: None) -> None:
    order_id = ann.post("orders", limit("SELL", "60000.00", "0.1000")).ok(201)["orderId"]
    bob.post("orders", market("BUY", "0.1000")).ok(201)
    refused = ann.delete(f"orders/{order_id}")
    assert (refused.status, refused.code) == (409, "ORDER_NOT_OPEN")
    assert refused.details["order"]["status"] == "FILLED"


def test_an_ended_order_is_found_at_once(ann: Rest, ledger: None) -> None:
    order = limit("BUY", "60000.00", "0.1000", clientOrderId="mine")
    order_id = ann.post("orders", order).ok(201)["orderId"]
    canceled = ann.delete(f"orders/{order_id}").ok()
    assert ann.get(f"orders/{order_id}").ok() == canceled
    assert ann.get("orders?clientOrderId=mine").ok()["items"] == [canceled]
    assert ann.get("orders?clientOrderId=other").ok()["items"] == []


def test_an_open_order_is_found_by_its_client_order_id(ann: Rest) -> None:
    placed = ann.post("orders", limit("BUY", "60000.00", "0.1000", clientOrderId="mine")).ok(201)
    assert ann.get("orders?clientOrderId=mine").ok()["items"] == [placed]
    assert ann.get("orders").code == "INVALID_REQUEST"


@pytest.mark.parametrize("order_id", ["999999999", "0", "-1", "abc", "1e5", "9" * 30, "%00"])
def test_an_order_that_never_was_is_unknown(ann: Rest, ledger: None, order_id: str) -> None:
    for answer in (ann.get(f"orders/{order_id}"), ann.delete(f"orders/{order_id}")):
        assert (answer.status, answer.code) == (404, "UNKNOWN_ORDER")


def test_somebody_elses_order_is_unknown(ann: Rest, bob: Rest, ledger: None) -> None:
    order_id = ann.post("orders", limit("BUY", "60000.00", "0.1000")).ok(201)["orderId"]
    for _ in range(2):
        assert bob.get(f"orders/{order_id}").code == "UNKNOWN_ORDER"
        assert bob.delete(f"orders/{order_id}").code == "UNKNOWN_ORDER"
        ann.delete(f"orders/{order_id}")


def test_numbers_in_answers_are_text(ann: Rest) -> None:
    ann.post("orders", limit("BUY", "60000.00", "0.1000")).ok(201)
    raw = ann.get("orders/open").response.content
    assert not [value for value in json.loads(raw)["items"][0].values() if isinstance(value, float)]
