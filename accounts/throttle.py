"""Slows the guessing of passwords: log-ins are counted by username and address. Used by `services`.

The counts live in Django's cache (the bus). Loopback is left alone unless `THROTTLE_LOOPBACK` says
otherwise, so that a load test or a proxy without address forwarding does not lock itself out.
"""

import hashlib
import ipaddress
import time
from typing import Final

from django.conf import settings
from django.core.cache import cache

from matching.domain.errors import ErrorCode, ExchangeError

MAX_ATTEMPTS: Final = 10
WINDOW_S: Final = 300


def log_in_attempted(*, username: str, address: str) -> None:
    """Count an attempt. Raises ExchangeError (RATE_LIMITED) when there were too many lately."""
    if _exempt(address):
        return
    key = _key(username, address)
    # Twice the window, so that a count never expires between these two calls.
    cache.add(key, 0, timeout=2 * WINDOW_S)
    if cache.incr(key) > MAX_ATTEMPTS:
        retry_after = WINDOW_S - int(time.time()) % WINDOW_S
        raise ExchangeError(
            ErrorCode.RATE_LIMITED,
            f"Too many attempts to log in; try again in {retry_after} seconds.",
            retryAfter=retry_after,
        )


def log_in_succeeded(*, username: str, address: str) -> None:
    """Forget the attempts of somebody who knows the password."""
    if not _exempt(address):
        cache.delete(_key(username, address))


def _exempt(address: str) -> bool:
    if settings.THROTTLE_LOOPBACK:
        return False
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _key(username: str, address: str) -> str:
    who = f"{username.lower()}\n{address}".encode()
    return f"log-in:{hashlib.sha256(who).hexdigest()}:{int(time.time()) // WINDOW_S}"
