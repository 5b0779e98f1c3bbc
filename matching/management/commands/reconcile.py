"""`manage.py reconcile`: whether everything that must always hold does, now."""

import json
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from textwrap import fill
from typing import Any, Final, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from msgspec import MsgspecError
from redis.exceptions import RedisError

from matching.connection import open_sync
from matching.domain.invariants import CHECKS, Report
from matching.invariants import ServerRestarted, check_shard

BROKEN, CANNOT_TELL = 1, 2
MAX_SHOWN: Final = 50
HELP_WIDTH: Final = 88

_MEANINGS = "\n".join(
    fill(f"{name:<10}{check.meaning}", HELP_WIDTH, subsequent_indent=" " * 10)
    for name, check in CHECKS.items()
)


class Command(BaseCommand):
    help = f"""Check what must always hold, on every matching shard of the running exchange.

{_MEANINGS}

Nothing has to stop: orders are matched between the looks, of a millisecond or two each, and every
figure is exact all the same. Nothing is changed; the matching workers check the same all the time
and halt a market that they find broken.

Exit status: 0 all holds, 1 something is broken, 2 it cannot be told.

  manage.py reconcile
  manage.py reconcile --json"""

    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument(
            "--url", help="the server that holds the shards (default: REDIS_HOT_URL)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        began = time.perf_counter()
        try:
            with open_sync(options["url"] or settings.REDIS_HOT_URL) as hot:
                reports = [check_shard(hot, shard) for shard in range(settings.MATCHING_SHARDS)]
        except (RedisError, OSError, MsgspecError, ServerRestarted) as error:
            _cannot_tell(f"The matching store cannot be looked at: {error}")
        seconds = time.perf_counter() - began
        if options["json"]:
            self.stdout.write(json.dumps(as_json(reports, seconds)))
        else:
            self._print(reports, seconds)
        if not all(report.is_clean for report in reports):
            raise CommandError("Something is broken.", returncode=BROKEN)
        if any(report.unjudged for report in reports):
            _cannot_tell("Not everything could be told.")

    def _print(self, reports: Sequence[Report], seconds: float) -> None:
        looked_at, broken = totals(reports)
        self.stdout.write(f"{'check':<10}{'looked at':<23}result")
        for name, check in CHECKS.items():
            result = f"{broken[name]:,} broken" if broken[name] else "ok"
            self.stdout.write(f"{name:<10}{looked_at[name]:>12,} {check.unit:<10}{result}")
        steps = sum(report.steps for report in reports)
        self.stdout.write(f"{steps:,} looks in {seconds:.2f} s")
        for report in reports:
            for sentence in _findings(report):
                self.stdout.write(f"Shard {report.shard}: {sentence}")


def _findings(report: Report) -> Iterator[str]:
    shown = report.violations[:MAX_SHOWN]
    yield from (violation.sentence for violation in shown)
    if hidden := report.broken.total() - len(shown):
        yield f"{hidden:,} more"
    yield from report.unjudged


def as_json(reports: Sequence[Report], seconds: float) -> dict[str, Any]:
    """Return what was found as the public API would say it."""
    looked_at, broken = totals(reports)
    return {
        "clean": not broken,
        "checks": [
            {
                "name": name,
                "ok": not broken[name],
                "figures": {check.unit: looked_at[name], "broken": broken[name]},
            }
            for name, check in CHECKS.items()
        ],
        "violations": [
            {"shard": report.shard, **asdict(violation), "sentence": violation.sentence}
            for report in reports
            for violation in report.violations
        ],
        "unjudged": [sentence for report in reports for sentence in report.unjudged],
        "seconds": round(seconds, 3),
    }


def totals(reports: Sequence[Report]) -> tuple[Counter[str], Counter[str]]:
    """Return by check what was looked at and what is broken, over all shards."""
    looked_at, broken = Counter[str](), Counter[str]()
    for report in reports:
        looked_at += report.looked_at
        broken += report.broken
    return looked_at, broken


def _cannot_tell(reason: str) -> NoReturn:
    raise CommandError(reason, returncode=CANNOT_TELL)
