"""The Django app that owns the Postgres book of record."""

from django.apps import AppConfig


class LedgerApp(AppConfig):
    name = "ledger"
