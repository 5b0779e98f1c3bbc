"""Says who sends a request: by API key or by JWT. For DRF and, through the functions, for sockets.

`request.auth` is the set of scopes the credential carries. Whatever is wrong with a credential, the
answer is UNAUTHENTICATED.
"""

import contextlib
import hashlib
import hmac
import ipaddress
import re
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.last_known import LastKnown
from accounts.models import ApiKey, User
from accounts.postgres import POSTGRES_AWAY
from accounts.scopes import LOGIN_SCOPES, Scope
from matching.domain.errors import ErrorCode, ExchangeError

CHALLENGE: Final = 'Bearer realm="kalency"'
LAST_USE_RESOLUTION: Final = timedelta(minutes=1)

_KEY_TEXT: Final = re.compile(r"([0-9a-f]{16})\.([A-Za-z0-9_-]{43})", re.ASCII)

Credential = tuple[User, frozenset[Scope]]

_known_users: Final = LastKnown[Any]()
_known_keys: Final = LastKnown[ApiKey]()


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticates `X-API-Key: <id>.<secret>`."""

    def authenticate(self, request: Request) -> Credential | None:
        text = request.META.get("HTTP_X_API_KEY")
        return None if text is None else user_for_api_key(text, address=address_of(request))

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class BearerAuthentication(BaseAuthentication):
    """Authenticates `Authorization: Bearer <access token>`."""

    def authenticate(self, request: Request) -> Credential | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return user_for_token(token.strip()), LOGIN_SCOPES

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def address_of(request: Request) -> str:
    """Return the address the request came from, as the server in front of Django tells it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def sender(request: Request) -> User:
    """Return the user who sent a request that its view's permissions let through."""
    assert isinstance(request.user, User)
    return request.user


def user_for_token(token: str) -> User:
    """Return the user an access token was made for. Raises ExchangeError (UNAUTHENTICATED)."""
    return _user_of(AccessToken, token)


def user_for_refresh_token(token: str) -> User:
    """Return the user a refresh token was made for. Raises ExchangeError (UNAUTHENTICATED)."""
    return _user_of(RefreshToken, token)


def user_for_api_key(text: str, *, address: str) -> Credential:
    """Return a key's user and its scopes. Raises ExchangeError (UNAUTHENTICATED)."""
    key = _known_keys.read(text, lambda: _key_of(text))
    _check_usable(key, address)
    _note_use(key)
    return _credential_of(key)


def fresh_user_for_token(token: str) -> User | None:
    """Return what `user_for_token` found a moment ago, None where it must look again."""
    user = _known_users.fresh(token)
    return user if isinstance(user, User) else None


def fresh_user_for_api_key(text: str, *, address: str) -> Credential | None:
    """Return what `user_for_api_key` found a moment ago, None where it must look again.

    Raises ExchangeError (UNAUTHENTICATED).
    """
    key = _known_keys.fresh(text)
    if key is None:
        return None
    _check_usable(key, address)
    return _credential_of(key)


def hash_secret(secret: str) -> str:
    """Return what is stored of a key's secret.

    One SHA-256 is enough: the secret is 256 random bits, so there is nothing to guess that a slow
    hash would slow down, and every request of a program pays for it.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def unauthenticated(message: str) -> ExchangeError:
    return ExchangeError(ErrorCode.UNAUTHENTICATED, message)


def _key_of(text: str) -> ApiKey:
    match = _KEY_TEXT.fullmatch(text)
    key = match and ApiKey.objects.select_related("user").filter(pk=match[1]).first()
    if not match or not key or not hmac.compare_digest(key.secret_hash, hash_secret(match[2])):
        raise unauthenticated("The API key is not valid.")
    return key


def _user_of(kind: type[AccessToken] | type[RefreshToken], token: str) -> User:
    try:
        claims = kind(token)  # type: ignore[arg-type]
        user = _known_users.read(token, lambda: JWTAuthentication().get_user(claims))
    except ExpiredTokenError:
        raise unauthenticated("The token has expired.") from None
    except (TokenError, AuthenticationFailed):
        raise unauthenticated("The token is not valid.") from None
    assert isinstance(user, User)
    return user


def _credential_of(key: ApiKey) -> Credential:
    return key.user, frozenset(Scope(scope) for scope in key.scopes)


def _check_usable(key: ApiKey, address: str) -> None:
    if key.revoked_at is not None or not key.user.is_active:
        raise unauthenticated("The API key is not valid.")
    if key.expires_at is not None and key.expires_at <= timezone.now():
        raise unauthenticated("The API key has expired.")
    if key.allowed_ips and not _is_within(address, key.allowed_ips):
        raise unauthenticated("The API key may not be used from this address.")


def _is_within(address: str, networks: list[str]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in ipaddress.ip_network(network) for network in networks)


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= LAST_USE_RESOLUTION:
        with contextlib.suppress(*POSTGRES_AWAY):  # not worth a request that could be answered
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
