"""What a newcomer sees right after the start: markets that live, and clear refusals."""

from functools import partial
from typing import Any

import httpx
import pytest

from tests.acceptance.people import Person
from tests.polling import wait_until
from tests.running_stack import RunningStack

pytestmark = pytest.mark.acceptance

MARKETS_AT_LEAST = 8
LEVELS_AT_LEAST = 10


def items(stack: RunningStack, path: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{stack.base_url}/v1{path}").raise_for_status()
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def is_alive(stack: RunningStack, symbol: str) -> bool:
    """Tell whether a market has depth on both sides, trades and candles."""
    path = f"/markets/{symbol}"
    book = httpx.get(f"{stack.base_url}/v1{path}/book?depth=50").raise_for_status().json()
    is_deep = min(len(book["bids"]), len(book["asks"])) >= LEVELS_AT_LEAST
    return is_deep and bool(
        items(stack, f"{path}/trades") and items(stack, f"{path}/candles?tf=1s")
    )


def test_every_simulated_market_has_depth_trades_and_candles(stack: RunningStack) -> None:
    found = [market["symbol"] for market in items(stack, "/markets") if market["simulated"]]
    assert len(found) >= MARKETS_AT_LEAST
    assert {"BTC-USD", "ETH-USD"} <= set(found)
    for symbol in found:
        wait_until(partial(is_alive, stack, symbol), f"{symbol} lives")


def test_the_terminal_is_served_with_its_assets(stack: RunningStack) -> None:
    page = httpx.get(stack.base_url)
    assert page.status_code == httpx.codes.OK
    script = page.text.partition('src="')[2].partition('"')[0]
    assert httpx.get(f"{stack.base_url}{script}").status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"symbol": "NOPE-USD"}, 404, "UNKNOWN_SYMBOL"),
        ({"price": "100.001"}, 400, "INVALID_PRICE"),
        ({"price": "-1"}, 400, "INVALID_PRICE"),
        ({"qty": "-1"}, 400, "INVALID_QTY"),
        ({"qty": "0"}, 400, "INVALID_QTY"),
        ({"qty": "100000000000000000000"}, 400, "INVALID_QTY"),
        ({"qty": 1}, 400, "INVALID_REQUEST"),
        ({"side": "LONG"}, 400, "INVALID_REQUEST"),
        ({"colour": "red"}, 400, "INVALID_REQUEST"),
        ({"qty": "900", "price": "900.00"}, 422, "INSUFFICIENT_FUNDS"),
    ],
)
def test_a_bad_order_gets_a_clear_error_and_changes_nothing(
    stack: RunningStack, change: dict[str, object], status: int, code: str
) -> None:
    with Person.admin(stack) as admin, Person.new(stack) as person:
        admin.list_quiet_market()
        before = person.wallet()
        order = {"symbol": "TEST-USD", "side": "BUY", "type": "LIMIT", "price": "1", "qty": "1"}
        answer = person.http.post("/orders", json=order | change)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert person.wallet() == before
        assert person.open_orders() == []


def test_a_forwarded_address_is_not_believed(stack: RunningStack) -> None:
    with Person.new(stack) as person:
        form = {"name": "bot", "scopes": ["read"], "allowedIps": ["192.0.2.7"]}
        key = person.http.post("/api-keys", json=form).raise_for_status().json()["key"]
    forged = {"X-API-Key": key, "X-Forwarded-For": "192.0.2.7"}
    assert httpx.get(f"{stack.base_url}/v1/wallet", headers=forged).status_code == 401


def test_what_is_not_json_and_who_is_not_known_is_refused(stack: RunningStack) -> None:
    with Person.new(stack) as person:
        answer = person.http.post(
            "/orders", content=b"{nonsense", headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_REQUEST")
        person.http.headers["Authorization"] = "Bearer expired.or.forged"
        answer = person.http.get("/wallet")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")
