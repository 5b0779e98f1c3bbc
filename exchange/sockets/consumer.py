"""One WebSocket: reads frames, answers them, and subscribes to the process's hub.

Frames and close codes are those of docs/api.md. Everything that leaves goes through the outbox, so
a slow client holds up nobody but itself.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer

from accounts.rest.request_form import read_form
from exchange.credentials import Claim, claim_in_form, claim_in_headers
from exchange.sockets.frames import (
    Auth,
    BadFrame,
    Ping,
    RequestId,
    Subscribe,
    Unsubscribe,
    answer_text,
    read_head,
    refusal_text,
)
from exchange.sockets.limits import (
    CLOSE_PATIENCE_S,
    MAX_FAILED_AUTHS,
    MAX_FRAME_CHARS,
    MAX_SUBSCRIPTIONS,
    CloseCode,
    FrameBudget,
)
from exchange.sockets.order_desk import OPS as ORDER_OPS
from exchange.sockets.order_desk import OrderDesk
from exchange.sockets.origin import origin_is_allowed
from exchange.sockets.outbox import Outbox
from exchange.sockets.subscriptions import read_channels
from marketdata.feed.hub import Hub, running_hub
from marketdata.feed.names import Kind, PublicName
from matching.client import wall_clock_us
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.timestamps import rfc3339

log = logging.getLogger(__name__)

Handler = Callable[["Socket", RequestId, bytes], Awaitable[None]]


class Socket(AsyncConsumer):  # type: ignore[misc]
    """A client's connection, from handshake to close."""

    channel_layer_alias = ""  # none of its own: the hub listens for the whole process

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one ASGI event.

        The base class also closes old database connections, in a thread, for every frame; here
        only `database_sync_to_async` touches the database, and it sees to that itself.
        """
        await getattr(self, get_handler_name(message))(message)

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        self._hub: Hub = running_hub()
        self._names: set[PublicName] = set()
        self._claim: Claim | None = None
        self._failed_auths = 0
        self._budget = FrameBudget(time.monotonic())
        self._closing: asyncio.Task[None] | None = None
        self._outbox = Outbox(
            send=self._send_text, snapshot_of=self._hub.snapshot, too_slow=self._end_too_slow
        )
        self._desk = OrderDesk(self._outbox.put)
        # Accepted first whatever comes next: only an open socket can be told a close code.
        await self.base_send({"type": "websocket.accept"})
        self._sender = asyncio.create_task(self._run_outbox())
        await self._greet()

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        text = message.get("text")
        if self._closing is not None:
            return
        if not isinstance(text, str):
            self._end(CloseCode.BAD_FRAME)
        elif len(text) > MAX_FRAME_CHARS:
            self._end(CloseCode.TOO_LARGE)
        elif not self._budget.spend(time.monotonic()):
            self._end(CloseCode.TOO_MANY)
        else:
            await self._answer(text.encode("utf-8", "surrogatepass"))

    async def websocket_disconnect(self, _message: dict[str, Any]) -> None:
        self._leave()
        raise StopConsumer

    async def _greet(self) -> None:
        """Check the handshake, and subscribe where the path asks for it."""
        headers = self.scope["headers"]
        if not origin_is_allowed(headers):
            self._end(CloseCode.FORBIDDEN_ORIGIN)
            return
        try:
            self._claim = claim_in_headers(headers, self._address())
            if self._claim is not None:
                await self._claim.prove()
        except ExchangeError as error:
            self._end(CloseCode.UNAUTHENTICATED, refusal_text(None, error))
            return
        symbol = self.scope["url_route"]["kwargs"].get("symbol")
        if symbol is not None:
            await self._subscribe_on_connect(PublicName(Kind.TRADES, symbol))

    async def _subscribe_on_connect(self, name: PublicName) -> None:
        try:
            names = await read_channels([str(name)])
        except ExchangeError as error:
            self._end(CloseCode.BAD_FRAME, refusal_text(None, error))
        else:
            self._join(names)

    async def _answer(self, frame: bytes) -> None:
        """Carry out a request and answer it."""
        try:
            request_id, op = read_head(frame)
        except BadFrame:
            self._end(CloseCode.BAD_FRAME)
            return
        try:
            handler = self._ops.get(op)
            if op in ORDER_OPS:
                await self._desk.take(op, request_id=request_id, frame=frame, claim=self._claim)
            elif handler is not None:
                await handler(self, request_id, frame)
            else:
                raise ExchangeError(
                    ErrorCode.INVALID_REQUEST, f"{op[:40]!r} is not a known op.", field="op"
                )
        except ExchangeError as error:
            self._outbox.put(refusal_text(request_id, error))

    async def _ping(self, request_id: RequestId, frame: bytes) -> None:
        read_form(frame, Ping)
        self._outbox.put(answer_text(request_id, {"ts": rfc3339(wall_clock_us())}))

    async def _subscribe(self, request_id: RequestId, frame: bytes) -> None:
        names = await read_channels(read_form(frame, Subscribe).channels)
        if len(self._names.union(names)) > MAX_SUBSCRIPTIONS:
            self._end(CloseCode.TOO_MANY)
            return
        # The answer first, so that a client sees it before the snapshots.
        self._outbox.put(answer_text(request_id, {"channels": [str(name) for name in names]}))
        self._join(names)

    async def _unsubscribe(self, request_id: RequestId, frame: bytes) -> None:
        names = await read_channels(read_form(frame, Unsubscribe).channels)
        for name in names:
            self._hub.unsubscribe(name, self._outbox)
            self._outbox.forget(str(name))
            self._names.discard(name)
        self._outbox.put(answer_text(request_id, {"channels": [str(name) for name in names]}))

    async def _auth(self, request_id: RequestId, frame: bytes) -> None:
        form = read_form(frame, Auth)
        try:
            claim = claim_in_form(token=form.token, api_key=form.api_key, address=self._address())
            user, scopes = await claim.prove()
        except ExchangeError:
            self._failed_auths += 1
            if self._failed_auths >= MAX_FAILED_AUTHS:
                self._end(CloseCode.UNAUTHENTICATED)
            raise
        self._claim = claim
        self._outbox.put(
            answer_text(request_id, {"userId": str(user.pk), "scopes": sorted(scopes)})
        )

    def _join(self, names: list[PublicName]) -> None:
        for name in names:
            if name not in self._names and self._closing is None:
                self._names.add(name)
                self._hub.subscribe(name, self._outbox)

    def _leave(self) -> None:
        """Take nothing more from the hub and send nothing more."""
        for name in self._names:
            self._hub.unsubscribe(name, self._outbox)
        self._names.clear()
        self._sender.cancel()

    def _end_too_slow(self) -> None:
        self._end(CloseCode.TOO_SLOW)

    def _end(self, code: CloseCode, *last_words: str) -> None:
        """Close the socket with `code`, once; returns at once."""
        if self._closing is None:
            self._leave()
            self._closing = asyncio.create_task(self._close(code, last_words))

    async def _close(self, code: CloseCode, last_words: tuple[str, ...]) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_PATIENCE_S):
                for text in last_words:
                    await self._send_text(text)
                await self.base_send({"type": "websocket.close", "code": int(code)})

    async def _run_outbox(self) -> None:
        # The peer may be gone at any moment; the disconnect event that follows cleans up.
        with contextlib.suppress(OSError):
            await self._outbox.run()

    async def _send_text(self, text: str) -> None:
        await self.base_send({"type": "websocket.send", "text": text})

    def _address(self) -> str:
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    _ops: ClassVar[Mapping[str, Handler]] = {
        "auth": _auth,
        "ping": _ping,
        "subscribe": _subscribe,
        "unsubscribe": _unsubscribe,
    }
