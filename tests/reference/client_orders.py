"""The first answer to each client order id, for as long as it stands."""

from typing import Final

from matching.domain.commands import PlaceOrder
from tests.reference.state import Memory, Order, State

WINDOW_US: Final = 3_600_000_000


def remembered(state: State, command: PlaceOrder) -> Memory | None:
    """Return what the user's client order id stands for: within the window, or still open."""
    memory = state.memories.get((command.user_id, command.client_order_id))
    if memory is None:
        return None
    is_fresh = state.now_us - memory.ts_us < WINDOW_US
    return memory if is_fresh or state.is_open(memory.order) else None


def remember(state: State, order: Order) -> None:
    """Keep the answer at hand as the first one to the order's client order id, if it has one."""
    if order.terms.client_order_id:
        key = (order.terms.user_id, order.terms.client_order_id)
        state.memories[key] = Memory(state.now_us, order, state.answer)
