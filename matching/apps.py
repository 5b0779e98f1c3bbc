"""Tells matching where its servers are, from the Django settings."""

from django.apps import AppConfig
from django.conf import settings

from matching import runtime


class MatchingApp(AppConfig):
    name = "matching"

    def ready(self) -> None:
        runtime.configure(
            runtime.MatchingConfig(
                hot_url=settings.REDIS_HOT_URL,
                bus_url=settings.REDIS_BUS_URL,
                shards=settings.MATCHING_SHARDS,
            )
        )
