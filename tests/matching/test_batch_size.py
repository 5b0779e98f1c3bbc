"""The batch size finds calls that are as long as wanted, and stays where it is while idle."""

import pytest

from matching.domain.batch_size import FIRST, LEAST, MOST, TARGET_US, Work, next_batch_size

LOOKS = 20


def settled(
    *, waiting: int, fixed_us: float, command_us: float, entry: int = 1, size: int = FIRST
) -> tuple[int, float]:
    """Return the size after a while, and how long a call takes then.

    `waiting` commands are there at every call, in entries of `entry`, of which a call takes whole
    ones until it has `size`.
    """
    call_us = 0.0
    for _ in range(LOOKS):
        taken = min(waiting, -(-size // entry) * entry)
        call_us = fixed_us + command_us * taken
        size = next_batch_size(
            size, Work(calls=10, commands=10 * taken, server_us=round(10 * call_us))
        )
    return size, call_us


@pytest.mark.parametrize("command_us", [5, 15, 30])
@pytest.mark.parametrize("fixed_us", [50, 500])
@pytest.mark.parametrize("size", [LEAST, MOST])
def test_under_load_a_call_takes_as_long_as_wanted(
    command_us: int, fixed_us: int, size: int
) -> None:
    size, call_us = settled(waiting=10**6, fixed_us=fixed_us, command_us=command_us, size=size)
    assert LEAST < size < MOST
    assert call_us == pytest.approx(TARGET_US, rel=0.1)


def test_while_little_comes_in_the_size_stays() -> None:
    assert settled(waiting=3, fixed_us=200, command_us=50) == (FIRST, 350)


def test_without_calls_the_size_stays() -> None:
    assert next_batch_size(77, Work()) == 77


def test_slow_commands_leave_the_least_and_quick_ones_the_most() -> None:
    assert settled(waiting=10**6, fixed_us=0, command_us=1_000)[0] == LEAST
    assert settled(waiting=10**6, fixed_us=0, command_us=0.1)[0] == MOST


def test_with_large_entries_a_call_takes_one() -> None:
    assert settled(waiting=10**6, fixed_us=0, command_us=40, entry=250)[1] == 40 * 250


def test_work_is_what_was_done_since() -> None:
    before = Work(calls=1, entries=2, commands=3, server_us=4)
    since = Work(calls=5, entries=6, commands=7, server_us=8)
    assert (before + since) - before == since
