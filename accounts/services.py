"""Everything that changes an account: users, log-ins, tokens, API keys.

Called by the REST views, the admin and the management commands. Raises ExchangeError with the codes
of the contract. Money is moved by `accounts.funds`.
"""

import ipaddress
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken

from accounts import throttle
from accounts.authentication import hash_secret, unauthenticated, user_for_refresh_token
from accounts.funds import opening_deposit_ensure
from accounts.messages import TokenPair
from accounts.models import MAX_KEY_NAME_LENGTH, ApiKey, User, new_key_id, username_validator
from accounts.rest.wire import check_printable, invalid
from accounts.scopes import KEY_SCOPES
from matching.domain.errors import ErrorCode, ExchangeError

MAX_KEYS_PER_USER: Final = 50
MAX_KEY_DAYS: Final = 3650
"""A key lives this long at most, unless it never expires; far years do not fit a timestamp."""
SECRET_BYTES: Final = 32


def user_register(*, username: str, password: str, email: str = "", is_staff: bool = False) -> User:
    """Create a user and make the opening deposit; staff may also do everything in the admin.

    A deposit that matching does not confirm now follows at the next log-in. Raises ExchangeError:
    INVALID_REQUEST, CONFLICT (the name is taken).
    """
    user = User(username=username, email=email, is_staff=is_staff, is_superuser=is_staff)
    _check_user(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise ExchangeError(
            ErrorCode.CONFLICT, "This username is taken.", field="username"
        ) from None
    opening_deposit_ensure(user)
    return user


def log_in(*, username: str, password: str, address: str) -> TokenPair:
    """Return fresh tokens for the right password; the same refusal whatever is wrong.

    Django hashes the password for unknown names too, so the time taken tells nothing either.
    Raises ExchangeError: UNAUTHENTICATED, RATE_LIMITED.
    """
    throttle.log_in_attempted(username=username, address=address)
    user = authenticate(username=username, password=password) if _is_name(username) else None
    if not isinstance(user, User):
        raise unauthenticated("The username or the password is wrong.")
    throttle.log_in_succeeded(username=username, address=address)
    update_last_login(User, user)
    opening_deposit_ensure(user)
    refresh = RefreshToken.for_user(user)
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def log_in_refresh(*, refresh: str) -> TokenPair:
    """Return a new access token beside the refresh token. Raises UNAUTHENTICATED."""
    user_for_refresh_token(refresh)
    return TokenPair(access=str(RefreshToken(refresh).access_token), refresh=refresh)  # type: ignore[arg-type]


def api_key_create(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
    allowed_ips: Sequence[str] = (),
) -> tuple[ApiKey, str]:
    """Create a key; return it with its secret, which is not kept. Raises INVALID_REQUEST."""
    check_printable("name", name, most=MAX_KEY_NAME_LENGTH)
    if not scopes or not set(scopes) <= KEY_SCOPES:
        raise invalid("scopes", f"Choose from {', '.join(sorted(KEY_SCOPES))}.")
    if expires_at is not None:
        _check_expiry(expires_at)
    if user.api_keys.filter(revoked_at=None).count() >= MAX_KEYS_PER_USER:
        raise invalid("name", f"You have {MAX_KEYS_PER_USER} keys already; revoke one first.")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey.objects.create(
        id=new_key_id(),
        user=user,
        name=name,
        scopes=sorted(set(scopes)),
        secret_hash=hash_secret(secret),
        allowed_ips=[_network(text) for text in allowed_ips],
        expires_at=expires_at,
    )
    return key, secret


def api_key_revoke(*, user: User, key_id: str) -> None:
    """Make a key unusable for good. Raises NOT_FOUND, also for somebody else's key."""
    known = "\0" not in key_id and user.api_keys.filter(pk=key_id, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    if not known:
        raise ExchangeError(ErrorCode.NOT_FOUND, "You have no such API key.")


def _check_expiry(expires_at: datetime) -> None:
    now = timezone.now()
    if expires_at <= now:
        raise invalid("expiresAt", "The key would have expired already.")
    if expires_at > now + timedelta(days=MAX_KEY_DAYS):
        raise invalid("expiresAt", f"A key expires within {MAX_KEY_DAYS} days, or never.")


def _check_user(user: User, password: str) -> None:
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise invalid(field, " ".join(messages)) from None
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise invalid("password", " ".join(error.messages)) from None


def _is_name(username: str) -> bool:
    try:
        username_validator(username)
    except ValidationError:
        return False
    return True


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError:
        raise invalid("allowedIps", f"{text[:64]!r} is no IP address or network.") from None
