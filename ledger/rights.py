"""Makes Postgres itself keep the ledger as it was written. Called after every `migrate`.

The application's role may read facts and add some. Nobody may change them: to all who have the
right, superusers included, a trigger refuses it until they switch it off. Both follow the lists
below and reach every partition, so a new table needs its place in one of them and nothing else.
"""

import logging
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

log = logging.getLogger(__name__)

FACTS: Final = (
    "trade_ledger",
    "order_opened",
    "order_history",
    "funding",
    "ledger_notice",
    "ledger_batch",
)
"""The ledger's tables whose rows are added once and never changed."""
NOT_FACTS: Final = (
    "ledger_consumer_offsets",
    "balance_checkpoint",
    "account_balance",
    "position_snapshot",
    "reconcile_run",
)
"""Those whose rows move with the facts, or can be made of them again."""

TABLES, VIEWS, SEQUENCES = "rp", "vm", "S"  # kinds of relations, in PostgreSQL's letters

_RELATIONS: Final = """
    SELECT relation.relname, relation.relkind,
        coalesce(root.relname, relation.relname) = ANY(%(facts)s),
        pg_get_userbyid(relation.relowner),
        pg_has_role(%(application)s, relation.relowner, 'MEMBER')
        OR pg_has_role(%(application)s, space.nspowner, 'MEMBER')  -- which may drop it
    FROM pg_class AS relation
    JOIN pg_namespace AS space ON space.oid = relation.relnamespace
    LEFT JOIN pg_class AS root ON root.oid = pg_partition_root(relation.oid)
    WHERE space.nspname = current_schema() AND relation.relkind IN ('r', 'p', 'v', 'm', 'S')
        AND pg_has_role(relation.relowner, 'USAGE')
    ORDER BY relation.relname
"""
_REFUSAL: Final = """
    CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END;
    $$
"""
_GUARD: Final = """
    CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()
"""


class Relation(NamedTuple):
    """A table, partition, view or sequence that the migrating role owns."""

    name: str
    kind: str
    is_fact: bool
    owner: str
    is_in_reach: bool
    """Whether the application's role has the rights of its owner, or of its schema's."""


def set_rights_after_migrate(using: str, **_: Any) -> None:
    """Receive `post_migrate` of the ledger, which comes once all apps are migrated."""
    connection = connections[using]
    connection.ensure_connection()
    # This connection is the owner's; the settings are always the application's.
    application = settings.DATABASES[using]["USER"] or connection.connection.info.user
    set_rights(connection, application=str(application))


def set_rights(connection: BaseDatabaseWrapper, *, application: str) -> None:
    """Guard the facts, and give the role `application` what it needs of the tables of all apps.

    Does nothing for a session that owns no tables: a test that empties them ends with such a call.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        relations = _relations(cursor, application)
        facts = [relation for relation in relations if relation.is_fact]
        _guard(cursor, facts)
        if any(relation.is_in_reach for relation in facts):
            log.warning(
                "The database role %s owns the ledger's tables, or the database: it could give"
                " itself every right back. docs/operations.md shows how to run with two roles.",
                application,
            )
        others = [relation for relation in relations if relation.owner != application]
        _grant(cursor, others, application)


def _relations(cursor: CursorWrapper, application: str) -> list[Relation]:
    cursor.execute(_RELATIONS, {"facts": list(FACTS), "application": application})
    return [Relation(*row) for row in cursor.fetchall()]


def _guard(cursor: CursorWrapper, facts: list[Relation]) -> None:
    if facts:
        cursor.execute(_REFUSAL)
    for fact in facts:
        table = _quoted([fact.name])
        cursor.execute(_GUARD.format(table=table))
        owner = _quoted([fact.owner])
        cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC, {owner}")


def _grant(cursor: CursorWrapper, relations: list[Relation], application: str) -> None:
    """Give the application exactly these rights: those of an earlier list are taken first."""
    role = _quoted([application])
    for rights, kind, names in (
        ("SELECT, INSERT", "TABLE", [r.name for r in relations if r.is_fact]),
        (
            "SELECT, INSERT, UPDATE, DELETE",
            "TABLE",
            [r.name for r in relations if r.kind in TABLES and not r.is_fact],
        ),
        # A view changes its tables with the rights of the view's owner.
        ("SELECT", "TABLE", [r.name for r in relations if r.kind in VIEWS]),
        ("USAGE, SELECT", "SEQUENCE", [r.name for r in relations if r.kind in SEQUENCES]),
    ):
        if names:
            cursor.execute(f"REVOKE ALL ON {kind} {_quoted(names)} FROM {role}")
            cursor.execute(f"GRANT {rights} ON {kind} {_quoted(names)} TO {role}")


def _quoted(names: list[str]) -> str:
    return ", ".join('"{}"'.format(name.replace('"', '""')) for name in names)
