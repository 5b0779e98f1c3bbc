"""Order entry over one socket: requests are carried out side by side, and answered when done.

What a socket sends is submitted in the order it came; the answers come as they are known, each with
the id of its request. The socket's consumer owns the desk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from accounts.rest.request_form import read_form
from accounts.rest.wire import Page
from exchange import batches, services
from exchange.api.errors import failure_of
from exchange.credentials import Claim, trader
from exchange.sockets.frames import (
    BatchFrame,
    CancelAllFrame,
    CancelFrame,
    PlaceFrame,
    Refusal,
    RequestId,
    answer_text,
    encode,
)

MAX_AT_WORK: Final = 1_000
"""Requests of one socket under way; the next frame waits, and with it whoever sends."""

Work = Callable[[int, Any], Awaitable[Any]]


class OrderDesk:
    """Takes a socket's order requests; `put` gets the answers."""

    def __init__(self, put: Callable[[str], None]) -> None:
        self._put = put
        self._room = asyncio.Semaphore(MAX_AT_WORK)
        self._at_work: set[asyncio.Task[None]] = set()

    async def take(
        self, op: str, *, request_id: RequestId, frame: bytes, claim: Claim | None
    ) -> None:
        """Begin to carry out a request, or refuse it; return as soon as the next may begin."""
        form_type, work = OPS[op]
        try:
            form = read_form(frame, form_type)
            user = await trader(claim)
            await services.ready()  # So that those at work submit in the order they were taken.
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender gets an answer
            self._put(_refusal(request_id, error))
            return
        await self._room.acquire()
        task = asyncio.create_task(self._carry_out(request_id, work(user.pk, form)))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _carry_out(self, request_id: RequestId, work: Awaitable[Any]) -> None:
        try:
            text = answer_text(request_id, await work)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender gets an answer
            text = _refusal(request_id, error)
        finally:
            self._room.release()
        self._put(text)


def _refusal(request_id: RequestId, error: Exception) -> str:
    return encode(Refusal(request_id, failure_of(error).body.error))


async def _place(user_id: int, form: PlaceFrame) -> Any:
    return await services.order_place(user_id=user_id, order=form)


async def _cancel(user_id: int, form: CancelFrame) -> Any:
    return await services.order_cancel(user_id=user_id, order_id=form.order_id)


async def _cancel_all(user_id: int, form: CancelAllFrame) -> Any:
    return Page(items=await services.order_cancel_all(user_id=user_id, symbol=form.symbol))


async def _batch(user_id: int, form: BatchFrame) -> Any:
    return await batches.carry_out(user_id=user_id, form=form)


OPS: Final[Mapping[str, tuple[Any, Work]]] = {
    "order.place": (PlaceFrame, _place),
    "order.cancel": (CancelFrame, _cancel),
    "order.cancelAll": (CancelAllFrame, _cancel_all),
    "order.batch": (BatchFrame, _batch),
}
"""Each op with its form, and what is done with it; the results are what REST answers."""
