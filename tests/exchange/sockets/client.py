"""A WebSocket client of the ASGI application, without a server in between."""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from channels.testing import WebsocketCommunicator

from kalency.asgi import application

PATIENCE_S = 10


class SocketClient:
    """Sends requests and reads frames; pushes that come before an answer wait for their turn."""

    def __init__(self, path: str, headers: Mapping[str, str]) -> None:
        pairs = [(b"host", b"127.0.0.1:8000")]
        pairs += [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()]
        self.wire = WebsocketCommunicator(application, path, headers=pairs)
        self._ids = itertools.count(1)

    async def connect(self) -> None:
        connected, _ = await self.wire.connect(PATIENCE_S)
        assert connected

    async def disconnect(self) -> None:
        await self.wire.disconnect(timeout=PATIENCE_S)

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send a request; return the next frame, which must be its answer."""
        request_id = next(self._ids)
        await self.send({"id": request_id, "op": op, **fields})
        answer = await self.next()
        assert answer["id"] == request_id
        return answer

    async def send(self, frame: Any) -> None:
        await self.wire.send_to(msgspec.json.encode(frame).decode())

    async def next(self) -> dict[str, Any]:
        """Return the next frame."""
        text = await self.wire.receive_from(PATIENCE_S)
        frame: dict[str, Any] = msgspec.json.decode(text)
        return frame

    async def close_code(self) -> int:
        """Return the code the socket is closed with, passing over what comes before."""
        while True:
            event = await self.wire.receive_output(PATIENCE_S)
            if event["type"] == "websocket.close":
                code: int = event["code"]
                return code


SocketOpener = Callable[..., Awaitable[SocketClient]]
