"""Runs the ledger writer: every trade, ended order and movement of funds becomes a row."""

import contextlib
import logging
import signal
import threading
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ledger import writer_heartbeat
from ledger.store import ChainCut
from ledger.writer import LogLost, ShardWriter, spare_the_collector
from matching.event_log import EventHole

POLL_S: Final = 0.1
STOP_GRACE_S: Final = 10.0

# What the message says in full; anything else is a bug and shows its traceback.
FACTS: Final = (EventHole, LogLost, ChainCut)

log = logging.getLogger("ledger")


class Command(BaseCommand):
    help = "Write the event log of every shard into Postgres, until SIGTERM or SIGINT."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        # A handler that set the event could meet its lock half taken; an exception cannot.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        spare_the_collector()
        stop = threading.Event()
        failures: list[BaseException] = []
        writers = [_writer(shard, stop) for shard in range(settings.MATCHING_SHARDS)]
        threads = [_start(writer, stop, failures) for writer in writers]
        with contextlib.suppress(KeyboardInterrupt):
            _report(writers, stop)
        stop.set()
        for thread in threads:
            thread.join(STOP_GRACE_S)
        if failures:
            raise CommandError("The ledger writer stopped; see the log above.")


def _writer(shard: int, stop: threading.Event) -> ShardWriter:
    return ShardWriter(
        shard=shard,
        hot_url=settings.REDIS_HOT_URL,
        database=connection.settings_dict,
        stop=stop,
    )


def _start(
    writer: ShardWriter, stop: threading.Event, failures: list[BaseException]
) -> threading.Thread:
    """Run a shard's writer in a thread of its own, so that no shard waits for another."""

    def run() -> None:
        try:
            writer.run()
        except Exception as error:
            failures.append(error)
            log.critical("Stopping: %s", error, exc_info=not isinstance(error, FACTS))
            stop.set()

    thread = threading.Thread(target=run, name="ledger-writer")
    thread.start()
    return thread


def _report(writers: list[ShardWriter], stop: threading.Event) -> None:
    """Say once that every shard is being written, and all the time what each writer waits for."""
    announced = False
    while True:
        if not announced and all(writer.serving.is_set() for writer in writers):
            log.info("Ledger writer ready")
            announced = True
        for shard, writer in enumerate(writers):
            writer_heartbeat.beat(shard, writer.waits_for)
        if stop.wait(writer_heartbeat.BEAT_EVERY_S if announced else POLL_S):
            return
