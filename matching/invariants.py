"""Checks what must always hold on a shard while it runs. The one checker for all who ask.

Asked by `manage.py reconcile`, by the worker's self-check and by the tests. The looking is done in
slices of a millisecond or two by the function `check` (`matching/lua/check.lua`), each atomic with
the state; nothing is written and nobody has to wait. What one slice can look at, it judges; larger
sums are carried from slice to slice (`invariant_sums`). Either way a figure is exact as of one
moment, and no market is found broken because it trades meanwhile.
"""

from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any, Final, cast

from redis import Redis

from matching import keys
from matching.domain.invariants import Report, Step
from matching.domain.values import Side
from matching.invariant_slices import (
    FIRST,
    BookAnswer,
    EventsAnswer,
    LevelsAnswer,
    Slices,
    UsersAnswer,
)
from matching.invariant_sums import CannotAddUp, Steps, check_level, check_supply, check_user

KEYS_PER_SCAN: Final = 500
MARKETS_PER_SLICE: Final = 100
USERS_PER_SLICE: Final = 50


def check_shard(hot: Redis, shard: int) -> Report:
    """Go through a whole shard at once, and report."""
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
        """Look at everything once, one slice for each step."""
        users = yield from self._find()
        yield from self._check_markets()
        for symbol in self.symbols:
            for side in Side:
                yield from self._check_book(symbol, side)
                yield from self._check_levels(symbol, side)
        yield from self._check_users(users)
        yield from _if_it_adds_up(
            "The supply", check_supply(self._slices, users, lambda: self._find(in_a_sum=True))
        )
        yield from self._check_events()

    def _find(self, *, in_a_sum: bool = False) -> Generator[Step, None, set[int]]:
        """Find the markets, and return all users who have anything."""
        prefix = keys.prefix(self._slices.shard)
        hot = cast("Any", self._slices.hot)
        symbols, users, cursor, is_end = set(), set(), 0, False
        while not is_end:
            # Only hashes: remembered client orders, which are strings, can be many times as many.
            cursor, names = hot.scan(cursor, f"{prefix}*", KEYS_PER_SCAN, "HASH")
            for name in names:
                kind, _, rest = name.decode(errors="replace").removeprefix(prefix).partition(":")
                if kind == "market":
                    symbols.add(rest)
                elif kind in {"wallet", "orders"} and rest.isdigit():
                    users.add(int(rest))
            is_end = cursor == 0
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
            step, answer = self._slices.look("users", UsersAnswer, *waiting[:USERS_PER_SLICE])
            yield step
            for user_id in answer.crowded:
                yield from _if_it_adds_up(
                    f"The wallet of user {user_id}", check_user(self._slices, user_id)
                )
            del waiting[: answer.done]

    def _check_events(self) -> Steps:
        """Look at the events up to what is the last one when this begins."""
        position, is_end, last = 0, False, None
        while not is_end:
            step, answer = self._slices.look("events", EventsAnswer, position)
            yield step
            last = answer.last if last is None else last
            is_end = answer.position >= last or answer.position == position
            position = answer.position


def _if_it_adds_up(what: str, steps: Steps) -> Steps:
    """Take the steps of a sum; where something that it needs is missing, say so."""
    try:
        yield from steps
    except CannotAddUp as reason:
        yield Step(unjudged=f"{what} cannot be added up: {reason}.")
