"""Goes along every shard's chain of hashes and compares each row with its manifest.

Used by `manage.py verify_ledger`. Reads stretch by stretch, so memory stays flat; what is written
meanwhile is left to the next time.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from ledger.domain.chain import Batch
from ledger.domain.findings import (
    Change,
    Finding,
    changes_of,
    flaws_of,
    row_finding,
    sequence_of,
    shard_of,
)
from ledger.domain.rows import TABLES, event_id

MAX_FINDINGS: Final = 1_000
"""Findings that a report keeps; more are only counted."""
MAX_BATCHES_PER_STRETCH: Final = 5_000
MANIFEST_BYTES_PER_STRETCH: Final = 1_000_000  # About 50,000 rows; one batch may be larger.


@dataclass(slots=True)
class ShardReport:
    """What was gone through of one shard; `head` is the hash of the batch that was reached last."""

    shard: int
    first_sequence: int
    last_sequence: int
    reached: int = 0
    head: str = ""
    batches: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    unproven: int = 0
    """Rows of events before the first batch: they were written before there was a chain."""


@dataclass(slots=True)
class Report:
    """What was gone through and what was found."""

    shards: list[ShardReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    found: Counter[Change] = field(default_factory=Counter)
    heads_missing: list[str] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        return not self.found and not self.heads_missing

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.found[finding.change] += 1
            if len(self.findings) < MAX_FINDINGS:
                self.findings.append(finding)


class _Extent(NamedTuple):
    """From where to where a shard's chain reaches, and where its checkpoint is."""

    shard: int
    first: int
    last: int
    checkpoint: int


Progress = Callable[[ShardReport], None]


def verify(
    connection: "psycopg.Connection[Any]", *, heads: Collection[str], progress: Progress
) -> Report:
    """Verify all shards; `heads` are hashes (hex) that must be in a chain. Raises psycopg's errors.

    `connection` must be in autocommit mode; how its session shows moments is set.
    """
    report = Report()
    missing_heads = set(heads)
    connection.execute("SET TIME ZONE 'UTC'")  # A canonical line shows moments in UTC, as ISO.
    connection.execute("SET DateStyle TO 'ISO'")
    for extent in _look_around(connection, report):
        _Walk(connection, extent, report, missing_heads, progress).go()
    report.heads_missing = sorted(missing_heads)
    return report


