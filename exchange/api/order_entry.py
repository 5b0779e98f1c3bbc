"""REST order entry straight from the web server: the quick way for what programs ask most.

An ASGI application before Django. It takes the requests that place and cancel orders, with the
forms, services and errors of the views in `orders`; whatever is in any way special goes on to
Django, where those views give the same answers. What is saved is Django's way to a view: threads,
middleware, and asking Postgres at every request whose credential it is.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from accounts.models import User
from accounts.rest.request_form import read_body
from exchange import batches, services
from exchange.api.bodies import AsgiApp, Message, Receive, Send, gather
from exchange.api.errors import failure_of
from exchange.credentials import Headers, claim_in_headers, header, trader
from exchange.messages import BatchForm, NewOrder

ORDERS_PATH: Final = "/v1/orders"
BATCH_PATH: Final = "/v1/orders/batch"
MAX_HOSTS_KNOWN: Final = 100
SAID_ONCE: Final = frozenset({b"host", b"content-type", b"authorization", b"x-api-key"})
"""Headers that are read here. Where one comes twice, Django says what that means."""

_encoder: Final = msgspec.json.Encoder()


class Answer(NamedTuple):
    """A response before it is encoded."""

    status: int
    body: msgspec.Struct
    headers: dict[str, str] = {}


Operation = Callable[[Message, Receive], Awaitable[Answer]]


class OrderEntry:
    """An ASGI application that answers order entry itself and passes on everything else."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        operation = _operation(scope)
        if operation is None:
            await self._app(scope, receive, send)
            return
        try:
            answer = await operation(scope, receive)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender gets an answer
            status, headers, body = failure_of(error)
            answer = Answer(status, body, headers)
        await _send(send, answer)


def _operation(scope: Message) -> Operation | None:
    """Return what a request asks for, None where it is for Django."""
    path, method = scope["path"], scope["method"]
    if not path.startswith(ORDERS_PATH) or scope["query_string"] or not _is_plain(scope):
        return None
    if method == "POST":
        return {ORDERS_PATH: _place, BATCH_PATH: _batch}.get(path)
    if method == "DELETE" and _order_id(path).isdecimal():
        return _cancel
    return None


def _is_plain(scope: Message) -> bool:
    """Tell whether Django would take the request as it is, and read its headers as we do."""
    headers = scope["headers"]
    said = [name for name, _ in headers if name in SAID_ONCE]
    if len(said) > len(set(said)):
        return False
    is_secure = scope["scheme"] == "https" or header(headers, b"x-forwarded-proto") == "https"
    if settings.SECURE_SSL_REDIRECT and not is_secure:
        return False
    return _is_our_name(header(headers, b"host"), tuple(settings.ALLOWED_HOSTS))


@lru_cache(MAX_HOSTS_KNOWN)
def _is_our_name(host: str, allowed: tuple[str, ...]) -> bool:
    return validate_host(split_domain_port(host.lower())[0], list(allowed))


def _order_id(path: str) -> str:
    return path.removeprefix(f"{ORDERS_PATH}/")


async def _place(scope: Message, receive: Receive) -> Answer:
    form = read_body(_content_type(scope["headers"]), await gather(receive), NewOrder)
    user = await _trader(scope)
    return Answer(201, await services.order_place(user_id=user.pk, order=form))


async def _batch(scope: Message, receive: Receive) -> Answer:
    form = read_body(_content_type(scope["headers"]), await gather(receive), BatchForm)
    user = await _trader(scope)
    return Answer(200, await batches.carry_out(user_id=user.pk, form=form))


async def _cancel(scope: Message, _receive: Receive) -> Answer:
    user = await _trader(scope)
    order_id = _order_id(scope["path"])
    return Answer(200, await services.order_cancel(user_id=user.pk, order_id=order_id))


async def _trader(scope: Message) -> User:
    """Return who sent a request. Raises ExchangeError: UNAUTHENTICATED, FORBIDDEN."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    return await trader(claim_in_headers(scope["headers"], address))


def _content_type(headers: Headers) -> str:
    return header(headers, b"content-type")


async def _send(send: Send, answer: Answer) -> None:
    body = _encoder.encode(answer.body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        *((name.lower().encode(), value.encode()) for name, value in answer.headers.items()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
