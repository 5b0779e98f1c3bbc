"""The form of an order: what clashes or is no number is refused by field, before anything else."""

import json
from typing import Any

import pytest

from accounts.rest.request_form import read_form
from exchange.messages import NewOrder
from matching.domain.errors import ErrorCode, ExchangeError

LIMIT = {"symbol": "BTC-USD", "side": "BUY", "type": "LIMIT", "price": "64231.50", "qty": "0.0030"}
MARKET = {"symbol": "BTC-USD", "side": "SELL", "type": "MARKET", "qty": "0.0030"}
NOT_PLAIN = ["", " 1", "1 ", "NaN", "inf", "1e5", "1e400", "0x10", "1,5", ".5", "5.", "+1", "--1"]
NOT_PLAIN += ["1_0", "\N{ARABIC-INDIC DIGIT ONE}"]
MISSING = object()


def read(body: dict[str, Any]) -> NewOrder:
    kept = {name: value for name, value in body.items() if value is not MISSING}
    return read_form(json.dumps(kept).encode(), NewOrder)


@pytest.mark.parametrize(
    "body",
    [
        LIMIT,
        LIMIT | {"timeInForce": "FOK", "clientOrderId": "a" * 64},
        LIMIT | {"postOnly": True},
        LIMIT | {"postOnly": True, "timeInForce": "GTC"},
        LIMIT | {"timeInForce": None, "clientOrderId": None},
        MARKET,
        MARKET | {"timeInForce": "IOC", "price": None, "postOnly": False},
    ],
)
def test_sensible_orders_are_read(body: dict[str, Any]) -> None:
    assert read(body).qty == "0.0030"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (LIMIT | {"symbol": MISSING}, "symbol"),
        (LIMIT | {"symbol": ""}, "symbol"),
        (LIMIT | {"symbol": "X" * 33}, "symbol"),
        (LIMIT | {"side": "buy"}, "side"),
        (LIMIT | {"type": "STOP"}, "type"),
        (LIMIT | {"price": MISSING}, "price"),
        (LIMIT | {"price": None}, "price"),
        (LIMIT | {"qty": MISSING}, "qty"),
        (LIMIT | {"colour": "red"}, "colour"),
        (LIMIT | {"timeInForce": "GTD"}, "timeInForce"),
        (LIMIT | {"postOnly": "yes"}, "postOnly"),
        (LIMIT | {"postOnly": True, "timeInForce": "IOC"}, "postOnly"),
        (LIMIT | {"clientOrderId": ""}, "clientOrderId"),
        (LIMIT | {"clientOrderId": "a" * 65}, "clientOrderId"),
        (LIMIT | {"clientOrderId": "a\0b"}, "clientOrderId"),
        (LIMIT | {"clientOrderId": 7}, "clientOrderId"),
        (MARKET | {"price": "1"}, "price"),
        (MARKET | {"timeInForce": "GTC"}, "timeInForce"),
        (MARKET | {"timeInForce": "FOK"}, "timeInForce"),
        (MARKET | {"postOnly": True}, "postOnly"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_by_field(body: dict[str, Any], field: str) -> None:
    with pytest.raises(ExchangeError) as refused:
        read(body)
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    assert refused.value.details["field"] == field
    assert refused.value.details["reason"]


@pytest.mark.parametrize("field", ["price", "qty"])
@pytest.mark.parametrize("value", [*NOT_PLAIN, 1, 1.5, -1, True, [], {}, 10**30, "9" * 41])
def test_what_is_no_plain_number_as_text_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ExchangeError) as refused:
        read(LIMIT | {field: value})
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"\xff",
        b'{"symbol": "\xff"}',
        b"{} {}",
        b"[" * 10**5,
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ExchangeError) as refused:
        read_form(body, NewOrder)
    assert refused.value.code is ErrorCode.INVALID_REQUEST
