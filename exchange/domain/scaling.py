"""Turns an order as asked, in decimal text, into the engine's command, in integers. Pure."""

import re
from typing import Final

from exchange.messages import NewOrder
from marketdata.domain.markets import Market
from matching.domain import decimals
from matching.domain.commands import PlaceOrder
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.values import MAX_AMOUNT, Lots, MarketStatus, OrderType, Ticks, TimeInForce

MARKET_ORDER_PRICE: Final = Ticks(0)

_ORDER_ID: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


def place_command(*, user_id: int, order: NewOrder, market: Market) -> PlaceOrder:
    """Return the command that places `order`.

    Raises ExchangeError INVALID_PRICE or INVALID_QTY for what is no step of the market; where the
    market is paused, SYMBOL_PAUSED answers before those (contracts.md, order of the rules).
    """
    try:
        price, qty = _price(order, market), _qty(order, market)
    except ExchangeError:
        if market.status is MarketStatus.PAUSED:
            raise ExchangeError(
                ErrorCode.SYMBOL_PAUSED, f"{market.symbol} is paused: it takes cancels only."
            ) from None
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


def unknown_order() -> ExchangeError:
    """Return the refusal for an order that is not there, or not the caller's."""
    return ExchangeError(ErrorCode.UNKNOWN_ORDER, "You have no such order.")


def _time_in_force(order: NewOrder) -> TimeInForce:
    if order.type is OrderType.MARKET:
        return TimeInForce.IOC
    return order.time_in_force or TimeInForce.GTC


def _price(order: NewOrder, market: Market) -> Ticks:
    if order.price is None:
        return MARKET_ORDER_PRICE
    try:
        return market.ticks(order.price)
    except ValueError as reason:
        raise ExchangeError(
            ErrorCode.INVALID_PRICE,
            str(reason),
            field="price",
            reason=str(reason),
            tickSize=decimals.plain(market.tick_size),
        ) from None


def _qty(order: NewOrder, market: Market) -> Lots:
    try:
        return market.lots(order.qty)
    except ValueError as reason:
        raise ExchangeError(
            ErrorCode.INVALID_QTY,
            str(reason),
            field="qty",
            reason=str(reason),
            lotSize=decimals.plain(market.lot_size),
        ) from None
