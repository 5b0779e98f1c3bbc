"""The engine's answer to a command, as the refusal a caller reads."""

import re
from typing import cast
from unittest.mock import sentinel

import pytest
from redis import Redis

from exchange.domain.outcomes import order_outcome
from exchange.domain.refusals import refused
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import CommandRefused
from matching.domain.values import Sequence
from tests.event_script import EventScript
from tests.exchange.markets import BTC_USD


@pytest.fixture
def script() -> EventScript:
    return EventScript(cast("Redis", sentinel.never_written))


def test_a_refusal_carries_the_ack_of_the_order_it_left_behind(script: EventScript) -> None:
    event = script.rejected(ErrorCode.PRICE_OUT_OF_BAND)
    with pytest.raises(ExchangeError) as failure:
        order_outcome([event], BTC_USD)
    assert failure.value.details["order"].order_id == str(event.order_id)


def test_a_refusal_that_left_no_order_behind_carries_none(script: EventScript) -> None:
    with pytest.raises(ExchangeError) as failure:
        order_outcome([script.rejected(ErrorCode.INSUFFICIENT_FUNDS, order_id=0)], BTC_USD)
    assert "order" not in failure.value.details


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (ErrorCode.INVALID_REQUEST, "qty_lots"),
        (ErrorCode.UNAVAILABLE, "the command could not be carried out"),
        (ErrorCode.CONFLICT, ""),
    ],
)
def test_the_engines_word_stands_beside_a_sentence(reason: ErrorCode, word: str) -> None:
    event = CommandRefused(
        sequence=Sequence(1), ts_us=0, user_id=1, kind="cancel", reason=reason, detail=word
    )
    error = refused(event)
    assert error.code is reason
    assert re.fullmatch(r"[A-Z].+\.", error.message)
    assert error.details == ({"detail": word} if word else {})
