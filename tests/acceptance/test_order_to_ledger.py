"""An order's whole way: REST, the matching worker, the WebSocket push, the ledger's row."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from websockets.sync.client import ClientConnection, connect

from tests.acceptance.people import Person
from tests.polling import wait_until
from tests.running_stack import RunningStack

pytestmark = pytest.mark.acceptance

PUSH_TIMEOUT_S = 10


@pytest.fixture
def seller_and_buyer(stack: RunningStack) -> Iterator[tuple[Person, Person]]:
    """A seller who has 2 TEST, and a buyer with the opening balance, on a quiet market."""
    with Person.admin(stack) as admin, Person.new(stack) as seller, Person.new(stack) as buyer:
        admin.list_quiet_market()
        admin.give(seller.username, "TEST", "2")
        yield seller, buyer


def test_a_partial_fill_from_rest_to_ledger(
    stack: RunningStack, seller_and_buyer: tuple[Person, Person]
) -> None:
    seller, buyer = seller_and_buyer
    with connect(f"ws://127.0.0.1:{stack.port}/ws/trades/TEST-USD") as socket:
        snapshot = next_push(socket)
        assert snapshot["type"] == "snapshot"

        sell = seller.placed("SELL", "1.5", "100.00")
        assert (sell["status"], sell["remainingQty"]) == ("ACCEPTED", "1.5000")
        buy = buyer.placed("BUY", "0.5", "101.00")
        assert (buy["status"], buy["avgPrice"]) == ("FILLED", "100.000000")

        push = next_push(socket)
        assert (push["type"], push["seq"]) == ("update", snapshot["seq"] + 1)
        (trade,) = push["data"]["items"]

    assert trade["tradeId"] == buy["fills"][0]["tradeId"]
    assert (trade["price"], trade["qty"], trade["takerSide"]) == ("100.00", "0.5000", "BUY")

    # 50 USD less the maker's 10 bps; 0.5 TEST less the taker's 20 bps.
    assert seller.wallet() == {
        "TEST": ("0.50000000", "1.00000000"),
        "USD": ("100049.950000", "0.000000"),
    }
    assert buyer.wallet() == {
        "TEST": ("0.49900000", "0.00000000"),
        "USD": ("99950.000000", "0.000000"),
    }

    row = ledger_row(stack, trade["tradeId"])
    assert (row["symbol"], row["price_ticks"], row["qty_lots"]) == ("TEST-USD", 10_000, 5_000)
    assert (row["quote_units"], row["base_units"]) == (50_000_000, 50_000_000)
    assert (str(row["buy_order_id"]), str(row["sell_order_id"])) == (
        buy["orderId"],
        sell["orderId"],
    )
    assert (row["buyer_fee_units"], row["seller_fee_units"]) == (100_000, 50_000)


def test_a_cancel_gives_back_what_was_reserved(
    stack: RunningStack, seller_and_buyer: tuple[Person, Person]
) -> None:
    _, buyer = seller_and_buyer
    order = buyer.placed("BUY", "2", "1.25")
    assert buyer.wallet()["USD"] == ("99997.500000", "2.500000")
    assert [row["orderId"] for row in buyer.open_orders()] == [order["orderId"]]
    canceled = buyer.http.delete(f"/orders/{order['orderId']}").json()
    assert (canceled["status"], canceled["canceledQty"]) == ("CANCELED", "2.0000")
    assert buyer.wallet()["USD"] == ("100000.000000", "0.000000")
    assert buyer.open_orders() == []


def next_push(socket: ClientConnection) -> dict[str, Any]:
    """Return the next push, passing over answers to requests."""
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=PUSH_TIMEOUT_S))
        if "channel" in frame:
            return frame


def ledger_row(stack: RunningStack, trade_id: str) -> dict[str, object]:
    """Return the ledger's only row of a trade, once it is there."""
    url = (stack.data_dir / "secrets" / "database_url").read_text().strip()
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as ledger:
        query = "SELECT * FROM trade_ledger WHERE trade_id = %s"
        wait_until(
            lambda: ledger.execute(query, [trade_id]).fetchone(), "the trade is in the ledger"
        )
        (row,) = ledger.execute(query, [trade_id]).fetchall()
        return row
