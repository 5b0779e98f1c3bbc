"""The writer's own connection to Postgres: one shard's lock, its checkpoint, and bulk appends.

Rows, checkpoint and the next link of the hash chain go in one transaction, and the checkpoint only
moves from the very value that was read: whatever dies, and however many writers there are, an event
is written once.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final, cast

import psycopg
from psycopg import sql

from ledger.domain.chain import GENESIS, Batch
from ledger.domain.drafts import Draft
from ledger.domain.rows import TABLES, event_id

CONNECT_TIMEOUT_S: Final = 3
_LOCK_FAMILY: Final = zlib.crc32(b"kalency ledger writer") - 2**31  # advisory locks take an int4


class CheckpointMoved(Exception):  # noqa: N818 - a fact, and a reason to start over
    """Someone else has written past the checkpoint this writer goes on from."""


class ChainCut(Exception):  # noqa: N818 - a fact about the ledger
    """The chain of hashes does not end where the checkpoint is: somebody changed one of them."""

    def __init__(self, *, shard: int, checkpoint: int, chain_end: int) -> None:
        super().__init__(
            f"Shard {shard}: the ledger is at event {checkpoint}, but its chain of hashes ends at "
            f"{chain_end}: one of them was changed. Nothing was written: manage.py verify_ledger "
            "says what is missing."
        )


class LedgerStore:
    """One session of one shard's writer; a broken session is thrown away, never repaired."""

    def __init__(self, database: Mapping[str, Any], *, shard: int) -> None:
        """Connect. `database` is an entry of Django's DATABASES."""
        self._shard = shard
        self._head = GENESIS
        self._connection = psycopg.connect(
            host=database["HOST"],
            port=database["PORT"],
            user=database["USER"],
            password=database["PASSWORD"],
            dbname=database["NAME"],
            connect_timeout=CONNECT_TIMEOUT_S,
            application_name=f"kalency-ledger-{shard}",
            autocommit=True,
        )

    def close(self) -> None:
        self._connection.close()

    def try_lock(self) -> bool:
        """Take the shard for this session; return whether it was free."""
        row = self._connection.execute(
            "SELECT pg_try_advisory_lock(%s, %s)", (_LOCK_FAMILY, self._shard)
        ).fetchone()
        return bool(row and row[0])

    def resume(self) -> int:
        """Return the sequence of the last event in the ledger (0: none). Raises ChainCut."""
        checkpoint = self._checkpoint()
        head = self._connection.execute(
            "SELECT last_sequence, hash FROM ledger_batch WHERE shard = %s"
            " ORDER BY first_sequence DESC LIMIT 1",
            (self._shard,),
        ).fetchone()
        if head:
            chain_end, self._head = head
            if chain_end != checkpoint:
                raise ChainCut(shard=self._shard, checkpoint=checkpoint, chain_end=chain_end)
        return checkpoint

    def _checkpoint(self) -> int:
        self._connection.execute(
            "INSERT INTO ledger_consumer_offsets (shard, sequence, updated_at)"
            " VALUES (%s, 0, now()) ON CONFLICT (shard) DO NOTHING",
            (self._shard,),
        )
        row = self._connection.execute(
            "SELECT sequence FROM ledger_consumer_offsets WHERE shard = %s", (self._shard,)
        ).fetchone()
        assert row is not None, "the row was there a statement ago, and nobody deletes it"
        return cast("int", row[0])

    def append(self, draft: Draft) -> None:
        """Add the rows of `draft`, its batch and the checkpoint, wholly or not at all.

        The checkpoint must be at the event before. Raises CheckpointMoved, and psycopg's errors;
        after an error the session must be closed.
        """
        with self._connection.transaction():
            self._move_checkpoint(draft)
            for table, lines in draft.copies.items():
                self._copy(table, lines)
            batch = Batch.seal(
                shard=self._shard,
                first=draft.first_sequence,
                last=draft.last_sequence,
                manifest=draft.manifest,
                previous_hash=self._head,
            )
            number = event_id(shard=self._shard, sequence=batch.last_sequence)
            self._connection.execute(_ADD_BATCH, asdict(batch) | {"event_id": number})
        self._head = batch.hash

    def _move_checkpoint(self, draft: Draft) -> None:
        after = draft.first_sequence - 1
        moved = self._connection.execute(
            "UPDATE ledger_consumer_offsets SET sequence = %s, updated_at = now()"
            " WHERE shard = %s AND sequence = %s",
            (draft.last_sequence, self._shard, after),
        )
        if moved.rowcount != 1:
            raise CheckpointMoved(f"Shard {self._shard} is no longer at event {after}.")

    def _copy(self, table: str, lines: bytes) -> None:
        with self._connection.cursor() as cursor, cursor.copy(_COPY[table]) as copy:
            copy.write(lines)


_ADD_BATCH: Final = """
    INSERT INTO ledger_batch
        (event_id, shard, first_sequence, last_sequence, manifest, previous_hash, hash)
    VALUES (%(event_id)s, %(shard)s, %(first_sequence)s, %(last_sequence)s,
        %(manifest)b, %(previous_hash)b, %(hash)b)
"""


def _copy_statement(table: str, columns: Iterable[str]) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)


_COPY: Final = {table: _copy_statement(table, row._fields) for table, row in TABLES.items()}
