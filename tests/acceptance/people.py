"""People and programs that use a running stack over REST."""

import itertools
import os
from typing import Any, Self

import httpx

from tests.running_stack import RunningStack

PASSWORD = "correct-horse-battery-9"
TIMEOUT_S = 10.0

_numbers = itertools.count(1)


class Person:
    """Somebody who is logged in; a context manager that closes the connection."""

    def __init__(self, stack: RunningStack, username: str, password: str) -> None:
        self.username = username
        self.http = httpx.Client(base_url=f"{stack.base_url}/v1", timeout=TIMEOUT_S)
        answer = self.http.post("/auth/token", json={"username": username, "password": password})
        assert answer.status_code == httpx.codes.OK, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access']}"

    @classmethod
    def new(cls, stack: RunningStack) -> Self:
        """Register somebody new."""
        username = f"person-{os.getpid()}-{next(_numbers)}"
        form = {"username": username, "password": PASSWORD}
        answer = httpx.post(f"{stack.base_url}/v1/auth/register", json=form, timeout=TIMEOUT_S)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return cls(stack, username, PASSWORD)

    @classmethod
    def admin(cls, stack: RunningStack) -> Self:
        return cls(stack, "admin", stack.credentials["admin"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.http.close()

    def place(self, side: str, qty: str, price: str | None, **terms: Any) -> httpx.Response:
        """Place an order on TEST-USD unless `terms` say otherwise: a market order without price."""
        order = {"symbol": "TEST-USD", "side": side, "type": "MARKET", "qty": qty} | terms
        if price is not None:
            order |= {"type": "LIMIT", "price": price}
        return self.http.post("/orders", json=order)

    def placed(self, side: str, qty: str, price: str | None, **terms: Any) -> dict[str, Any]:
        """Place an order that must be taken in; return its ack."""
        answer = self.place(side, qty, price, **terms)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        ack: dict[str, Any] = answer.json()
        return ack

    def wallet(self) -> dict[str, tuple[str, str]]:
        """Return asset → (available, reserved)."""
        balances = self.http.get("/wallet").raise_for_status().json()["balances"]
        return {row["asset"]: (row["available"], row["reserved"]) for row in balances}

    def user_id(self) -> int:
        return int(self.http.get("/account").raise_for_status().json()["id"])

    def open_orders(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (
            self.http.get("/orders/open").raise_for_status().json()["items"]
        )
        return items

    def give(self, username: str, asset: str, amount: str) -> None:
        """As staff, deposit paper funds for somebody."""
        form = {"username": username, "asset": asset, "amount": amount}
        answer = self.http.post("/admin/funds", json=form)
        assert answer.is_success, answer.text

    def list_quiet_market(self, symbol: str = "TEST-USD") -> None:
        """As staff, list a market that no crowd trades; listed already is fine."""
        terms = {
            "symbol": symbol,
            "tickSize": "0.01",
            "lotSize": "0.0001",
            "minQty": "0.0001",
            "maxQty": "1000",
            "minNotional": "0.01",
            "priceBandPct": 0,
            "makerFeeBps": 10,
            "takerFeeBps": 20,
            "simulated": False,
        }
        answer = self.http.post("/admin/markets", json=terms)
        assert answer.is_success or answer.status_code == httpx.codes.CONFLICT, answer.text
