"""What Django raises where Postgres does not answer, for all who go on without it."""

from typing import Final

from django.db import InterfaceError, OperationalError

POSTGRES_AWAY: Final = (OperationalError, InterfaceError)
