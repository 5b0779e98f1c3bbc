"""What a socket understands, answers, pushes and refuses, as docs/api.md says."""

import asyncio
import itertools
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from exchange.sockets import consumer, limits
from matching.domain.events import Trade
from tests.exchange.sockets.client import SocketOpener
from tests.marketdata.feed.running import BusyMarket
from tests.matching.shard import ALICE, BOB, buy, sell

pytestmark = pytest.mark.usefixtures("transactional_db")


async def test_trade_reaches_a_subscriber(
    market: BusyMarket, feed: None, open_socket: SocketOpener
) -> None:
    client = await open_socket()
    answer = await client.ask("subscribe", channels=["trades.BTC-USD"])
    assert answer["result"] == {"channels": ["trades.BTC-USD"]}
    snapshot = await client.next()
    assert (snapshot["channel"], snapshot["type"], snapshot["data"]) == (
        "trades.BTC-USD",
        "snapshot",
        {"items": []},
    )
    market.shard.place(sell(ALICE, 6_423_150, 150))
    market.shard.place(buy(BOB, 6_423_150, 50))
    update = await client.next()
    assert (update["type"], update["seq"]) == ("update", snapshot["seq"] + 1)
    (item,) = update["data"]["items"]
    (trade,) = [event for event in market.shard.events() if isinstance(event, Trade)]
    assert item == {
        "tradeId": str(trade.trade_id),
        "symbol": "BTC-USD",
        "price": "64231.50",
        "qty": "0.0050",
        "takerSide": "BUY",
        "ts": "2023-11-14T22:13:20.000000Z",
    }


async def test_book_comes_whole_and_best_first(
    market: BusyMarket, feed: None, open_socket: SocketOpener
) -> None:
    for user, price in ((ALICE, 99), (BOB, 100), (ALICE, 98)):
        market.shard.place(buy(user, price, 10))
    market.shard.place(sell(ALICE, 103, 5))
    client = await open_socket()
    await client.ask("subscribe", channels=["book.BTC-USD"])
    data = (await client.next())["data"]
    assert data["bids"] == [["1.00", "0.0010"], ["0.99", "0.0010"], ["0.98", "0.0010"]]
    assert data["asks"] == [["1.03", "0.0005"]]
    assert data["lastUpdateId"] == 4


async def test_path_of_a_market_subscribes_at_once(
    market: BusyMarket, feed: None, open_socket: SocketOpener
) -> None:
    client = await open_socket("/ws/trades/BTC-USD")
    assert (await client.next())["channel"] == "trades.BTC-USD"


async def test_path_of_an_unknown_market_says_so(open_socket: SocketOpener) -> None:
    client = await open_socket("/ws/trades/NO-USD")
    assert (await client.next())["error"]["code"] == "UNKNOWN_SYMBOL"
    assert await client.close_code() == 4400


async def test_nothing_comes_after_unsubscribe(
    market: BusyMarket, feed: None, open_socket: SocketOpener
) -> None:
    client = await open_socket()
    await client.ask("subscribe", channels=["trades.BTC-USD"])
    await client.next()
    answer = await client.ask("unsubscribe", channels=["trades.BTC-USD"])
    assert answer["result"] == {"channels": ["trades.BTC-USD"]}
    market.trade(200)
    assert await client.wire.receive_nothing(timeout=0.5)


async def test_ping_is_answered(open_socket: SocketOpener) -> None:
    client = await open_socket()
    assert set((await client.ask("ping"))["result"]) == {"ts"}


@pytest.mark.parametrize(
    ("frame", "code", "told"),
    [
        ({"op": "fly"}, "INVALID_REQUEST", "'fly' is not a known op"),
        ({}, "INVALID_REQUEST", "not a known op"),
        ({"op": 7}, "INVALID_REQUEST", "not a known op"),
        ({"op": "subscribe"}, "INVALID_REQUEST", "channels"),
        ({"op": "subscribe", "channels": []}, "INVALID_REQUEST", "channels"),
        ({"op": "subscribe", "channels": ["news"]}, "INVALID_REQUEST", "not a known channel"),
        ({"op": "subscribe", "channels": ["candles.BTC-USD.1s"]}, "INVALID_REQUEST", "channel"),
        ({"op": "subscribe", "channels": ["book.NO-USD"]}, "UNKNOWN_SYMBOL", "NO-USD"),
        ({"op": "ping", "loud": True}, "INVALID_REQUEST", "loud"),
        ({"op": "auth"}, "INVALID_REQUEST", "token"),
        ({"op": "auth", "token": "no"}, "UNAUTHENTICATED", "token"),
        ({"op": "auth", "apiKey": "no"}, "UNAUTHENTICATED", "key"),
    ],
)
async def test_refusals_leave_the_socket_open(
    open_socket: SocketOpener, frame: dict[str, Any], code: str, told: str
) -> None:
    client = await open_socket()
    await client.send({"id": "mine", **frame})
    answer = await client.next()
    assert (answer["id"], answer["error"]["code"]) == ("mine", code)
    assert told in answer["error"]["message"]
    assert "result" in await client.ask("ping")


