"""Checks what must always hold on a shard while it runs. The one checker for all who ask.

Asked by `manage.py reconcile`, by the worker's self-check and by the tests. The looking is done in
slices of a millisecond or two by the function `check` (`matching/lua/check.lua`), each atomic with
the state; nothing is written and nobody has to wait. What one slice can look at, it judges; larger
sums are carried from slice to slice (`invariant_sums`). Either way a figure is exact as of one
moment, and no market is found broken because it trades meanwhile. Across a restart of the server
nothing is told: it scans in another order then, so what was half scanned has lost its place.
"""

from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from typing import Final

from redis import Redis

from matching import keys
from matching.domain.invariants import Report, Step, Violation
from matching.domain.values import Side
from matching.hash_scan import scan_hashes
from matching.invariant_slices import (
    FIRST,
    BookAnswer,
    CannotLook,
    EventsAnswer,
    LevelsAnswer,
    Slices,
    UsersAnswer,
)
from matching.invariant_sums import CannotAddUp, Steps, check_level, check_supply, check_user

KEYS_PER_SCAN: Final = 500
MARKETS_PER_SLICE: Final = 100
USERS_PER_SLICE: Final = 50


class ServerRestarted(Exception):  # noqa: N818 - a fact about the server, not a fault
    """The server is another one than when the round began: what was found means nothing."""


def server_run(hot: Redis) -> object:
    """Return what names the server's process, another one after each restart."""
    return hot.info("server")["run_id"]


def check_shard(hot: Redis, shard: int) -> Report:
    """Go through a whole shard at once, and report. Raises ServerRestarted."""
    report = Report(shard)
    for step in Round(hot, shard).steps():
        report.add(step)
    return report


class Round:
    """One way through a shard; whoever takes the steps decides how fast."""

    def __init__(self, hot: Redis, shard: int) -> None:
        self.symbols: list[str] = []
        """The shard's markets, after the first steps."""
        self._slices = Slices(hot, shard)

    def steps(self) -> Iterator[Step]:
        """Look at everything once, one slice for each step.

        Raises ServerRestarted instead of a violation, or at the end, where the server restarted
        since the first step: its clients connect again without a word.
        """
        run = server_run(self._slices.hot)
        for step in self._look():
            if step.violations:
                self._must_still_be(run)
            yield step
        self._must_still_be(run)

    def _must_still_be(self, run: object) -> None:
        if server_run(self._slices.hot) != run:
            raise ServerRestarted("the server restarted meanwhile")

    def _look(self) -> Steps:
        users = yield from self._find()
        yield from _as_far_as_can_be("markets", "", "markets", self._check_markets())
        for symbol in self.symbols:
            for side in Side:
                book, levels = self._check_book(symbol, side), self._check_levels(symbol, side)
                name = f"{symbol} {keys.BOOK_SIDES[side]}"
                yield from _as_far_as_can_be("books", symbol, f"book {name}", book)
                yield from _as_far_as_can_be("levels", symbol, f"levels {name}", levels)
        yield from self._check_users(users)
        supply = check_supply(self._slices, users, lambda: self._find(in_a_sum=True))
        yield from _as_far_as_can_be(
            "supply", "", "supply", _if_it_adds_up("supply", "The supply", supply)
        )
        yield from _as_far_as_can_be("events", "", "log of events", self._check_events())

    def _find(self, *, in_a_sum: bool = False) -> Generator[Step, None, set[int]]:
        """Find the markets, and return all users who have anything."""
        symbols, users = set(), set()
        for names in scan_hashes(self._slices.hot, self._slices.shard, count=KEYS_PER_SCAN):
            for kind, rest in names:
                if kind == "market":
                    symbols.add(rest)
                elif kind in {"wallet", "orders"} and rest.isascii() and rest.isdecimal():
                    users.add(int(rest))
            yield Step(in_a_sum=in_a_sum)
        self.symbols = sorted(symbols)
        return users

    def _check_markets(self) -> Steps:
        remaining = iter(self.symbols)
        while piece := list(islice(remaining, MARKETS_PER_SLICE)):
            step, _ = self._slices.look("markets", list, *piece)
            yield step

    def _check_book(self, symbol: str, side: Side) -> Steps:
        after, is_end = "", False
        while not is_end:
            step, answer = self._slices.look("book", BookAnswer, symbol, side, after)
            yield step
            if answer.crowded:
                yield from _if_it_adds_up(
                    "levels",
                    f"Level {symbol} {keys.BOOK_SIDES[side]} at {answer.crowded.lstrip('-')}",
                    check_level(self._slices, symbol, side, answer.crowded),
                )
            after, is_end = answer.after, not answer.after

    def _check_levels(self, symbol: str, side: Side) -> Steps:
        cursor, is_end = FIRST, False
        while not is_end:
            step, answer = self._slices.look("levels", LevelsAnswer, symbol, side, cursor)
            yield step
            cursor, is_end = answer.cursor, answer.cursor == FIRST

    def _check_users(self, users: set[int]) -> Steps:
        waiting = sorted(users)
        while waiting:
            piece = waiting[:USERS_PER_SLICE]
            try:
                step, answer = self._slices.look("users", UsersAnswer, *piece)
            except CannotLook:
                # Only of somebody alone can it be said who is damaged.
                for user_id in piece:
                    alone = self._check_user(user_id)
                    yield from _as_far_as_can_be("wallets", "", f"user {user_id}", alone)
                del waiting[: len(piece)]
                continue
            yield step
            yield from self._check_crowded(answer.crowded)
            del waiting[: answer.done]

    def _check_user(self, user_id: int) -> Steps:
        step, answer = self._slices.look("users", UsersAnswer, user_id)
        yield step
        yield from self._check_crowded(answer.crowded)

    def _check_crowded(self, users: Sequence[int]) -> Steps:
        """Check the orders of users who have more of them than a slice can look at."""
        for user_id in users:
            steps = _if_it_adds_up(
                "reserved", f"The wallet of user {user_id}", check_user(self._slices, user_id)
            )
            yield from _as_far_as_can_be("reserved", "", f"user {user_id}", steps)

    def _check_events(self) -> Steps:
        """Look at the events up to what is the last one when this begins."""
        position, is_end, last = 0, False, None
        while not is_end:
            step, answer = self._slices.look("events", EventsAnswer, position)
            yield step
            last = answer.last if last is None else last
            is_end = answer.position >= last or answer.position == position
            position = answer.position


def _as_far_as_can_be(check: str, symbol: str, subject: str, steps: Steps) -> Steps:
    """Take the steps up to one that fails on something damaged: that is broken, too.

    `check` and `subject` say what is looked at, `symbol` whose market it is.
    """
    try:
        yield from steps
    except CannotLook as reason:
        what = f"cannot be looked at: {reason}"
        yield Step.judged(check, 1, [Violation(check, symbol, subject, what)])


def _if_it_adds_up(check: str, what: str, steps: Steps) -> Steps:
    """Take the steps of a sum; where something that it needs is missing, say so."""
    try:
        yield from steps
    except CannotAddUp as reason:
        yield Step(unjudged=f"{what} cannot be added up: {reason}.", untold=[check])
