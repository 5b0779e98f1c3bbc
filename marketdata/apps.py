"""Market data: the listing of markets and all public data made from the event log."""

from django.apps import AppConfig


class MarketDataApp(AppConfig):
    name = "marketdata"
    verbose_name = "Market data"
