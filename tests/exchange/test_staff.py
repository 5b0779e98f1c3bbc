"""Staff's controls: pauses, paper money, new markets, the crowd; and nobody else's."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.accounts.rest import Rest
from tests.exchange.trading import limit, wallet

ETH_USD = {
    "symbol": "ETH-USD",
    "tickSize": "0.01",
    "lotSize": "0.001",
    "minQty": "0.001",
    "maxQty": "1000",
    "minNotional": "1",
    "priceBandPct": 10,
    "makerFeeBps": 1,
    "takerFeeBps": 5.5,
    "simulated": False,
}
FUNDS = {"username": "ann", "asset": "BTC", "amount": "0.5"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("admin/symbols/BTC-USD/pause", None),
        ("admin/symbols/BTC-USD/resume", None),
        ("admin/sim/start", None),
        ("admin/sim/stop", None),
        ("admin/sim/volatility-profile", {"profile": "calm"}),
        ("admin/funds", FUNDS),
        ("admin/markets", ETH_USD),
    ],
)
def test_only_staff_may(rest: Rest, ann: Rest, boss: Rest, path: str, body: Any) -> None:
    refused = ann.post(path, body)
    assert (refused.status, refused.code) == (403, "FORBIDDEN")
    key = boss.post("api-keys", {"name": "bot", "scopes": ["read", "trade"]}).ok(201)["key"]
    assert rest.with_key(key).post(path, body).status == 403
    assert wallet(ann)["BTC"] == ("10.00000000", "0.00000000")


def test_a_paused_market_takes_cancels_only(ann: Rest, boss: Rest) -> None:
    order_id = ann.post("orders", limit("BUY", "60000.00", "0.1000")).ok(201)["orderId"]
    paused = boss.post("admin/symbols/BTC-USD/pause").ok()
    assert paused == {"symbol": "BTC-USD", "status": "PAUSED"}
    refused = ann.post("orders", limit("BUY", "60000.00", "0.1000"))
    assert (refused.status, refused.code) == (422, "SYMBOL_PAUSED")
    assert refused.details["order"]["status"] == "REJECTED"
    assert ann.post("orders", limit("BUY", "60000.001", "0.1000")).code == "SYMBOL_PAUSED"
    assert ann.delete(f"orders/{order_id}").status == 200
    assert boss.post("admin/symbols/BTC-USD/resume").ok()["status"] == "TRADING"
    assert ann.post("orders", limit("BUY", "60000.00", "0.1000")).status == 201


def test_pausing_an_unknown_market_is_refused(boss: Rest) -> None:
    assert boss.post("admin/symbols/NO-USD/pause").code == "UNKNOWN_SYMBOL"


def test_funds_come_and_go(ann: Rest, boss: Rest) -> None:
    moved = boss.post("admin/funds", FUNDS).ok(201)
    assert (moved["amount"], moved["asset"], moved["username"]) == ("0.50000000", "BTC", "ann")
    assert wallet(ann)["BTC"] == ("10.50000000", "0.00000000")
    boss.post("admin/funds", FUNDS | {"amount": "-10.5"}).ok(201)
    assert wallet(ann)["BTC"] == ("0.00000000", "0.00000000")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"username": "nobody"}, 400, "INVALID_REQUEST"),
        ({"username": "a\0"}, 400, "INVALID_REQUEST"),
        ({"asset": "GOLD"}, 400, "INVALID_REQUEST"),
        ({"amount": "0"}, 400, "INVALID_REQUEST"),
        ({"amount": "0.000000001"}, 400, "INVALID_REQUEST"),
        ({"amount": "1e3"}, 400, "INVALID_REQUEST"),
        ({"amount": "1e-999999999"}, 400, "INVALID_REQUEST"),
        ({"amount": "9" * 38}, 400, "INVALID_REQUEST"),
        ({"amount": 5}, 400, "INVALID_REQUEST"),
        ({"amount": "90071992.54740992"}, 400, "INVALID_REQUEST"),
        ({"amount": "90071992.54740991"}, 400, "INVALID_REQUEST"),
        ({"amount": "-10.00000001"}, 422, "INSUFFICIENT_FUNDS"),
        ({"reference": "x"}, 400, "INVALID_REQUEST"),
    ],
)
def test_funds_that_cannot_move_do_not(
    ann: Rest, boss: Rest, change: dict[str, Any], status: int, code: str
) -> None:
    before = wallet(ann)
    refused = boss.post("admin/funds", FUNDS | change)
    assert (refused.status, refused.code) == (status, code)
    assert wallet(ann) == before


def test_a_new_market_trades(ann: Rest, boss: Rest) -> None:
    assert boss.post("admin/markets", ETH_USD).ok(201) == {"symbol": "ETH-USD", "status": "TRADING"}
    order = limit("BUY", "3000.00", "0.001") | {"symbol": "ETH-USD"}
    assert ann.post("orders", order).ok(201)["qty"] == "0.001"
    assert boss.post("admin/markets", ETH_USD).code == "CONFLICT"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"symbol": "ethusd"}, "symbol"),
        ({"tickSize": "0"}, "tickSize"),
        ({"tickSize": "NaN"}, "tickSize"),
        ({"tickSize": "1e-400"}, "tickSize"),
        ({"tickSize": "1e-999999999"}, "tickSize"),
        ({"lotSize": "1e-999999999"}, "lotSize"),
        ({"minQty": "1e-999999999"}, "minQty"),
        ({"maxQty": "1e-999999999"}, "maxQty"),
        ({"maxQty": "9" * 38}, "maxQty"),
        ({"minNotional": "1e-999999999"}, "minNotional"),
        ({"minNotional": "1e999999999"}, "minNotional"),
        ({"minNotional": "9" * 16}, "minNotional"),
        ({"tickSize": 0.01}, "tickSize"),
        ({"tickSize": "9999999999"}, "maxQty"),
        ({"maxQty": "900719925475"}, "maxQty"),
        ({"priceBandPct": "1e-999999999"}, "priceBandPct"),
        ({"priceBandPct": 1e-300}, "priceBandPct"),
        ({"makerFeeBps": "NaN"}, "makerFeeBps"),
        ({"lotSize": "-1"}, "lotSize"),
        ({"maxQty": "1e30"}, "maxQty"),
        ({"priceBandPct": 1e300}, "priceBandPct"),
        ({"takerFeeBps": -1}, "takerFeeBps"),
        ({"simulated": "no"}, "simulated"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_market_that_cannot_be_kept_exactly_is_refused_by_field(
    boss: Rest, change: dict[str, Any], field: str
) -> None:
    refused = boss.post("admin/markets", ETH_USD | change)
    assert (refused.status, refused.code) == (400, "INVALID_REQUEST")
    assert refused.details["field"] == field


def test_rates_may_be_numbers_or_text(boss: Rest) -> None:
    boss.post("admin/markets", ETH_USD | {"takerFeeBps": "2.25", "priceBandPct": 12.5}).ok(201)
    market = boss.get("markets/ETH-USD").ok()
    assert (market["takerFeeBps"], market["priceBandPct"]) == (2.25, 12.5)


def test_the_crowd_is_started_steered_and_stopped(boss: Rest) -> None:
    assert boss.post("admin/sim/start").ok()["running"] is True
    boss.post("admin/sim/volatility-profile", {"profile": "wild"}).ok()
    assert boss.get("admin/sim").ok()["running"] is True
    assert boss.post("admin/sim/stop").ok()["running"] is False
    refused = boss.post("admin/sim/volatility-profile", {"profile": "boring"})
    assert (refused.status, refused.code) == (400, "INVALID_REQUEST")
    refused = boss.post("admin/sim/volatility-profile", {"profile": "calm", "symbol": "NO-USD"})
    assert (refused.status, refused.code) == (404, "UNKNOWN_SYMBOL")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("fund_account", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_moves_funds_once_for_a_reference(ann: Rest) -> None:
    for _ in range(2):
        assert "1.00000000 BTC" in run("ann", "BTC", "1", "--reference", "week 2")
    assert wallet(ann)["BTC"] == ("11.00000000", "0.00000000")
    with pytest.raises(CommandError, match="used before"):
        run("ann", "BTC", "2", "--reference", "week 2")


def test_the_command_answers_programs_in_json(ann: Rest) -> None:
    moved = json.loads(run("ann", "BTC", "-1", "--reference", "week 2", "--json"))
    assert moved.pop("ts").endswith("Z")
    assert moved == {
        "username": "ann",
        "asset": "BTC",
        "amount": "-1.00000000",
        "reference": "staff:week 2",
    }


@pytest.mark.parametrize(
    "arguments", [("nobody", "USD", "1"), ("ann", "GOLD", "1"), ("ann", "USD", "lots")]
)
def test_the_command_says_what_is_wrong(ann: Rest, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


@pytest.mark.usefixtures("ledger")
def test_everything_that_must_hold_can_be_asked_for(ann: Rest, boss: Rest) -> None:
    ann.post("orders", limit("BUY", "60000.00", "0.1000")).ok(201)
    told = boss.get("admin/reconcile").ok()
    assert set(told) == {"clean", "checks", "feeAccount", "ledgerLag"}
    assert (told["clean"], told["feeAccount"]) == (True, {"USD": "0.000000"})
    assert all(check["ok"] for check in told["checks"])
    accounts = next(check for check in told["checks"] if check["name"] == "accounts")
    assert accounts["figures"] == {"accounts": 3, "broken": 0}


def test_only_staff_may_ask_for_it(ann: Rest) -> None:
    assert ann.get("admin/reconcile").code == "FORBIDDEN"
