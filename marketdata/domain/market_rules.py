"""Which markets may be listed: the terms that keep every amount an exact integer. Pure.

Used by the listing before a market reaches the engine (nothing passes 2^53-1).
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from marketdata.domain.markets import Market
from matching.domain import decimals
from matching.domain.values import MAX_AMOUNT, QUOTE_ASSET, QUOTE_DECIMALS, MarketStatus

MAX_BASE_DECIMALS: Final = 8
MAX_TERM_DECIMALS: Final = 12
MAX_FEE_BPS: Final = 1_000
MAX_BAND_PCT: Final = 100
MAX_TERM: Final = Decimal(10) ** 16
"""No figure of a market may reach this; what can fit 2^53-1 steps is below it."""
MAX_PRICE_TICKS: Final = MAX_AMOUNT // 10_000
"""The engine multiplies a price with basis points to find its band."""
SUPPLY_IN_LARGEST_ORDERS: Final = 1_000
"""A base asset's supply must have room for this many orders of the largest quantity."""

_SYMBOL: Final = re.compile(r"([A-Z0-9]{2,10})-([A-Z0-9]{2,10})", re.ASCII)
_ABOVE_ZERO: Final = {"tick_size", "lot_size", "min_qty", "max_qty", "max_price"}


class InvalidMarket(ValueError):  # noqa: N818 - said of the market, not of the program
    """A market that cannot be listed: which field is wrong, and why in one sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def new_market(
    *,
    symbol: str,
    tick_size: Decimal,
    lot_size: Decimal,
    min_qty: Decimal,
    max_qty: Decimal,
    min_notional: Decimal,
    price_band_pct: Decimal,
    maker_fee_bps: Decimal,
    taker_fee_bps: Decimal,
    simulated: bool,
    status: MarketStatus = MarketStatus.TRADING,
    max_price: Decimal | None = None,
    base_decimals: int | None = None,
) -> Market:
    """Return a market that may be listed, with what follows from its terms filled in.

    The base asset's decimals and the maximum price are derived where they are not given. Raises
    InvalidMarket, naming the field.
    """
    base, quote = split_symbol(symbol)
    terms = {
        "tick_size": tick_size,
        "lot_size": lot_size,
        "min_qty": min_qty,
        "max_qty": max_qty,
        "min_notional": min_notional,
        "price_band_pct": price_band_pct,
        "maker_fee_bps": maker_fee_bps,
        "taker_fee_bps": taker_fee_bps,
    }
    _check_numbers(terms)
    terms["max_price"] = _largest_price(tick_size, max_qty) if max_price is None else max_price
    _check_numbers(terms)
    market = Market(
        symbol=symbol,
        base=base,
        quote=quote,
        base_decimals=sensible_decimals(max_qty) if base_decimals is None else base_decimals,
        quote_decimals=QUOTE_DECIMALS,
        status=status,
        simulated=simulated,
        **{field: Decimal(decimals.plain(value)) for field, value in terms.items()},
    )
    check(market)
    return market


def split_symbol(symbol: str) -> tuple[str, str]:
    """Return base and quote of `BTC-USD`. Raises InvalidMarket."""
    match = _SYMBOL.fullmatch(symbol)
    if match is None:
        raise InvalidMarket("symbol", "A symbol is BASE-QUOTE in capitals and digits: BTC-USD.")
    base, quote = match.groups()
    _require(quote == QUOTE_ASSET, "symbol", f"Markets are quoted in {QUOTE_ASSET}.")
    _require(base != quote, "symbol", "A market needs two different assets.")
    return base, quote


def sensible_decimals(max_qty: Decimal) -> int:
    """Return the decimals of a base asset: 8, or fewer where its supply would pass 2^53-1."""
    room = Decimal(MAX_AMOUNT) / (max_qty * SUPPLY_IN_LARGEST_ORDERS)
    return max(0, min(MAX_BASE_DECIMALS, room.adjusted()))


def check(market: Market) -> None:
    """Raise InvalidMarket where the engine could not keep this market's books exactly."""
    _check_steps(market)
    _check_quantities(market)
    _check_largest(market)
    _check_rates(market)


