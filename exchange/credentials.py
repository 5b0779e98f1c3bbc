"""Who is behind a request or a socket, read on an event loop: by its headers or an `auth` frame."""

from channels.db import database_sync_to_async

from accounts.authentication import (
    Credential,
    fresh_user_for_api_key,
    fresh_user_for_token,
    user_for_api_key,
    user_for_token,
)
from accounts.rest.wire import invalid
from accounts.scopes import LOGIN_SCOPES
from exchange.sockets.frames import Auth
from exchange.sockets.origin import Headers, header


async def from_headers(headers: Headers, address: str) -> Credential | None:
    """Return what the headers prove, None where they claim nothing.

    Raises ExchangeError UNAUTHENTICATED.
    """
    if key := header(headers, b"x-api-key"):
        return await _by_api_key(key, address)
    token = _bearer_token(headers)
    return None if token is None else await _by_token(token)


async def from_headers_lately(headers: Headers, address: str) -> Credential | None:
    """The same, where what was proved within the last second still counts."""
    if key := header(headers, b"x-api-key"):
        return fresh_user_for_api_key(key, address=address) or await _by_api_key(key, address)
    token = _bearer_token(headers)
    if token is None:
        return None
    user = fresh_user_for_token(token)
    return (user, LOGIN_SCOPES) if user else await _by_token(token)


async def from_form(form: Auth, address: str) -> Credential:
    """Return what an `auth` frame proves.

    Raises ExchangeError UNAUTHENTICATED, or INVALID_REQUEST where it is not just one credential.
    """
    if form.token is not None and form.api_key is None:
        return await _by_token(form.token)
    if form.api_key is not None and form.token is None:
        return await _by_api_key(form.api_key, address)
    raise invalid("token", "Give either token or apiKey.")


def _bearer_token(headers: Headers) -> str | None:
    scheme, _, token = header(headers, b"authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def _by_api_key(key: str, address: str) -> Credential:
    found: Credential = await database_sync_to_async(user_for_api_key)(key, address=address)
    return found


async def _by_token(token: str) -> Credential:
    return await database_sync_to_async(user_for_token)(token), LOGIN_SCOPES
