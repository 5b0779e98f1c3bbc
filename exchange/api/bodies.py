"""Reads whole bodies from an ASGI server, and gives chunked ones the length that WSGI asks for."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from accounts.rest.request_form import MAX_BODY_BYTES

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Message, Receive, Send], Awaitable[None]]


class ChunkedBodies:
    """An ASGI application around another: gathers a chunked body, then names its length."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if b"content-length" in headers or b"transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        body = await gather(receive)
        length = (b"content-length", str(len(body)).encode())
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_whole() -> Message:
            return whole.pop() if whole else await receive()

        await self._app({**scope, "headers": [*scope["headers"], length]}, receive_whole, send)


async def gather(receive: Receive) -> bytes:
    """Return the body, or enough of one that is too large for a form to refuse it."""
    body = bytearray()
    more = True
    while more and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    return bytes(body)
