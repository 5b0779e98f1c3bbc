"""Batches: applied in order, a result for each, a malformed item stopping nobody else."""

from typing import Any

import pytest

from exchange.messages import MAX_BATCH
from matching.domain.values import DEFAULT_MAX_OPEN_ORDERS
from tests.accounts.rest import Rest
from tests.exchange.trading import limit, wallet

BOTH_WAYS = True


def place(*order: Any, **fields: Any) -> dict[str, Any]:
    return {"op": "place"} | limit(*order, **fields)


def cancel(order_id: str) -> dict[str, Any]:
    return {"op": "cancel", "orderId": order_id}


def results(person: Rest, *items: Any) -> list[Any]:
    found: list[Any] = person.post("orders/batch", {"orders": list(items)}).ok()["results"]
    return found


def codes(answers: list[Any]) -> list[str]:
    return [
        answer["error"]["code"] if "error" in answer else answer["status"] for answer in answers
    ]


def test_places_and_cancels_are_applied_in_order(ann: Rest, bob: Rest, ledger: None) -> None:
    first = ann.post("orders", limit("SELL", "60000.00", "0.1000")).ok(201)["orderId"]
    answers = results(
        bob,
        place("BUY", "60000.00", "0.0600"),
        place("BUY", "60000.00", "0.0600"),
        place("SELL", "60001.00", "0.0100"),
    )
    assert codes(answers) == ["FILLED", "PARTIALLY_FILLED", "ACCEPTED"]
    assert codes(results(bob, cancel(answers[1]["orderId"]), cancel(answers[2]["orderId"]))) == [
        "CANCELED",
        "CANCELED",
    ]
    assert codes(results(ann, cancel(first))) == ["ORDER_NOT_OPEN"]


def test_a_malformed_item_stops_nobody_else(ann: Rest) -> None:
    answers = results(
        ann,
        place("BUY", "60000.00", "0.0100"),
        place("BUY", "60000.001", "0.0100"),
        place("BUY", "60000.00", "0.0100", colour="red"),
        place("BUY", "60000.00", "9.0000"),
        {"op": "dance"},
        {"orderId": "1"},
        cancel("no such order"),
        place("BUY", "60000.00", "0.0100") | {"symbol": "NO-USD"},
        7,
        None,
        [],
        place("BUY", "60000.00", "0.0200"),
    )
    assert codes(answers) == [
        "ACCEPTED",
        "INVALID_PRICE",
        "INVALID_REQUEST",
        "INSUFFICIENT_FUNDS",
        "INVALID_REQUEST",
        "INVALID_REQUEST",
        "UNKNOWN_ORDER",
        "UNKNOWN_SYMBOL",
        "INVALID_REQUEST",
        "INVALID_REQUEST",
        "INVALID_REQUEST",
        "ACCEPTED",
    ]
    assert answers[2]["error"]["details"]["field"] == "colour"
    assert answers[3]["error"]["details"]["order"]["status"] == "REJECTED"
    assert wallet(ann)["USD"] == ("98200.000000", "1800.000000")


def test_a_full_batch_is_taken_up_to_the_limit_of_open_orders(ann: Rest) -> None:
    answers = results(ann, *[place("BUY", "50000.00", "0.0001")] * MAX_BATCH)
    refused = MAX_BATCH - DEFAULT_MAX_OPEN_ORDERS
    taken = ["ACCEPTED"] * DEFAULT_MAX_OPEN_ORDERS
    assert codes(answers) == taken + ["TOO_MANY_OPEN_ORDERS"] * refused
    ids = [int(answer["orderId"]) for answer in answers[:DEFAULT_MAX_OPEN_ORDERS]]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"orders": []},
        {"orders": [{"op": "cancel", "orderId": "1"}] * (MAX_BATCH + 1)},
        {"orders": {}},
        {"orders": [], "more": 1},
        [],
    ],
)
def test_a_batch_that_is_none_is_refused_whole(ann: Rest, body: Any) -> None:
    refused = ann.post("orders/batch", body)
    assert (refused.status, refused.code) == (400, "INVALID_REQUEST")
