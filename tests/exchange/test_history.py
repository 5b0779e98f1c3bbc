"""Ended orders and fills over REST: whose they are, their order, and page by page."""

from typing import Any

import pytest

from tests.accounts.rest import Rest
from tests.exchange.trading import limit, market


@pytest.fixture
def traded(ann: Rest, bob: Rest, ledger: None) -> None:
    """Bob buys 0.3 of Ann's 0.5 BTC in one go, 0.1 at 60,000 and 0.2 at 60,100, then sells 0.1."""
    ann.post("orders", limit("SELL", "60000.00", "0.1000", clientOrderId="first")).ok(201)
    ann.post("orders", limit("SELL", "60100.00", "0.4000")).ok(201)
    bob.post("orders", market("BUY", "0.3000", clientOrderId="both")).ok(201)
    ann.post("orders", limit("BUY", "60050.00", "0.1000")).ok(201)
    bob.post("orders", market("SELL", "0.1000")).ok(201)


def items(person: Rest, path: str) -> Any:
    return person.get(path).ok()["items"]


def all_pages(person: Rest, path: str) -> list[Any]:
    """Follow the cursors to the end."""
    found: list[Any] = []
    page = person.get(path).ok()
    while True:
        found += page["items"]
        if page["nextCursor"] is None:
            return found
        page = person.get(f"{path}&cursor={page['nextCursor']}").ok()


def test_fills_come_newest_first_to_the_last_digit(traded: None, bob: Rest) -> None:
    newest, second, first = items(bob, "fills")
    order_id = items(bob, "orders?clientOrderId=both")[0]["orderId"]
    assert first == {
        "tradeId": first["tradeId"],
        "orderId": order_id,
        "symbol": "BTC-USD",
        "side": "BUY",
        "price": "60000.00",
        "qty": "0.1000",
        "fee": "0.00005000",
        "feeAsset": "BTC",
        "liquidity": "TAKER",
        "ts": first["ts"],
    }
    assert (second["price"], second["fee"], second["orderId"]) == (
        "60100.00",
        "0.00010000",
        order_id,
    )
    assert second["ts"] == first["ts"] < newest["ts"]
    assert (newest["side"], newest["fee"], newest["feeAsset"]) == ("SELL", "3.002500", "USD")


def test_both_sides_of_a_trade_see_their_own_half(traded: None, ann: Rest, bob: Rest) -> None:
    hers, his = items(ann, "fills"), items(bob, "fills")
    assert [fill["tradeId"] for fill in hers] == [fill["tradeId"] for fill in his]
    assert [(fill["side"], fill["liquidity"]) for fill in hers] == [
        ("BUY", "MAKER"),
        ("SELL", "MAKER"),
        ("SELL", "MAKER"),
    ]
    assert not {fill["orderId"] for fill in hers} & {fill["orderId"] for fill in his}
    assert (hers[2]["fee"], hers[2]["feeAsset"]) == ("0.600000", "USD")


def test_who_did_not_trade_has_no_fills(traded: None, rest: Rest) -> None:
    carol = rest.registered("carol")
    for path in ("fills", "orders/history"):
        assert carol.get(path).ok() == {"items": [], "nextCursor": None}


@pytest.mark.parametrize("path", ["fills", "orders/history"])
def test_pages_show_everything_once(traded: None, bob: Rest, path: str) -> None:
    whole = bob.get(f"{path}?limit=500").ok()
    assert (len(whole["items"]) > 1, whole["nextCursor"]) == (True, None)
    for size in (1, 2, len(whole["items"])):
        assert all_pages(bob, f"{path}?limit={size}") == whole["items"]


def test_a_period_holds_both_its_ends(traded: None, bob: Rest) -> None:
    newest, second, first = items(bob, "fills")
    assert items(bob, f"fills?to={first['ts']}") == [second, first]
    assert items(bob, f"fills?from={newest['ts']}") == [newest]
    assert items(bob, f"fills?from={first['ts']}&to={newest['ts']}") == [newest, second, first]
    assert items(bob, "fills?symbol=BTC-USD&to=2001-01-01T00:00:00Z") == []


