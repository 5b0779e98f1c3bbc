"""The Celery task that keeps candles up to date; Beat's schedule is in the settings."""

import logging
from functools import cache

from celery import shared_task
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from marketdata.candles.rollup import roll_up
from matching.client import wall_clock_us
from matching.connection import open_sync

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]
def roll_up_candles() -> None:
    """Fold the trades of all shards since the last run into candles."""
    for shard in range(settings.MATCHING_SHARDS):
        try:
            roll_up(_hot(), shard=shard, clock_us=wall_clock_us)
        except (RedisError, OSError) as error:
            log.warning("Shard %d: no candles this time, hot Redis says: %s", shard, error)


@cache
def _hot() -> Redis:
    return open_sync(settings.REDIS_HOT_URL)
