"""What a server holds of a shard's past: the commands, the events, and the state they led to.

Read by the replay (matching/replay.py), which needs every command since the first.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
from redis import Redis

from matching import keys
from matching.codec import split_event_entry
from matching.snapshot import ShardSnapshot
from matching.snapshot_reader import read

PAGE_ENTRIES: Final = 500
MS_PER_S: Final = 1_000
NOTHING_DELETED: Final = b"0-0"

NumberedEvent = tuple[int, bytes]
"""An event's sequence, and the event as it stands on the stream."""
Entry = tuple[bytes, dict[Any, Any]]
"""A stream entry's id and its fields."""


class CannotTell(Exception):  # noqa: N818 - an answer, not a fault
    """Why a shard cannot be made again from what its server holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A shard as its server holds it: how it stands, and how many commands led there."""

    shard: int
    cursor: bytes
    """The entry id of the last command that was applied."""
    entries: int
    """How many entries the stream has, those that still wait included."""
    refused: int
    """Commands that the worker gave up, because the function failed on them."""
    snapshot: ShardSnapshot
    read_s: float


def read_history(source: Redis, shard: int, *, freeze_s: float = 0.0) -> History:
    """Read how a shard stands, and see that nothing is missing of how it got there.

    With `freeze_s` all who write to its server wait meanwhile, for at most so long. Raises
    CannotTell where commands are missing, or where the shard moves while it is read.
    """
    require_all_commands(source, shard, _cursor(source, shard))
    began = time.perf_counter()
    with _frozen(source, freeze_s):
        cursor = _cursor(source, shard)
        taken = _read_snapshot(source, shard)
        moved = _cursor(source, shard) != cursor
    read_s = time.perf_counter() - began
    if moved:
        raise CannotTell(
            f"Shard {shard} moved while it was read ({read_s:.1f} s). Do it while nobody trades, "
            f"or freeze the server for long enough."
        )
    return History(
        shard=shard,
        cursor=cursor,
        entries=int(source.xlen(keys.commands(shard))),
        refused=_count_refused(source, shard),
        snapshot=taken,
        read_s=read_s,
    )


def require_all_commands(source: Redis, shard: int, cursor: bytes) -> None:
    """Raise CannotTell unless the stream has every entry since its first, up to the cursor."""
    stream = keys.commands(shard)
    if not source.xrange(stream, cursor, cursor):
        raise CannotTell(f"The command that shard {shard} applied last is not on its stream.")
    about = source.xinfo_stream(stream)
    added, length = int(about["entries-added"]), int(about["length"])
    if added != length or about["max-deleted-entry-id"] != NOTHING_DELETED:
        raise CannotTell(
            f"Of the {added} entries that shard {shard} was ever sent, {added - length} are gone. "
            f"A worker keeps them all where MATCHING_KEEP_COMMANDS is `all` from the first start."
        )


def read_entries(
    hot: Redis, stream: str, *, first: str = "-", last: bytes | str = "+"
) -> Iterator[list[Entry]]:
    """Yield the entries of a stream in pages, from `first` to `last`."""
    while rows := hot.xrange(stream, first, last, count=PAGE_ENTRIES):
        page = cast("list[Entry]", rows)
        yield page
        first = f"({page[-1][0].decode()}"


def read_events(hot: Redis, shard: int, *, after: int = 0) -> Iterator[NumberedEvent]:
    """Yield the events that a server still holds, from sequence `after` on."""
    for page in read_entries(hot, keys.events(shard), first=f"({after}-0"):
        for entry_id, fields in page:
            events = split_event_entry(fields)
            # An entry has the sequence of its last event as its id.
            first = int(entry_id.partition(b"-")[0]) - len(events) + 1
            yield from enumerate(events, start=first)


def _read_snapshot(source: Redis, shard: int) -> ShardSnapshot:
    try:
        return read(source, shard)
    except (KeyError, ValueError, msgspec.MsgspecError) as error:
        raise CannotTell(
            f"Something in the state of shard {shard} is not as the function writes it: {error!r}."
        ) from error


def _cursor(source: Redis, shard: int) -> bytes:
    cursor = cast("bytes | None", source.get(keys.cursor(shard)))
    if cursor is None:
        raise CannotTell(f"Shard {shard} has applied no command yet.")
    return cursor


def _count_refused(source: Redis, shard: int) -> int:
    dead = read_entries(source, keys.dead_commands(shard))
    return sum(fields.get(b"reason") == b"refused" for page in dead for _, fields in page)


@contextlib.contextmanager
def _frozen(source: Redis, seconds: float) -> Iterator[None]:
    """Let everybody who would write wait, until the block ends or `seconds` have passed."""
    if not seconds:
        yield
        return
    source.client_pause(round(seconds * MS_PER_S), all=False)
    try:
        yield
    finally:
        source.client_unpause()
