"""The hash chain over the book of record. Pure; the writer makes it, `verify_ledger` goes along it.

What the writer adds in one transaction is a batch. Its manifest has an entry for every row: the
table, the event's sequence and a digest of the row's canonical line. Its hash covers the manifest
and the hash of the batch before. So a row that was edited, removed or inserted differs from its
manifest and can be named, and a manifest that was changed to fit differs from the chain.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from ledger.domain.rows import TABLES, AnyRow

GENESIS: Final = bytes(32)
"""Stands for the hash before a shard's first batch."""

DIGEST_BYTES: Final = 16
_ENTRY: Final = struct.Struct(f">BI{DIGEST_BYTES}s")  # table, sequence - first of the batch, digest
_HEAD: Final = struct.Struct(">hqq")  # shard, first and last sequence
# Stored for good: a new table comes last.
_CODES: Final = {table: code for code, table in enumerate(TABLES, 1)}
_TABLES: Final = {code: table for table, code in _CODES.items()}


class Entry(NamedTuple):
    """A row as its manifest knows it."""

    table: str
    sequence: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one transaction: all from the first to the last, with or without rows."""

    shard: int
    first_sequence: int
    last_sequence: int
    manifest: bytes
    previous_hash: bytes
    hash: bytes

    @classmethod
    def seal(
        cls, *, shard: int, first: int, last: int, manifest: bytes, previous_hash: bytes
    ) -> Self:
        """Return the batch that follows the one whose hash is `previous_hash`."""
        head = previous_hash + _HEAD.pack(shard, first, last)
        return cls(
            shard=shard,
            first_sequence=first,
            last_sequence=last,
            manifest=manifest,
            previous_hash=previous_hash,
            hash=hashlib.sha256(head + manifest).digest(),
        )

    @property
    def is_sealed(self) -> bool:
        """Whether the hash is that of the rest."""
        return self == Batch.seal(
            shard=self.shard,
            first=self.first_sequence,
            last=self.last_sequence,
            manifest=self.manifest,
            previous_hash=self.previous_hash,
        )

    def entries(self) -> Iterator[Entry]:
        """Yield the manifest's entries: by table, and by sequence within a table.

        Raises struct.error or KeyError where nobody could have written it.
        """
        for code, distance, digest in _ENTRY.iter_unpack(self.manifest):
            yield Entry(_TABLES[code], self.first_sequence + distance, digest)


def digest_of(line: bytes) -> bytes:
    """Return the digest of a row's canonical line: SHA-256, cut to DIGEST_BYTES."""
    return hashlib.sha256(line).digest()[:DIGEST_BYTES]


def manifest_of(table: str, rows: Iterable[AnyRow], lines: Sequence[bytes], *, first: int) -> bytes:
    """Return the part of a manifest that is about one table; `lines` are those of `rows`."""
    code, pack, sha256 = _CODES[table], _ENTRY.pack, hashlib.sha256
    # Called for every row of the ledger; struct cuts the digest to its length.
    return b"".join(
        pack(code, row.sequence - first, sha256(line).digest())
        for row, line in zip(rows, lines, strict=True)
    )
