"""Logs a connection in as the tables' owner. Called by `manage.py migrate` and the tests' set-up.

Everything else uses the application's role, which `ledger/rights.py` keeps from changing facts.
"""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from kalency import environment as env


@contextlib.contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Make `connection` the owner's for the block, of the same database; close it on both ends.

    Where no owner is configured, the application's role is the owner.
    """
    application = connection.settings_dict
    owner = env.database_owner(data_dir=settings.DATA_DIR) or {}
    connection.close()
    connection.settings_dict = application | owner | {"NAME": application["NAME"]}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = application
