"""The paths of WebSockets; any other is refused in the handshake."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.urls import path, re_path

from exchange.sockets.consumer import Socket


async def refuse(
    _scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Decline the handshake."""
    await receive()
    await send({"type": "websocket.close"})


websocket_urlpatterns = [
    path("ws", Socket.as_asgi()),
    path("ws/trades/<str:symbol>", Socket.as_asgi()),
    re_path(r"", refuse),  # type: ignore[arg-type]
]
