"""Turns an order as asked, in decimal text, into the engine's command, in integers. Pure."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from exchange.domain.refusals import order_refused, unknown_order
from exchange.messages import NewOrder
from marketdata.domain.markets import Market
from matching.domain import decimals
from matching.domain.commands import PlaceOrder
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.values import MAX_AMOUNT, Lots, MarketStatus, OrderType, Ticks, TimeInForce

MARKET_ORDER_PRICE: Final = Ticks(0)

Steps = TypeVar("Steps", Ticks, Lots)

_ORDER_ID: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


def place_command(*, user_id: int, order: NewOrder, market: Market) -> PlaceOrder:
    """Return the command that places `order`.

    Raises ExchangeError INVALID_PRICE or INVALID_QTY for what is no step of the market; where the
    market does not trade, SYMBOL_PAUSED answers before those (docs/api.md, "Matching rules").
    """
    try:
        price, qty = _price(order, market), _qty(order, market)
    except ExchangeError:
        if market.status is not MarketStatus.TRADING:
            raise order_refused(ErrorCode.SYMBOL_PAUSED, market) from None
        raise
    return PlaceOrder(
        user_id=user_id,
        symbol=market.symbol,
        side=order.side,
        type=order.type,
        time_in_force=_time_in_force(order),
        post_only=order.post_only,
        price_ticks=price,
        qty_lots=qty,
        client_order_id=order.client_order_id or "",
    )


def order_number(order_id: str) -> int:
    """Return an order id as the engine's number. Raises ExchangeError UNKNOWN_ORDER for others."""
    if not _ORDER_ID.fullmatch(order_id) or int(order_id) > MAX_AMOUNT:
        raise unknown_order()
    return int(order_id)


def _time_in_force(order: NewOrder) -> TimeInForce:
    if order.type is OrderType.MARKET:
        return TimeInForce.IOC
    return order.time_in_force or TimeInForce.GTC


def _price(order: NewOrder, market: Market) -> Ticks:
    if order.price is None:
        return MARKET_ORDER_PRICE
    step = {"tickSize": decimals.plain(market.tick_size)}
    return _in_steps(order.price, market.ticks, ErrorCode.INVALID_PRICE, field="price", **step)


def _qty(order: NewOrder, market: Market) -> Lots:
    step = {"lotSize": decimals.plain(market.lot_size)}
    return _in_steps(order.qty, market.lots, ErrorCode.INVALID_QTY, field="qty", **step)


def _in_steps(text: str, scale: Callable[[str], Steps], code: ErrorCode, **details: str) -> Steps:
    try:
        return scale(text)
    except ValueError as problem:
        reason = str(problem)
        raise ExchangeError(code, reason, reason=reason, **details) from None
