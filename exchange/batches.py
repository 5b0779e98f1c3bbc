"""A batch of orders as every front door takes it: each item is read and answered by itself."""

from typing import cast

import msgspec

from accounts.rest.request_form import read_form
from exchange import services
from exchange.messages import (
    BatchBody,
    BatchForm,
    BatchItem,
    CancelItem,
    NewOrder,
    error_envelope,
)
from matching.domain.errors import ExchangeError


async def carry_out(*, user_id: int, form: BatchForm) -> BatchBody:
    """Carry out a batch and say what each item came to."""
    items = [_item(raw) for raw in form.orders]
    results = await services.order_batch(user_id=user_id, items=items)
    return BatchBody(
        results=[
            error_envelope(result) if isinstance(result, ExchangeError) else result
            for result in results
        ]
    )


def _item(raw: msgspec.Raw) -> NewOrder | CancelItem | ExchangeError:
    try:
        return read_form(raw, cast("type[NewOrder | CancelItem]", BatchItem))
    except ExchangeError as error:
        return error
