"""The Django app that owns the Postgres book of record."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LedgerApp(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from ledger.rights import set_rights_after_migrate

        post_migrate.connect(set_rights_after_migrate, sender=self)
