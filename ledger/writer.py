"""Writes one shard's events into the book of record. Run by `manage.py run_ledger_writer`.

The checkpoint in Postgres is the only truth about how far it has come; the one in hot Redis merely
tells the worker what it may trim. A server that is away is waited for; an event log that does not
go on where the ledger ends is not: that stops the writer, for somebody to look.
"""

import gc
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from ledger.domain.drafts import Draft
from ledger.store import CheckpointMoved, LedgerStore
from ledger.writer_heartbeat import HOT, NOBODY, POSTGRES
from matching.connection import open_sync
from matching.event_log import EventReader, last_sequence, save_checkpoint

CONSUMER: Final = "ledger"
MAX_ENTRIES_PER_READ: Final = 100
BLOCK_MS: Final = 500
OBJECTS_PER_COLLECTION: Final = 100_000
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
LOCK_PAUSE_S: Final = 0.5

log = logging.getLogger(__name__)


def spare_the_collector() -> None:
    """Let Python's collector run rarely: of the events and rows of a read, none is in a cycle.

    Going through them again and again takes two fifths of a writer's CPU. Called once by whoever
    runs writers, after everything is imported.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS_PER_COLLECTION)


class LogLost(Exception):  # noqa: N818 - a fact about the log
    """The ledger holds events that the event log has never had: it was lost or replaced."""

    def __init__(self, *, shard: int, checkpoint: int, last: int) -> None:
        super().__init__(
            f"Shard {shard}: the ledger is at event {checkpoint}, but the log ends at {last}: "
            "hot Redis lost data. Nothing of that log is written: restore hot Redis, or rebuild "
            "the shard."
        )


class ShardWriter:
    """Keeps the ledger of one shard level with its events, until told to stop."""

    def __init__(
        self, *, shard: int, hot_url: str, database: Mapping[str, Any], stop: threading.Event
    ) -> None:
        self.serving = threading.Event()
        self._shard = shard
        self._hot_url = hot_url
        self._database = database
        self._stop = stop
        self._reader = EventReader(shard, max_entries=MAX_ENTRIES_PER_READ)
        self._away = NOBODY

    @property
    def waits_for(self) -> str:
        """The server that is away, as `ledger.writer_heartbeat` names it; empty: none."""
        return self._away

    def run(self) -> None:
        """Write until stopped, through outages. Raises EventHole, LogLost, ChainCut, or a bug."""
        pause_s = FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                self._serve()
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._note_away(POSTGRES, error)
            except (RedisError, OSError) as error:
                self._note_away(HOT, error)
            except CheckpointMoved as fact:
                log.warning("%s Reading the checkpoint again.", fact)
            pause_s = FIRST_PAUSE_S if self.serving.is_set() else min(2 * pause_s, LONGEST_PAUSE_S)
            self.serving.clear()
            self._stop.wait(pause_s)

    def _serve(self) -> None:
        """Hold both servers and the shard's lock, and write until stopped or one of them fails."""
        with open_sync(self._hot_url) as hot:
            store = LedgerStore(self._database, shard=self._shard)
            try:
                if not self._wait_for_lock(store):
                    return
                self._write_from(hot, store, self._resume(hot, store))
            finally:
                store.close()

    def _wait_for_lock(self, store: LedgerStore) -> bool:
        """Return True once the shard is ours, False where the writer is to stop first."""
        waiting = False
        while not store.try_lock():
            if not waiting:
                log.info("Shard %d has a ledger writer; waiting for it to end.", self._shard)
                waiting = True
            if self._stop.wait(LOCK_PAUSE_S):
                return False
        return True

    def _resume(self, hot: Redis, store: LedgerStore) -> int:
        """Return where to go on. Raises LogLost and ChainCut."""
        position = store.resume()
        self._check_log(hot, position)
        save_checkpoint(hot, shard=self._shard, consumer=CONSUMER, sequence=position)
        if self._away:
            log.warning("Shard %d: %s is back; going on.", self._shard, self._away)
            self._away = NOBODY
        self.serving.set()
        return position

    def _write_from(self, hot: Redis, store: LedgerStore, position: int) -> None:
        """Write until stopped; the next draft is made while Postgres takes in the one before."""
        with ThreadPoolExecutor(1, "ledger-draft") as aside:
            coming = aside.submit(self._draft_next, hot, position)
            while not self._stop.is_set():
                draft = coming.result()
                position = draft.last_sequence if draft else position
                coming = aside.submit(self._draft_next, hot, position)
                if draft:
                    store.append(draft)
                    save_checkpoint(hot, shard=self._shard, consumer=CONSUMER, sequence=position)

    def _draft_next(self, hot: Redis, position: int) -> Draft | None:
        """Return what comes after `position`, if anything does soon. Raises EventHole, LogLost."""
        events = self._reader.read(hot, after=position, block_ms=BLOCK_MS)
        if events:
            return Draft.of(events, shard=self._shard)
        # A log that began anew would in time have this sequence again, of another event.
        self._check_log(hot, position)
        return None

    def _check_log(self, hot: Redis, position: int) -> None:
        last = last_sequence(hot, shard=self._shard)
        if position > last:
            raise LogLost(shard=self._shard, checkpoint=position, last=last)

    def _note_away(self, server: str, error: Exception) -> None:
        if self._away != server:
            reason = str(error).strip().replace("\n", " ")
            log.warning("Shard %d: %s is away, trying again: %s", self._shard, server, reason)
            self._away = server
