"""Health, readiness and metrics of the web process. No authentication: they tell no secrets."""

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from matching.connection import open_sync


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process is alive."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when every server this process needs can be reached, else 503 with what is not."""
    parts = {name: _reachable(check) for name, check in _CHECKS.items()}
    ready = all(parts.values())
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Answer with this process's metrics in Prometheus' text format."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _reachable(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever keeps a part from answering makes it unready
        return False
    return True


def _ping(url: str) -> None:
    with open_sync(url) as server:
        server.ping()


def _select_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


_CHECKS: dict[str, Callable[[], object]] = {
    "hot": lambda: _ping(settings.REDIS_HOT_URL),
    "bus": lambda: _ping(settings.REDIS_BUS_URL),
    "postgres": _select_one,
}
