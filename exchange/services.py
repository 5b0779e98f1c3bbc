"""Everything a user does to orders. Called by REST, sockets and whatever front door comes next.

Services run on an event loop; synchronous callers wrap them in `matching.runtime.run_blocking`.
They return acks and raise ExchangeError with the codes of the contract.
"""

import asyncio
from collections.abc import Sequence

from exchange import selectors
from exchange.domain.acks import canceled_ack
from exchange.domain.outcomes import order_outcome
from exchange.domain.refusals import refused
from exchange.domain.scaling import order_number, place_command
from exchange.messages import CancelItem, NewOrder, OrderAck
from marketdata import listing
from matching import runtime
from matching.client import Outcome
from matching.domain.commands import CancelAllOrders, CancelOrder, PlaceOrder
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import AnyEvent, CommandRefused, OrderCanceled

BatchRequest = NewOrder | CancelItem | ExchangeError
BatchCommand = PlaceOrder | CancelOrder
BatchResult = OrderAck | ExchangeError


async def ready() -> None:
    """Return once commands can be submitted without waiting for anything.

    Whoever begins several services after this has their commands applied in that order.
    """
    await listing.all_async()
    await runtime.client()


async def order_place(*, user_id: int, order: NewOrder) -> OrderAck:
    """Place an order; return what became of it at once.

    A `client_order_id` used again with the same terms is answered as the first time. Raises
    ExchangeError, with the REJECTED ack as `details["order"]` where the engine saw the order.
    """
    market = await listing.get_async(order.symbol)
    command = place_command(user_id=user_id, order=order, market=market)
    client = await runtime.client()
    return order_outcome(await client.submit(command), market)


async def order_cancel(*, user_id: int, order_id: str) -> OrderAck:
    """Cancel an open order.

    Raises ExchangeError: UNKNOWN_ORDER, ORDER_NOT_OPEN (it had ended), UNAVAILABLE (it is not open,
    and the ledger is too far behind to say more).
    """
    command = CancelOrder(user_id=user_id, order_id=order_number(order_id))
    client = await runtime.client()
    return await _cancel_outcome(command, await client.submit(command))


async def order_cancel_all(*, user_id: int, symbol: str = "") -> list[OrderAck]:
    """Cancel a user's open orders, of one market where `symbol` is given; oldest first.

    Raises ExchangeError: UNKNOWN_SYMBOL, or what the engine refuses the command for.
    """
    if symbol:
        await listing.get_async(symbol)
        asked = [runtime.shard_of(symbol)]
    else:
        asked = list(range(runtime.config().shards))
    command = CancelAllOrders(user_id=user_id, symbol=symbol)
    client = await runtime.client()
    answers = await asyncio.gather(*(client.submit(command, shard=shard) for shard in asked))
    return [await _canceled(event) for events in answers for event in events]


async def order_batch(*, user_id: int, items: Sequence[BatchRequest]) -> list[BatchResult]:
    """Place and cancel in this order; return the result of each, a refusal stopping nobody else.

    An item that is a refusal already (it could not be read) is passed through.
    """
    commands: dict[int, BatchCommand] = {}  # by the item's place in the batch
    results: dict[int, BatchResult] = {}  # the same
    for index, item in enumerate(items):
        try:
            commands[index] = await _batch_command(user_id, item)
        except ExchangeError as refusal:
            results[index] = refusal
    client = await runtime.client()
    outcomes = await client.submit_all(list(commands.values()))
    answers = await asyncio.gather(*map(_batch_result, commands.values(), outcomes))
    results.update(zip(commands, answers, strict=True))
    return [results[index] for index in range(len(items))]


async def _batch_command(user_id: int, item: BatchRequest) -> BatchCommand:
    match item:
        case NewOrder():
            market = await listing.get_async(item.symbol)
            return place_command(user_id=user_id, order=item, market=market)
        case CancelItem():
            return CancelOrder(user_id=user_id, order_id=order_number(item.order_id))
        case ExchangeError():
            raise item


async def _batch_result(command: BatchCommand, outcome: Outcome) -> BatchResult:
    if isinstance(outcome, ExchangeError):
        return outcome
    try:
        if isinstance(command, CancelOrder):
            return await _cancel_outcome(command, outcome)
        return order_outcome(outcome, await listing.get_async(command.symbol))
    except ExchangeError as refusal:
        return refusal


async def _cancel_outcome(command: CancelOrder, events: Sequence[AnyEvent]) -> OrderAck:
    event = events[-1]
    if isinstance(event, CommandRefused) and event.reason is ErrorCode.UNKNOWN_ORDER:
        raise await _not_open(command, after=event.sequence)
    return await _canceled(event)


async def _not_open(command: CancelOrder, *, after: int) -> ExchangeError:
    # The engine knows open orders only; one that has ended is in the ledger, or about to be.
    ended = await selectors.ended_order(
        user_id=command.user_id, order_id=command.order_id, after=after
    )
    return ExchangeError(
        ErrorCode.ORDER_NOT_OPEN, f"The order has ended: it is {ended.status}.", order=ended
    )


async def _canceled(event: AnyEvent) -> OrderAck:
    if isinstance(event, CommandRefused):
        raise refused(event)
    assert isinstance(event, OrderCanceled), "a cancel brings nothing but cancels and refusals"
    return canceled_ack(event, await listing.get_async(event.symbol))
