"""A client that stops reading, on a real server: it is closed, and nobody else notices."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import uvicorn
from asgiref.sync import sync_to_async
from django.db import connections
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from exchange.sockets import outbox as outbox_module
from kalency.asgi import application
from marketdata.feed.hub import running_hub
from tests.marketdata.feed.running import BusyMarket
from tests.polling import until

PATIENCE_S = 20
ENOUGH_PUSHES = 400
"""More than the kernel's buffers hold."""


@pytest.fixture
async def address(market: BusyMarket, feed: None) -> AsyncIterator[str]:
    """The ASGI application, served by uvicorn in this loop."""
    config = uvicorn.Config(
        application,
        port=0,
        ws="websockets-sansio",
        log_level="warning",
        ws_per_message_deflate=False,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started, "the server listens")
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"ws://127.0.0.1:{port}/ws"
    server.should_exit = True
    await task
    await running_hub().close()
    await sync_to_async(connections.close_all)()


async def subscribe(client: ClientConnection, *channels: str) -> None:
    request = {"id": 1, "op": "subscribe", "channels": channels}
    await client.send(msgspec.json.encode(request).decode())


def narrow(address: str) -> socket.socket:
    """Return a connection that the kernel buffers little for."""
    parts = urlsplit(address)
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.connect((parts.hostname, parts.port))
    made.setblocking(False)
    return made


async def frames(client: ClientConnection, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(PATIENCE_S):
        return [msgspec.json.decode(await client.recv()) for _ in range(count)]


async def read_to_the_end(client: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await client.recv()


async def test_slow_reader_of_trades_is_closed_and_the_others_go_on(
    market: BusyMarket, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MAX_WAITING_CHARS", 50_000)
    async with (
        connect(address) as good,
        connect(address, sock=narrow(address), max_queue=1) as slow,
    ):
        await subscribe(good, "trades.BTC-USD")
        await subscribe(slow, "trades.BTC-USD")
        for _ in range(ENOUGH_PUSHES):
            market.trade(400)
            await frames(good, 1)
        # The slow one reads on, and finds out why its trades end.
        async with asyncio.timeout(PATIENCE_S):
            await read_to_the_end(slow)
        assert slow.close_code == 4408
        assert good.close_code is None
