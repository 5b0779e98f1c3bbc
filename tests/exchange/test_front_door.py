"""What every REST request goes through: the envelope, authentication, scopes, bodies, outages."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest
from django.db import OperationalError
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from accounts.rest.request_form import MAX_BODY_BYTES
from exchange.api.errors import HTTP_STATUS, exception_handler
from exchange.api.order_entry import OrderEntry
from exchange.domain.refusals import ledger_behind
from kalency.asgi import http
from marketdata import listing
from matching.domain.errors import ErrorCode, ExchangeError
from tests.accounts.rest import Rest
from tests.exchange.trading import limit, wallet
from tests.polling import wait_until

BOTH_WAYS = True

ORDER = limit("BUY", "60000.00", "0.1000")
PRIVATE = [
    ("GET", "wallet"),
    ("GET", "account"),
    ("GET", "orders/open"),
    ("GET", "orders/64"),
    ("GET", "orders?clientOrderId=x"),
    ("DELETE", "orders/64"),
    ("DELETE", "orders"),
    ("GET", "api-keys"),
    ("DELETE", "api-keys/x"),
    ("GET", "admin/sim"),
    ("POST", "admin/sim/start"),
    ("POST", "admin/symbols/BTC-USD/pause"),
]


def test_every_error_code_has_a_status() -> None:
    assert set(HTTP_STATUS) == set(ErrorCode)


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_nobody_gets_in_without_a_credential(rest: Rest, method: str, path: str) -> None:
    refused = rest.send(method, path)
    assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")
    assert refused.response["WWW-Authenticate"] == 'Bearer realm="kalency"'


def test_an_expired_token_places_nothing(rest: Rest, ann: Rest) -> None:
    token = AccessToken.for_user(User.objects.get(username="ann"))
    token.set_exp(lifetime=-timedelta(seconds=1))
    assert rest.bearing(str(token)).post("orders", ORDER).code == "UNAUTHENTICATED"
    assert ann.get("orders/open").ok()["items"] == []


def test_the_form_of_a_request_answers_before_its_sender(rest: Rest) -> None:
    assert rest.post("orders", ORDER | {"side": "UP"}).code == "INVALID_REQUEST"
    assert rest.post("orders", ORDER | {"symbol": "NO-USD"}).code == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("DELETE", "orders?symbl=BTC-USD", "symbl"),
        ("DELETE", "orders?symbol=BTC-USD&symbol=ETH-USD", "symbol"),
        ("DELETE", "orders?symbol=BTC-USD&symbol=BTC-USD", "symbol"),
        ("DELETE", "orders/64?now=1", "now"),
        ("GET", "orders/open?bogus=", "bogus"),
        ("GET", "orders/64?symbol=BTC-USD", "symbol"),
        ("GET", "orders", "clientOrderId"),
        ("GET", "orders?clientOrderId=", "clientOrderId"),
        ("GET", "orders?clientOrderId=%00", "clientOrderId"),
        ("GET", "orders?clientOrderId=%C3%A9", "clientOrderId"),
        ("GET", f"orders?clientOrderId={'x' * 65}", "clientOrderId"),
        ("GET", "orders?clientOrderId=x&clientOrderId=y", "clientOrderId"),
        ("GET", "orders?clientOrderId=x&symbol=BTC-USD", "symbol"),
        ("GET", "wallet?asset=USD", "asset"),
        ("GET", "account?%00=1", "\0"),
        ("GET", "api-keys?limit=5", "limit"),
        ("DELETE", "api-keys/x?all=1", "all"),
        ("GET", "admin/sim?x=1", "x"),
        ("POST", "admin/sim/stop?symbol=BTC-USD", "symbol"),
        ("POST", "admin/symbols/BTC-USD/pause?for=1m", "for"),
        ("GET", "markets?x=1", "x"),
        ("GET", "markets/BTC-USD?x=1", "x"),
        ("GET", "markets/BTC-USD/ticker?x=1", "x"),
        ("GET", "markets/BTC-USD/book?depth=1&depth=2", "depth"),
        ("HEAD", "wallet?x=1", None),
    ],
)
def test_a_query_that_is_not_offered_is_refused_and_does_nothing(
    ann: Rest, boss: Rest, method: str, path: str, field: str | None
) -> None:
    ann.post("orders", ORDER).ok(201)
    person = boss if path.startswith("admin") else ann
    refused = person.send(method, path)
    assert refused.status == 400
    if field is not None:
        assert (refused.code, refused.details["field"]) == ("INVALID_REQUEST", field)
    assert len(ann.get("orders/open").ok()["items"]) == 1


def test_a_body_does_not_excuse_a_query(ann: Rest) -> None:
    for path in ("orders", "orders/batch", "api-keys", "auth/register"):
        assert ann.post(f"{path}?dryRun=true", ORDER).details["field"] == "dryRun"
    assert ann.get("orders/open").ok()["items"] == []


def test_a_head_may_ask_what_a_get_may(ann: Rest) -> None:
    assert ann.send("HEAD", "orders/open?symbol=BTC-USD").status == 200


@pytest.mark.parametrize(
    ("scopes", "reads", "trades"), [(["read"], 200, 403), (["trade"], 403, 201)]
)
def test_a_key_does_what_its_scopes_say(
    rest: Rest, ann: Rest, scopes: list[str], reads: int, trades: int
) -> None:
    key = ann.post("api-keys", {"name": "bot", "scopes": scopes}).ok(201)["key"]
    assert rest.with_key(key).get("wallet").status == reads
    assert rest.with_key(key).post("orders", ORDER).status == trades


def test_the_account_says_who_and_what_it_costs(ann: Rest) -> None:
    account = ann.get("account").ok()
    assert account["username"] == "ann"
    assert account["id"] == str(User.objects.get().pk)
    assert account["scopes"] == ["account", "read", "trade"]
    assert account["fees"] == [{"symbol": "BTC-USD", "makerFeeBps": 1.0, "takerFeeBps": 5.0}]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["", "nothing", "orders/1/2", "markets/", "%00", "\N{SNOWMAN}"])
def test_an_unknown_path_is_not_found_in_the_envelope(rest: Rest, method: str, path: str) -> None:
    refused = rest.send(method, path)
    assert (refused.status, refused.code) == (404, "NOT_FOUND")


def test_a_method_that_is_not_offered_is_refused(ann: Rest) -> None:
    refused = ann.send("PUT", "orders/1")
    assert (refused.status, refused.code) == (405, "METHOD_NOT_ALLOWED")
    assert {"GET", "DELETE"} <= set(refused.response["Allow"].split(", "))


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"{", b'{"symbol": "BTC-USD"', b"\xff\xfe", b"\0", b"[" * 100_000, b"null"],
)
def test_a_body_that_is_no_json_is_refused_and_changes_nothing(ann: Rest, body: bytes) -> None:
    before = wallet(ann)
    for path in ("orders", "orders/batch", "auth/token", "auth/register", "api-keys"):
        refused = ann.send("POST", path, body)
        assert (refused.status, refused.code) == (400, "INVALID_REQUEST")
    assert wallet(ann) == before


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_refused(ann: Rest, content_type: str) -> None:
    refused = ann.send("POST", "orders", b"{}", content_type=content_type)
    assert (refused.status, refused.details["field"]) == (400, "Content-Type")


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 3 * 1024 * 1024])
def test_a_body_that_is_too_large_is_refused(ann: Rest, size: int) -> None:
    refused = ann.send("POST", "orders", b" " * size)
    assert (refused.status, refused.details["field"]) == (400, "body")


def asgi_client(person: Rest) -> httpx.AsyncClient:
    """A client that goes the way every request goes in production."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast("Any", http)),
        base_url="http://127.0.0.1",
        headers=person.headers | {"Content-Type": "application/json"},
    )


