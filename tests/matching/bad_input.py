"""Commands that break a rule, edges that break none, and entries that cannot be read, as tables.

Commands are lists, as in `tests.matching.bad_fields`: the command of its VALID, with these fields.
"""

from typing import Any, Final

import msgspec

from matching.domain.errors import ErrorCode
from matching.domain.values import MAX_AMOUNT
from tests.matching.bad_fields import (
    NAN,
    NOBODY,
    OPEN_ORDER,
    USED_REFERENCE,
    Case,
    Values,
    short,
    wire,
)
from tests.matching.shard import BOB, BTC_USD

Row = tuple[str, dict[str, Any], str, str]

_MOST_TICKS: Final = BTC_USD.max_price_ticks
_MOST_LOTS: Final = BTC_USD.max_qty_lots
_WORTHLESS: Final = "a lot or a tick is worth nothing"
_NO_BOUNDS: Final = "the bounds leave no quantity or no price"
_NOTIONAL: Final = "the largest notional does not fit"
_QUANTITY: Final = "the largest quantity does not fit"
_SUPPLY: Final = "supply would overflow"

# Numbers that can stand in their field, but break a rule: 0, 2^53-1, and what would overflow.
# Whatever can be 0, 1 and 2^53-1 without breaking one is in TAKEN.
# fmt: off
_OUT_OF_BOUNDS: Final[tuple[Row, ...]] = (
    ("place", {"price_ticks": 0}, "INVALID_PRICE", ""),
    ("place", {"price_ticks": _MOST_TICKS + 1}, "INVALID_PRICE", ""),
    ("place", {"price_ticks": MAX_AMOUNT}, "INVALID_PRICE", ""),
    ("place", {"qty_lots": 0}, "INVALID_QTY", ""),
    ("place", {"qty_lots": _MOST_LOTS + 1}, "INVALID_QTY", ""),
    ("place", {"qty_lots": MAX_AMOUNT}, "INVALID_QTY", ""),
    ("place", {"type": "MARKET", "price_ticks": 0, "qty_lots": 0}, "INVALID_QTY", ""),
    ("place", {"price_ticks": MAX_AMOUNT, "qty_lots": MAX_AMOUNT}, "INVALID_PRICE", ""),
    ("place", {"price_ticks": _MOST_TICKS, "qty_lots": _MOST_LOTS}, "INSUFFICIENT_FUNDS", ""),
    ("place", {"side": "SELL", "user_id": NOBODY}, "INSUFFICIENT_FUNDS", ""),
    ("funds", {"amount": -MAX_AMOUNT}, "INSUFFICIENT_FUNDS", ""),
    ("funds", {"amount": MAX_AMOUNT}, "INVALID_REQUEST", _SUPPLY),
    ("reset", {"balances": [["BTC", 1], ["USD", MAX_AMOUNT]]}, "INVALID_REQUEST", _SUPPLY),
    ("define-market", {"lot_units": 0}, "INVALID_REQUEST", _WORTHLESS),
    ("define-market", {"lot_units": MAX_AMOUNT}, "INVALID_REQUEST", _QUANTITY),
    ("define-market", {"tick_lot_units": 0}, "INVALID_REQUEST", _WORTHLESS),
    ("define-market", {"tick_lot_units": MAX_AMOUNT}, "INVALID_REQUEST", _NOTIONAL),
    ("define-market", {"min_qty_lots": 0}, "INVALID_REQUEST", _NO_BOUNDS),
    ("define-market", {"min_qty_lots": MAX_AMOUNT}, "INVALID_REQUEST", _NO_BOUNDS),
    ("define-market", {"max_qty_lots": 0}, "INVALID_REQUEST", _NO_BOUNDS),
    ("define-market", {"max_qty_lots": MAX_AMOUNT}, "INVALID_REQUEST", _NOTIONAL),
    ("define-market", {"max_price_ticks": 0}, "INVALID_REQUEST", _NO_BOUNDS),
    ("define-market", {"max_price_ticks": MAX_AMOUNT}, "INVALID_REQUEST", _NOTIONAL),
    ("define-market", {"max_price_ticks": MAX_AMOUNT, "max_qty_lots": 1}, "INVALID_REQUEST",
     "the largest price does not fit"),
    ("define-market", {"price_band_bps": 10_001}, "INVALID_REQUEST",
     "the price band is over 100 percent"),
    ("define-market", {"price_band_bps": MAX_AMOUNT}, "INVALID_REQUEST",
     "the price band is over 100 percent"),
    ("define-market", {"maker_fee_ppm": 1_000_001}, "INVALID_REQUEST", "a fee is over 100 percent"),
    ("define-market", {"taker_fee_ppm": MAX_AMOUNT}, "INVALID_REQUEST",
     "a fee is over 100 percent"),
)

