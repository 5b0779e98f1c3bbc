"""What the public endpoints may be asked, read from the query string."""

from typing import Annotated, TypeVar

import msgspec
from rest_framework.request import Request

from accounts.request_form import refusal
from accounts.wire import Form
from marketdata.recent_trades import MAX_KEPT

MAX_DEPTH = 1_000

Query = TypeVar("Query", bound=Form)


class BookQuery(Form, frozen=True, kw_only=True):
    depth: Annotated[int, msgspec.Meta(ge=1, le=MAX_DEPTH)] = 20


class TradesQuery(Form, frozen=True, kw_only=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_KEPT)] = 50


def read_query(request: Request, form: type[Query]) -> Query:
    """Return the query string as a form. Raises ExchangeError (INVALID_REQUEST) by field."""
    try:
        return msgspec.convert(request.query_params.dict(), form, strict=False)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