async def test_a_request_never_waits_for_its_own_thread(ann: Rest) -> None:
    listing.forget()
    async with asgi_client(ann) as client:
        answer = await asyncio.wait_for(client.get("/v1/wallet"), timeout=5)
    assert answer.status_code == 200


async def test_many_lookups_in_the_ledger_do_not_block_each_other(ann: Rest) -> None:
    async with asgi_client(ann) as client:
        answers = await asyncio.gather(*[client.get("/v1/orders/6400064") for _ in range(40)])
    # No ledger runs here, so each waits for it, and then says so; none fails for want of a server.
    messages = {answer.json()["error"]["message"] for answer in answers}
    assert messages == {ledger_behind().message}


async def test_a_body_in_chunks_is_read(ann: Rest) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        encoded = json.dumps(ORDER).encode()
        yield encoded[:10]
        yield encoded[10:]

    async with asgi_client(ann) as client:
        answer = await client.post("/v1/orders", content=chunks())
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert (answer.status_code, answer.json()["status"]) == (201, "ACCEPTED")


def test_answers_are_json_whatever_is_accepted(rest: Rest) -> None:
    browser = replace(rest, headers={"Accept": "text/html"})
    assert browser.get("wallet").code == "UNAUTHENTICATED"
    assert browser.get("wallet?format=html").code == "INVALID_REQUEST"


def test_a_database_that_is_away_is_unavailable() -> None:
    answer = exception_handler(OperationalError("gone"), {})
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert answer.data.error.code == "UNAVAILABLE"


def test_a_bug_is_a_plain_500(caplog: pytest.LogCaptureFixture) -> None:
    answer = exception_handler(ZeroDivisionError("secret detail"), {})
    assert (answer.status_code, answer.data.error.code) == (500, "INTERNAL")
    assert "secret detail" not in answer.data.error.message
    assert "ZeroDivisionError" in caplog.text


def test_who_must_wait_is_told_how_long() -> None:
    refused = ExchangeError(ErrorCode.RATE_LIMITED, "Slow down.", retryAfter=7)
    assert exception_handler(refused, {})["Retry-After"] == "7"


def test_an_empty_key_is_no_key_of_anybody(ann: Rest) -> None:
    both = replace(ann, headers=ann.headers | {"X-API-Key": ""})
    assert both.post("orders", ORDER).code == "UNAUTHENTICATED"


@pytest.mark.parametrize("name", ["Authorization", "Content-Type"])
async def test_a_header_that_comes_twice_places_nothing(ann: Rest, name: str) -> None:
    async with asgi_client(ann) as client:
        twice = [(name, client.headers[name]), (name, "Bearer x")]
        answer = await client.post("/v1/orders", json=ORDER, headers=twice)
        assert answer.status_code in {400, 401}
        assert (await client.get("/v1/orders/open")).json()["items"] == []


async def _nowhere(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("This is not for Django.")


def test_order_entry_does_not_go_through_django(ann: Rest) -> None:
    quick = replace(ann, app=OrderEntry(_nowhere))
    order_id = quick.post("orders", ORDER).ok(201)["orderId"]
    canceled = quick.delete(f"orders/{order_id}").ok()
    assert canceled["status"] == "CANCELED"


def test_order_entry_notices_a_revoked_key_within_a_second(rest: Rest, ann: Rest) -> None:
    made = ann.post("api-keys", {"name": "bot", "scopes": ["read", "trade"]}).ok(201)
    bot = replace(rest.with_key(made["key"]), app=http)
    bot.post("orders", ORDER).ok(201)
    assert ann.delete(f"api-keys/{made['id']}").status == 204
    wait_until(lambda: bot.post("orders", ORDER).status == 401, "the key is refused")