def test_ended_orders_come_newest_first_whatever_ended_them(traded: None, ann: Rest) -> None:
    resting, _ = items(ann, "orders/open"), ann.delete("orders").ok()
    refused = ann.post("orders", limit("SELL", "60000.00", "99.0000")).details["order"]
    ended = items(ann, "orders/history")
    assert [order["status"] for order in ended] == ["REJECTED", "CANCELED", "FILLED", "FILLED"]
    assert ended[0] == refused
    assert ended[1]["orderId"] == resting[0]["orderId"]
    assert (ended[1]["filledQty"], ended[1]["canceledQty"]) == ("0.2000", "0.2000")
    assert (ended[3]["clientOrderId"], ended[3]["avgPrice"]) == ("first", "60000.000000")
    assert all(order["fills"] == [] for order in ended)


def test_an_ended_order_is_shown_with_its_fills(traded: None, ann: Rest, bob: Rest) -> None:
    (order,) = items(bob, "orders?clientOrderId=both")
    assert [fill["price"] for fill in order["fills"]] == ["60000.00", "60100.00"]
    assert set(order["fills"][0]) == {"tradeId", "price", "qty", "fee", "feeAsset", "liquidity"}
    assert order["fees"] == {"BTC": "0.00015000"}
    assert bob.get(f"orders/{order['orderId']}").ok() == order
    assert ann.get(f"orders/{order['orderId']}").code == "UNKNOWN_ORDER"
    assert items(ann, "orders?clientOrderId=both") == []


def test_a_maker_finds_the_fills_from_when_the_order_rested(traded: None, ann: Rest) -> None:
    ann.delete("orders").ok()
    order = items(ann, "orders/history")[0]
    shown = ann.get(f"orders/{order['orderId']}").ok()
    assert [(fill["qty"], fill["liquidity"]) for fill in shown["fills"]] == [("0.2000", "MAKER")]
    assert shown["fees"] == {"USD": "1.202000"}
    assert shown | {"fills": [], "fees": {}} == order


def test_the_fees_of_an_order_are_those_of_all_its_fills(
    traded: None, bob: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.selectors.MAX_ORDER_FILLS", 1)
    (order,) = items(bob, "orders?clientOrderId=both")
    assert [fill["price"] for fill in order["fills"]] == ["60000.00"]
    assert order["fees"] == {"BTC": "0.00015000"}


@pytest.mark.parametrize("path", ["fills", "orders/history"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=abc", "cursor"),
        ("cursor=1-99999999999999999999", "cursor"),
        ("cursor=", "cursor"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("from=yesterday", "from"),
        ("from=2026-01-01T00:00:00", "from"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("user=1", "user"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(
    ann: Rest, path: str, query: str, field: str
) -> None:
    refused = ann.get(f"{path}?{query}")
    assert (refused.status, refused.code, refused.details["field"]) == (
        400,
        "INVALID_REQUEST",
        field,
    )


@pytest.mark.parametrize("path", ["fills", "orders/history"])
def test_the_edges_of_time_are_no_mistake(ann: Rest, ledger: None, path: str) -> None:
    edges = "from=0001-01-01T00:00:00%2B14:00&to=9999-12-31T23:59:59-12:00"
    assert items(ann, f"{path}?{edges}&cursor=9999999999999999-0") == []


@pytest.mark.parametrize("path", ["fills", "orders/history"])
@pytest.mark.parametrize("offset", ["%2B23:59", "-16:00", "-23:59"])
def test_an_offset_is_no_mistake_however_large(
    ann: Rest, ledger: None, path: str, offset: str
) -> None:
    for moment in ("0001-01-01T00:00:00", "2026-01-01T00:00:00", "9999-12-31T23:59:59"):
        for end in ("from", "to"):
            assert items(ann, f"{path}?{end}={moment}{offset}") == []


@pytest.mark.parametrize("path", ["fills", "orders/history"])
def test_an_unknown_market_has_no_history(ann: Rest, path: str) -> None:
    assert ann.get(f"{path}?symbol=NO-USD").code == "UNKNOWN_SYMBOL"


@pytest.mark.parametrize("path", ["fills", "orders/history"])
def test_nothing_is_left_out_while_the_ledger_is_behind(ann: Rest, path: str) -> None:
    answer = ann.get(path)
    assert (answer.status, answer.code) == (503, "UNAVAILABLE")
