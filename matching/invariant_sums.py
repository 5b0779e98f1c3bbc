"""Checks sums over more than one slice can look at, exactly, while the market moves.

The pieces of a sum come from slices; between them the events carry it on (see
`matching.domain.moving_sums`). Each check is a generator of steps, one slice a step. They raise
CannotAddUp where the events of that time are no longer held. Used by `invariants`.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from dataclasses import replace
from typing import Final, cast

from matching import keys
from matching.domain.events import AnyEvent
from matching.domain.invariants import Step, Violation
from matching.domain.moving_sums import MovingBalances, MovingOrders, RestingOrder
from matching.domain.values import Side
from matching.event_log import EventHole, EventReader, last_sequence
from matching.invariant_slices import (
    FIRST,
    BalancesPiece,
    OrdersAtPiece,
    OrdersOfPiece,
    Slices,
    looking,
)

WALLETS_PER_SLICE: Final = 200
DERIVED_FIELDS: Final = (".reserved", ".incoming", ".orders")
FIXED_TERMS: Final = re.compile(rb"base=(\S+) quote=(\S+) lot_units=(\d+) tick_lot_units=(\d+)")

Steps = Generator[Step, None, None]


class CannotAddUp(Exception):  # noqa: N818 - a fact about the shard, not a fault
    """Something that a sum needs is missing."""


class EventTail:
    """Hands out a shard's events, those up to one moment after the other."""

    def __init__(self, slices: Slices, *, after: int | None = None) -> None:
        """Begin behind the sequence `after`; without it, at the first moment that is asked for."""
        self._hot = slices.hot
        self._reader = EventReader(slices.shard)
        self._after = after
        self._read: list[AnyEvent] = []

    def up_to(self, sequence: int) -> list[AnyEvent]:
        """Return the events since the last call up to `sequence`.

        Raises CannotAddUp where the log does not hold them all: they were trimmed, or are lost.
        """
        if self._after is None:
            self._after = sequence
        while self._after < sequence:
            page = self._page()
            self._read += page
            self._after = page[-1].sequence
        number = bisect_right(self._read, sequence, key=lambda event: event.sequence)
        due = self._read[:number]
        del self._read[:number]
        return due

    def _page(self) -> list[AnyEvent]:
        try:
            with looking():
                page = self._reader.read(self._hot, after=self._after or 0, block_ms=0)
        except EventHole as reason:
            raise CannotAddUp(str(reason)) from reason
        if not page:
            raise CannotAddUp(f"the log ends with event {self._after}")
        return page


def check_level(slices: Slices, symbol: str, side: Side, score: str) -> Steps:
    """Check the total of a level with more orders than a slice can look at."""
    price = abs(int(score))
    orders = MovingOrders(
        lambda placed: (placed.symbol, placed.side, placed.price_ticks) == (symbol, side, price)
    )
    tail, after, is_end = EventTail(slices), 0, False
    while not is_end:
        step, piece = slices.look("orders-at", OrdersAtPiece, symbol, side, score, after)
        orders.follow(tail.up_to(piece.sequence))
        orders.add(piece.orders)
        after, is_end = piece.after, not piece.after
        yield replace(step, in_a_sum=not is_end)
    lots = sum(order.remaining_lots for order in orders.orders.values())
    subject = f"level {symbol} {keys.BOOK_SIDES[side]} at {price}"
    what = f"is {piece.total} lots, its orders have {lots} left"
    wrong = [] if piece.total == str(lots) else [Violation("levels", symbol, subject, what)]
    yield Step.judged("levels", 1, wrong)