# Commands about users, orders and markets that the shard does not know; and about what is taken.
_UNKNOWN: Final[tuple[Row, ...]] = (
    ("place", {"user_id": NOBODY}, "INSUFFICIENT_FUNDS", ""),
    ("place", {"user_id": MAX_AMOUNT}, "INSUFFICIENT_FUNDS", ""),
    ("place", {"symbol": "NOPE-USD"}, "UNKNOWN_SYMBOL", ""),
    ("cancel", {"user_id": NOBODY}, "UNKNOWN_ORDER", ""),
    ("cancel", {"user_id": BOB}, "UNKNOWN_ORDER", ""),
    ("cancel", {"order_id": 0}, "UNKNOWN_ORDER", ""),
    ("cancel", {"order_id": 1}, "UNKNOWN_ORDER", ""),
    ("cancel", {"order_id": OPEN_ORDER + 1}, "UNKNOWN_ORDER", ""),
    ("cancel", {"order_id": MAX_AMOUNT}, "UNKNOWN_ORDER", ""),
    ("cancel-all", {"symbol": "NOPE-USD"}, "UNKNOWN_SYMBOL", ""),
    ("funds", {"user_id": NOBODY, "amount": -1}, "INSUFFICIENT_FUNDS", ""),
    ("funds", {"asset": "NOPE", "amount": -1}, "INSUFFICIENT_FUNDS", ""),
    ("funds", {"reference": USED_REFERENCE}, "CONFLICT", "reference was used before"),
    ("reset", {"reference": USED_REFERENCE}, "CONFLICT", "reference was used before"),
    ("define-market", {"symbol": "NOPE-EUR"}, "INVALID_REQUEST", "symbol is not base-quote"),
    ("define-market", {"symbol": "BTC-USD", "base": "BTC", "lot_units": 1}, "CONFLICT",
     "lot_units of a listed market cannot change"),
    ("define-market", {"symbol": "BTC-USD", "base": "BTC", "tick_lot_units": 2,
                       "max_qty_lots": 1}, "CONFLICT",
     "tick_lot_units of a listed market cannot change"),
    ("market-status", {"symbol": "NOPE-USD"}, "UNKNOWN_SYMBOL", ""),
)

