"""How events become rows: which side is buyer, which orders have ended, what leaves no trace."""

from typing import cast
from unittest.mock import sentinel

import pytest
from redis import Redis

from ledger.domain.rows import FundingRow, OrderRow, TradeRow, event_id, rows_of
from ledger.models import Funding, OrderRecord, Trade
from matching.domain.errors import ErrorCode
from matching.domain.events import AnyEvent
from matching.domain.timestamps import from_datetime
from matching.domain.values import EndReason, Side
from tests.event_script import MAKER, START_US, TAKER, EventScript


@pytest.fixture
def script() -> EventScript:
    return EventScript(cast("Redis", sentinel.never_written))


def test_buyer_and_seller_follow_the_taker_side(script: EventScript) -> None:
    bought, sold = script.trade(taker_side=Side.BUY), script.trade(taker_side=Side.SELL)
    first, second = rows_of([bought, sold], shard=3).trades
    assert (first.buyer_user_id, first.seller_user_id) == (TAKER, MAKER)
    assert (first.buy_order_id, first.sell_order_id) == (
        bought.taker_order_id,
        bought.maker_order_id,
    )
    assert (first.buyer_fee_units, first.seller_fee_units, first.maker_side) == (7, 3, "SELL")
    assert (second.buyer_user_id, second.seller_user_id) == (MAKER, TAKER)
    assert (second.buyer_fee_units, second.seller_fee_units, second.maker_side) == (3, 7, "BUY")


def test_time_is_exact_to_the_microsecond(script: EventScript) -> None:
    script.now_us = START_US + 1
    (row,) = rows_of([script.trade()], shard=0).trades
    assert from_datetime(row.executed_at) == START_US + 1


def test_order_that_rests_has_not_ended(script: EventScript) -> None:
    partly = script.placed(filled_lots=4, resting_lots=6)
    assert rows_of([script.placed(), partly], shard=0).orders == []


def test_endings_of_an_order(script: EventScript) -> None:
    events: list[AnyEvent] = [
        script.placed(filled_lots=10, filled_units=1_000, resting_lots=0),
        script.placed(
            filled_lots=4, resting_lots=0, canceled_lots=6, end_reason=EndReason.IOC_REMAINDER
        ),
        script.canceled(filled_lots=3, canceled_lots=7),
        script.filled(),
        script.rejected(ErrorCode.INSUFFICIENT_FUNDS),
    ]
    orders = rows_of(events, shard=0).orders
    endings = [
        (o.status, o.filled_lots, o.canceled_lots, o.end_reason, o.reject_reason) for o in orders
    ]
    assert endings == [
        ("FILLED", 10, 0, "", ""),
        ("CANCELED", 4, 6, "IOC_REMAINDER", ""),
        ("CANCELED", 3, 7, "USER", ""),
        ("FILLED", 10, 0, "", ""),
        ("REJECTED", 0, 0, "", "INSUFFICIENT_FUNDS"),
    ]


def test_refusal_that_made_no_order_leaves_none(script: EventScript) -> None:
    seen = script.rejected(ErrorCode.PRICE_OUT_OF_BAND)
    unseen = script.rejected(ErrorCode.INSUFFICIENT_FUNDS, order_id=0)
    rows = rows_of([unseen, seen], shard=0).orders
    assert [row.order_id for row in rows] == [seen.order_id]


def test_event_ids_of_shards_never_meet() -> None:
    ids = [event_id(shard=shard, sequence=n) for shard in range(64) for n in range(1, 50)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("row", "model"), [(TradeRow, Trade), (OrderRow, OrderRecord), (FundingRow, Funding)]
)
def test_rows_have_the_columns_of_their_table(
    row: type[TradeRow | OrderRow | FundingRow],
    model: type[Trade | OrderRecord | Funding],
) -> None:
    assert list(row._fields) == [field.column for field in model._meta.concrete_fields]
