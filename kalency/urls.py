"""The root of every HTTP path."""

from django.contrib import admin
from django.urls import include, path

from kalency.health import healthz, metrics, readyz
from kalency.web import terminal

urlpatterns = [
    path("", terminal),
    path("admin/", admin.site.urls),
    path("v1/", include("exchange.urls")),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
]
