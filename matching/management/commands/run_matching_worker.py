"""`manage.py run_matching_worker`: the process that drives one shard. Started by the stack."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.connection import open_sync
from matching.worker import MatchingWorker


class Command(BaseCommand):
    help = (
        "Match the orders of one shard: apply what the gateways ask, in order, until stopped. "
        "Run exactly one for each shard. It may be stopped or killed at any moment; the next one "
        "goes on where it left off. Ctrl-C or SIGTERM stops it after the batch at hand."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--shard",
            type=int,
            default=0,
            help="which shard to drive, from 0 (default: %(default)s)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        shard: int = options["shard"]
        if not 0 <= shard < settings.MATCHING_SHARDS:
            raise CommandError(
                f"There is no shard {shard}: MATCHING_SHARDS is {settings.MATCHING_SHARDS}, "
                f"so shards go from 0 to {settings.MATCHING_SHARDS - 1}."
            )
        worker = MatchingWorker(
            hot=open_sync(settings.REDIS_HOT_URL),
            bus=open_sync(settings.REDIS_BUS_URL),
            shard=shard,
            consumers=tuple(settings.EVENT_CONSUMERS),
            client_order_window_s=settings.CLIENT_ORDER_WINDOW_S,
            keep_commands_s=settings.MATCHING_KEEP_COMMANDS_S,
            bounds=settings.INTAKE_BOUNDS,
            hot_directory=settings.HOT_DIRECTORY if settings.HOT_DIRECTORY.is_dir() else None,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: worker.stop())
        worker.run()
