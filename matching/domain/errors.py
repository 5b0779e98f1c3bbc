"""Stable error codes, the same over REST, WebSocket and the command line. Pure.

`docs/api.md` lists what each means; the HTTP status of a code is the front door's business.
"""

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Why a request was refused. The matching function answers with the same words."""

    INVALID_REQUEST = "INVALID_REQUEST"
    INVALID_PRICE = "INVALID_PRICE"
    INVALID_QTY = "INVALID_QTY"
    NOTIONAL_TOO_SMALL = "NOTIONAL_TOO_SMALL"
    PRICE_OUT_OF_BAND = "PRICE_OUT_OF_BAND"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    DUPLICATE_CLIENT_ORDER_ID = "DUPLICATE_CLIENT_ORDER_ID"
    ORDER_NOT_OPEN = "ORDER_NOT_OPEN"
    CONFLICT = "CONFLICT"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    WOULD_TRADE = "WOULD_TRADE"
    CANNOT_FILL = "CANNOT_FILL"
    TOO_MANY_OPEN_ORDERS = "TOO_MANY_OPEN_ORDERS"
    POSITION_LIMIT = "POSITION_LIMIT"
    SYMBOL_PAUSED = "SYMBOL_PAUSED"
    RATE_LIMITED = "RATE_LIMITED"
    LEDGER_BACKLOG = "LEDGER_BACKLOG"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN_OUTCOME = "UNKNOWN_OUTCOME"


class ExchangeError(Exception):
    """A request that is refused: a stable code, one plain sentence, and details for programs."""

    def __init__(self, code: ErrorCode, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
