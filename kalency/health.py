"""Health, readiness and metrics of the web process. No authentication: they tell no secrets."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from kalency.metrics import ExchangeCollector
from ledger import writer_heartbeat
from ledger.models import Checkpoint
from ledger.writer import CONSUMER as LEDGER
from marketdata.feed.shard_feed import CONSUMER as FEED
from matching import backlog
from matching.connection import open_sync
from matching.event_log import last_sequence

MATCHING_BEHIND_S: Final = 5.0
"""With a command that waits longer, a shard is not matched; a batch takes milliseconds."""
CONSUMER_BEHIND_S: Final = 30.0
"""With an event that waits longer, a consumer is not working, or cannot keep up."""

REGISTRY.register(ExchangeCollector())


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process is alive."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when every server answers and no part leaves its work undone, else 503.

    `parts` says which: servers by being asked, processes by how long their work has been waiting.
    """
    parts = {name: _works(check) for name, check in _CHECKS.items()}
    ready = all(parts.values())
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Answer with the metrics of this process and of the exchange, in Prometheus' text format."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _works(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # noqa: BLE001 - whatever keeps a part from answering makes it unready
        return False


def _ping(url: str) -> bool:
    with open_sync(url) as server:
        return bool(server.ping())


def _select_one() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _matches() -> bool:
    with open_sync(settings.REDIS_HOT_URL) as hot:
        waits = (backlog.oldest_command_s(hot, shard=n) for n in range(settings.MATCHING_SHARDS))
        return max(waits) <= MATCHING_BEHIND_S


def _follows(consumer: str) -> bool:
    with open_sync(settings.REDIS_HOT_URL) as hot:
        waits = (
            backlog.oldest_event_s(hot, shard=n, consumer=consumer)
            for n in range(settings.MATCHING_SHARDS)
        )
        return max(waits) <= CONSUMER_BEHIND_S


def _writes_the_ledger() -> bool:
    """Tell whether the ledger follows the log, and its writers do not wait for a server."""
    waits = (writer_heartbeat.last_beat(shard) for shard in range(settings.MATCHING_SHARDS))
    return not any(waits) and not _lost_its_log() and _follows(LEDGER)


def _lost_its_log() -> bool:
    """Tell whether the ledger has events that the log has not: hot Redis lost data."""
    written = list(Checkpoint.objects.values_list("shard", "sequence"))
    with open_sync(settings.REDIS_HOT_URL) as hot:
        return any(sequence > last_sequence(hot, shard=shard) for shard, sequence in written)


_CHECKS: dict[str, Callable[[], bool]] = {
    "hot": lambda: _ping(settings.REDIS_HOT_URL),
    "bus": lambda: _ping(settings.REDIS_BUS_URL),
    "postgres": _select_one,
    "matching": _matches,
    "ledger": _writes_the_ledger,
    "feed": lambda: _follows(FEED),
}
