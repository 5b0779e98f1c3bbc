"""Which web pages may open a socket: our own, and those the settings trust. Used by the consumer.

A program sends no Origin and may always connect; a browser always sends the one of the page.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain

from exchange.credentials import Headers, header


def origin_is_allowed(headers: Headers) -> bool:
    """Tell whether the page that opens this socket may."""
    origin = header(headers, b"origin")
    if not origin:
        return True
    return _is_own(origin, header(headers, b"host")) or _is_trusted(origin)


def _is_own(origin: str, host: str) -> bool:
    """Tell whether the page came from here, under a name that we answer to.

    Without the second condition a name that somebody else points at this machine would do.
    """
    if urlsplit(origin).netloc.lower() != host.lower():
        return False
    return validate_host(split_domain_port(host.lower())[0], settings.ALLOWED_HOSTS)


def _is_trusted(origin: str) -> bool:
    parts = urlsplit(origin)
    for trusted in map(urlsplit, settings.CSRF_TRUSTED_ORIGINS):
        pattern = trusted.netloc.removeprefix("*")
        if trusted.scheme == parts.scheme and is_same_domain(parts.netloc, pattern):
            return True
    return False
