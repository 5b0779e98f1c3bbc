"""Taking open orders off the book."""

from matching.domain import events
from matching.domain.commands import CancelAllOrders, CancelOrder
from matching.domain.errors import ErrorCode
from matching.domain.values import EndReason
from tests.reference import wallets
from tests.reference.state import Order, State, terms_of


def cancel(state: State, command: CancelOrder) -> None:
    """Take off one order of the user's; somebody else's is as unknown as one that is not open."""
    for order in state.open_orders(command.user_id):
        if order.id == command.order_id:
            return take_off(state, order, EndReason.USER)
    return state.refuse(command.user_id, "cancel", ErrorCode.UNKNOWN_ORDER)


def cancel_all(state: State, command: CancelAllOrders) -> None:
    """Take off all of a user's orders, of one symbol or of all; maybe there are none."""
    if command.symbol and command.symbol not in state.markets:
        return state.refuse(command.user_id, "cancel-all", ErrorCode.UNKNOWN_SYMBOL)
    for order in state.open_orders(command.user_id):
        if command.symbol in {"", order.terms.symbol}:
            take_off(state, order, EndReason.USER)
    return None


def take_off(state: State, order: Order, reason: EndReason) -> None:
    """End an open order and give back what it reserved."""
    command, market = order.terms, state.markets[order.terms.symbol]
    wallets.reserve(state, order, -order.remaining)
    state.resting[command.symbol, command.side].remove(order)
    market.update_id += 1
    state.emit(
        events.OrderCanceled,
        **{"order_id": order.id} | terms_of(command),
        filled_lots=order.filled,
        filled_units=order.filled_units,
        canceled_lots=order.remaining,
        end_reason=reason,
        level_lots=state.level(command.symbol, command.side, command.price_ticks),
        update_id=market.update_id,
    )
