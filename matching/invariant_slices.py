"""Asks the function `check` (`matching/lua/check.lua`) for one slice of a shard after the other.

Used by `invariants`, `invariant_sums` and `account_totals`. A slice takes a millisecond or two, is
atomic with the state and writes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar, cast

import msgspec
from redis import Redis
from redis.exceptions import ResponseError

from matching import keys
from matching.domain.invariants import Step, Violation
from matching.domain.moving_sums import RestingOrder
from matching.function import is_of_script

T = TypeVar("T")

FIRST: Final = "0"
"""The cursor of a scan at its beginning, and at its end."""

Texts = list[tuple[str, str]]


class Reply(msgspec.Struct, array_like=True):
    """What a slice looked at and found; the answer's form is that of its kind."""

    looked_at: list[tuple[str, int]]
    broken: list[tuple[str, int]]
    findings: list[tuple[str, str, str, str]]
    answer: msgspec.Raw


class UsersAnswer(msgspec.Struct, array_like=True):
    """How many of the users were looked at, and who of them has too many orders for a slice."""

    done: int
    crowded: list[int]


class BookAnswer(msgspec.Struct, array_like=True):
    """The score to go on behind, and that of a level too large for a slice; empty: none."""

    after: str
    crowded: str


class LevelsAnswer(msgspec.Struct, array_like=True):
    cursor: str


class EventsAnswer(msgspec.Struct, array_like=True):
    """The last event looked at, and the shard's last."""

    position: int
    last: int


class BalancesPiece(msgspec.Struct, array_like=True):
    """What the first `done` of the users had of each asset, and the supply, as of `sequence`."""

    sequence: int
    done: int
    units: list[tuple[str, int | float]]
    supply: Texts


class OrdersOfPiece(msgspec.Struct, array_like=True):
    """Some of a user's open orders, and all of the wallet, as of `sequence`."""

    sequence: int
    cursor: str
    orders: list[tuple[int, RestingOrder]]
    wallet: Texts


class OrdersAtPiece(msgspec.Struct, array_like=True):
    """Some of a level's orders, the id to go on behind, and its total, as of `sequence`."""

    sequence: int
    after: int
    orders: list[tuple[int, RestingOrder]]
    total: str


class CannotLook(Exception):  # noqa: N818 - a fact about the shard, not a fault
    """Something is so damaged that it cannot even be looked at."""


@contextmanager
def looking() -> Iterator[None]:
    """Tell damage from a server that does not work: raise CannotLook for the one."""
    try:
        yield
    except ResponseError as error:
        if is_of_script(error) or is_wrong_type(error):
            raise CannotLook(str(error)) from error
        raise
    except msgspec.MsgspecError as error:
        raise CannotLook(str(error)) from error


def is_wrong_type(error: ResponseError) -> bool:
    """Tell whether a key holds another kind of value than it should."""
    return str(error).startswith("WRONGTYPE")


class Slices:
    """One shard, slice by slice."""

    def __init__(self, hot: Redis, shard: int) -> None:
        self.hot = hot
        self.shard = shard

    def look(self, kind: str, answer: type[T], *arguments: str | int) -> tuple[Step, T]:
        """Look at a slice of that kind; return what was found and the slice's answer.

        Raises CannotLook where something that it needs is damaged.
        """
        with looking():
            packed = self.hot.fcall_ro("check", 1, keys.prefix(self.shard), kind, *arguments)
            reply = msgspec.msgpack.decode(cast("bytes", packed), type=Reply)
            form = msgspec.msgpack.decode(reply.answer, type=answer)
        step = Step(
            looked_at=Counter(dict(reply.looked_at)),
            broken=Counter(dict(reply.broken)),
            violations=[Violation(*finding) for finding in reply.findings],
        )
        return step, form

    def look_at_each(
        self, kind: str, answer: type[T], subjects: Sequence[str | int]
    ) -> Iterator[T]:
        """Look at a slice for each subject by itself, all in one trip; return their answers.

        Raises CannotLook where something that one of them needs is damaged.
        """
        pipe = self.hot.pipeline(transaction=False)
        for subject in subjects:
            pipe.fcall_ro("check", 1, keys.prefix(self.shard), kind, subject)
        for packed in pipe.execute(raise_on_error=False):
            with looking():
                if isinstance(packed, Exception):
                    raise packed
                reply = msgspec.msgpack.decode(cast("bytes", packed), type=Reply)
                form = msgspec.msgpack.decode(reply.answer, type=answer)
            yield form