async def test_one_wrong_channel_subscribes_to_none(
    market: BusyMarket, feed: None, open_socket: SocketOpener
) -> None:
    client = await open_socket()
    await client.ask("subscribe", channels=["trades.BTC-USD", "trades.NO-USD"])
    market.trade(200)
    assert await client.wire.receive_nothing(timeout=0.5)


@pytest.mark.parametrize("frame", ["", "no json", "[]", "7", '"ping"', "null", "[" * 100_000])
async def test_frame_that_is_no_object_closes(open_socket: SocketOpener, frame: str) -> None:
    client = await open_socket()
    await client.wire.send_input({"type": "websocket.receive", "text": frame})
    assert await client.close_code() == 4400


async def test_binary_frame_closes(open_socket: SocketOpener) -> None:
    client = await open_socket()
    await client.wire.send_input({"type": "websocket.receive", "bytes": b"{}"})
    assert await client.close_code() == 4400


async def test_frame_that_is_too_large_closes(open_socket: SocketOpener) -> None:
    client = await open_socket()
    await client.wire.send_to('{"op": "ping"' + " " * limits.MAX_FRAME_CHARS + "}")
    assert await client.close_code() == 4409


async def test_too_many_frames_close(
    open_socket: SocketOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FRAME_BURST", 20)
    client = await open_socket()
    for _ in range(100):
        await client.send({"op": "ping"})
    assert await client.close_code() == 4429


async def test_too_many_subscriptions_close(
    open_socket: SocketOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "MAX_SUBSCRIPTIONS", 1)
    client = await open_socket()
    await client.send({"op": "subscribe", "channels": ["trades.BTC-USD", "book.BTC-USD"]})
    assert await client.close_code() == 4429


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:8000", True),
        ("https://desk.example", True),
        ("https://a.partner.example", True),
        ("http://evil.example", False),
        ("http://127.0.0.1:9000", False),
        ("http://desk.example", False),
        ("null", False),
    ],
)
async def test_only_own_and_trusted_pages_may_connect(
    open_socket: SocketOpener, settings: Any, origin: str, *, allowed: bool
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://desk.example", "https://*.partner.example"]
    client = await open_socket(origin=origin)
    if allowed:
        assert "result" in await client.ask("ping")
    else:
        assert await client.close_code() == 4403


async def test_name_that_is_not_ours_is_no_own_page(open_socket: SocketOpener) -> None:
    client = await open_socket(origin="http://evil.example", host="evil.example")
    assert await client.close_code() == 4403


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", password="a long enough password")


async def test_token_says_who_is_there(ann: User, open_socket: SocketOpener) -> None:
    client = await open_socket()
    token = str(await sync_to_async(AccessToken.for_user)(ann))
    answer = await client.ask("auth", token=token)
    assert answer["result"] == {"userId": str(ann.pk), "scopes": ["account", "read", "trade"]}


async def test_wrong_credentials_in_the_handshake_close(open_socket: SocketOpener) -> None:
    client = await open_socket(authorization="Bearer nonsense")
    assert (await client.next())["error"]["code"] == "UNAUTHENTICATED"
    assert await client.close_code() == 4401


async def test_guessing_credentials_closes(open_socket: SocketOpener) -> None:
    client = await open_socket()
    for _ in range(limits.MAX_FAILED_AUTHS):
        await client.send({"op": "auth", "token": "guess"})
    assert await client.close_code() == 4401


async def test_closed_socket_costs_its_neighbour_nothing(
    market: BusyMarket, feed: None, open_socket: SocketOpener
) -> None:
    bad, good = await open_socket(), await open_socket()
    for client in (bad, good):
        await client.ask("subscribe", channels=["trades.BTC-USD"])
        await client.next()
    await bad.wire.send_to("garbage")
    market.trade(200)
    assert (await good.next())["type"] == "update"


async def test_a_thousand_frames_of_noise_change_nothing(open_socket: SocketOpener) -> None:
    client = await open_socket()
    words: list[Any] = ["ping", "subscribe", "auth", "order.place", None, 1, [], {}]
    for op, channels in itertools.product(words, words):
        await client.send({"id": 1, "op": op, "channels": channels})
        assert {"id"} < set(await client.next())
    await asyncio.sleep(0)
    assert "result" in await client.ask("ping")
