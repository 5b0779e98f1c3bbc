"""Placing an order: the rules in the order in which they answer, and what becomes of the rest."""

from typing import Final

from matching.domain import events
from matching.domain.commands import PlaceOrder
from matching.domain.errors import ErrorCode
from matching.domain.values import EndReason, MarketStatus, OrderType, Side, TimeInForce
from tests.reference import client_orders, limits, trading, wallets
from tests.reference.state import Market, Order, State, terms_of

BPS: Final = 10_000

# Refused with these, an order was seen and is on record; refused otherwise, none exists.
ON_RECORD: Final = {
    ErrorCode.SYMBOL_PAUSED,
    ErrorCode.TOO_MANY_OPEN_ORDERS,
    ErrorCode.POSITION_LIMIT,
    ErrorCode.INSUFFICIENT_FUNDS,
    ErrorCode.WOULD_TRADE,
    ErrorCode.CANNOT_FILL,
}


def place(state: State, command: PlaceOrder) -> None:
    """Answer an order: again, with a refusal, or by taking it in."""
    order = Order(command, state.now_us, remaining=command.qty_lots)
    if command.symbol not in state.markets:
        return _reject(state, order, ErrorCode.UNKNOWN_SYMBOL)
    memory = client_orders.remembered(state, command)
    if memory and terms_of(memory.order.terms) == terms_of(command):
        state.answer = memory.answer
        return None
    refusal = (
        _refused_by_market(state.markets[command.symbol], command)
        or (ErrorCode.DUPLICATE_CLIENT_ORDER_ID if memory else None)
        or limits.refused_by_limits(state, command)
        or _refused_by_book_and_wallet(state, order)
    )
    if refusal:
        _reject(state, order, refusal)
    else:
        _take_in(state, order)
    if order.id and not memory:
        client_orders.remember(state, order)
    return None


def _refused_by_market(market: Market, command: PlaceOrder) -> ErrorCode | None:
    terms = market.terms
    if market.status is not MarketStatus.TRADING:
        return ErrorCode.SYMBOL_PAUSED
    is_limit = command.type is OrderType.LIMIT
    if is_limit and not 1 <= command.price_ticks <= terms.max_price_ticks:
        return ErrorCode.INVALID_PRICE
    if not terms.min_qty_lots <= command.qty_lots <= terms.max_qty_lots:
        return ErrorCode.INVALID_QTY
    notional = command.price_ticks * command.qty_lots * terms.tick_lot_units
    if is_limit and notional < terms.min_notional_units:
        return ErrorCode.NOTIONAL_TOO_SMALL
    if is_limit and terms.price_band_bps and market.last_price:
        away = abs(command.price_ticks - market.last_price)
        if away * BPS > market.last_price * terms.price_band_bps:
            return ErrorCode.PRICE_OUT_OF_BAND
    return None


def _refused_by_book_and_wallet(state: State, order: Order) -> ErrorCode | None:
    command, market = order.terms, state.markets[order.terms.symbol].terms
    makers, met_own = trading.makers(state, order)
    reachable = trading.lots_from(makers, command.qty_lots)
    if command.side is Side.BUY and command.type is OrderType.MARKET:
        cost = sum(maker.terms.price_ticks * lots for maker, lots in reachable)
        asset, needed = market.quote, cost * market.tick_lot_units
    else:
        asset, needed = wallets.needed(market, command, command.qty_lots)
    if needed > state.wallets[command.user_id, asset].available:
        return ErrorCode.INSUFFICIENT_FUNDS
    if command.post_only and (makers or met_own):
        return ErrorCode.WOULD_TRADE
    fillable = sum(lots for _, lots in reachable)
    if command.time_in_force is TimeInForce.FOK and fillable < command.qty_lots:
        return ErrorCode.CANNOT_FILL
    return None


def _take_in(state: State, order: Order) -> None:
    makers, met_own = trading.makers(state, order)
    order.id = state.next_order_id()
    for maker in makers:
        trading.trade(state, order, maker)
    filled, reason = order.filled, _end_reason(order, met_own)
    if reason is EndReason.NONE and order.remaining:
        _rest(state, order)
    rests = state.is_open(order)
    command, market = order.terms, state.markets[order.terms.symbol]
    level = state.level(command.symbol, command.side, command.price_ticks)
    state.emit(
        events.OrderPlaced,
        **{"order_id": order.id} | terms_of(command),
        filled_lots=filled,
        filled_units=order.filled_units,
        resting_lots=order.remaining if rests else 0,
        canceled_lots=0 if rests else order.remaining,
        end_reason=reason,
        level_lots=level if rests else 0,
        update_id=market.update_id if rests else 0,
    )


def _end_reason(order: Order, met_own: bool) -> EndReason:
    """Return why what is left of an order may not rest; NONE where it may, or nothing is left."""
    if not order.remaining:
        return EndReason.NONE
    if met_own:
        return EndReason.SELF_TRADE
    if order.terms.type is OrderType.MARKET:
        return EndReason.NO_LIQUIDITY
    if order.terms.time_in_force is not TimeInForce.GTC:
        return EndReason.IOC_REMAINDER
    return EndReason.NONE


def _rest(state: State, order: Order) -> None:
    wallets.reserve(state, order, order.remaining)
    state.resting[order.terms.symbol, order.terms.side].append(order)
    state.markets[order.terms.symbol].update_id += 1


def _reject(state: State, order: Order, reason: ErrorCode) -> None:
    if reason in ON_RECORD:
        order.id = state.next_order_id()
    terms = {"order_id": order.id} | terms_of(order.terms)
    state.emit(events.OrderRejected, **terms, reason=reason)