def _look_around(connection: "psycopg.Connection[Any]", report: Report) -> list[_Extent]:
    """Return how far each chain reaches; report rows where no chain is, as of the same moment."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        extents = [_Extent(*row) for row in connection.execute(_EXTENTS)]
        chains = [_events(extent.shard, 1, extent.last) for extent in extents]
        outside = sql.SQL("({}) IS NOT TRUE").format(sql.SQL(" OR ").join([_NOTHING, *chains]))
        for table in TABLES:
            lines = _lines(connection, table, outside, limit=MAX_FINDINGS)
            report.add(
                row_finding(table, shard_of(line), sequence_of(line), Change.INSERTED, line)
                for line in lines
            )
    return extents


class _Walk:
    """One shard's way along its chain."""

    def __init__(
        self,
        connection: "psycopg.Connection[Any]",
        extent: _Extent,
        report: Report,
        missing_heads: set[str],
        progress: Progress,
    ) -> None:
        self._connection = connection
        self._extent = extent
        self._report = report
        self._missing_heads = missing_heads
        self._progress = progress
        self._previous: Batch | None = None
        self._figures = ShardReport(extent.shard, extent.first, extent.last)
        report.shards.append(self._figures)

    def go(self) -> None:
        self._count_unproven()
        while batches := self._next_batches():
            for run in self._runs(batches):
                self._compare(run)
            self._progress(self._figures)
        self._report.add(self._end_flaws())

    def _end_flaws(self) -> Iterator[Finding]:
        end = self._extent.last if self._previous else 0
        if end != self._extent.checkpoint:
            what = f"the chain ends at event {end}, the checkpoint is at {self._extent.checkpoint}"
            yield Finding(Change.CUT, self._extent.shard, "ledger_batch", end, what)

    def _count_unproven(self) -> None:
        """Count the rows of before the chain."""
        shard, first = self._extent.shard, self._extent.first
        if first == 1:
            return
        for table in TABLES:
            row = self._connection.execute(
                sql.SQL("SELECT count(*) FROM {} WHERE shard = %s AND event_id < %s").format(
                    sql.Identifier(table)
                ),
                (shard, event_id(shard=shard, sequence=first)),
            ).fetchone()
            self._figures.unproven += row[0] if row else 0

    def _next_batches(self) -> list[Batch]:
        shard, first, last, _ = self._extent
        after = self._previous.first_sequence if self._previous else first - 1
        rows = self._connection.execute(
            _BATCHES,
            (shard, after, last, MAX_BATCHES_PER_STRETCH, MANIFEST_BYTES_PER_STRETCH),
        )
        return [Batch(*row) for row in rows]

    def _runs(self, batches: list[Batch]) -> Iterator[list[Batch]]:
        """Yield the batches that are whole, cut where the chain is."""
        run: list[Batch] = []
        for batch in batches:
            flaws = list(flaws_of(batch, self._previous))
            self._report.add(flaws)
            if flaws and run:
                yield run
                run = []
            if not any(flaw.change is Change.FORGED for flaw in flaws):
                run.append(batch)
            self._note(batch)
        if run:
            yield run

    def _note(self, batch: Batch) -> None:
        self._previous = batch
        self._figures.batches += 1
        self._figures.reached = batch.last_sequence
        self._figures.head = batch.hash.hex()
        self._missing_heads.discard(self._figures.head)

    def _compare(self, run: list[Batch]) -> None:
        """Compare the rows of a run of batches with what their manifests say."""
        expected: dict[str, list[tuple[int, bytes]]] = {table: [] for table in TABLES}
        for batch in run:
            for table, sequence, digest in batch.entries():
                expected[table].append((sequence, digest))
        shard = self._extent.shard
        stretch = _events(shard, run[0].first_sequence, run[-1].last_sequence)
        for table, entries in expected.items():
            lines = _lines(self._connection, table, stretch)
            self._figures.rows[table] += len(lines)
            self._report.add(changes_of(table, entries, lines, shard=shard))


def _lines(
    connection: "psycopg.Connection[Any]",
    table: str,
    condition: sql.Composable,
    *,
    limit: int | None = None,
) -> list[bytes]:
    """Return the canonical lines of the rows where `condition` holds, in the order of events."""
    statement = sql.SQL(
        "COPY (SELECT {} FROM {} WHERE {} ORDER BY event_id LIMIT {}) TO STDOUT"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, TABLES[table]._fields)),
        sql.Identifier(table),
        condition,
        limit,
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        return [bytes(line) for line in copy]


def _events(shard: int, first: int, last: int) -> sql.Composed:
    """Return the condition that a row is of one of these events."""
    return sql.SQL("shard = {} AND event_id BETWEEN {} AND {}").format(
        shard, event_id(shard=shard, sequence=first), event_id(shard=shard, sequence=last)
    )


_NOTHING: Final = sql.SQL("FALSE")
_EXTENTS: Final = """
    SELECT shard, coalesce(min(first_sequence), max(sequence) + 1),
           coalesce(max(last_sequence), max(sequence)), coalesce(max(sequence), 0)
      FROM ledger_batch FULL JOIN ledger_consumer_offsets USING (shard)
     GROUP BY shard ORDER BY shard
"""
# The first batch of a stretch is taken whatever its size.
_BATCHES: Final = """
    SELECT shard, first_sequence, last_sequence, manifest, previous_hash, hash
      FROM (
        SELECT *, sum(octet_length(manifest)) OVER (ORDER BY first_sequence)
                      - octet_length(manifest) AS before
          FROM ledger_batch
         WHERE shard = %s AND first_sequence > %s AND last_sequence <= %s
         ORDER BY first_sequence
         LIMIT %s
      ) AS next
     WHERE before < %s
     ORDER BY first_sequence
"""
