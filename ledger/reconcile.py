"""Looks whether everything that must always hold does, now: on the shards, and in the ledger.

Asked by `manage.py reconcile`, by Celery Beat (`ledger.tasks`) and by the front door. Nothing has
to stand still: what a shard's accounts hold is read as of one event (`matching.account_totals`),
and once the ledger has come to that event, its postings up to the same one are added up.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from redis import Redis

from accounts.postgres import POSTGRES_AWAY
from ledger import balances
from ledger.domain import agreement
from ledger.domain.agreement import compare, compare_trades
from ledger.models import Checkpoint, ReconcileRun
from matching.account_totals import read_account_totals
from matching.domain import invariants
from matching.domain.invariants import Report, Step, Violation
from matching.domain.moving_sums import AccountTotals
from matching.event_log import last_sequence
from matching.invariant_slices import CannotLook
from matching.invariant_sums import CannotAddUp
from matching.invariants import check_shard

CHECKS: Final = invariants.CHECKS | agreement.CHECKS

WAIT_FOR_LEDGER_S: Final = 20.0
POLL_S: Final = 0.05
FULL_UP_TO_TRADES: Final = 200_000
"""The postings of so many are added up every time: that takes about a second."""


class LedgerBehind(Exception):  # noqa: N818 - a fact about the ledger, not a fault
    """The ledger has not come to the event as of which the accounts were read."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, shard by shard."""

    reports: Sequence[Report]
    seconds: float

    @property
    def is_clean(self) -> bool:
        return all(report.is_clean for report in self.reports)

    @property
    def result(self) -> ReconcileRun.Result:
        if not self.is_clean:
            return ReconcileRun.Result.BROKEN
        return ReconcileRun.Result.UNKNOWN if self.unjudged else ReconcileRun.Result.CLEAN

    @property
    def looked_at(self) -> Counter[str]:
        return sum((report.looked_at for report in self.reports), Counter[str]())

    @property
    def broken(self) -> Counter[str]:
        return sum((report.broken for report in self.reports), Counter[str]())

    @property
    def unjudged(self) -> list[str]:
        """What could not be told, in sentences."""
        return [sentence for report in self.reports for sentence in report.unjudged]

    @property
    def ledger_lag(self) -> int:
        """Events that the ledger had still to read."""
        return self.looked_at["ledger"]

    def verdict(self, check: str) -> bool | None:
        """Return whether all is well with a check, or None where that cannot be told."""
        if self.broken[check]:
            return False
        return None if any(check in report.untold for report in self.reports) else True

    def checks(self) -> list[dict[str, Any]]:
        """Return what each check came to, as the public API says it."""
        looked_at, broken = self.looked_at, self.broken
        return [
            {
                "name": name,
                "ok": self.verdict(name),
                "figures": {check.unit: looked_at[name], "broken": broken[name]},
            }
            for name, check in CHECKS.items()
        ]


def reconcile(hot: Redis, *, full: bool = False) -> Outcome:
    """Check every shard, and hold the ledger against it; with `full` add up all postings.

    Raises ServerRestarted, and RedisError or OSError where the server is away. Without Postgres the
    shards are checked all the same.
    """
    began = time.perf_counter()
    reports = []
    for shard in range(settings.MATCHING_SHARDS):
        report = check_shard(hot, shard)
        for step in _check_ledger(hot, shard, full=full):
            report.add(step)
        reports.append(report)
    return Outcome(reports, time.perf_counter() - began)


def _check_ledger(hot: Redis, shard: int, *, full: bool) -> Iterator[Step]:
    try:
        accounts = read_account_totals(hot, shard)
        yield _check_checkpoint(hot, shard)
        _wait_for_ledger(shard, accounts.sequence)
        yield from _compare(shard, accounts, full=full)
    except (CannotLook, CannotAddUp, LedgerBehind) as reason:
        unjudged = f"The accounts cannot be held against the ledger: {reason}."
        yield Step(unjudged=unjudged, untold=agreement.CHECKS.keys() - {"ledger"})
    except POSTGRES_AWAY as error:
        unjudged = f"The ledger cannot be looked at: {' '.join(str(error).split())}."
        yield Step(unjudged=unjudged, untold=agreement.CHECKS)


def _check_checkpoint(hot: Redis, shard: int) -> Step:
    """Check that the ledger is within the log; how far it is behind is what was looked at."""
    # In this order: the log only grows, so on a sound shard the difference is never negative.
    checkpoint = Checkpoint.of(shard)
    last = last_sequence(hot, shard=shard)
    wrong = [
        Violation("ledger", "", f"row of event {sequence}", "is beyond the ledger's checkpoint")
        for sequence in balances.rows_beyond(shard)
    ]
    if checkpoint > last:
        what = f"is at event {checkpoint}, the log of events ends at {last}"
        wrong.append(Violation("ledger", "", "ledger", what))
    return Step.judged("ledger", max(0, last - checkpoint), wrong)


def _wait_for_ledger(shard: int, sequence: int) -> None:
    """Return once the ledger has come to an event. Raises LedgerBehind."""
    deadline = time.monotonic() + WAIT_FOR_LEDGER_S
    while (checkpoint := Checkpoint.of(shard)) < sequence:
        if time.monotonic() > deadline:
            raise LedgerBehind(f"it is at event {checkpoint}, they were read as of {sequence}")
        time.sleep(POLL_S)


def _compare(shard: int, accounts: AccountTotals, *, full: bool) -> Iterator[Step]:
    again = full or balances.trades_carried(shard) <= FULL_UP_TO_TRADES
    add_up = balances.added_up_again if again else balances.carried_to
    ledger = add_up(shard, accounts.sequence)
    yield from compare(accounts, ledger)
    # A look at each trade's number, where it is to be or something is wrong.
    is_due = again or ledger.trades != accounts.trades
    find_gaps = balances.gaps_between_trades
    gaps = find_gaps(shard, accounts.sequence, trades=accounts.trades) if is_due else []
    yield compare_trades(accounts.trades, ledger, gaps)
