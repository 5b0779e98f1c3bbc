"""Makes a shard again from its commands on an empty server, and compares what came of them.

Used by `manage.py replay_commands`. The commands keep their entry ids, by which the function bounds
their time; how they are cut into batches is up to the caller, since nothing may depend on it.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec
from redis import Redis
from redis.exceptions import ResponseError

from matching import keys, library, snapshot
from matching.function import BatchReply, ScriptError, match_or_refuse
from matching.history import (
    CannotTell,
    Entry,
    History,
    NumberedEvent,
    read_entries,
    read_events,
    require_all_commands,
)
from matching.snapshot_reader import read

MAX_DIFFERENCES: Final = 10


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not the same on both sides; absent values are empty."""

    name: str
    source: str
    replay: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of replaying a history."""

    commands: int
    entries: int
    batches: int
    refused: int
    events: int
    events_compared: int
    events_different: int
    seconds: float
    source_hash: str
    replay_hash: str
    differences: list[Difference]
    """The first event that differs, then the first values of the state that do."""

    @property
    def is_equal(self) -> bool:
        return not self.differences


def replay(
    source: Redis,
    target: Redis,
    history: History,
    *,
    window_us: int,
    batch: int,
    keep_streams: bool = False,
    progress: Callable[[int], None] = lambda _entries: None,
) -> Outcome:
    """Apply the history's commands to an empty `target`, at least `batch` a call, and compare.

    `window_us` is that of client order ids, as the shard's worker has it. `progress` is told how
    many entries are done. Raises CannotTell where commands go missing on the way.
    """
    began = time.perf_counter()
    check = EventCheck(read_events(source, history.shard))
    library.load(target)
    rebuilt = Rebuilt(target, history.shard, window_us=window_us, batch=batch)
    with _clock_stopped(target):
        for page in read_entries(source, keys.commands(history.shard), last=history.cursor):
            rebuilt.apply(page)
            check.compare(rebuilt.new_events())
            if not keep_streams:
                rebuilt.empty_streams()
            progress(rebuilt.entries)
        require_all_commands(source, history.shard, history.cursor)
        made = read(target, history.shard)
    differences = [Difference(*each) for each in snapshot.differences(history.snapshot, made)]
    return Outcome(
        commands=rebuilt.commands,
        entries=rebuilt.entries,
        batches=rebuilt.batches,
        refused=rebuilt.refused,
        events=rebuilt.last_event,
        events_compared=check.compared,
        events_different=check.different,
        seconds=time.perf_counter() - began,
        source_hash=snapshot.digest(history.snapshot),
        replay_hash=snapshot.digest(made),
        differences=[*check.first, *islice(differences, MAX_DIFFERENCES)],
    )


class Rebuilt:
    """The shard that is being made again on another server, one page of entries after another."""

    def __init__(self, target: Redis, shard: int, *, window_us: int, batch: int) -> None:
        self._target = target
        self._shard = shard
        self._window_us = window_us
        self._batch = batch
        self.entries = 0
        self.commands = 0
        self.batches = 0
        self.refused = 0
        self.last_event = 0
        self._compared_up_to = 0

    def apply(self, page: list[Entry]) -> None:
        """Append the entries, under the ids that they have, and apply them all."""
        pipe = self._target.pipeline(transaction=False)
        for entry_id, fields in page:
            pipe.xadd(keys.commands(self._shard), fields, id=entry_id)
        pipe.execute()
        waiting = len(page)
        while waiting > 0:
            reply = self._next_batch()
            assert reply.entries, "the function applied none of the entries that wait"
            waiting -= reply.entries
            self.entries += reply.entries
            self.commands += reply.commands
            self.last_event = reply.last_event
            self.batches += 1

    def new_events(self) -> Iterator[NumberedEvent]:
        """Return the events since the last call."""
        after, self._compared_up_to = self._compared_up_to, self.last_event
        return read_events(self._target, self._shard, after=after)

    def empty_streams(self) -> None:
        """Give back the memory of what was applied and compared."""
        self._target.xtrim(keys.commands(self._shard), maxlen=0, approximate=False)
        self._target.xtrim(keys.events(self._shard), maxlen=0, approximate=False)

    def _next_batch(self) -> BatchReply:
        """Go past what fails as the worker does."""
        try:
            reply = match_or_refuse(
                self._target,
                shard=self._shard,
                window_us=self._window_us,
                max_commands=self._batch,
            )
        except ScriptError as fault:
            raise CannotTell(f"The function fails on the commands: {fault}") from fault
        self.refused += reply.fault is not None
        return reply


class EventCheck:
    """Holds replayed events against those that the source still has, byte by byte."""

    def __init__(self, held: Iterator[NumberedEvent]) -> None:
        self._held = held
        self._next = next(held, None)
        self.compared = 0
        self.different = 0
        self.first: list[Difference] = []
        """The first event that differs, if any does."""

    def compare(self, replayed: Iterable[NumberedEvent]) -> None:
        for sequence, event in replayed:
            while self._next is not None and self._next[0] < sequence:
                self._next = next(self._held, None)
            if self._next is None or self._next[0] > sequence:
                continue  # the source has dropped it
            self.compared += 1
            if self._next[1] != event:
                self._note(sequence, self._next[1], event)

    def _note(self, sequence: int, held: bytes, replayed: bytes) -> None:
        self.different += 1
        if not self.first:
            texts = [repr(msgspec.msgpack.decode(event)) for event in (held, replayed)]
            self.first = [Difference(f"event {sequence}", *texts)]


@contextlib.contextmanager
def _clock_stopped(target: Redis) -> Iterator[None]:
    """Keep the server from forgetting client order ids by its own clock.

    A replay may be slower than the market was. Valkey offers this for imports; a server that does
    not will forget too early where the commands of one window take two to replay.
    """
    try:
        target.config_set("import-mode", "yes")
    except ResponseError:
        yield
        return
    target.execute_command("CLIENT", "IMPORT-SOURCE", "ON")  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        target.execute_command("CLIENT", "IMPORT-SOURCE", "OFF")  # type: ignore[no-untyped-call]
        target.config_set("import-mode", "no")