def _check_numbers(terms: Mapping[str, Decimal]) -> None:
    for field, value in terms.items():
        plausible = value.is_finite() and 0 <= value < MAX_TERM
        _require(plausible, field, f"{_words(field)} must be a number from 0 to below {MAX_TERM}.")
        _require(
            -_exponent(value.normalize()) <= MAX_TERM_DECIMALS,
            field,
            f"{_words(field)} has more than {MAX_TERM_DECIMALS} decimals.",
        )
        _require(
            value > 0 or field not in _ABOVE_ZERO, field, f"{_words(field)} must be above zero."
        )


def _check_steps(market: Market) -> None:
    _require(
        0 <= market.base_decimals <= MAX_BASE_DECIMALS,
        "base_decimals",
        f"An asset has 0 to {MAX_BASE_DECIMALS} decimals.",
    )
    _require(
        _is_whole(market.lot_size.scaleb(market.base_decimals)),
        "lot_size",
        f"The lot must be a whole number of {market.base} units "
        f"of {market.base_decimals} decimals.",
    )
    _require(
        _is_whole((market.tick_size * market.lot_size).scaleb(market.quote_decimals)),
        "tick_size",
        f"Tick times lot must be a whole number of {market.quote} units "
        f"of {market.quote_decimals} decimals.",
    )


def _check_quantities(market: Market) -> None:
    for field, step in (
        ("min_qty", market.lot_size),
        ("max_qty", market.lot_size),
        ("max_price", market.tick_size),
    ):
        value: Decimal = getattr(market, field)
        _require(value % step == 0, field, f"{_words(field)} must be a multiple of {step}.")
    _require(market.min_qty <= market.max_qty, "min_qty", "Min qty must not be above max qty.")
    _require(
        _is_whole(market.min_notional.scaleb(market.quote_decimals)),
        "min_notional",
        f"Min notional has more than {market.quote_decimals} decimals.",
    )


def _check_largest(market: Market) -> None:
    largest = (market.max_qty * market.max_price).scaleb(market.quote_decimals)
    _require(
        largest <= MAX_AMOUNT,
        "max_price",
        "The largest notional (max qty times max price) passes 2^53-1 smallest units.",
    )
    _require(
        market.max_price <= MAX_PRICE_TICKS * market.tick_size,
        "max_price",
        f"Max price passes {MAX_PRICE_TICKS} ticks.",
    )
    _require(
        market.max_qty.scaleb(market.base_decimals) <= MAX_AMOUNT,
        "max_qty",
        "Max qty passes 2^53-1 smallest units.",
    )
    _require(
        market.min_notional <= market.max_qty * market.max_price,
        "min_notional",
        "Min notional is above the largest notional.",
    )


def _check_rates(market: Market) -> None:
    for field, highest in (
        ("price_band_pct", MAX_BAND_PCT),
        ("maker_fee_bps", MAX_FEE_BPS),
        ("taker_fee_bps", MAX_FEE_BPS),
    ):
        rate: Decimal = getattr(market, field)
        _require(rate <= highest, field, f"{_words(field)} must be from 0 to {highest}.")
        _require(_exponent(rate) >= -2, field, f"{_words(field)} has more than two decimals.")


def _largest_price(tick_size: Decimal, max_qty: Decimal) -> Decimal:
    """Return the largest price whose notional fits, rounded down to one digit: easy to remember.

    Raises InvalidMarket where there is none, naming a term that was given.
    """
    _require(
        (tick_size * max_qty).scaleb(QUOTE_DECIMALS) <= MAX_AMOUNT,
        "max_qty",
        "Even at a price of one tick, max qty is worth more than 2^53-1 smallest units.",
    )
    fits = Decimal(MAX_AMOUNT).scaleb(-QUOTE_DECIMALS) / max_qty
    exact = min(fits, MAX_PRICE_TICKS * tick_size, MAX_TERM / 10)
    rounded = Decimal((0, exact.as_tuple().digits[:1], exact.adjusted()))
    return max(tick_size, rounded // tick_size * tick_size)


def _require(condition: bool, field: str, message: str) -> None:
    if not condition:
        raise InvalidMarket(field, message)


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "finite numbers only"
    return exponent


def _words(field: str) -> str:
    return field.replace("_", " ").capitalize()
