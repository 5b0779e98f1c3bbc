"""What the tests of trading say often."""

from typing import Any

from tests.accounts.rest import Rest


def limit(side: str, price: str, qty: str, **fields: Any) -> dict[str, Any]:
    """The body of a limit order in BTC-USD."""
    terms = {"symbol": "BTC-USD", "side": side, "type": "LIMIT", "price": price, "qty": qty}
    return terms | fields


def market(side: str, qty: str, **fields: Any) -> dict[str, Any]:
    """The body of a market order in BTC-USD."""
    return {"symbol": "BTC-USD", "side": side, "type": "MARKET", "qty": qty} | fields


def wallet(person: Rest) -> dict[str, tuple[str, str]]:
    """Asset → available and reserved."""
    return {
        balance["asset"]: (balance["available"], balance["reserved"])
        for balance in person.get("wallet").ok()["balances"]
    }
