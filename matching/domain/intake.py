"""Whether a shard takes new orders, and what a caller is told where it does not. Pure.

The shard's worker measures and decides (`matching.intake_watch`). Its word goes out to the
gateways, each of which refuses by itself, before anything is sent (`matching.client`). Cancels, and
all else that is no new order, pass, unless even they could not be applied in time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from matching.domain.errors import ErrorCode, ExchangeError

SWAMPED_AFTER_BOUNDS: Final = 4
"""With commands waiting this many times longer than allowed, cancels are refused too."""
MEMORY_SHARE: Final = 0.85
"""New orders stop here, so that cancels have the rest of the server's memory."""
SILENT_AFTER_S: Final = 3.0
"""A worker gives its word several times in this; without it, an order might wait for long."""
MAX_UNHEARD: Final = 100_000
"""Commands that one gateway sends a silent worker."""


class Intake(StrEnum):
    """What a shard takes, in one word; every word but the first is the reason for taking less."""

    OPEN = "open"
    LEDGER_BEHIND = "ledger-behind"
    MATCHING_BEHIND = "matching-behind"
    MATCHING_SWAMPED = "matching-swamped"
    MEMORY_SHORT = "memory-short"
    DISK_SHORT = "disk-short"
    SILENT = "silent"
    """Said by a gateway that has not heard from the worker."""
    CROWDED = "crowded"
    """Said by a gateway with too many commands unanswered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeBounds:
    """How much may pile up before new orders are refused."""

    command_wait_ms: int = 1_000
    """Well below a caller's patience, so that whoever is let in gets an answer."""
    ledger_backlog: int = 10_000_000
    disk_reserve: int = 512 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """What has piled up; memory and disk in bytes."""

    command_wait_ms: int
    """Age of the oldest command that is not applied yet."""
    events_waiting: int
    """Events that the slowest durable consumer has not dealt with."""
    memory_used: int
    memory_limit: int
    """0: the server knows none."""
    disk_free: int | None
    """None: the disk cannot be seen from here."""


class Gauge(NamedTuple):
    """A pile, as a share of its bound: with 1 the shard says `word`, until below `reopens`."""

    word: Intake
    level: float
    reopens: float


def next_intake(pressure: Pressure, bounds: IntakeBounds, *, before: Intake) -> Intake:
    """Return what the shard takes from now on.

    What was refused is taken again only once its pile has shrunk a good deal, so that callers do
    not see the answer change from one moment to the next.
    """
    for word, level, reopens in _gauges(pressure, bounds):
        if level >= (reopens if word is before else 1.0):
            return word
    return Intake.OPEN


def _gauges(pressure: Pressure, bounds: IntakeBounds) -> Iterator[Gauge]:
    """Yield all gauges; the one that refuses most comes first."""
    wait = pressure.command_wait_ms / bounds.command_wait_ms
    yield Gauge(Intake.MATCHING_SWAMPED, wait / SWAMPED_AFTER_BOUNDS, reopens=0.5)
    if pressure.memory_limit:
        used = pressure.memory_used / pressure.memory_limit
        # What open orders need does not shrink by itself: a wider step might never be taken.
        yield Gauge(Intake.MEMORY_SHORT, used / MEMORY_SHARE, reopens=0.95)
    if pressure.disk_free is not None:
        yield Gauge(
            Intake.DISK_SHORT, bounds.disk_reserve / max(1, pressure.disk_free), reopens=0.8
        )
    yield Gauge(Intake.MATCHING_BEHIND, wait, reopens=0.5)
    yield Gauge(Intake.LEDGER_BEHIND, pressure.events_waiting / bounds.ledger_backlog, reopens=0.8)


class HeardIntake:
    """What one gateway knows of a shard's intake; `now_s` is of a clock that never goes back."""

    __slots__ = ("_heard_s", "_unheard", "_word")

    def __init__(self, now_s: float) -> None:
        self._word = Intake.OPEN
        self.listen(now_s)

    def listen(self, now_s: float) -> None:
        """Begin to wait for the worker's word: until it is due, the last one holds."""
        self._heard_s = now_s
        self._unheard = 0

    def hear(self, word: Intake, now_s: float) -> None:
        """Take note of the worker's word."""
        self._word = word
        self.listen(now_s)

    def admit(self, *, is_order: bool, now_s: float) -> Intake:
        """Count a command in and return OPEN; or return why it must not be sent."""
        word = Intake.SILENT if now_s - self._heard_s > SILENT_AFTER_S else self._word
        if word is Intake.MATCHING_SWAMPED or (is_order and word is not Intake.OPEN):
            return word
        if self._unheard >= MAX_UNHEARD:
            return Intake.SILENT
        self._unheard += 1
        return Intake.OPEN


def refusal(word: Intake) -> ExchangeError:
    """Return what a caller is told whose command was not sent."""
    code = ErrorCode.LEDGER_BACKLOG if word is Intake.LEDGER_BEHIND else ErrorCode.UNAVAILABLE
    return ExchangeError(code, f"{_SENTENCES[word]} Nothing was sent; try again later.")


_SENTENCES: Final = {
    Intake.LEDGER_BEHIND: "The ledger is too far behind matching: only cancels are taken now.",
    Intake.MATCHING_BEHIND: "Matching is behind with its work: only cancels are taken now.",
    Intake.MATCHING_SWAMPED: "Matching is far behind with its work: nothing is taken now.",
    Intake.MEMORY_SHORT: "Matching is short of memory: only cancels are taken now.",
    Intake.DISK_SHORT: "Matching is short of disk space: only cancels are taken now.",
    Intake.SILENT: "Matching does not run now.",
    Intake.CROWDED: "Too many requests are waiting for matching.",
}
