"""Serves the built web terminal's page; its assets are static files."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# The page loads nothing from elsewhere and holds no inline script or style.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)


@require_safe
def terminal(_request: HttpRequest) -> HttpResponse:
    """Answer with the terminal's page, or say how to build it."""
    page = settings.FRONTEND_DIST / "index.html"
    if not page.is_file():
        return HttpResponse(
            "The web terminal is not built yet: run `make run`, which builds it.",
            status=503,
            content_type="text/plain",
        )
    response = HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response
