"""Exact conversion between integers and decimal text, at the edge. Pure; never through floats."""

import re
from decimal import Context, Decimal
from typing import Final

# Twice the digits that `parse_decimal` lets in: no quotient looks whole by rounding.
_EXACT: Final = Context(prec=80)
_MAX_WHOLE_DIGITS: Final = 19
_MAX_DECIMALS: Final = 18
_DECIMAL: Final = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?", re.ASCII)


def parse_decimal(text: str) -> Decimal:
    """Return plain decimal text as a Decimal.

    Raises ValueError for `1e3`, `NaN` and the like, and for more digits than any amount can have.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a plain decimal number.")
    whole, fraction = match.groups(default="")
    if len(whole.lstrip("0")) > _MAX_WHOLE_DIGITS:
        raise ValueError(f"{text[:40]} is too large.")
    if len(fraction) > _MAX_DECIMALS:
        raise ValueError(f"{text[:40]} has more than {_MAX_DECIMALS} decimals.")
    return Decimal(text)


def to_steps(text: str, step: Decimal) -> int:
    """Return how many steps `text` is. Raises ValueError where it is not a whole number of them."""
    count = _EXACT.divide(parse_decimal(text), step)
    if count != count.to_integral_value():
        raise ValueError(f"{text} is not a multiple of {plain(step)}.")
    return int(count)


def from_steps(count: int, step: Decimal) -> str:
    """Return `count` steps as decimal text, with as many decimals as the step has."""
    return format(_EXACT.multiply(Decimal(count), step), "f")


def to_units(text: str, decimals: int) -> int:
    """Return an amount of an asset in its smallest unit. Raises ValueError for finer amounts."""
    return to_steps(text, Decimal(1).scaleb(-decimals))


def from_units(units: int, decimals: int) -> str:
    """Return smallest units as decimal text with exactly `decimals` decimals."""
    return format(Decimal(units).scaleb(-decimals), "f")


def plain(value: Decimal) -> str:
    """Return a Decimal as text without exponent or trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
