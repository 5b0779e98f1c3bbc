"""What the ledger answers about ended orders and fills."""

from collections.abc import Callable

import pytest

from ledger import selectors
from ledger.models import Checkpoint
from matching.domain.errors import ErrorCode
from matching.domain.values import EndReason, Liquidity, OrderStatus, Side
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


def test_fills_show_the_own_half_newest_first(
    script: EventScript, written: Callable[[], None]
) -> None:
    first = script.trade(price=100)
    script.now_us += 1
    second = script.trade(price=101, taker_user_id=MAKER, maker_user_id=TAKER)
    other = script.trade(symbol="ETH-USD", maker_user_id=77)
    script.append(first, second, other)
    written()
    mine = selectors.fills(MAKER)
    assert [(fill.trade_id, fill.side, fill.liquidity, fill.fee_units) for fill in mine] == [
        (second.trade_id, Side.BUY, Liquidity.TAKER, 7),
        (first.trade_id, Side.SELL, Liquidity.MAKER, 3),
    ]
    assert mine[0].order_id == second.taker_order_id
    assert [fill.trade_id for fill in selectors.fills(TAKER, limit=1)] == [other.trade_id]
    assert len(selectors.fills(TAKER, symbol="BTC-USD")) == 2


def test_fills_of_an_order(script: EventScript, written: Callable[[], None]) -> None:
    end = script.filled(qty_lots=20)
    script.append(
        end,
        script.trade(taker_side=Side.SELL, maker_order_id=end.order_id),
        script.trade(taker_side=Side.SELL, maker_order_id=end.order_id),
        script.trade(taker_side=Side.SELL),
    )
    written()
    order = selectors.ended_order(end.order_id)
    assert order is not None
    assert len(selectors.fills_of_order(order)) == 2
