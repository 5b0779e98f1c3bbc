"""The kinds of JSON objects every front door speaks: forms in, bodies out, camelCase. Pure."""

from typing import Generic, TypeVar

import msgspec

from matching.domain.errors import ErrorCode, ExchangeError

Item = TypeVar("Item")


class Form(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a request says. A field that is not known is refused."""


class Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an answer says."""


class Page(Body, Generic[Item], frozen=True, kw_only=True):
    """A list; `next_cursor` leads to what follows, where there is more."""

    items: list[Item]
    next_cursor: str | None = None


def check_printable(field: str, text: str, *, most: int) -> None:
    """Raise ExchangeError (INVALID_REQUEST) for a text that is empty, too long or unprintable.

    Unprintable are control characters above all: PostgreSQL takes no NUL.
    """
    if not 0 < len(text) <= most or not text.isprintable():
        raise invalid(field, f"Use 1 to {most} printable characters.")


def invalid(field: str, reason: str) -> ExchangeError:
    """Return the refusal of one field: why, as a plain sentence."""
    return ExchangeError(
        ErrorCode.INVALID_REQUEST, f"{field}: {reason}", field=field, reason=reason
    )
