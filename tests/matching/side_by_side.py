"""Applies the same commands to the Lua library and to the naive engine, and compares all there is.

An `Entry` is what a gateway appends to the stream at once; a `Script` is entries one after the
other, cut into calls of the matching function anywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

import msgspec
from redis import Redis

from matching import keys
from matching.domain.commands import AnyCommand
from matching.domain.events import (
    AnyEvent,
    CommandRefused,
    MarketStatusChanged,
    OrderCanceled,
    OrderPlaced,
    OrderRejected,
)
from matching.event_log import EventReader
from matching.snapshot import differences, digest
from matching.snapshot_reader import read
from tests.matching.shard import SHARD, Shard
from tests.matching.soundness import assert_sound
from tests.reference.engine import ReferenceEngine
from tests.reference.snapshot import snapshot_of
from tests.reference.state import Events, State

START_MS: Final = 1_700_000_000_000
US_PER_MS: Final = 1_000


@dataclass(frozen=True)
class Entry:
    """Commands of one gateway, which come `after_ms` the ones before.

    The gateway's clock is `ahead_ms` of the server's. With `call` > 0 the function is called then,
    until nothing waits, with that many commands as its bound; where `anew`, it is loaded first, as
    by a new worker, and has no memory of its calls before.
    """

    commands: tuple[AnyCommand, ...]
    after_ms: int = 0
    ahead_ms: int = 0
    call: int = 0
    anew: bool = False


Script = Sequence[Entry]


def spelled(command: AnyCommand) -> str:
    """Return a command in one line, its fields in the order of the wire."""
    kind, _request_id, *fields = msgspec.to_builtins(command)
    return " ".join([kind, *(repr(field) for field in fields)])


def spelled_script(script: Script) -> str:
    """Return a script as somebody would want to read it."""
    lines: list[str] = []
    for entry in script:
        lines.append(f"entry after {entry.after_ms} ms, clock {entry.ahead_ms:+} ms")
        lines += [f"  {spelled(command)}" for command in entry.commands]
        lines += ["load the function anew"] if entry.anew else []
        lines += [f"call it, {entry.call} commands at most"] if entry.call else []
    return "\n".join(lines)


class SideBySide:
    """One shard, twice."""

    def __init__(self, hot: Redis) -> None:
        hot.flushall()
        self.calls = 0
        self.commands = 0
        self.met: set[str] = set()
        """Kinds of events, and the reasons they gave."""
        self._shard = Shard(hot)
        self._reference = ReferenceEngine()
        self._now_ms = START_MS
        self._entries = 0
        self._last_id = ""
        self._asked: list[AnyCommand] = []
        self._expected: list[Events] = []
        self._read_up_to = 0

    @property
    def state(self) -> State:
        return self._reference.state

    def open_orders(self) -> list[tuple[int, int]]:
        """Return user and id of each open order."""
        resting = self.state.resting.values()
        return [(order.terms.user_id, order.id) for orders in resting for order in orders]

    def apply(self, entry: Entry) -> None:
        """Send an entry to both; where it is time for a call, compare every event since the last.

        Raises AssertionError where they differ.
        """
        self._now_ms += entry.after_ms
        gateway_us = (self._now_ms + entry.ahead_ms) * US_PER_MS
        self._shard.now_us = gateway_us
        self._shard.send(entry.commands, entry_id=self._next_id())
        self._expected += self._reference.apply_entry(
            entry.commands, ts_us=gateway_us, arrived_us=self._now_ms * US_PER_MS
        )
        self._asked += entry.commands
        self.commands += len(entry.commands)
        if entry.anew:
            self._shard.forget()
        if entry.call:
            self.call(entry.call)

    def _next_id(self) -> str:
        """Return the id of the next entry, which says when the server got it."""
        self._entries += 1
        self._last_id = f"{self._now_ms}-{self._entries}"
        return self._last_id

    def call(self, max_commands: int) -> None:
        """Call the function until nothing waits, and compare answers and log."""
        answers: list[Events] = []
        while self._cursor() != self._last_id:
            answers += self._shard.match(max_commands=max_commands)
            self.calls += 1
        assert len(answers) == len(self._asked)
        for command, answer, expected in zip(self._asked, answers, self._expected, strict=True):
            assert answer == expected, _difference(spelled(command), answer, expected)
        reader = EventReader(SHARD, max_entries=1_000_000)
        log = reader.read(self._shard.hot, after=self._read_up_to, block_ms=1)
        expected = list(_new_events(self._expected, after=self._read_up_to))
        assert log == expected, _difference("the log", log, expected)
        self._read_up_to = self.state.last_event
        self.met.update(word for event in log for word in _words(event))
        self._asked, self._expected = [], []

    def _cursor(self) -> str:
        return cast("bytes", self._shard.hot.get(keys.cursor(SHARD)) or b"").decode()

    def compare_states(self) -> None:
        """Compare what both hold, by its hash; where it differs, fact by fact."""
        assert_sound(self._shard.hot)
        actual, expected = read(self._shard.hot, SHARD), snapshot_of(self.state)
        found = [f"{name}: {lua!r}, {ours!r}" for name, lua, ours in differences(actual, expected)]
        assert not found, "\n".join(["Lua holds, the engine holds:", *found])
        assert digest(actual) == digest(expected)

    def forget_streams(self) -> None:
        """Drop the commands and events so far, which long runs have no room for."""
        for stream in (keys.commands(SHARD), keys.events(SHARD)):
            self._shard.hot.xtrim(stream, maxlen=0, approximate=False)


def _words(event: AnyEvent) -> Iterator[str]:
    yield str(event.__struct_config__.tag)
    match event:
        case OrderRejected() | CommandRefused():
            yield event.reason
        case OrderPlaced() | OrderCanceled():
            yield event.end_reason
        case MarketStatusChanged():
            yield event.status
        case _:
            pass


def _difference(about: str, actual: Events, expected: Events) -> str:
    lines = [f"They differ on: {about}"]
    lines += [f"  Lua:    {event}" for event in actual if event not in expected]
    lines += [f"  engine: {event}" for event in expected if event not in actual]
    return "\n".join(lines)


def _new_events(answers: Sequence[Events], *, after: int) -> Iterator[AnyEvent]:
    """Yield the events of answers, but not those that only answer a repetition."""
    for answer in answers:
        for event in answer:
            if event.sequence > after:
                after = cast("int", event.sequence)
                yield event
