"""`migrate` on somebody's own PostgreSQL, whose roles are no superusers: docs/operations.md."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from django.conf import settings
from psycopg.errors import InsufficientPrivilege

from kalency.stack.addresses import Address

# As in docs/operations.md, but for the names.
SET_UP = """
    CREATE ROLE tables_owner LOGIN PASSWORD 'owner-secret';
    CREATE ROLE plain_app LOGIN PASSWORD 'app-secret';
    CREATE DATABASE own OWNER tables_owner;
"""
TAKE_DOWN = "DROP DATABASE own WITH (FORCE); DROP ROLE tables_owner; DROP ROLE plain_app"


@pytest.fixture
def own(postgres_server: Address) -> Iterator[Address]:
    """An empty database of an owner's, on the tests' server."""
    with psycopg.connect(postgres_server.url, autocommit=True) as superuser:
        for statement in SET_UP.strip().rstrip(";").split(";"):
            superuser.execute(statement)
        yield replace(postgres_server, user="tables_owner", password="owner-secret", database="own")
        for statement in TAKE_DOWN.split(";"):
            superuser.execute(statement)


def migrate(*, application: Address, owner: Address | None) -> str:
    """Migrate as a person would; return what was said."""
    urls = {"DATABASE_URL": application.url, "DATABASE_ADMIN_URL": owner.url if owner else ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env=os.environ | urls,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_two_roles(own: Address) -> None:
    application = replace(own, user="plain_app", password="app-secret")
    for _ in range(2):
        assert migrate(application=application, owner=own) == ""
    with psycopg.connect(application.url, autocommit=True) as session:
        assert session.execute("SELECT count(*) FROM trade_ledger").fetchone() == (0,)
        session.execute("UPDATE ledger_consumer_offsets SET sequence = 1")
        with pytest.raises(InsufficientPrivilege, match="permission denied"):
            session.execute("DELETE FROM trade_ledger")
    with (
        psycopg.connect(own.url, autocommit=True) as session,
        pytest.raises(InsufficientPrivilege),
    ):
        session.execute("TRUNCATE trade_ledger")


def test_one_role_is_warned_of(own: Address) -> None:
    said = migrate(application=own, owner=None)
    assert "The database role tables_owner owns the ledger's tables" in said
    with (
        psycopg.connect(own.url, autocommit=True) as session,
        pytest.raises(InsufficientPrivilege, match="permission denied"),
    ):
        session.execute("UPDATE funding SET shard = 1")
