"""The words every part of Kalency uses for orders and money. Pure; imported by everybody."""

from enum import StrEnum
from typing import Final, NewType

Ticks = NewType("Ticks", int)
"""A price in steps of its market's tick size."""
Lots = NewType("Lots", int)
"""A quantity in steps of its market's lot size."""
Units = NewType("Units", int)
"""An amount in the smallest unit of its asset (USD: 10^-6)."""
Sequence = NewType("Sequence", int)
"""The number of an event; contiguous within a shard, from 1."""

MAX_AMOUNT: Final = 2**53 - 1
"""The largest integer Lua's doubles hold exactly; no amount, price or id may pass it."""

QUOTE_ASSET: Final = "USD"
QUOTE_DECIMALS: Final = 6

FEE_ACCOUNT: Final = 0
"""The user id whose wallet collects the fees; no person has it."""

AssetUnits = tuple[str, Units]
"""An asset, and an amount of it in its smallest unit."""

MAX_ASSETS: Final = 64
"""A list of assets in a command may be this long."""

DEFAULT_MAX_OPEN_ORDERS: Final = 200
"""How many orders a user may have open in one symbol, unless limits of their own say otherwise."""

MAX_LIMIT: Final = 1_000_000
"""No limit on open orders or on orders per second may be above this."""

MAX_REASON_LENGTH: Final = 200
"""Why a market was paused or halted: printable ASCII, no longer than this."""


class Side(StrEnum):
    """What an order wants to do with the base asset."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    LIMIT = "LIMIT"
    MARKET = "MARKET"


class TimeInForce(StrEnum):
    """How long an order may wait: rest, take what is there, or all at once or nothing."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class MarketStatus(StrEnum):
    """Whether a market takes orders; it takes cancels always.

    Staff pause it. It is halted by Kalency itself, where one of its invariants is broken.
    """

    TRADING = "TRADING"
    PAUSED = "PAUSED"
    HALTED = "HALTED"


class Liquidity(StrEnum):
    """Which side of a trade a fill was: the order that rested, or the one that came in."""

    MAKER = "MAKER"
    TAKER = "TAKER"


class OrderStatus(StrEnum):
    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"


class EndReason(StrEnum):
    """Why an order ended with something unfilled."""

    NONE = ""
    USER = "USER"
    RESET = "RESET"
    IOC_REMAINDER = "IOC_REMAINDER"
    NO_LIQUIDITY = "NO_LIQUIDITY"
    SELF_TRADE = "SELF_TRADE"
