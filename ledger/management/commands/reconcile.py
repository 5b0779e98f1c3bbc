"""`manage.py reconcile`: whether everything that must always hold does, now."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from dataclasses import asdict
from textwrap import fill
from typing import Any, Final, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from msgspec import MsgspecError
from redis.exceptions import RedisError

from ledger.reconcile import CHECKS, Outcome, reconcile
from matching.connection import open_sync
from matching.domain.invariants import Report
from matching.invariants import ServerRestarted

BROKEN, CANNOT_TELL = 1, 2
MAX_SHOWN: Final = 50
HELP_WIDTH: Final = 88

_MEANINGS = "\n".join(
    fill(f"{name:<10}{check.meaning}", HELP_WIDTH, subsequent_indent=" " * 10)
    for name, check in CHECKS.items()
)


class Command(BaseCommand):
    help = f"""Check what must always hold, on every matching shard of the running exchange, and
hold the ledger against the shards.

{_MEANINGS}

Nothing has to stop: orders are matched between the looks, of a millisecond or two each, and every
figure is exact all the same. Nothing is changed; the matching workers check the same all the time
and halt a market that they find broken. What the ledger is to be held against is as of one event,
which it is waited for to come to.

The postings since the last time are added to balances that are carried forward. With --full, and
as long as there are few trades, all postings are added up anew.

Exit status: 0 all holds, 1 something is broken, 2 it cannot be told.

  manage.py reconcile
  manage.py reconcile --full
  manage.py reconcile --json"""

    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument(
            "--url", help="the server that holds the shards (default: REDIS_HOT_URL)"
        )
        parser.add_argument("--full", action="store_true", help="add up all postings anew")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with open_sync(options["url"] or settings.REDIS_HOT_URL) as hot:
                outcome = reconcile(hot, full=options["full"])
        except (RedisError, OSError, MsgspecError, ServerRestarted) as error:
            _cannot_tell(f"The matching store cannot be looked at: {error}")
        if options["json"]:
            self.stdout.write(json.dumps(as_json(outcome)))
        else:
            self._print(outcome)
        if not outcome.is_clean:
            raise CommandError("Something is broken.", returncode=BROKEN)
        if outcome.unjudged:
            _cannot_tell("Not everything could be told.")

    def _print(self, outcome: Outcome) -> None:
        looked_at, broken = outcome.looked_at, outcome.broken
        self.stdout.write(f"{'check':<10}{'looked at':<23}result")
        for name, check in CHECKS.items():
            verdict = {True: "ok", False: f"{broken[name]:,} broken", None: "cannot be told"}
            self.stdout.write(
                f"{name:<10}{looked_at[name]:>12,} {check.unit:<10}{verdict[outcome.verdict(name)]}"
            )
        steps = sum(report.steps for report in outcome.reports)
        self.stdout.write(f"{steps:,} looks in {outcome.seconds:.2f} s")
        for report in outcome.reports:
            for sentence in _findings(report):
                self.stdout.write(f"Shard {report.shard}: {sentence}")


def _findings(report: Report) -> Iterator[str]:
    shown = report.violations[:MAX_SHOWN]
    yield from (violation.sentence for violation in shown)
    if hidden := report.broken.total() - len(shown):
        yield f"{hidden:,} more"
    yield from report.unjudged


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return what was found, for machines."""
    return {
        "clean": outcome.is_clean,
        "checks": outcome.checks(),
        "violations": [
            {"shard": report.shard, **asdict(violation), "sentence": violation.sentence}
            for report in outcome.reports
            for violation in report.violations
        ],
        "unjudged": outcome.unjudged,
        "ledgerLag": outcome.ledger_lag,
        "seconds": round(outcome.seconds, 3),
    }


def _cannot_tell(reason: str) -> NoReturn:
    raise CommandError(reason, returncode=CANNOT_TELL)
