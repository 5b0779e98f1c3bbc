"""Orders over a socket: answered as over REST, applied in the order they were sent."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from marketdata.feed.hub import running_hub
from matching import runtime
from tests.accounts.rest import Rest
from tests.exchange.sockets.client import SocketClient
from tests.exchange.trading import limit

ORDER = limit("BUY", "60000.00", "0.1000")
PLENTY_OF_FRAMES = 200

Opener = Callable[[Rest], Any]


@pytest.fixture
async def open_as() -> AsyncIterator[Opener]:
    """Open sockets that say in the handshake who they are."""
    opened: list[SocketClient] = []

    async def opener(person: Rest) -> SocketClient:
        headers = {name.lower(): value for name, value in person.headers.items()}
        opened.append(SocketClient("/ws", headers))
        await opened[-1].connect()
        return opened[-1]

    yield opener
    for client in opened:
        await client.disconnect()
    await running_hub().close()
    await runtime.close()
    await sync_to_async(connections.close_all)()


async def in_thread(call: Callable[..., Any], *arguments: Any) -> Any:
    return await sync_to_async(call)(*arguments)


async def test_an_order_is_placed_and_canceled(ann: Rest, open_as: Opener) -> None:
    socket = await open_as(ann)
    placed = (await socket.ask("order.place", **ORDER))["result"]
    assert (placed["status"], placed["remainingQty"]) == ("ACCEPTED", "0.1000")
    (item,) = (await in_thread(ann.get, "orders/open")).ok()["items"]
    assert item["orderId"] == placed["orderId"]
    canceled = (await socket.ask("order.cancel", orderId=placed["orderId"]))["result"]
    assert (canceled["status"], canceled["canceledQty"]) == ("CANCELED", "0.1000")


async def test_all_orders_are_canceled(ann: Rest, open_as: Opener) -> None:
    socket = await open_as(ann)
    ids = [(await socket.ask("order.place", **ORDER))["result"]["orderId"] for _ in range(3)]
    answer = await socket.ask("order.cancelAll", symbol="BTC-USD")
    assert [item["orderId"] for item in answer["result"]["items"]] == ids


async def test_a_batch_is_answered_item_by_item(ann: Rest, open_as: Opener) -> None:
    socket = await open_as(ann)
    orders = [{"op": "place", **ORDER}, {"op": "cancel", "orderId": "nonsense"}]
    results = (await socket.ask("order.batch", orders=orders))["result"]["results"]
    assert results[0]["status"] == "ACCEPTED"
    assert results[1]["error"]["code"] == "UNKNOWN_ORDER"


@pytest.mark.parametrize(
    "fields",
    [
        ORDER | {"qty": "1000.0000"},
        ORDER | {"price": "60000.001"},
        ORDER | {"surprise": 1},
        ORDER | {"symbol": "NO-USD"},
        ORDER | {"postOnly": True, "timeInForce": "IOC"},
    ],
)
async def test_a_refusal_is_that_of_rest(
    ann: Rest, open_as: Opener, fields: dict[str, Any]
) -> None:
    socket = await open_as(ann)
    refused = (await socket.ask("order.place", **fields))["error"]
    by_rest = (await in_thread(ann.post, "orders", fields)).json["error"]
    for error in (refused, by_rest):
        # Two orders were rejected: each has an id and a time.
        for name in ("orderId", "ts"):
            error["details"].get("order", {}).pop(name, None)
    assert refused == by_rest


async def test_requests_are_applied_in_the_order_they_were_sent(ann: Rest, open_as: Opener) -> None:
    socket = await open_as(ann)
    for number in range(PLENTY_OF_FRAMES):
        order = ORDER | {"qty": f"0.{number + 1:04}", "timeInForce": "IOC"}
        await socket.send({"id": number, "op": "order.place", **order})
    answers = [await socket.next() for _ in range(PLENTY_OF_FRAMES)]
    ids = {answer["id"]: int(answer["result"]["orderId"]) for answer in answers}
    in_order = [ids[number] for number in range(PLENTY_OF_FRAMES)]
    assert in_order == sorted(in_order)


async def test_nobody_trades_without_saying_who_they_are(rest: Rest, open_as: Opener) -> None:
    socket = await open_as(rest)
    assert (await socket.ask("order.place", **ORDER))["error"]["code"] == "UNAUTHENTICATED"


async def test_a_key_that_may_only_read_does_not_trade(
    rest: Rest, ann: Rest, open_as: Opener
) -> None:
    made = (await in_thread(ann.post, "api-keys", {"name": "looks", "scopes": ["read"]})).ok(201)
    socket = await open_as(rest.with_key(made["key"]))
    assert (await socket.ask("order.place", **ORDER))["error"]["code"] == "FORBIDDEN"


async def test_an_open_socket_notices_that_its_key_was_revoked(
    rest: Rest, ann: Rest, open_as: Opener
) -> None:
    key = {"name": "bot", "scopes": ["read", "trade"]}
    made = (await in_thread(ann.post, "api-keys", key)).ok(201)
    socket = await open_as(rest.with_key(made["key"]))
    assert "result" in await socket.ask("order.place", **ORDER)
    await in_thread(ann.delete, f"api-keys/{made['id']}")
    codes: list[str] = []
    while not codes or codes[-1] != "UNAUTHENTICATED":
        answer = await socket.ask("order.place", **ORDER)
        codes.append(answer.get("error", {}).get("code", ""))
        assert len(codes) < 10_000, "the key still trades"
