"""Whoever changes the ledger behind the writer's back, as superuser, is found and named."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger import verification
from ledger.domain.chain import Batch
from ledger.domain.drafts import Draft
from ledger.domain.findings import Change
from ledger.domain.rows import TABLES, event_id
from ledger.models import Batch as StoredBatch
from ledger.store import ChainCut, LedgerStore
from ledger.verification import MAX_FINDINGS, Report, verify
from matching.domain.errors import ErrorCode
from matching.domain.events import AnyEvent
from tests.event_script import EventScript
from tests.ledger.conftest import WriterThread

BATCHES = 6
EVENTS_PER_BATCH = 8
PLACES = ["event_id", "shard", "sequence"]  # A check holds these together.


class Ledger:
    """A ledger of a few batches with rows in every table, and a superuser's hands on it."""

    def __init__(self, script: EventScript, owner: psycopg.Connection) -> None:
        self._script = script
        self._owner = owner
        self._store = LedgerStore(connection.settings_dict, shard=0)
        self._store.resume()

    def close(self) -> None:
        self._store.close()

    def write(self, *events: AnyEvent) -> None:
        """Add a batch."""
        self._store.append(Draft.of(events, shard=0))

    def write_batch(self) -> None:
        script = self._script
        self.write(
            script.trade(),
            script.filled(client_order_id="mine"),
            script.trade(),
            script.funds(),
            script.placed(client_order_id="yours"),
            script.rejected(ErrorCode.WOULD_TRADE),
            script.status(),
            script.refused(),
        )

    def meddle(self, statement: str, *values: Any) -> None:
        """Run a statement as superuser, triggers off; it must change something."""
        self._owner.execute("SET session_replication_role = replica")
        assert self._owner.execute(statement.encode(), values).rowcount > 0

    def batch(self, number: int) -> Batch:
        row = StoredBatch.objects.order_by("first_sequence")[number]
        return Batch(
            shard=row.shard,
            first_sequence=row.first_sequence,
            last_sequence=row.last_sequence,
            manifest=bytes(row.manifest),
            previous_hash=bytes(row.previous_hash),
            hash=bytes(row.hash),
        )

    def replace_batch(self, old: Batch, new: Batch) -> None:
        self.meddle(
            "UPDATE ledger_batch SET manifest = %s, previous_hash = %s, hash = %s"
            " WHERE first_sequence = %s",
            new.manifest,
            new.previous_hash,
            new.hash,
            old.first_sequence,
        )


@pytest.fixture
def ledger(script: EventScript, owner: psycopg.Connection) -> Iterator[Ledger]:
    ledger = Ledger(script, owner)
    for _ in range(BATCHES):
        ledger.write_batch()
    yield ledger
    ledger.close()


def look(*heads: str) -> Report:
    connection.ensure_connection()
    return verify(connection.connection, heads=heads, progress=lambda _shard: None)


def found(report: Report) -> list[tuple[Change, str, int]]:
    return [(finding.change, finding.table, finding.sequence) for finding in report.findings]


@pytest.mark.parametrize("stretch_bytes", [1, 400, 1_000_000])
def test_untouched_ledger_is_intact(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, stretch_bytes: int
) -> None:
    monkeypatch.setattr(verification, "MANIFEST_BYTES_PER_STRETCH", stretch_bytes)
    report = look(ledger.batch(2).hash.hex())
    assert report.is_intact
    (shard,) = report.shards
    assert (shard.first_sequence, shard.last_sequence) == (1, BATCHES * EVENTS_PER_BATCH)
    assert shard.batches == BATCHES
    assert shard.head == ledger.batch(BATCHES - 1).hash.hex()
    assert list(shard.rows.items()) == [
        ("trade_ledger", 2 * BATCHES),
        ("order_history", 2 * BATCHES),
        ("funding", BATCHES),
        ("order_opened", BATCHES),
        ("ledger_notice", BATCHES),
    ]


