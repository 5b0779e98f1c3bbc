"""Runs the market feed: trades and book changes go to every web process."""

import asyncio
import logging
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from marketdata.feed.bus import FeedPublisher
from marketdata.feed.shard_feed import ShardFeed
from matching.client import wall_clock_us
from matching.connection import open_async

log = logging.getLogger("marketdata.feed")


class Command(BaseCommand):
    help = "Publish trades and book changes of every shard, until SIGTERM or SIGINT."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        asyncio.run(_run())


async def _run() -> None:
    """Run one feed a shard until told to stop, or until one of them fails."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    publisher = FeedPublisher()
    feeds = [_feed(shard, publisher, stop) for shard in range(settings.MATCHING_SHARDS)]
    async with asyncio.TaskGroup() as group:
        for feed in feeds:
            group.create_task(feed.run())
        announcing = group.create_task(_announce(feeds))
        await stop.wait()
        announcing.cancel()


def _feed(shard: int, publisher: FeedPublisher, stop: asyncio.Event) -> ShardFeed:
    return ShardFeed(
        shard=shard,
        hot=open_async(settings.REDIS_HOT_URL),
        publisher=publisher,
        clock_us=wall_clock_us,
        stop=stop,
    )


async def _announce(feeds: list[ShardFeed]) -> None:
    """Say once that every shard is being fed."""
    for feed in feeds:
        await feed.serving.wait()
    log.info("Market feed ready")
