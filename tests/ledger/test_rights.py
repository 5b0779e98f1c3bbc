"""What the two database roles may do with the book of record: add to it, and never change it."""

from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from kalency.database import as_owner
from ledger.rights import FACTS, NOT_FACTS, set_rights

CHANGES = ["UPDATE {} SET shard = shard", "DELETE FROM {}", "TRUNCATE {}"]
WAYS_ROUND = [
    "ALTER TABLE {} DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON {}",
    "ALTER TABLE {} DROP COLUMN shard",
    "DROP TABLE {}",
    "CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NULL; END'",
    "SET session_replication_role = replica",
]
RIGHTS = """
    SELECT coalesce(pg_partition_root(oid), oid)::regclass::text, ARRAY(
        SELECT kind
        FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS kind
        WHERE has_table_privilege(%s, oid, kind)
    )
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""

Session = psycopg.Connection


@pytest.fixture
def application(transactional_db: None) -> Iterator[Session]:
    """A session of the role that every part of Kalency uses."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as session:
        yield session


def rights(session: Session) -> list[tuple[str, list[str]]]:
    """Return what the application may do with each table; a partition goes by its table's name."""
    return session.execute(RIGHTS, [application_role()]).fetchall()


def run(session: Session, statement: str, table: str) -> None:
    session.execute(sql.SQL(statement).format(sql.Identifier(table)))


def application_role() -> str:
    return str(settings.DATABASES["default"]["USER"])


@pytest.mark.parametrize("table", FACTS)
@pytest.mark.parametrize("statement", CHANGES + WAYS_ROUND)
def test_application_cannot_change_facts(application: Session, statement: str, table: str) -> None:
    with pytest.raises(InsufficientPrivilege) as refused:
        run(application, statement, table)
    assert "append-only" not in str(refused.value), "it should not even get to the trigger"


def test_application_may_change_all_but_facts(application: Session) -> None:
    for table in FACTS:
        run(application, "GRANT UPDATE ON {} TO CURRENT_USER", table)  # warns, and gives nothing
    found = rights(application)
    assert {table for table, _ in found} >= {*FACTS, "accounts_user", "django_session"}
    for table, allowed in found:
        changes = [] if table in FACTS else ["UPDATE", "DELETE"]
        assert allowed == ["SELECT", "INSERT", *changes], table


@pytest.mark.parametrize("table", FACTS)
@pytest.mark.parametrize("statement", CHANGES)
def test_trigger_refuses_changes_by_a_superuser(owner: Session, statement: str, table: str) -> None:
    with pytest.raises(InsufficientPrivilege, match="append-only"):
        run(owner, statement, table)


def test_every_model_of_the_ledger_is_a_fact_or_not() -> None:
    models = apps.get_app_config("ledger").get_models()
    tables = [model._meta.db_table for model in models if model._meta.managed]
    assert sorted(tables) == sorted(FACTS + NOT_FACTS)


@pytest.mark.usefixtures("transactional_db")
def test_later_tables_are_covered() -> None:
    role = application_role()
    with as_owner(connection), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id serial, note text)")
        cursor.execute("CREATE VIEW latest AS SELECT * FROM later")
        set_rights(connection, application=role)
        cursor.execute(f"SET LOCAL ROLE {role}")
        cursor.execute("INSERT INTO later (note) VALUES ('new')")
        cursor.execute("UPDATE later SET note = 'newer'")
        cursor.execute("SELECT note FROM latest")
        assert cursor.fetchall() == [("newer",)]
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("UPDATE latest SET note = 'changed through a view'")
        transaction.set_rollback(True)


@pytest.mark.usefixtures("transactional_db")
def test_partitions_are_guarded_like_their_table() -> None:
    role = application_role()
    with as_owner(connection), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE funding RENAME TO earlier")
        cursor.execute("CREATE TABLE funding (LIKE earlier) PARTITION BY RANGE (event_id)")
        cursor.execute("CREATE TABLE part PARTITION OF funding FOR VALUES FROM (0) TO (100)")
        set_rights(connection, application=role)
        for statement in ("UPDATE part SET shard = 1", "DELETE FROM part", "TRUNCATE part"):
            with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
                cursor.execute(statement)
        cursor.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("DELETE FROM part")
        transaction.set_rollback(True)


@pytest.mark.usefixtures("transactional_db")
def test_one_role_for_all_loses_its_own_rights_to_change_facts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with as_owner(connection), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE solo")
        cursor.execute("GRANT CREATE ON SCHEMA public TO solo")
        cursor.execute("ALTER TABLE funding OWNER TO solo")
        cursor.execute("ALTER FUNCTION refuse_ledger_change OWNER TO solo")
        cursor.execute("SET LOCAL ROLE solo")
        set_rights(connection, application="solo")
        assert "The database role solo owns the ledger's tables" in caplog.text
        for statement in ("UPDATE funding SET shard = 1", "DELETE FROM funding"):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(statement)
        cursor.execute("SELECT has_table_privilege('funding', 'INSERT')")
        assert cursor.fetchone() == (True,)
        transaction.set_rollback(True)


@pytest.mark.usefixtures("transactional_db")
def test_application_that_owns_the_database_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    role = application_role()
    with as_owner(connection), transaction.atomic(), connection.cursor() as cursor:
        set_rights(connection, application=role)
        assert caplog.text == ""
        database = connection.settings_dict["NAME"]
        cursor.execute(f"ALTER DATABASE {database} OWNER TO {role}")
        set_rights(connection, application=role)
        assert f"The database role {role} owns" in caplog.text
        transaction.set_rollback(True)
