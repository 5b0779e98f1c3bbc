"""The root of every HTTP path."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path

from kalency.health import healthz, metrics, readyz
from kalency.web import terminal


def nothing(_request: HttpRequest) -> HttpResponse:
    """Answer 404."""
    raise Http404


urlpatterns = [
    path("", terminal),
    # The admin would look such a key up, and PostgreSQL takes no NUL.
    re_path(r"^admin/[^\x00]*\x00", nothing),
    path("admin/", admin.site.urls),
    path("v1/", include("exchange.urls")),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
]