# Edges that break no rule: nothing must make a number that fits look as if it did not.
TAKEN: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("place", {"price_ticks": 1, "qty_lots": 1}),
    ("place", {"price_ticks": 1.0, "qty_lots": 1.0}),
    ("place", {"type": "MARKET", "price_ticks": MAX_AMOUNT}),
    ("place", {"side": "SELL", "price_ticks": _MOST_TICKS}),
    ("cancel-all", {"user_id": NOBODY}),
    ("cancel-all", {"user_id": MAX_AMOUNT, "symbol": ""}),
    ("funds", {"amount": 0}),
    ("funds", {"amount": -0.0}),
    ("funds", {"amount": 1}),
    ("funds", {"asset": "NEW", "amount": MAX_AMOUNT}),
    ("funds", {"user_id": MAX_AMOUNT}),
    ("define-market", {"lot_units": 1, "tick_lot_units": 1}),
    ("define-market", {"min_qty_lots": 1, "max_qty_lots": 1, "max_price_ticks": 1}),
    ("define-market", {"max_qty_lots": 1, "lot_units": MAX_AMOUNT}),
    ("define-market", {"max_qty_lots": 1, "max_price_ticks": 1, "tick_lot_units": MAX_AMOUNT}),
    ("define-market", {"max_qty_lots": 1, "max_price_ticks": MAX_AMOUNT // 10_000}),
    ("define-market", {"min_notional_units": MAX_AMOUNT}),
    ("define-market", {"price_band_bps": 1, "maker_fee_ppm": 1, "taker_fee_ppm": 1_000_000}),
    ("market-status", {"status": "HALTED", "reason": "x" * 200}),
    ("limits", {"max_open_orders": 0, "orders_per_second": 0, "position_caps": []}),
    ("limits", {"max_open_orders": 1, "orders_per_second": 1, "position_caps": [["BTC", 0]]}),
    ("limits", {"max_open_orders": 1_000_000, "orders_per_second": 1_000_000}),
    ("limits", {"user_id": MAX_AMOUNT, "position_caps": [["BTC", MAX_AMOUNT], ["NOPE", 1]]}),
    ("limits", {"position_caps": [[f"A{number}", 1] for number in range(64)]}),
    ("reset", {"balances": []}),
    ("reset", {"balances": [["USD", 0], ["NEW", MAX_AMOUNT]]}),
    ("reset", {"user_id": MAX_AMOUNT}),
)
# fmt: on


_COMMANDS: Final = msgspec.msgpack.encode([wire("cancel")])
_DEEP: Final = 100_000

# Stream entries that cannot be read, by what is wrong with them.
UNREADABLE_ENTRIES: Final[dict[str, dict[str, str | bytes]]] = {
    "no fields that anybody knows": {"nothing": "here"},
    "no gateway": {"ts": "1", "commands": _COMMANDS},
    "a gateway that is no text": {"gateway": b"\xff", "ts": "1", "commands": _COMMANDS},
    "no time": {"gateway": "g", "commands": _COMMANDS},
    "a time in words": {"gateway": "g", "ts": "soon", "commands": _COMMANDS},
    "a time below 0": {"gateway": "g", "ts": "-1", "commands": _COMMANDS},
    "a time with a fraction": {"gateway": "g", "ts": "1.5", "commands": _COMMANDS},
    "time NaN": {"gateway": "g", "ts": "nan", "commands": _COMMANDS},
    "time infinity": {"gateway": "g", "ts": "inf", "commands": _COMMANDS},
    "time 2^53": {"gateway": "g", "ts": str(MAX_AMOUNT + 1), "commands": _COMMANDS},
    "no commands": {"gateway": "g", "ts": "1"},
    "commands empty": {"gateway": "g", "ts": "1", "commands": b""},
    "not MessagePack": {"gateway": "g", "ts": "1", "commands": b"\xc1\xff"},
    "MessagePack cut off": {"gateway": "g", "ts": "1", "commands": _COMMANDS[:-1]},
    "an array that is said to be longer": {
        "gateway": "g",
        "ts": "1",
        "commands": b"\xdd\xff\xff\xff\xff" + _COMMANDS[1:],
    },
    "binary data": {"gateway": "g", "ts": "1", "commands": b"\x91\xc4\x01\xff"},
    "a number": {"gateway": "g", "ts": "1", "commands": b"\x05"},
    "nil": {"gateway": "g", "ts": "1", "commands": b"\xc0"},
    "a map by names": {"gateway": "g", "ts": "1", "commands": b"\x81\xa1a\x01"},
    "a map by fractions": {
        "gateway": "g",
        "ts": "1",
        "commands": msgspec.msgpack.encode({0.5: wire("cancel")}),
    },
    "too many commands": {
        "gateway": "g",
        "ts": "1",
        "commands": msgspec.msgpack.encode([wire("cancel")] * 1_001),
    },
    "arrays without end": {"gateway": "g", "ts": "1", "commands": b"\x91" * _DEEP},
}

# Commands that are none, in an entry that can be read.
NO_COMMANDS: Final[Values] = (
    None,
    True,
    5,
    NAN,
    "cancel",
    [],
    {},
    {"cancel": 7},
    [None],
    [7, "cancel"],
    ["nonsense", 7],
    [["cancel", 7, 1, 64]],
    ["Cancel", 7, 1, 64],
    ["cancel\0", 7, 1, 64],
    msgspec.Raw(b"\x91" * 500 + b"\x90"),
)


def _case(kind: str, changes: dict[str, Any], reason: str, detail: str) -> Case:
    what = ", ".join(f"{name} {short(value)}" for name, value in changes.items())
    return Case(f"{kind}: {what}", wire(kind, **changes), ErrorCode(reason), detail)


OUT_OF_BOUNDS: Final = [_case(*row) for row in _OUT_OF_BOUNDS]
UNKNOWN: Final = [_case(*row) for row in _UNKNOWN]
