"""Reads requests into typed forms, or refuses them naming the field. Every front door uses it.

Every REST view is a `FormView`. Its query and its body are read before the sender is authenticated,
because the rules let the request's form answer first (docs/api.md, "Matching rules").
"""

import re
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any, ClassVar, Final, TypeVar, cast

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.rest.wire import Form, invalid
from matching.domain.errors import ExchangeError

MAX_BODY_BYTES: Final = 512 * 1024
"""Room for the largest batch (500 orders) about twice over."""
TOO_LARGE: Final = bytes(MAX_BODY_BYTES + 1)
"""Stands for a body that nobody has read to its end."""
MAX_ECHOED_CHARS: Final = 120

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is no JSON, too deep, or not what the form says."""

_PLACE: Final = re.compile(r" - at `(?:key in )?\$(.*)`\Z", re.DOTALL)
_NAMED_FIELD: Final = re.compile(r"(missing required|unknown) field `(.*)`\Z", re.DOTALL)

AnyForm = TypeVar("AnyForm")


class NoQuery(Form, frozen=True, kw_only=True):
    """What a view may be asked in its query string unless it says otherwise: nothing."""


class FormView(APIView):
    """A view whose methods take the bodies in `forms` and the query strings in `queries`.

    The handler finds its own in `self.form` and `self.query`. A HEAD is asked like a GET.
    """

    forms: ClassVar[Mapping[str, type[msgspec.Struct]]] = {}
    queries: ClassVar[Mapping[str, type[Form]]] = {}
    form: Any
    query: Any

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        method = "GET" if request.method == "HEAD" else request.method or ""
        self.query = read_query(request, self.queries.get(method, NoQuery))
        form = self.forms.get(method)
        if form is not None:
            # DRF offers no public way to the request that has the body.
            self.form = read_body(request.content_type or "", _body(request._request), form)  # noqa: SLF001
        super().initial(request, *args, **kwargs)


def read_query(request: Request, form: type[AnyForm]) -> AnyForm:
    """Return the query string as a `form`. Raises ExchangeError (INVALID_REQUEST) by parameter."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise invalid(_plain(name), "Give this once.")
    try:
        return msgspec.convert(request.query_params.dict(), form, strict=False)
    except msgspec.ValidationError as error:
        raise refusal(error) from None


def read_form(raw: bytes | msgspec.Raw, form: type[AnyForm]) -> AnyForm:
    """Return JSON as a `form`. Raises ExchangeError (INVALID_REQUEST) naming the field."""
    try:
        decoded: AnyForm = _decoder(cast("Hashable", form)).decode(raw)
    except NOT_JSON as error:
        raise refusal(error) from None
    return decoded


def read_body(content_type: str, body: bytes, form: type[AnyForm]) -> AnyForm:
    """Return a request's body as a `form`. Raises ExchangeError (INVALID_REQUEST)."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise invalid("Content-Type", "Send the body as application/json.")
    if len(body) > MAX_BODY_BYTES:
        raise invalid("body", f"The body may hold up to {MAX_BODY_BYTES} bytes.")
    return read_form(body, form)


def refusal(error: Exception) -> ExchangeError:
    """Turn what msgspec says about a request into the refusal that the sender reads."""
    if not isinstance(error, msgspec.ValidationError):
        return invalid("body", "This is not valid JSON in UTF-8.")
    text = str(error)
    place = _PLACE.search(text)
    path = place[1].lstrip(".") if place else ""
    reason = text[: place.start()] if place else text
    named = _NAMED_FIELD.search(reason)
    if named is None:
        return invalid(path or "body", f"{_plain(reason)}.")
    field = _plain(f"{path}.{named[2]}" if path else named[2])
    return invalid(
        field, "The field is required." if named[1] != "unknown" else "There is no such field."
    )


def _plain(text: str) -> str:
    return text.replace("`", "")[:MAX_ECHOED_CHARS]


@cache
def _decoder(form: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(form)


def _body(request: HttpRequest) -> bytes:
    # Django's own body, not DRF's `data`: DRF takes a chunked body for an empty one.
    try:
        return request.body
    except RequestDataTooBig:
        return TOO_LARGE
