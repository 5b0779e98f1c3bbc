"""The exchange's figures for Prometheus, read when they are asked for. Part of `/metrics`.

A server that does not answer costs its own figures only; `kalency_server_up` says which it is.
Postgres is not asked: its writer says how it finds it, and reconcile what the ledger looks like.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Final

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from ledger import reconcile_runs, writer_heartbeat
from ledger.models import ReconcileRun
from ledger.writer import CONSUMER as LEDGER
from marketdata.candles.rollup import CONSUMER as CANDLES
from marketdata.feed.shard_feed import CONSUMER as FEED
from matching import backlog
from matching.connection import open_sync

CONSUMERS: Final = (LEDGER, CANDLES, FEED)


class ExchangeCollector(Collector):
    """Reads everything anew for each scrape."""

    def describe(self) -> Iterable[Metric]:
        return ()  # to register it, nothing need be read

    def collect(self) -> Iterator[Metric]:
        up = _gauge("server_up", "Whether a server answers the web process.", "server")
        for server, read in {"hot": _waiting, "bus": _told}.items():
            try:
                metrics = list(read())
            except (RedisError, OSError):
                up.add_metric([server], 0)
            else:
                up.add_metric([server], 1)
                yield from metrics
        yield up


def _waiting() -> Iterator[Metric]:
    """Yield what waits for the processes, by shard."""
    events = _gauge("events_waiting", "Events not dealt with.", "shard", "consumer")
    event_s = _gauge("events_waiting_seconds", "Age of the oldest one.", "shard", "consumer")
    pile = _gauge("event_backlog", "Events kept for the slowest who must have them.", "shard")
    command_s = _gauge("command_waiting_seconds", "Age of the oldest command.", "shard")
    with open_sync(settings.REDIS_HOT_URL) as hot:
        for shard in range(settings.MATCHING_SHARDS):
            for name in CONSUMERS:
                waiting = backlog.events_waiting(hot, shard=shard, consumers=[name])
                events.add_metric([str(shard), name], waiting)
                age_s = backlog.oldest_event_s(hot, shard=shard, consumer=name)
                event_s.add_metric([str(shard), name], age_s)
            kept_for = settings.EVENT_CONSUMERS
            piled = backlog.events_waiting(hot, shard=shard, consumers=kept_for)
            pile.add_metric([str(shard)], piled)
            command_s.add_metric([str(shard)], backlog.oldest_command_s(hot, shard=shard))
    yield from (events, event_s, pile, command_s)


def _told() -> Iterator[Metric]:
    """Yield what the ledger's processes have told."""
    alive = _gauge("ledger_writer_up", "Whether the ledger's writer is heard.", "shard")
    postgres = _gauge("ledger_postgres_up", "Whether it finds Postgres.", "shard")
    for shard in range(settings.MATCHING_SHARDS):
        waits_for = writer_heartbeat.last_beat(shard)
        alive.add_metric([str(shard)], waits_for is not None)
        if waits_for is not None:
            postgres.add_metric([str(shard)], waits_for != writer_heartbeat.POSTGRES)
    yield from (alive, postgres)
    last = reconcile_runs.last_run()
    if last:
        yield from _of_run(last)


def _of_run(last: reconcile_runs.LastRun) -> Iterator[Metric]:
    results = _gauge("reconcile_result", "What the last run came to: 1 for that one.", "result")
    for result in ReconcileRun.Result:
        results.add_metric([result], last.result == result)
    broken = _gauge("reconcile_broken", "Things that the last run found broken.", "check")
    for check, number in last.broken.items():
        broken.add_metric([check], number)
    age = _gauge("reconcile_age_seconds", "Time since the last run began.")
    age.add_metric([], time.time() - last.began_s)
    took = _gauge("reconcile_seconds", "How long the last run took.")
    took.add_metric([], last.seconds)
    yield from (results, broken, age, took)


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"kalency_{name}", meaning, labels=labels)