@pytest.mark.parametrize(
    ("table", "column"),
    [(table, name) for table, row in TABLES.items() for name in row._fields if name not in PLACES],
)
def test_edit_of_any_column_is_named(ledger: Ledger, table: str, column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sequence, pg_typeof({column}) FROM {table} ORDER BY event_id")
        sequence, kind = cursor.fetchall()[1]
    change = {
        "text": "{} || 'x'",
        "boolean": "NOT {}",
        "timestamp with time zone": "{} + interval '1 microsecond'",
    }.get(kind, "-1 - {}")
    statement = f"UPDATE {table} SET {column} = {change.format(column)} WHERE sequence = %s"
    ledger.meddle(statement, sequence)
    assert found(look()) == [(Change.EDITED, table, sequence)]


@pytest.mark.parametrize("table", TABLES)
def test_removed_row_is_named(ledger: Ledger, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(sequence) FROM {table}")
        (sequence,) = cursor.fetchone()
    ledger.meddle(f"DELETE FROM {table} WHERE sequence = %s", sequence)
    assert found(look()) == [(Change.REMOVED, table, sequence)]


@pytest.mark.parametrize(
    ("shard", "sequence"),
    [(0, 2), (0, EVENTS_PER_BATCH), (0, 10_000), (0, 0), (0, -5), (1, 1), (63, 2)],
)
def test_inserted_row_is_named(ledger: Ledger, shard: int, sequence: int) -> None:
    columns = ", ".join(TABLES["trade_ledger"]._fields[4:])
    ledger.meddle(
        f"INSERT INTO trade_ledger (event_id, shard, sequence, trade_id, {columns})"
        f" SELECT %s, %s, %s, 999, {columns} FROM trade_ledger LIMIT 1",
        event_id(shard=shard, sequence=sequence),
        shard,
        sequence,
    )
    (finding,) = look().findings
    assert (finding.change, finding.shard, finding.sequence) == (Change.INSERTED, shard, sequence)
    assert " 999 BTC-USD " in finding.sentence


def test_row_of_another_event_is_a_removed_and_an_inserted_one(ledger: Ledger) -> None:
    ledger.meddle(
        "UPDATE funding SET sequence = sequence + 1, event_id = event_id + 64 WHERE sequence = 4"
    )
    assert sorted(found(look())) == [
        (Change.INSERTED, "funding", 5),
        (Change.REMOVED, "funding", 4),
    ]


def test_several_changes_are_all_named(ledger: Ledger) -> None:
    ledger.meddle("UPDATE trade_ledger SET qty_lots = 1 WHERE sequence IN (1, 9, 17)")
    ledger.meddle("DELETE FROM order_history WHERE sequence = 2")
    report = look()
    assert report.found == {Change.EDITED: 3, Change.REMOVED: 1}
    assert [finding.sequence for finding in report.findings] == [1, 9, 17, 2]


def test_more_changes_than_are_kept_are_counted(ledger: Ledger, script: EventScript) -> None:
    ledger.write(*[script.funds() for _ in range(MAX_FINDINGS + 200)])
    ledger.meddle("DELETE FROM funding")
    report = look()
    assert report.found == {Change.REMOVED: MAX_FINDINGS + 200 + BATCHES}
    assert len(report.findings) == MAX_FINDINGS


def test_manifest_that_was_made_to_fit_is_named(ledger: Ledger) -> None:
    batch = ledger.batch(1)
    forged = bytes([*batch.manifest[:-1], batch.manifest[-1] ^ 1])
    ledger.replace_batch(batch, replace(batch, manifest=forged))
    assert found(look()) == [(Change.FORGED, "ledger_batch", batch.first_sequence)]


@pytest.mark.parametrize("manifest", [b"x", bytes(21), b""])
def test_manifest_that_nobody_could_have_written_is_named(ledger: Ledger, manifest: bytes) -> None:
    batch = ledger.batch(1)
    ledger.replace_batch(batch, replace(batch, manifest=manifest))
    assert found(look()) == [(Change.FORGED, "ledger_batch", batch.first_sequence)]


def resealed(batch: Batch, manifest: bytes) -> Batch:
    return Batch.seal(
        shard=batch.shard,
        first=batch.first_sequence,
        last=batch.last_sequence,
        manifest=manifest,
        previous_hash=batch.previous_hash,
    )


def test_batch_that_was_sealed_again_breaks_the_chain(ledger: Ledger) -> None:
    batch = ledger.batch(1)
    first_entry = len(batch.manifest) // 7
    ledger.replace_batch(batch, resealed(batch, batch.manifest[first_entry:]))
    ledger.meddle("DELETE FROM trade_ledger WHERE sequence = %s", batch.first_sequence)
    assert found(look()) == [
        (Change.BROKEN, "ledger_batch", batch.last_sequence + 1),
    ]


def test_end_that_was_made_anew_misses_a_head_kept_elsewhere(ledger: Ledger) -> None:
    last = ledger.batch(BATCHES - 1)
    ledger.meddle("DELETE FROM trade_ledger WHERE sequence = %s", last.first_sequence)
    ledger.replace_batch(last, resealed(last, last.manifest[len(last.manifest) // 7 :]))
    assert look().is_intact
    report = look(last.hash.hex())
    assert not report.is_intact
    assert report.heads_missing == [last.hash.hex()]


@pytest.mark.parametrize(
    ("number", "named"),
    [(0, EVENTS_PER_BATCH + 1), (2, 3 * EVENTS_PER_BATCH + 1), (5, 5 * EVENTS_PER_BATCH)],
)
def test_missing_batch_is_named(ledger: Ledger, number: int, named: int) -> None:
    first = ledger.batch(number).first_sequence
    ledger.meddle("DELETE FROM ledger_batch WHERE first_sequence = %s", first)
    findings = [finding for finding in look().findings if finding.table == "ledger_batch"]
    assert [(finding.change, finding.sequence) for finding in findings] == [(Change.CUT, named)]


def test_inserted_batch_is_named(ledger: Ledger) -> None:
    ledger.meddle(
        "INSERT INTO ledger_batch"
        " SELECT -64, 0, -5, -1, manifest, previous_hash, hash FROM ledger_batch LIMIT 1"
    )
    assert (Change.FORGED, "ledger_batch", -5) in found(look())


def test_ledger_without_its_chain_is_not_intact(ledger: Ledger) -> None:
    ledger.meddle("DELETE FROM ledger_batch")
    assert found(look()) == [(Change.CUT, "ledger_batch", 0)]


def test_rows_of_before_the_chain_are_counted(
    script: EventScript, owner: psycopg.Connection
) -> None:
    ledger = Ledger(script, owner)
    ledger.write_batch()
    ledger.meddle("DELETE FROM ledger_batch")
    ledger.close()
    ledger = Ledger(script, owner)
    ledger.write_batch()
    ledger.close()
    report = look()
    assert report.is_intact
    assert report.shards[0].unproven == 7
    assert report.shards[0].first_sequence == EVENTS_PER_BATCH + 1


def test_writer_does_not_go_on_from_a_chain_that_was_cut(ledger: Ledger) -> None:
    ledger.meddle("DELETE FROM ledger_batch WHERE first_sequence > 8")
    with pytest.raises(ChainCut, match="at event 48, but its chain of hashes ends at 8"):
        ledger._store.resume()


def test_empty_ledger_is_intact(transactional_db: None) -> None:
    assert look().is_intact


def test_nothing_is_found_while_the_writer_writes(
    script: EventScript, start_writer: Callable[[], WriterThread]
) -> None:
    writer = start_writer()
    seen = set()
    for _ in range(30):
        script.append(*[script.trade() for _ in range(50)], script.funds(), script.refused())
        report = look()
        assert report.is_intact, report.findings
        seen |= {shard.last_sequence for shard in report.shards}
    assert len(seen) > 1, "it looked while the ledger grew"
    writer.stop()


def test_command_names_the_row_and_fails(ledger: Ledger) -> None:
    ledger.meddle("UPDATE trade_ledger SET qty_lots = 77 WHERE sequence = 9")
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_ledger", stdout=out)
    assert error.value.returncode == 1
    assert (
        "shard 0, trade_ledger: the row of event 9 was edited; it reads: 576 0 9 " in out.getvalue()
    )
    assert "1 edited" in out.getvalue()


def test_command_speaks_to_machines(ledger: Ledger) -> None:
    out = StringIO()
    call_command("verify_ledger", "--json", "--head", ledger.batch(0).hash.hex(), stdout=out)
    said = json.loads(out.getvalue())
    assert said["intact"]
    assert said["shards"][0]["head"] == ledger.batch(BATCHES - 1).hash.hex()
    assert said["findings"] == []


def test_command_refuses_what_is_no_hash() -> None:
    with pytest.raises(CommandError, match="must be a hash"):
        call_command("verify_ledger", "--head", "abc")


def test_command_does_not_call_another_chain_unchanged(ledger: Ledger) -> None:
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_ledger", "--head", "0" * 64, stdout=out)
    assert error.value.returncode == 1
    assert "no chain contains the head 000" in out.getvalue()
    assert "Nothing was" not in out.getvalue()
