"""Turns whatever goes wrong in a request into the contract's envelope and HTTP status.

DRF calls `exception_handler` (settings), order entry over REST and sockets `failure_of`;
`UnknownPathView` answers the paths that lead nowhere.
"""

import logging
from typing import Any, Final, NamedTuple

import msgspec
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rest_framework import exceptions as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import CHALLENGE
from accounts.postgres import POSTGRES_AWAY
from accounts.rest.request_form import refusal
from accounts.rest.wire import invalid
from exchange.messages import ErrorBody, ErrorEnvelope, error_envelope
from matching.domain.errors import ErrorCode, ExchangeError

RETRY_AFTER_S: Final = 1
NO_CREDENTIAL: Final = "Authenticate with a bearer token or an API key."

HTTP_STATUS: Final[dict[ErrorCode, int]] = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.INVALID_PRICE: 400,
    ErrorCode.INVALID_QTY: 400,
    ErrorCode.NOTIONAL_TOO_SMALL: 400,
    ErrorCode.PRICE_OUT_OF_BAND: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.UNKNOWN_SYMBOL: 404,
    ErrorCode.UNKNOWN_ORDER: 404,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.DUPLICATE_CLIENT_ORDER_ID: 409,
    ErrorCode.ORDER_NOT_OPEN: 409,
    ErrorCode.CONFLICT: 409,
    ErrorCode.INSUFFICIENT_FUNDS: 422,
    ErrorCode.WOULD_TRADE: 422,
    ErrorCode.CANNOT_FILL: 422,
    ErrorCode.TOO_MANY_OPEN_ORDERS: 422,
    ErrorCode.POSITION_LIMIT: 422,
    ErrorCode.SYMBOL_PAUSED: 422,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.LEDGER_BACKLOG: 503,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.UNKNOWN_OUTCOME: 503,
}

_SERVER_AWAY: Final = (
    *POSTGRES_AWAY,
    RedisConnectionError,
    RedisTimeoutError,
    ConnectionInterrupted,
)
_WRONG_FORM: Final = (drf.ParseError, drf.UnsupportedMediaType, drf.NotAcceptable)

log = logging.getLogger(__name__)


class Failure(NamedTuple):
    """An answer that says what went wrong."""

    status: int
    headers: dict[str, str]
    body: ErrorEnvelope


class UnknownPathView(APIView):
    """Answers every path under /v1 that no other view has, whatever the method and the sender."""

    authentication_classes = []
    permission_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise ExchangeError(ErrorCode.NOT_FOUND, "There is nothing at this path.")


def exception_handler(error: Exception, _context: dict[str, Any]) -> Response:
    """Return the answer of a view that raised."""
    failure = failure_of(error)
    return Response(failure.body, status=failure.status, headers=failure.headers)


def failure_of(error: Exception) -> Failure:
    """Return the answer to a request that raised; a bug is logged, never shown."""
    known = _as_exchange_error(error)
    if known is None:
        log.error("A request failed.", exc_info=error)
        body = ErrorBody(code="INTERNAL", message="Something went wrong here.", details={})
        return Failure(500, {}, ErrorEnvelope(error=body))
    status = HTTP_STATUS[known.code]
    return Failure(status, _headers(status, known), error_envelope(known))


def _headers(status: int, error: ExchangeError) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": CHALLENGE}
    if status in {429, 503}:
        return {"Retry-After": str(error.details.get("retryAfter", RETRY_AFTER_S))}
    return {}


def _as_exchange_error(error: Exception) -> ExchangeError | None:
    match error:
        case ExchangeError():
            return error
        case msgspec.DecodeError():
            return refusal(error)
        case Http404() | drf.NotFound():
            return ExchangeError(ErrorCode.NOT_FOUND, "There is nothing at this path.")
        case SuspiciousOperation():
            return invalid("request", "The request is malformed.")
    if isinstance(error, _SERVER_AWAY):
        log.error("A server is away: %s", error)
        return ExchangeError(
            ErrorCode.UNAVAILABLE, "A server this needs cannot be reached now. Try again."
        )
    return _as_refused_by_drf(error)


def _as_refused_by_drf(error: Exception) -> ExchangeError | None:
    match error:
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return ExchangeError(ErrorCode.UNAUTHENTICATED, NO_CREDENTIAL)
        case drf.PermissionDenied():
            return ExchangeError(ErrorCode.FORBIDDEN, str(error.detail))
        case PermissionDenied():
            return ExchangeError(ErrorCode.FORBIDDEN, "You may not do this.")
        case drf.MethodNotAllowed():
            return ExchangeError(ErrorCode.METHOD_NOT_ALLOWED, str(error.detail))
    return invalid("request", str(error)) if isinstance(error, _WRONG_FORM) else None
