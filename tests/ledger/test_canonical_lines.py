"""A row's canonical line: what the writer sends is, byte by byte, what PostgreSQL gives back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from ledger.domain.recording import rows_of
from ledger.domain.rows import TABLES, lines_of
from ledger.models import Checkpoint
from matching.domain.errors import ErrorCode
from matching.domain.events import AnyEvent
from matching.domain.values import MAX_AMOUNT, Side
from tests.event_script import START_US, EventScript
from tests.ledger.conftest import WriterThread
from tests.polling import wait_until

PRINTABLE = "".join(map(chr, range(32, 127)))


def every_kind(script: EventScript) -> list[AnyEvent]:
    return [
        script.trade(taker_side=Side.SELL, quote_units=MAX_AMOUNT),
        script.funds(amount=-MAX_AMOUNT, reference=PRINTABLE[:64]),
        script.placed(client_order_id=r"\N"),
        script.placed(client_order_id=r"\.", post_only=True),
        script.canceled(client_order_id="\t\n\r\b\f\v\\ é"),
        script.filled(client_order_id=PRINTABLE[64:]),
        script.rejected(ErrorCode.WOULD_TRADE, post_only=True),
        script.terms(),
        script.status(reason='says "no" \\ and ends'),
        script.limits(),
        script.reset(),
    ]


def stored(table: str) -> list[bytes]:
    columns = ", ".join(TABLES[table]._fields)
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        query = f"COPY (SELECT {columns} FROM {table} ORDER BY sequence) TO STDOUT"
        with cursor.copy(query) as copy:
            return [bytes(line) for line in copy]


@pytest.mark.parametrize("after_us", [0, 1, 500_000, 123_450])
def test_lines_come_back_as_they_were_sent(
    script: EventScript, start_writer: Callable[[], WriterThread], after_us: int
) -> None:
    script.now_us = START_US + after_us
    events: list[Any] = every_kind(script)
    script.append(*events)
    start_writer()
    wait_until(
        lambda: Checkpoint.objects.filter(sequence=script.sequence).exists(), "all is written"
    )
    for table, rows in rows_of(events, shard=0).by_table():
        assert stored(table) == lines_of(rows)
