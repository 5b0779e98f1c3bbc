"""The Celery task that reconciles; Celery Beat sends it every minute."""

import contextlib
import logging
from functools import cache
from typing import Final

from celery import shared_task
from django.conf import settings
from redis import Redis
from redis.exceptions import LockError, RedisError

from ledger import reconcile_runs
from matching.connection import open_sync
from matching.invariants import ServerRestarted

LOCK: Final = "v1:reconcile:lock"
LONGEST_RUN_S: Final = 600

log = logging.getLogger(__name__)


@shared_task(ignore_result=True, soft_time_limit=LONGEST_RUN_S)  # type: ignore[untyped-decorator]
def reconcile_everything() -> None:
    """Check what must always hold; a run that comes while another is at it does nothing."""
    # Held for longer than a run may take, so that none is met by the next.
    lock = _bus().lock(LOCK, timeout=LONGEST_RUN_S + 60, blocking=False)
    if not lock.acquire():
        log.warning("Reconcile: the last run is still at it; this one is left out.")
        return
    try:
        reconcile_runs.run()
    except (RedisError, OSError, ServerRestarted) as error:
        log.warning("Reconcile: no run this time: %s", error)
    finally:
        with contextlib.suppress(LockError):  # the bus may have restarted, and forgotten it
            lock.release()


@cache
def _bus() -> Redis:
    return open_sync(settings.REDIS_BUS_URL)
