"""When a shard takes less, when it takes more again, and what a gateway makes of it."""

import pytest

from matching.domain.errors import ErrorCode
from matching.domain.intake import (
    MAX_UNHEARD,
    SILENT_AFTER_S,
    HeardIntake,
    Intake,
    IntakeBounds,
    Pressure,
    next_intake,
    refusal,
)

BOUNDS = IntakeBounds(command_wait_ms=1_000, ledger_backlog=1_000, disk_reserve=1_000)


def pressure(**piles: int | None) -> Pressure:
    """Nothing has piled up but what is given."""
    figures: dict[str, int | None] = {
        "command_wait_ms": 0,
        "events_waiting": 0,
        "memory_used": 0,
        "memory_limit": 1_000,
        "disk_free": 1_000_000,
    }
    return Pressure(**figures | piles)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pile", "last_open", "first_closed", "last_closed", "first_reopened", "word"),
    [
        ("command_wait_ms", 999, 1_000, 500, 499, Intake.MATCHING_BEHIND),
        ("command_wait_ms", None, 4_000, 2_000, None, Intake.MATCHING_SWAMPED),
        ("events_waiting", 999, 1_000, 800, 799, Intake.LEDGER_BEHIND),
        ("memory_used", 849, 850, 808, 807, Intake.MEMORY_SHORT),
        ("disk_free", 1_001, 1_000, 1_250, 1_251, Intake.DISK_SHORT),
    ],
)
def test_a_pile_closes_the_intake_until_it_has_shrunk_well(
    pile: str,
    last_open: int | None,
    first_closed: int,
    last_closed: int,
    first_reopened: int | None,
    word: Intake,
) -> None:
    def decided(size: int, before: Intake) -> Intake:
        return next_intake(pressure(**{pile: size}), BOUNDS, before=before)

    assert decided(first_closed, Intake.OPEN) is word
    assert decided(last_closed, word) is word
    if last_open is not None:
        assert decided(last_open, Intake.OPEN) is Intake.OPEN
    if first_reopened is not None:
        assert decided(first_reopened, word) is Intake.OPEN


def test_a_swamped_shard_takes_cancels_before_it_takes_orders() -> None:
    less = next_intake(pressure(command_wait_ms=1_999), BOUNDS, before=Intake.MATCHING_SWAMPED)
    assert less is Intake.MATCHING_BEHIND


def test_of_several_reasons_the_one_that_refuses_most_is_given() -> None:
    all_at_once = pressure(
        command_wait_ms=4_000, events_waiting=1_000, memory_used=1_000, disk_free=0
    )
    assert next_intake(all_at_once, BOUNDS, before=Intake.OPEN) is Intake.MATCHING_SWAMPED


def test_what_cannot_be_measured_closes_nothing() -> None:
    unseen = pressure(memory_used=10**12, memory_limit=0, disk_free=None)
    assert next_intake(unseen, BOUNDS, before=Intake.OPEN) is Intake.OPEN


@pytest.mark.parametrize("word", [word for word in Intake if word is not Intake.OPEN])
def test_every_reason_has_a_code_and_a_sentence(word: Intake) -> None:
    refused = refusal(word)
    backlog = word is Intake.LEDGER_BEHIND
    assert refused.code is (ErrorCode.LEDGER_BACKLOG if backlog else ErrorCode.UNAVAILABLE)
    assert refused.message.endswith("Nothing was sent; try again later.")


def test_a_closed_intake_admits_all_but_orders() -> None:
    heard = HeardIntake(now_s=0)
    heard.hear(Intake.LEDGER_BEHIND, now_s=1)
    assert heard.admit(is_order=True, now_s=1) is Intake.LEDGER_BEHIND
    assert heard.admit(is_order=False, now_s=1) is Intake.OPEN
    heard.hear(Intake.OPEN, now_s=2)
    assert heard.admit(is_order=True, now_s=2) is Intake.OPEN


def test_a_swamped_shard_is_sent_nothing() -> None:
    heard = HeardIntake(now_s=0)
    heard.hear(Intake.MATCHING_SWAMPED, now_s=1)
    assert heard.admit(is_order=False, now_s=1) is Intake.MATCHING_SWAMPED


def test_a_silent_worker_gets_no_orders() -> None:
    heard = HeardIntake(now_s=0)
    late = SILENT_AFTER_S + 0.1
    assert heard.admit(is_order=True, now_s=SILENT_AFTER_S) is Intake.OPEN
    assert heard.admit(is_order=True, now_s=late) is Intake.SILENT
    assert heard.admit(is_order=False, now_s=late) is Intake.OPEN
    heard.listen(now_s=late)  # over a new connection: its word cannot have come yet
    assert heard.admit(is_order=True, now_s=late) is Intake.OPEN


def test_a_silent_worker_gets_so_many_commands_and_no_more() -> None:
    heard = HeardIntake(now_s=0)
    words = [heard.admit(is_order=False, now_s=9) for _ in range(MAX_UNHEARD + 1)]
    assert words[-2:] == [Intake.OPEN, Intake.SILENT]
    heard.hear(Intake.OPEN, now_s=9)
    assert heard.admit(is_order=False, now_s=9) is Intake.OPEN