def check_user(slices: Slices, user_id: int) -> Steps:
    """Check the open orders of a user who has more of them than a slice can look at."""
    orders = MovingOrders(lambda placed: placed.user_id == user_id)
    tail, cursor, is_end = EventTail(slices), FIRST, False
    while not is_end:
        step, piece = slices.look("orders-of", OrdersOfPiece, user_id, cursor)
        orders.follow(tail.up_to(piece.sequence))
        orders.add(piece.orders)
        cursor, is_end = piece.cursor, piece.cursor == FIRST
        yield replace(step, in_a_sum=not is_end)
    needs = _needs(slices, orders.orders.values())
    wrong = list(_wrong_needs(user_id, dict(piece.wallet), needs))
    yield Step.judged("reserved", 1, wrong)


def _needs(slices: Slices, orders: Collection[RestingOrder]) -> Counter[str]:
    """Return field of the wallet → what the orders make it."""
    needs: Counter[str] = Counter()
    terms = {symbol: _fixed_terms(slices, symbol) for symbol in {o.symbol for o in orders}}
    for order in orders:
        base, quote, lot_units, tick_lot_units = terms[order.symbol]
        base_units = int(order.remaining_lots) * lot_units
        if order.side is Side.BUY:
            quote_units = int(order.remaining_lots) * int(order.price_ticks) * tick_lot_units
            needs[f"{quote}.reserved"] += quote_units
            needs[f"{base}.incoming"] += base_units
        else:
            needs[f"{base}.reserved"] += base_units
        needs[f"{order.symbol}.orders"] += 1
    return needs


def _fixed_terms(slices: Slices, symbol: str) -> tuple[str, str, int, int]:
    """Return base, quote, and the units of a lot and of a tick times a lot; they never change."""
    with looking():
        line = cast("bytes | None", slices.hot.hget(keys.market(slices.shard, symbol), "terms"))
    found = FIXED_TERMS.search(line or b"")
    if not found:
        raise CannotAddUp(f"the terms of {symbol} cannot be read")
    base, quote, lot_units, tick_lot_units = found.groups()
    return base.decode(), quote.decode(), int(lot_units), int(tick_lot_units)


def _wrong_needs(
    user_id: int, wallet: Mapping[str, str], needs: Counter[str]
) -> Iterator[Violation]:
    derived = {name for name in wallet if name.endswith(DERIVED_FIELDS)}
    for name in sorted(derived | set(needs)):
        amount = wallet.get(name, "0")
        if amount != str(needs[name]):
            symbol = name.removesuffix(".orders") if name.endswith(".orders") else ""
            what = f"is {amount}, the open orders make it {needs[name]}"
            yield Violation("reserved", symbol, f"wallet of user {user_id}, {name}", what)


def check_supply(
    slices: Slices,
    users: Collection[int],
    find_users: Callable[[], Generator[Step, None, set[int]]],
) -> Steps:
    """Check that what all wallets hold is the supply.

    `users` are those who had a wallet a while ago; `find_users` finds those who have one now.
    """
    judged = yield from _add_up(slices, users, EventTail(slices))
    if judged.violations:
        # Somebody may have come since then. Who comes from here on, comes with an event.
        tail = EventTail(slices, after=last_sequence(slices.hot, shard=slices.shard))
        users = yield from find_users()
        judged = yield from _add_up(slices, users, tail)
    yield judged


def _add_up(slices: Slices, users: Collection[int], tail: EventTail) -> Generator[Step, None, Step]:
    """Add up all wallets; return what that comes to against the supply."""
    balances, waiting, is_end = MovingBalances(users), sorted(users), False
    while not is_end:
        step, piece = slices.look("balances-of", BalancesPiece, *waiting[:WALLETS_PER_SLICE])
        balances.follow(tail.up_to(piece.sequence))
        balances.add(waiting[: piece.done], piece.units)
        del waiting[: piece.done]
        is_end = not waiting
        yield replace(step, in_a_sum=not is_end)
    supply = dict(piece.supply)
    assets = sorted(supply | balances.units)
    wrong = [
        Violation("supply", "", f"supply of {asset}", f"is {units}, the wallets hold {held}")
        for asset in assets
        if (units := supply.get(asset, "0")) != str(held := balances.units[asset])
    ]
    return Step.judged("supply", len(assets), wrong)
