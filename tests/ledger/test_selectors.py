"""What the ledger answers about ended orders."""

from collections.abc import Callable

import pytest

from ledger import selectors
from ledger.models import Checkpoint
from matching.domain.errors import ErrorCode
from matching.domain.values import EndReason, OrderStatus
from tests.event_script import MAKER, TAKER, EventScript
from tests.ledger.conftest import WriterThread
from tests.polling import wait_until


@pytest.fixture
def written(script: EventScript, start_writer: Callable[[], WriterThread]) -> Callable[[], None]:
    """Write what the script has appended, and wait until it is in the ledger."""

    def write() -> None:
        start_writer()
        wait_until(
            lambda: Checkpoint.objects.filter(sequence=script.sequence).exists(), "all is written"
        )

    return write


def test_ended_order_is_found_by_its_id(script: EventScript, written: Callable[[], None]) -> None:
    event = script.canceled(qty_lots=10, filled_lots=4, filled_units=400, canceled_lots=6)
    script.append(event)
    written()
    order = selectors.ended_order(event.order_id)
    assert order is not None
    assert (order.status, order.reason) == (OrderStatus.CANCELED, EndReason.USER)
    assert (order.qty_lots, order.filled_lots, order.canceled_lots) == (10, 4, 6)
    assert (order.filled_units, order.ended_us) == (400, event.ts_us)
    assert selectors.ended_order(event.order_id + 64) is None


def test_latest_order_with_a_client_id_is_found(
    script: EventScript, written: Callable[[], None]
) -> None:
    script.append(script.rejected(ErrorCode.WOULD_TRADE, client_order_id="mine"))
    script.now_us += 1
    script.append(script.filled(client_order_id="mine"), script.filled())
    written()
    order = selectors.ended_order_by_client_id(MAKER, "mine")
    assert order is not None
    assert order.status is OrderStatus.FILLED
    assert selectors.ended_order_by_client_id(TAKER, "mine") is None
    assert selectors.ended_order_by_client_id(MAKER, "") is None
