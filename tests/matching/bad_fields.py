"""Commands whose fields cannot be: every field missing, and with every value it cannot have.

Commands are lists here, as they stand on the wire, so that no type can keep a mistake from being
made. Read by `tests.matching.test_bad_input`, which says on what shard they are tried.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from matching.domain.errors import ErrorCode
from matching.domain.values import MAX_AMOUNT
from tests.matching.shard import ALICE, BTC_USD

Values = tuple[Any, ...]

NAN: Final = float("nan")
INFINITY: Final = float("inf")
REQUEST_ID: Final = 7
OPEN_ORDER: Final = 64
NOBODY: Final = 999
USED_REFERENCE: Final = "test:1"


@dataclass(frozen=True)
class Case:
    """A command that must be refused, or rejected, with this reason and detail."""

    what: str
    command: list[Any]
    reason: ErrorCode
    detail: str = ""


# A command of each kind that is taken as it stands here.
VALID: Final[dict[str, dict[str, Any]]] = {
    "place": {
        "user_id": ALICE,
        "symbol": "BTC-USD",
        "side": "BUY",
        "type": "LIMIT",
        "time_in_force": "GTC",
        "post_only": False,
        "price_ticks": 100,
        "qty_lots": 1,
        "client_order_id": "",
    },
    "cancel": {"user_id": ALICE, "order_id": OPEN_ORDER},
    "cancel-all": {"user_id": ALICE, "symbol": "BTC-USD"},
    "funds": {"user_id": ALICE, "asset": "USD", "amount": 5, "reference": "new"},
    "define-market": {
        "symbol": "NEW-USD",
        "base": "NEW",
        "quote": "USD",
        "lot_units": BTC_USD.lot_units,
        "tick_lot_units": BTC_USD.tick_lot_units,
        "min_qty_lots": BTC_USD.min_qty_lots,
        "max_qty_lots": BTC_USD.max_qty_lots,
        "max_price_ticks": BTC_USD.max_price_ticks,
        "min_notional_units": 0,
        "price_band_bps": 0,
        "maker_fee_ppm": 0,
        "taker_fee_ppm": 0,
    },
    "market-status": {"symbol": "BTC-USD", "status": "PAUSED", "reason": ""},
    "limits": {
        "user_id": ALICE,
        "max_open_orders": 5,
        "position_caps": [["BTC", 5]],
        "orders_per_second": 5,
    },
    "reset": {"user_id": ALICE, "balances": [["USD", 5]], "reference": "new"},
}


def wire(kind: str, **changes: Any) -> list[Any]:
    """Return the command of `VALID` with other fields, as it stands on the wire."""
    return [kind, REQUEST_ID, *(VALID[kind] | changes).values()]


# What a field of each sort cannot be.
_NOT_UTF8: Final = msgspec.Raw(b"\xa1\xff")
_NO_NUMBER: Final[Values] = (
    0.5,
    NAN,
    INFINITY,
    -INFINITY,
    1e300,
    "1",
    None,
    True,
    [],
    [1],
    {"a": 1},
)
_TOO_LARGE: Final = (MAX_AMOUNT + 1, 2**63, 2**64 - 1)
_NO_TEXT: Final[Values] = (None, 5, True, [], "x" * 65, "line\nbreak", "\0", "é", _NOT_UTF8)
_NO_NAME: Final = (*_NO_TEXT, "lower-case", "BTC USD")
_NO_COUNT: Final = (-1, -MAX_AMOUNT, *_TOO_LARGE, *_NO_NUMBER)
_NO_USER: Final = (0, *_NO_COUNT)
# Redis reads 2^64-1 as -1, which an amount can be: gateways keep to 2^53-1 by themselves.
_NO_AMOUNT: Final = (-MAX_AMOUNT - 1, -(2**63), MAX_AMOUNT + 1, 2**63, *_NO_NUMBER)
_NO_LIMIT: Final = (1_000_001, MAX_AMOUNT, *_NO_COUNT)
_NO_WORD: Final[Values] = (None, 5, True, [], "", "buy", "ANYTHING")
_NO_ASSET_LIST: Final[Values] = (
    None,
    5,
    "BTC",
    {"BTC": 5},
    ["BTC", 5],
    [["BTC"]],
    [["BTC", 5, 5]],
    [{1: "BTC", 2: 5, "x": 1}],
    {1: ["BTC", 5], "x": 1},
    [[5, "BTC"]],
    [None, ["BTC", 5]],
    [["BTC", 5], ["BTC", 6]],
    [[f"A{number}", 5] for number in range(65)],
    *([[name, 5]] for name in ("", *_NO_NAME, "BTC-USD")),
    *([["BTC", units]] for units in _NO_COUNT),
)

_WRONG: Final[dict[str, Values]] = {
    "user_id": _NO_USER,
    "symbol": ("", *_NO_NAME),
    "side": _NO_WORD,
    "type": _NO_WORD,
    "time_in_force": _NO_WORD,
    "post_only": (None, 0, 1, "false", []),
    "client_order_id": _NO_TEXT,
    "asset": ("", *_NO_NAME, "BTC-USD"),
    "base": ("", *_NO_NAME, "BTC-USD"),
    "quote": ("", *_NO_NAME, "BTC-USD"),
    "amount": _NO_AMOUNT,
    "reference": ("", *_NO_TEXT),
    "status": _NO_WORD,
    "reason": (None, 5, True, [], "x" * 201, "line\nbreak", "\0", "é", _NOT_UTF8),
    "max_open_orders": _NO_LIMIT,
    "orders_per_second": _NO_LIMIT,
    "position_caps": _NO_ASSET_LIST,
    "balances": _NO_ASSET_LIST,
}


def _malformed() -> Iterator[Case]:
    """Every field of every command: missing, and with each value that it cannot have."""
    for kind, fields in VALID.items():
        for place, name in enumerate(fields, start=2):
            yield _wrong_field(kind, name, "is missing", wire(kind)[:place])
            for value in _wrong_values(kind, name):
                yield _wrong_field(kind, name, f"is {short(value)}", wire(kind, **{name: value}))


def _wrong_values(kind: str, name: str) -> Values:
    if (kind, name) == ("cancel-all", "symbol"):
        return _NO_NAME  # Empty stands for every market.
    return _WRONG.get(name, _NO_COUNT)


def _wrong_field(kind: str, name: str, problem: str, command: list[Any]) -> Case:
    return Case(f"{kind}: {name} {problem}", command, ErrorCode.INVALID_REQUEST, name)


def short(value: Any) -> str:
    """Return a value as text that fits in a line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


MALFORMED: Final = list(_malformed())
