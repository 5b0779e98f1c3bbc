"""Runs reconcile and keeps what it came to: for the admin, for metrics, for whoever asks cheaply.

Every run becomes a row, which the admin shows; the last one is on the bus, too, where it can be
read while Postgres is away. Run by Celery Beat (`ledger.tasks`) and by the front door.
"""

import logging
import time
from collections.abc import Sequence
from itertools import chain
from typing import Final

import msgspec
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from accounts.postgres import POSTGRES_AWAY
from ledger.models import ReconcileRun
from ledger.reconcile import Outcome, reconcile
from matching.connection import open_sync
from matching.domain.timestamps import to_datetime

KEPT_RUNS: Final = 10_000
"""A week of one each minute."""
MAX_FINDINGS: Final = 50
LAST: Final = "ledger:reconcile:last"

log = logging.getLogger(__name__)


class LastRun(msgspec.Struct, frozen=True):
    """The last run, as it stands on the bus."""

    began_s: float
    seconds: float
    result: str
    broken: dict[str, int]
    """Check → how many things are broken. Empty where nothing could be told."""


def run() -> Outcome:
    """Reconcile now and keep the outcome.

    Raises what `reconcile` raises. A run that failed is kept as one that could not tell.
    """
    began_s = time.time()
    try:
        with open_sync(settings.REDIS_HOT_URL) as hot:
            outcome = reconcile(hot)
    except Exception as error:
        _keep(_row(began_s, findings=[f"The run failed: {type(error).__name__}: {error}"]))
        raise
    row = _row(began_s, findings=_findings(outcome))
    row.result = outcome.result
    row.ledger_lag, row.checks = outcome.ledger_lag, outcome.checks()
    _keep(row)
    return outcome


def last_run() -> LastRun | None:
    """Return the last run, or None where the bus knows of none. Raises RedisError."""
    packed = cache.get(LAST)
    return msgspec.json.decode(packed, type=LastRun) if packed else None


def _findings(outcome: Outcome) -> list[str]:
    broken = (violation.sentence for report in outcome.reports for violation in report.violations)
    return list(chain(broken, outcome.unjudged))


def _row(began_s: float, *, findings: Sequence[str]) -> ReconcileRun:
    return ReconcileRun(
        began_at=to_datetime(int(began_s * 1e6)),
        seconds=round(time.time() - began_s, 3),
        result=ReconcileRun.Result.UNKNOWN,
        findings=list(findings[:MAX_FINDINGS]),
    )


def _keep(row: ReconcileRun) -> None:
    """Log what is not clean, and keep the run in both places, as far as they can be reached."""
    for sentence in row.findings:
        level = logging.CRITICAL if row.result == ReconcileRun.Result.BROKEN else logging.WARNING
        log.log(level, "Reconcile: %s", sentence)
    for keep in (_tell_bus, _save):
        try:
            keep(row)
        except (RedisError, *POSTGRES_AWAY) as error:
            log.warning("Reconcile: the outcome (%s) could not be kept: %s", row.result, error)


def _tell_bus(row: ReconcileRun) -> None:
    last = LastRun(
        began_s=row.began_at.timestamp(),
        seconds=row.seconds,
        result=row.result,
        broken={check["name"]: check["figures"]["broken"] for check in row.checks},
    )
    cache.set(LAST, msgspec.json.encode(last), timeout=None)


def _save(row: ReconcileRun) -> None:
    row.save()
    ReconcileRun.objects.filter(id__lte=row.id - KEPT_RUNS).delete()
