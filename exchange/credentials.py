"""Who is behind a request or a socket, read on an event loop: by its headers or an `auth` frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from channels.db import database_sync_to_async

from accounts.authentication import (
    Credential,
    fresh_user_for_api_key,
    fresh_user_for_token,
    user_for_api_key,
    user_for_token,
)
from accounts.models import User
from accounts.permissions import CanReadOrTrade
from accounts.rest.wire import invalid
from accounts.scopes import LOGIN_SCOPES, Scope
from exchange.api.errors import NO_CREDENTIAL
from matching.domain.errors import ErrorCode, ExchangeError

Headers = Iterable[tuple[bytes, bytes]]


class Kind(StrEnum):
    """How somebody says who they are."""

    API_KEY = "API key"
    TOKEN = "token"  # noqa: S105 - the name of a kind


@dataclass(frozen=True, slots=True)
class Claim:
    """A credential as it was presented, from an address; `prove` says whose it is."""

    kind: Kind
    text: str
    address: str

    async def prove(self) -> Credential:
        """Ask Postgres whose it is. Raises ExchangeError UNAUTHENTICATED."""
        if self.kind is Kind.TOKEN:
            return await database_sync_to_async(user_for_token)(self.text), LOGIN_SCOPES
        found: Credential = await database_sync_to_async(user_for_api_key)(
            self.text, address=self.address
        )
        return found

    async def prove_lately(self) -> Credential:
        """The same, where an answer of the last second still counts."""
        return self._fresh() or await self.prove()

    def _fresh(self) -> Credential | None:
        if self.kind is Kind.API_KEY:
            return fresh_user_for_api_key(self.text, address=self.address)
        user = fresh_user_for_token(self.text)
        return (user, LOGIN_SCOPES) if user else None


def header(headers: Headers, name: bytes) -> str:
    """Return a header; empty where it is absent."""
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


def claim_in_headers(headers: Headers, address: str) -> Claim | None:
    """Return the credential that the headers present, if any."""
    if any(key == b"x-api-key" for key, _ in headers):
        return Claim(Kind.API_KEY, header(headers, b"x-api-key"), address)
    scheme, _, token = header(headers, b"authorization").partition(" ")
    return Claim(Kind.TOKEN, token.strip(), address) if scheme.lower() == "bearer" else None


def claim_in_form(*, token: str | None, api_key: str | None, address: str) -> Claim:
    """Return the credential of an `auth` frame.

    Raises ExchangeError INVALID_REQUEST where it is not just one.
    """
    if token is not None and api_key is None:
        return Claim(Kind.TOKEN, token, address)
    if api_key is not None and token is None:
        return Claim(Kind.API_KEY, api_key, address)
    raise invalid("token", "Give either token or apiKey.")


async def trader(claim: Claim | None) -> User:
    """Return who may place and cancel orders with a claim.

    Raises ExchangeError: UNAUTHENTICATED, FORBIDDEN.
    """
    if claim is None:
        raise ExchangeError(ErrorCode.UNAUTHENTICATED, NO_CREDENTIAL)
    user, scopes = await claim.prove_lately()
    if Scope.TRADE not in scopes:
        raise ExchangeError(ErrorCode.FORBIDDEN, CanReadOrTrade.message)
    return user
