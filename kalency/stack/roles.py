"""Makes the role that the application logs in to the embedded PostgreSQL as.

`python -m kalency.stack.roles` is a step of the stack between the server's start and `migrate`,
which gives the role its rights (`ledger/rights.py`). The server's owner, a superuser, is left with
making and changing tables.
"""

import os
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from kalency.stack.addresses import APPLICATION_FILE, OWNER_FILE, Address, stored_address
from kalency.stack.layout import Layout


def keep_application_role(owner: Address, application: Address) -> None:
    """Make the role, or give the one that is there the password of `application`."""
    with psycopg.connect(owner.url, autocommit=True) as connection:
        # The server logs statements that fail: it gets to see what a password becomes, never one.
        verifier = connection.pgconn.encrypt_password(
            application.password.encode(), application.user.encode(), b"scram-sha-256"
        )
        known = connection.execute(
            "SELECT FROM pg_roles WHERE rolname = %s", (application.user,)
        ).fetchone()
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                sql.SQL("CREATE" if known is None else "ALTER"),
                sql.Identifier(application.user),
                verifier.decode(),
            )
        )


def main() -> int:
    """Do it for the stack of this data directory."""
    layout = Layout(Path(os.environ["KALENCY_DATA_DIR"]))
    owner, application = (stored_address(layout, name) for name in (OWNER_FILE, APPLICATION_FILE))
    assert owner is not None, "the plan stores both before anything is started"
    assert application is not None, "the plan stores both before anything is started"
    keep_application_role(owner, application)
    return 0


if __name__ == "__main__":
    sys.exit(main())
