"""What callers are told while a part is away; nothing is made up meanwhile."""

import math
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from redis import Redis

from accounts import last_known
from accounts.models import User
from kalency.stack.addresses import choose_port
from marketdata import listing
from marketdata.models import MarketListing
from matching import keys, runtime
from matching.domain import intake
from tests.accounts.rest import PASSWORD, Rest
from tests.exchange.markets import BTC_USD
from tests.exchange.trading import limit

ACK_TIMEOUT_S = 0.3


@pytest.fixture
def impatient(background_client: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of matching sends to a worker it has not heard from, and gives up at once."""
    client = runtime.run_blocking(runtime.client())
    monkeypatch.setattr(intake, "SILENT_AFTER_S", math.inf)
    monkeypatch.setattr(client, "_ack_timeout_s", ACK_TIMEOUT_S)


@pytest.fixture
def unmatched(transactional_db: None, hot: Redis, bus: Redis, impatient: None) -> Rest:
    """A client of nobody; BTC-USD is listed, but no worker matches it."""
    terms = {field.name for field in MarketListing._meta.fields} - {"id", "listed_at"}
    MarketListing.objects.create(**{name: getattr(BTC_USD, name) for name in terms})
    listing.forget()
    return Rest()


def test_an_order_without_an_ack_has_an_unknown_outcome(unmatched: Rest, hot: Redis) -> None:
    person = unmatched.registered("ann")
    refused = person.post("orders", limit("BUY", "60000.00", "0.1000", clientOrderId="mine"))
    assert (refused.status, refused.code) == (503, "UNKNOWN_OUTCOME")
    assert "clientOrderId" in refused.json["error"]["message"]
    assert refused.response["Retry-After"] == "1"


def test_a_user_is_registered_though_the_deposit_waits(unmatched: Rest, hot: Redis) -> None:
    unmatched.post("auth/register", {"username": "ann", "password": PASSWORD}).ok(201)
    ann = User.objects.get()
    assert ann.opening_deposit_confirmed_at is None
    assert hot.hgetall(keys.wallet(0, ann.pk)) == {}


def test_a_batch_tells_each_item_of_an_unknown_outcome(unmatched: Rest) -> None:
    person = unmatched.registered("ann")
    items = [{"op": "place"} | limit("BUY", "60000.00", qty) for qty in ("0.1000", "0.00001")]
    results = person.post("orders/batch", {"orders": items}).ok()["results"]
    assert [result["error"]["code"] for result in results] == ["UNKNOWN_OUTCOME", "INVALID_QTY"]


@pytest.fixture
def postgres_away(rest: Rest) -> Iterator[Callable[[], None]]:
    """Call it to have Postgres refuse connections for the rest of the test."""
    database = connection.settings_dict
    port = database["PORT"]

    def leave() -> None:
        connection.close()
        database["PORT"] = str(choose_port())

    yield leave
    connection.close()
    database["PORT"] = port


def test_who_was_here_lately_trades_on_while_postgres_is_away(
    rest: Rest, ann: Rest, postgres_away: Callable[[], None]
) -> None:
    form = {"name": "bot", "scopes": ["trade"]}
    bot = rest.with_key(ann.post("api-keys", form).ok(201)["key"])
    bot.post("orders", limit("BUY", "60000.00", "0.0001")).ok(201)
    postgres_away()
    for trader in (ann, bot):
        order_id = trader.post("orders", limit("BUY", "60000.00", "0.0001")).ok(201)["orderId"]
        assert trader.delete(f"orders/{order_id}").ok()["status"] == "CANCELED"


def test_who_was_not_here_lately_has_to_wait_for_postgres(
    ann: Rest, postgres_away: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_known, "REMEMBERED_FOR_S", 0.0)
    postgres_away()
    refused = ann.post("orders", limit("BUY", "60000.00", "0.0001"))
    assert (refused.status, refused.code) == (503, "UNAVAILABLE")


def test_a_revoked_key_stays_revoked(
    rest: Rest, ann: Rest, postgres_away: Callable[[], None]
) -> None:
    key = ann.post("api-keys", {"name": "bot", "scopes": ["trade"]}).ok(201)
    bot, order = rest.with_key(key["key"]), limit("BUY", "60000.00", "0.0001")
    bot.post("orders", order).ok(201)
    ann.delete(f"api-keys/{key['id']}")
    assert bot.post("orders", order).status == 401
    postgres_away()
    assert bot.post("orders", order).status == 401


def test_a_wallet_is_shown_while_postgres_is_away(
    ann: Rest, postgres_away: Callable[[], None]
) -> None:
    ann.get("wallet").ok()
    postgres_away()
    wallet = ann.get("wallet").ok()
    assert {balance["asset"]: balance["total"] for balance in wallet["balances"]} == {
        "BTC": "10.00000000",
        "USD": "100000.000000",
    }
    (position,) = wallet["positions"]
    assert (position["position"], position["realisedPnl"]) == ("10.00000000", None)


def test_an_ended_order_is_not_denied_while_the_ledger_is_behind(ann: Rest) -> None:
    order = limit("BUY", "60000.00", "0.1000", clientOrderId="mine")
    order_id = ann.post("orders", order).ok(201)["orderId"]
    ann.delete(f"orders/{order_id}").ok()  # and no ledger writer runs
    for answer in (
        ann.get(f"orders/{order_id}"),
        ann.get("orders?clientOrderId=mine"),
        ann.delete(f"orders/{order_id}"),
    ):
        assert (answer.status, answer.code) == (503, "UNAVAILABLE")
        assert "ask again" in answer.json["error"]["message"]
        assert answer.response["Retry-After"] == "1"
    cancel = {"op": "cancel", "orderId": order_id}
    (result,) = ann.post("orders/batch", {"orders": [cancel]}).ok()["results"]
    assert result["error"]["code"] == "UNAVAILABLE"
