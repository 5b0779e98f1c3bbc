"""A batch before it is written: all that does not depend on the batch before. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ledger.domain.chain import manifest_of
from ledger.domain.recording import rows_of
from ledger.domain.rows import lines_of
from matching.domain.events import AnyEvent


@dataclass(frozen=True, slots=True)
class Draft:
    """The rows of a stretch of events, table by table, as COPY takes them; and their manifest."""

    shard: int
    first_sequence: int
    last_sequence: int
    copies: dict[str, bytes]
    manifest: bytes

    @classmethod
    def of(cls, events: Sequence[AnyEvent], *, shard: int) -> Self:
        """Return the draft of events that follow each other; there must be one."""
        first = events[0].sequence
        copies: dict[str, bytes] = {}
        manifest = []
        for table, rows in rows_of(events, shard=shard).by_table():
            if rows:
                lines = lines_of(rows)
                copies[table] = b"".join(lines)
                manifest.append(manifest_of(table, rows, lines, first=first))
        return cls(
            shard=shard,
            first_sequence=first,
            last_sequence=events[-1].sequence,
            copies=copies,
            manifest=b"".join(manifest),
        )
