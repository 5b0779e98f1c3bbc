"""What was changed in the book of record, found by its chain of hashes. Pure.

Called by `ledger/verification.py`, which reads the batches and the rows.
"""

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.domain.chain import GENESIS, Batch, digest_of

MAX_LINE_SHOWN: Final = 300


class Change(StrEnum):
    """What somebody did to the ledger behind the writer's back."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"
    FORGED = "forged"
    """A batch is not what its hash says."""
    BROKEN = "broken"
    """A batch does not follow from the one before."""
    CUT = "cut"
    """Batches are missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A change; `table` is `ledger_batch` where it is about the chain itself."""

    change: Change
    shard: int
    table: str
    sequence: int
    sentence: str


def flaws_of(batch: Batch, previous: Batch | None) -> Iterator[Finding]:
    """Yield what is wrong with a batch by itself, and with its place after `previous`."""
    events = f"the batch of events {batch.first_sequence} to {batch.last_sequence}"
    expected = previous.last_sequence + 1 if previous else None
    if not _is_whole(batch):
        yield _flaw(batch, Change.FORGED, f"{events} was changed; its rows are unproven")
    elif previous is None and batch.previous_hash != GENESIS:
        yield _flaw(batch, Change.CUT, f"what came before {events} is missing")
    elif expected is not None and batch.first_sequence > expected:
        missing = f"events {expected} to {batch.first_sequence - 1}"
        yield _flaw(batch, Change.CUT, f"the batches of {missing} are missing")
    elif expected is not None and batch.first_sequence < expected:
        yield _flaw(batch, Change.BROKEN, f"{events} is there beside another")
    elif previous is not None and batch.previous_hash != previous.hash:
        yield _flaw(
            batch, Change.BROKEN, f"{events} does not follow from the one before: one was replaced"
        )


def _flaw(batch: Batch, change: Change, sentence: str) -> Finding:
    return Finding(change, batch.shard, "ledger_batch", batch.first_sequence, sentence)


def _is_whole(batch: Batch) -> bool:
    """Tell whether a batch is sealed, and its manifest can be read."""
    try:
        return batch.is_sealed and all(entry.digest for entry in batch.entries())
    except (struct.error, KeyError):
        return False


def changes_of(
    table: str, expected: Sequence[tuple[int, bytes]], lines: Sequence[bytes], *, shard: int
) -> Iterator[Finding]:
    """Yield how the rows of a stretch differ from the manifests: the sequences and digests there.

    `lines` are the canonical lines of the rows that are there, in the order of their events.
    """
    found = [(sequence_of(line), digest_of(line)) for line in lines]
    if found == expected:
        return
    missing, extra = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    missing_at = {sequence for sequence, _ in missing}
    unexpected = {pair: line for pair, line in zip(found, lines, strict=True) if pair in extra}
    for (sequence, _), line in unexpected.items():
        change = Change.EDITED if sequence in missing_at else Change.INSERTED
        missing_at.discard(sequence)
        yield row_finding(table, shard, sequence, change, line)
    for sequence in sorted(missing_at):
        yield row_finding(table, shard, sequence, Change.REMOVED)


def row_finding(
    table: str, shard: int, sequence: int, change: Change, line: bytes = b""
) -> Finding:
    """Return a finding about a row; `line` is what is there now."""
    shown = line.decode(errors="replace").rstrip("\n").replace("\t", " ")[:MAX_LINE_SHOWN]
    now = f"; it reads: {shown}" if shown else ""
    return Finding(change, shard, table, sequence, f"the row of event {sequence} was {change}{now}")


def shard_of(line: bytes) -> int:
    """Return the event's shard: every table has it in the second place."""
    return int(line.split(b"\t", 2)[1])


def sequence_of(line: bytes) -> int:
    """Return the event's sequence: every table has it in the third place."""
    return int(line.split(b"\t", 3)[2])
