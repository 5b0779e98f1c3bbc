"""`manage.py migrate`: Django's own, run as the role that owns the tables."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from kalency.database import as_owner


class Command(migrate.Command):
    """Log in with `DATABASE_ADMIN_URL`, where there is one, and migrate."""

    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner(connections[options["database"]]):
            super().handle(*args, **options)
