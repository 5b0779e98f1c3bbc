"""The engine's answer to a command, as the refusal a caller reads."""

from typing import cast
from unittest.mock import sentinel

import pytest
from redis import Redis

from exchange.domain.outcomes import order_outcome
from matching.domain.errors import ErrorCode, ExchangeError
from tests.event_script import EventScript
from tests.exchange.markets import BTC_USD


@pytest.fixture
def script() -> EventScript:
    return EventScript(cast("Redis", sentinel.never_written))


def test_a_refusal_carries_the_ack_of_the_order_it_left_behind(script: EventScript) -> None:
    event = script.rejected(ErrorCode.PRICE_OUT_OF_BAND)
    with pytest.raises(ExchangeError) as refused:
        order_outcome([event], BTC_USD)
    assert refused.value.details["order"].order_id == str(event.order_id)


def test_a_refusal_that_left_no_order_behind_carries_none(script: EventScript) -> None:
    with pytest.raises(ExchangeError) as refused:
        order_outcome([script.rejected(ErrorCode.INSUFFICIENT_FUNDS, order_id=0)], BTC_USD)
    assert "order" not in refused.value.details
