"""Risk limits of a user: open orders in a symbol, and what may be held of an asset."""

from matching.domain import events
from matching.domain.commands import PlaceOrder, SetLimits
from matching.domain.errors import ErrorCode
from matching.domain.values import DEFAULT_MAX_OPEN_ORDERS, MAX_AMOUNT, OrderType, Side, TimeInForce
from tests.reference.state import State, terms_of


def set_limits(state: State, command: SetLimits) -> None:
    """Replace a user's limits. What is open already stays."""
    state.limits[command.user_id] = command
    state.emit(events.LimitsChanged, **terms_of(command))


def refused_by_limits(state: State, command: PlaceOrder) -> ErrorCode | None:
    """Return the limit that an order would pass, if any."""
    if _may_rest(command) and _open_in_symbol(state, command) >= _most_open(state, command):
        return ErrorCode.TOO_MANY_OPEN_ORDERS
    if command.side is Side.BUY:
        market = state.markets[command.symbol].terms
        bought = command.qty_lots * market.lot_units
        position = _position(state, command.user_id, market.base)
        if position + bought > _cap(state, command.user_id, market.base):
            return ErrorCode.POSITION_LIMIT
    return None


def _may_rest(command: PlaceOrder) -> bool:
    return command.type is OrderType.LIMIT and command.time_in_force is TimeInForce.GTC


def _open_in_symbol(state: State, command: PlaceOrder) -> int:
    mine = state.open_orders(command.user_id)
    return sum(order.terms.symbol == command.symbol for order in mine)


def _most_open(state: State, command: PlaceOrder) -> int:
    limits = state.limits.get(command.user_id)
    return (limits.max_open_orders if limits else 0) or DEFAULT_MAX_OPEN_ORDERS


def _cap(state: State, user_id: int, asset: str) -> int:
    """Return a user's cap; nobody can come to hold more than all that there can be."""
    limits = state.limits.get(user_id)
    caps = dict(limits.position_caps) if limits else {}
    return caps.get(asset, MAX_AMOUNT)


def _position(state: State, user_id: int, asset: str) -> int:
    """Return what a user holds of an asset and what resting buys in any market would bring."""
    on_order = 0
    for order in state.open_orders(user_id):
        market = state.markets[order.terms.symbol].terms
        if order.terms.side is Side.BUY and market.base == asset:
            on_order += order.remaining * market.lot_units
    return state.wallets[user_id, asset].total + on_order
