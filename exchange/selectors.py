"""What a user can ask about orders. Called by every front door, on an event loop.

Open orders come from the hot Redis, ended orders from the ledger. Who does not find an order in
either waits a moment for the ledger to catch up, so that an order never seems lost on its way from
one to the other. A ledger that stays behind is said to be: no answer is better than a wrong one.
"""

from exchange import ledger_access
from exchange.domain.acks import ended_ack, open_ack
from exchange.domain.refusals import ledger_behind, unknown_order
from exchange.domain.scaling import order_number
from exchange.messages import OrderAck
from ledger import selectors as ledger
from ledger.domain.fills import NO_FILLS
from ledger.domain.orders import EndedOrder
from marketdata import listing
from matching import runtime
from matching.domain.ids import shard_of_order
from matching.domain.state import OpenOrder


async def orders_open(*, user_id: int, symbol: str = "") -> list[OrderAck]:
    """Return a user's open orders, oldest first. Raises ExchangeError UNKNOWN_SYMBOL."""
    if symbol:
        await listing.get_async(symbol)
    orders = await runtime.state().open_orders(user_id, symbol=symbol)
    return [await _open(order) for order in orders]


async def order_get(*, user_id: int, order_id: str) -> OrderAck:
    """Return one of the user's orders, open or ended. Raises ExchangeError as `ended_order`."""
    number = order_number(order_id)
    state = runtime.state()
    order = await state.open_order(user_id, number)
    if order is None:
        after = await state.last_sequence(shard_of_order(number))
        return await ended_order(user_id=user_id, order_id=number, after=after)
    return await _open(order)


async def orders_by_client_id(*, user_id: int, client_order_id: str) -> list[OrderAck]:
    """Return the user's order with that id of theirs: the open one, or the latest that ended.

    Raises ExchangeError UNAVAILABLE where there is none, but the ledger is behind.
    """
    state = runtime.state()
    orders = await state.open_orders(user_id)
    found = [order for order in orders if order.client_order_id == client_order_id]
    if found:
        return [await _open(order) for order in found]
    caught_up = await ledger_access.catch_up_with_all()
    ended = await ledger_access.ask(ledger.ended_order_by_client_id, user_id, client_order_id)
    if ended is None and not caught_up:
        raise ledger_behind()
    return [] if ended is None else [await _ended(ended)]


async def ended_order(*, user_id: int, order_id: int, after: int) -> OrderAck:
    """Return the user's order that ended no later than the event `after` of its shard.

    Raises ExchangeError: UNKNOWN_ORDER where the ledger has none, UNAVAILABLE where it has not
    written `after` yet, so that nobody can say.
    """
    shard = shard_of_order(order_id)
    if shard >= runtime.config().shards:
        raise unknown_order()
    order = await ledger_access.ask(ledger.ended_order, order_id)
    if order is None:
        caught_up = await ledger_access.catch_up(shard, after)
        order = await ledger_access.ask(ledger.ended_order, order_id)
        if order is None and not caught_up:
            raise ledger_behind()
    if order is None or order.user_id != user_id:
        raise unknown_order()
    return await _ended(order)


async def _open(order: OpenOrder) -> OrderAck:
    return open_ack(order, await listing.get_async(order.symbol))


async def _ended(order: EndedOrder) -> OrderAck:
    traded = await ledger_access.ask(ledger.fills_of, order) if order.filled_lots else NO_FILLS
    return ended_ack(order, await listing.get_async(order.symbol), traded)
