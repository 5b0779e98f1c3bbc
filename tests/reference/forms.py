"""Which values a field may have. A command with any other is refused, naming the first such."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from matching.domain import commands
from matching.domain.values import (
    MAX_AMOUNT,
    MAX_ASSETS,
    MAX_LIMIT,
    MAX_REASON_LENGTH,
    MarketStatus,
    OrderType,
    Side,
    TimeInForce,
)

Check = Callable[[Any], bool]
MAX_TEXT: Final = 64


def is_count(value: Any, most: int = MAX_AMOUNT) -> bool:
    return type(value) is int and 0 <= value <= most


def is_amount(value: Any) -> bool:
    return type(value) is int and abs(value) <= MAX_AMOUNT


def is_user(value: Any) -> bool:
    return is_count(value) and value > 0


def is_limit(value: Any) -> bool:
    return is_count(value, MAX_LIMIT)


def _is_asset(value: Any) -> bool:
    return _matches("[A-Z0-9]{1,64}")(value)


def _is_asset_list(value: Any) -> bool:
    """Pairs of an asset and an amount of it, no asset twice."""
    if not isinstance(value, tuple) or len(value) > MAX_ASSETS:
        return False
    assets = [asset for asset, _ in value]
    amounts = [units for _, units in value]
    return (
        all(map(_is_asset, assets))
        and all(map(is_count, amounts))
        and len(set(assets)) == len(assets)
    )


def _matches(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _text(least: int, most: int) -> Check:
    """Printable ASCII, `least` to `most` characters."""
    return _matches(f"[ -~]{{{least},{most}}}")


def _one_of(words: type[StrEnum]) -> Check:
    return lambda value: value in list(words)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


_is_symbol: Final = _matches("[A-Z0-9-]{1,64}")

_FORMS: Final[dict[type[commands.Command], dict[str, Check]]] = {
    commands.PlaceOrder: {
        "user_id": is_user,
        "symbol": _is_symbol,
        "side": _one_of(Side),
        "type": _one_of(OrderType),
        "time_in_force": _one_of(TimeInForce),
        "post_only": _is_boolean,
        "price_ticks": is_count,
        "qty_lots": is_count,
        "client_order_id": _text(0, MAX_TEXT),
    },
    commands.CancelOrder: {"user_id": is_user, "order_id": is_count},
    commands.CancelAllOrders: {"user_id": is_user, "symbol": _matches("[A-Z0-9-]{0,64}")},
    commands.MoveFunds: {
        "user_id": is_user,
        "asset": _is_asset,
        "amount": is_amount,
        "reference": _text(1, MAX_TEXT),
    },
    commands.DefineMarket: {
        "symbol": _is_symbol,
        "base": _is_asset,
        "quote": _is_asset,
        "lot_units": is_count,
        "tick_lot_units": is_count,
        "min_qty_lots": is_count,
        "max_qty_lots": is_count,
        "max_price_ticks": is_count,
        "min_notional_units": is_count,
        "price_band_bps": is_count,
        "maker_fee_ppm": is_count,
        "taker_fee_ppm": is_count,
    },
    commands.SetMarketStatus: {
        "symbol": _is_symbol,
        "status": _one_of(MarketStatus),
        "reason": _text(0, MAX_REASON_LENGTH),
    },
    commands.SetLimits: {
        "user_id": is_user,
        "max_open_orders": is_limit,
        "position_caps": _is_asset_list,
        "orders_per_second": is_limit,
    },
    commands.ResetAccount: {
        "user_id": is_user,
        "balances": _is_asset_list,
        "reference": _text(1, MAX_TEXT),
    },
}


def bad_field(command: commands.AnyCommand) -> str | None:
    """Return the name of the first field whose value cannot be, if any."""
    for name, check in _FORMS[type(command)].items():
        if not check(getattr(command, name)):
            return name
    return None


def kind(command: commands.AnyCommand) -> str:
    """Return the tag by which a command is known on the wire."""
    return str(command.__struct_config__.tag)
