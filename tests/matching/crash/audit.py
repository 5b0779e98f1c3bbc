"""Compares what the traders of the crash run were told with what the event log says.

Used by `run.py` only. The log consists of answers: what one command caused, in one piece. Every
acknowledged command must have its answer there, bit for bit, and every answer must belong to one
command that was acknowledged or whose outcome is unknown.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from matching.domain.commands import AnyCommand, CancelOrder, DefineMarket, MoveFunds, PlaceOrder
from matching.domain.events import (
    AnyEvent,
    CommandRefused,
    FundsMoved,
    MarketDefined,
    OrderCanceled,
    OrderFilled,
    OrderPlaced,
    OrderRejected,
    Trade,
)
from tests.matching.crash.traders import Attempt, is_keyed

Answer = list[AnyEvent]


@dataclass
class Audit:
    """What was counted so far; `findings` says each fault in a sentence."""

    acknowledged: int = 0
    unknown: int = 0
    unknown_answered_later: int = 0
    unknown_took_effect: int = 0
    never_sent: int = 0
    events: int = 0
    lost: int = 0
    doubled: int = 0
    findings: list[str] = field(default_factory=list)
    _once: set[str] = field(default_factory=set)

    @property
    def sent(self) -> int:
        return self.acknowledged + self.unknown

    def check(self, attempts: Sequence[Attempt], log: Sequence[AnyEvent]) -> None:
        """Compare all that was submitted since the last check with all events since.

        Nothing may be on its way any more.
        """
        answers: dict[int, Answer] = {answer[-1].sequence: answer for answer in cut(log)}
        unknown = [a.command for a in attempts if a.is_unknown]
        self.events += len(log)
        self.unknown += len(unknown)
        self.never_sent += sum(a.is_unsent for a in attempts)
        told = self._check_acknowledged(attempts, answers)
        answered = {a.command for a in attempts if a.answer and is_keyed(a.command)}
        open_questions = [command for command in unknown if command not in answered]
        self.unknown_answered_later += len(unknown) - len(open_questions)
        untold = [answer for sequence, answer in answers.items() if sequence not in told]
        self._check_untold(untold, open_questions)
        self._check_once(log)
        self._check_cancels(attempts, log)

    def _check_acknowledged(
        self, attempts: Sequence[Attempt], answers: dict[int, Answer]
    ) -> set[int]:
        """Find every acknowledged answer in the log; return the sequences of their last events."""
        told: set[int] = set()
        for attempt in (a for a in attempts if not a.is_unknown and not a.is_unsent):
            self.acknowledged += 1
            command, answer = attempt.command, attempt.answer
            last = answer[-1].sequence if answer else 0
            if answers.get(last) != answer or subject(answer[-1]) != subject(command):
                self.lost += 1
                self.findings.append(f"{command} was acknowledged, the log has no {answer}")
            elif last in told and not is_keyed(command):
                self.doubled += 1
                self.findings.append(f"{command} was acknowledged with another's {answer}")
            told.add(last)
        return told

    def _check_untold(self, untold: Sequence[Answer], unknown: Sequence[AnyCommand]) -> None:
        """Explain each answer that nobody was told by one command whose outcome is unknown."""
        explanations = Counter(subject(command) for command in unknown)
        for answer in untold:
            about = subject(answer[-1])
            if explanations[about]:
                explanations[about] -= 1
                self.unknown_took_effect += 1
            else:
                self.doubled += 1
                self.findings.append(f"no command is left that could have caused {answer}")

    def _check_once(self, log: Sequence[AnyEvent]) -> None:
        """An order or a deposit happens once in the whole run, however often it was sent."""
        for event in log:
            if isinstance(event, OrderPlaced | FundsMoved):
                about = subject(event)
                if about in self._once:
                    self.doubled += 1
                    self.findings.append(f"it happened before: {event}")
                self._once.add(about)

    def _check_cancels(self, attempts: Sequence[Attempt], log: Sequence[AnyEvent]) -> None:
        asked = {
            attempt.command.order_id
            for attempt in attempts
            if isinstance(attempt.command, CancelOrder) and not attempt.is_unsent
        }
        for event in log:
            if isinstance(event, OrderCanceled) and event.order_id not in asked:
                self.doubled += 1
                self.findings.append(f"nobody asked to cancel {event}")


def cut(log: Sequence[AnyEvent]) -> Iterator[Answer]:
    """Yield the answers that a log consists of: trades come before what they are part of."""
    answer: Answer = []
    for event in log:
        answer.append(event)
        if not isinstance(event, Trade | OrderFilled):
            yield answer
            answer = []
    assert not answer, f"the log ends within an answer: {answer}"


def subject(what: AnyCommand | AnyEvent) -> str:
    """Return what a command, or the last event it caused, is about.

    A refused cancel names its user only, so every cancel does.
    """
    match what:
        case PlaceOrder() | OrderPlaced() | OrderRejected():
            return f"order {what.qty_lots}"
        case MoveFunds() | FundsMoved():
            return f"funds {what.reference}"
        case CancelOrder() | OrderCanceled() | CommandRefused():
            return f"a cancel of {what.user_id}"
        case DefineMarket() | MarketDefined():
            return f"market {what.symbol}"
        case _:
            raise AssertionError(f"nobody in the run causes {what}")
