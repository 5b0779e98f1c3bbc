"""The accounts' part of the REST contract: request and answer bodies. camelCase on the wire."""

from datetime import datetime
from typing import Annotated

import msgspec

from accounts.models import MAX_KEY_NAME_LENGTH, ApiKey, User
from accounts.rest.wire import Body, Form, check_printable
from accounts.scopes import Scope
from matching.domain.timestamps import from_datetime, rfc3339

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class RegisterForm(Form, frozen=True, kw_only=True):
    username: Text
    password: Text
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""


class LogInForm(Form, frozen=True, kw_only=True):
    username: Text
    password: Text


class RefreshForm(Form, frozen=True, kw_only=True):
    refresh: Annotated[str, msgspec.Meta(max_length=4096)]


class ApiKeyForm(Form, frozen=True, kw_only=True):
    name: str
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=8)]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    allowed_ips: Annotated[list[str], msgspec.Meta(max_length=64)] = []

    def __post_init__(self) -> None:
        check_printable("name", self.name, most=MAX_KEY_NAME_LENGTH)


class UserBody(Body, frozen=True, kw_only=True):
    id: str
    username: str
    email: str
    is_staff: bool
    created_at: str


class TokenPair(Body, frozen=True, kw_only=True):
    access: str
    refresh: str


class ApiKeyBody(Body, frozen=True, kw_only=True):
    id: str
    name: str
    scopes: list[str]
    allowed_ips: list[str]
    created_at: str
    last_used_at: str | None
    expires_at: str | None


class NewApiKeyBody(ApiKeyBody, frozen=True, kw_only=True):
    """The only answer that ever shows a secret; `key` is what goes into the header."""

    secret: str
    key: str


def user_body(user: User) -> UserBody:
    return UserBody(
        id=str(user.pk),
        username=user.username,
        email=user.email,
        is_staff=user.is_staff,
        created_at=_time(user.date_joined),
    )


def api_key_body(key: ApiKey) -> ApiKeyBody:
    return ApiKeyBody(
        id=key.pk,
        name=key.name,
        scopes=key.scopes,
        allowed_ips=key.allowed_ips,
        created_at=_time(key.created_at),
        last_used_at=_time_or_none(key.last_used_at),
        expires_at=_time_or_none(key.expires_at),
    )


def new_api_key_body(key: ApiKey, secret: str) -> NewApiKeyBody:
    return NewApiKeyBody(
        **msgspec.structs.asdict(api_key_body(key)), secret=secret, key=f"{key.pk}.{secret}"
    )


def _time(moment: datetime) -> str:
    return rfc3339(from_datetime(moment))


def _time_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else _time(moment)
