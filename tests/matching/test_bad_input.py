"""Bad input: the right reason for each, nothing changed, and the shard goes on.

`pytest tests/matching/test_bad_input.py -s -k list` prints the whole list.
"""

from itertools import groupby
from typing import Any, Final

import pytest

from matching import keys
from matching.domain.errors import ErrorCode
from matching.domain.events import AnyEvent, CommandRefused, OrderRejected
from matching.domain.values import MAX_AMOUNT
from matching.snapshot import facts
from matching.snapshot_reader import read
from tests.matching.bad_fields import MALFORMED, NOBODY, OPEN_ORDER, VALID, Case, wire
from tests.matching.bad_input import (
    NO_COMMANDS,
    OUT_OF_BOUNDS,
    TAKEN,
    UNKNOWN,
    UNREADABLE_ENTRIES,
)
from tests.matching.shard import ALICE, BOB, BTC_USD, LOT_UNITS, SHARD, Shard, buy, cancel, sell

NUMBERS_OF_THE_LOG: Final = {"last event", "last order"}
"""Even a refusal is an event, and a rejected order may be on record."""

ALIVE: Final = cancel(NOBODY, OPEN_ORDER)
"""A command whose answer shows that the shard goes on."""
ALL_CASES: Final = [*MALFORMED, *OUT_OF_BOUNDS, *UNKNOWN]
REFUSALS: Final = (CommandRefused, OrderRejected)


@pytest.fixture
def busy(funded: Shard) -> Shard:
    """Alice has an open order; there is something on the book and in every wallet."""
    assert funded.place(buy(ALICE, 90, 5)).order_id == OPEN_ORDER
    return funded


def state_of(shard: Shard) -> dict[str, str]:
    """Return everything the shard holds, but how far its numbers have come."""
    held = facts(read(shard.hot, SHARD))
    return {name: value for name, value in held if name not in NUMBERS_OF_THE_LOG}


def assert_refused(shard: Shard, case: Case) -> None:
    before = state_of(shard)
    answer, next_answer = shard.apply(case.command, ALIVE)
    assert [_reason(event) for event in answer] == [(case.reason, case.detail)], case.what
    assert state_of(shard) == before, case.what
    assert_alive(next_answer)


def assert_alive(answer: list[AnyEvent]) -> None:
    assert [_reason(event) for event in answer] == [(ErrorCode.UNKNOWN_ORDER, "")]


def _reason(event: AnyEvent) -> tuple[ErrorCode, str]:
    match event:
        case OrderRejected():
            return event.reason, ""
        case CommandRefused():
            return event.reason, event.detail
    raise AssertionError(f"not refused: {event}")


def field_of(case: Case) -> str:
    """Return kind and field of a malformed command."""
    return f"{case.command[0]} {case.detail}"


@pytest.mark.parametrize(
    "cases",
    [list(cases) for _, cases in groupby(MALFORMED, field_of)],
    ids=lambda c: field_of(c[0]),
)
def test_a_field_that_cannot_be_is_named_and_the_command_kept_aside(
    busy: Shard, cases: list[Case]
) -> None:
    for case in cases:
        assert_refused(busy, case)
    assert busy.hot.xlen(keys.dead_commands(SHARD)) == len(cases)


@pytest.mark.parametrize("case", OUT_OF_BOUNDS + UNKNOWN, ids=lambda case: case.what)
def test_a_command_that_breaks_a_rule_is_refused_for_it(busy: Shard, case: Case) -> None:
    assert_refused(busy, case)


@pytest.mark.parametrize(("kind", "changes"), TAKEN)
def test_an_edge_that_breaks_no_rule_is_taken(
    busy: Shard, kind: str, changes: dict[str, Any]
) -> None:
    answer, next_answer = busy.apply(wire(kind, **changes), ALIVE)
    assert not any(isinstance(event, REFUSALS) for event in answer)
    assert_alive(next_answer)


@pytest.mark.parametrize("kind", VALID)
def test_fields_that_are_too_many_are_passed_over(busy: Shard, kind: str) -> None:
    """A newer gateway may say more than this shard understands."""
    (answer,) = busy.apply([*wire(kind), "and", {"more": 1}])
    assert answer
    assert not any(isinstance(event, REFUSALS) for event in answer)


@pytest.mark.parametrize("command", NO_COMMANDS, ids=repr)
def test_what_is_no_command_is_refused_and_kept_aside(busy: Shard, command: Any) -> None:
    before, read_up_to = state_of(busy), len(busy.events())
    busy.send([command, ALIVE])
    assert_alive(busy.match()[-1])
    refused = busy.events()[read_up_to]
    assert _reason(refused) == (ErrorCode.INVALID_REQUEST, "no such command")
    assert state_of(busy) == before
    assert busy.hot.xlen(keys.dead_commands(SHARD)) == 1


@pytest.mark.parametrize("what", UNREADABLE_ENTRIES)
def test_an_entry_that_cannot_be_read_is_refused_whole_and_kept_aside(
    busy: Shard, what: str
) -> None:
    before, read_up_to = state_of(busy), len(busy.events())
    entry: dict[Any, Any] = {**UNREADABLE_ENTRIES[what]}
    busy.hot.xadd(keys.commands(SHARD), entry)
    busy.send([ALIVE])
    assert_alive(busy.match()[-1])
    refused = busy.events()[read_up_to]
    assert _reason(refused)[0] == ErrorCode.INVALID_REQUEST
    assert state_of(busy) == before
    assert busy.hot.xlen(keys.dead_commands(SHARD)) == 1


@pytest.mark.parametrize("request_id", [None, -1, 0.5, "1", MAX_AMOUNT + 1, [], True])
def test_a_command_without_a_number_of_its_own_takes_effect_unanswered(
    busy: Shard, request_id: Any
) -> None:
    kind, _, *fields = wire("cancel")
    (alive,) = busy.apply([kind, request_id, *fields], ALIVE)
    assert_alive(alive)
    assert busy.ladder() == []


def test_no_wallet_can_overflow_by_trading(shard: Shard) -> None:
    """What all wallets hold together fits, so what one of them can come to hold does, too."""
    price, qty = BTC_USD.max_price_ticks, BTC_USD.max_qty_lots
    shard.deposit(ALICE, "USD", MAX_AMOUNT)
    shard.deposit(BOB, "BTC", MAX_AMOUNT)
    shard.apply(buy(ALICE, price, qty), sell(BOB, price, qty))
    assert shard.wallet(BOB)["USD.available"] == price * qty
    assert shard.wallet(ALICE)["USD.available"] == MAX_AMOUNT - price * qty
    assert shard.wallet(ALICE)["BTC.available"] == qty * LOT_UNITS


def test_the_list_can_be_read() -> None:
    lines = [f"{case.what} -> {case.reason} {case.detail}" for case in ALL_CASES]
    lines += [f"command {command!r} -> INVALID_REQUEST" for command in NO_COMMANDS]
    lines += [f"entry: {what} -> INVALID_REQUEST" for what in UNREADABLE_ENTRIES]
    assert len(set(lines)) == len(lines)
    print("\n".join(["", *lines]))  # noqa: T201 - shown with -s
