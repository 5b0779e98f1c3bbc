"""How events become rows: which side is buyer, which orders have ended, what leaves no trace."""

import json
from typing import cast
from unittest.mock import sentinel

import pytest
from django.db import models
from redis import Redis

from ledger.domain.recording import rows_of
from ledger.domain.rows import TABLES, event_id
from ledger.models import Funding, Notice, OpenedOrder, OrderRecord, Trade
from matching.domain.errors import ErrorCode
from matching.domain.events import AnyEvent
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


@pytest.mark.parametrize(
    ("after_us", "shown"),
    [(0, "20+00"), (1, "20.000001+00"), (120_000, "20.12+00"), (10_000_000, "30+00")],
)
def test_moment_is_exact_and_as_postgres_shows_it(
    script: EventScript, after_us: int, shown: str
) -> None:
    script.now_us = START_US + after_us
    (row,) = rows_of([script.trade()], shard=0).trades
    assert row.executed_at == f"2023-11-14 22:13:{shown}"


def test_order_that_rests_has_opened_and_not_ended(script: EventScript) -> None:
    whole = script.placed(client_order_id="mine")
    partly = script.placed(filled_lots=4, filled_units=400, resting_lots=6)
    rows = rows_of([whole, partly], shard=0)
    assert rows.orders == []
    assert [(row.order_id, row.client_order_id, row.filled_lots) for row in rows.opened] == [
        (whole.order_id, "mine", 0),
        (partly.order_id, "", 4),
    ]


def test_order_that_ends_at_once_never_opened(script: EventScript) -> None:
    at_once = script.placed(filled_lots=10, filled_units=1_000, resting_lots=0)
    rows = rows_of([at_once], shard=0)
    assert rows.opened == []
    assert len(rows.orders) == 1


def test_terms_status_limits_and_resets_are_noted(script: EventScript) -> None:
    terms, limits = script.terms(), script.limits()
    notices = rows_of([terms, script.status(), limits, script.reset()], shard=0).notices
    assert [(row.kind, row.symbol, row.user_id) for row in notices] == [
        ("market-defined", "BTC-USD", 0),
        ("market-status", "BTC-USD", 0),
        ("limits", "", MAKER),
        ("reset", "", MAKER),
    ]
    details = [json.loads(row.detail) for row in notices]
    assert details[0]["maker_fee_ppm"] == terms.maker_fee_ppm
    assert details[1] == {"status": "PAUSED", "reason": "by hand"}
    assert details[2]["position_caps"] == [["BTC", 7]]
    assert details[3] == {"reference": "reset-1"}


def test_refused_command_leaves_no_row(script: EventScript) -> None:
    rows = rows_of([script.refused()], shard=0)
    assert not any(table_rows for _, table_rows in rows.by_table())


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


@pytest.mark.parametrize("model", [Trade, OrderRecord, Funding, OpenedOrder, Notice])
def test_rows_have_the_columns_of_their_table(model: type[models.Model]) -> None:
    columns = [field.column for field in model._meta.concrete_fields if not field.generated]
    assert list(TABLES[model._meta.db_table]._fields) == columns


def test_every_table_has_rows(script: EventScript) -> None:
    events: list[AnyEvent] = [
        script.trade(),
        script.filled(),
        script.funds(),
        script.placed(),
        script.reset(),
    ]
    tables = [table for table, rows in rows_of(events, shard=0).by_table() if rows]
    assert tables == list(TABLES)
