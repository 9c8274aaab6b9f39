"""What application and allocator may do in a database: what the owner grants them, and what they have beyond.

The record itself can be read and added to, and no more. Whatever these rights leave open is closed by
triggers (`rules`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from entact.store import postgres, server
from entact.store.error import StoreError
from entact.store.tables import CHANGING
from entact.store.writing import LINE_COLUMNS

Connection = psycopg.Connection[tuple[Any, ...]]

_ORDINARY = "SELECT", "INSERT", "UPDATE", "DELETE"

# Rights by table, and on columns of a table. A head moves with its line, and forward alone; in which
# transaction a line came is said by the server; identities are erased; rows for lists are made anew. Tables
# that are not named are ordinary ones.
RIGHTS: dict[str, tuple[str, ...]] = {
    "store_line": ("SELECT",),
    "store_ledger": ("SELECT", "INSERT"),
    "store_installation": ("SELECT",),
    "store_keychain": ("SELECT", "INSERT"),
    "store_derivation": ("SELECT", "UPDATE"),
    "store_asked_row": ("SELECT", "INSERT"),
    "django_migrations": ("SELECT",),
}
COLUMNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("store_line", "INSERT"): tuple(LINE_COLUMNS.split(", ")),
    ("store_ledger", "UPDATE"): ("seq", "hash"),
}


class Rights(NamedTuple):
    """What a role is granted: by table, on columns of one, on other tables of the record and of pages."""

    tables: Mapping[str, tuple[str, ...]]
    columns: Mapping[tuple[str, str], tuple[str, ...]]
    record: tuple[str, ...]
    pages: tuple[str, ...]

    def of(self, table: str) -> tuple[str, ...]:
        """What it may do with a table."""
        return self.tables.get(table, self.record if table.startswith("store_") else self.pages)


APPLICATION: Final = Rights(RIGHTS, COLUMNS, _ORDINARY, _ORDINARY)
# It adds to the record what is told as planned (a trigger keeps it to that), with the rows for lists, and
# reads what it needs for that. It alone answers what is asked of the list, has nothing to do with accounts,
# identities and files, and begins no ledger or keychain.
ALLOCATOR: Final = Rights(
    {
        "store_identity": (),
        "store_attachment": (),
        "django_migrations": ("SELECT",),
        **dict.fromkeys(("store_standing", *CHANGING), _ORDINARY),
    },
    COLUMNS | {("store_asked_row", "UPDATE"): ("answer", "refused", "answered_at")},
    ("SELECT",),
    (),
)

# How long and with how much memory: those who run a server may say so for a role.
_OF_OPERATION = (
    "statement_timeout", "lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout",
    "work_mem", "application_name",
)  # fmt: skip

_WAIT = 5.0  # seconds until a server has read its settings anew


def make_roles(owner: Connection) -> None:
    """Makes the roles of application and allocator on an embedded server that has none of them yet."""
    for role in (postgres.APPLICATION, postgres.ALLOCATOR):
        _make(owner, role)


def _make(owner: Connection, role: str) -> None:
    if owner.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
        # Another process may be first.
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    row = owner.execute("SHOW ident_file").fetchone()
    path = Path(row[0] if row else "")
    lines = path.read_text().splitlines(keepends=True)
    if not any(line.endswith(f" {role}\n") for line in lines):
        with path.open("a") as file:
            mapped = [line for line in lines if line.endswith(f" {postgres.OWNER}\n")]
            file.writelines(f"{line.rpartition(' ')[0]} {role}\n" for line in mapped)
        owner.execute("SELECT pg_reload_conf()")
        _await_application()


def _await_application() -> None:
    patience = time.monotonic() + _WAIT
    while True:
        try:
            psycopg.connect(**server.parameters() | {"dbname": "postgres"}).close()
        except psycopg.OperationalError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.02)
        else:
            return


def exists(connection: Connection, role: str) -> bool:
    """Whether a server has a role: the allocator's is made by whoever runs a server of yours."""
    return connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def grant(owner: Connection, role: str, rights: Rights = APPLICATION) -> None:
    """Grants a role what it needs in the database of a connection, and takes all else from it.

    Args:
        owner: a connection of the owner of the database. role: the application's, or another with its rights.
    """
    application = sql.Identifier(role)
    database = sql.Identifier(owner.info.dbname)
    statements = [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC, {}").format(database, application),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, application),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC, {}").format(application),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(application),
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {}").format(application),
        sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(application),
    ]
    for table in _tables(owner):
        given = [*rights.of(table)]
        given += [
            f"{right} ({', '.join(names)})" for (of, right), names in rights.columns.items() if of == table
        ]
        if not given:
            continue
        granted = sql.SQL(", ").join(sql.SQL(right) for right in given)
        statements.append(
            sql.SQL("GRANT {} ON {} TO {}").format(granted, sql.Identifier("public", table), application)
        )
    with owner.transaction():
        for statement in statements:
            owner.execute(statement)


class Powers(NamedTuple):
    """How far a role is from what the owner is to grant it: what it has beyond that, and what it lacks."""

    excess: tuple[str, ...]
    lacking: tuple[str, ...]


def powers(connection: Connection, role: str, rights: Rights = APPLICATION) -> Powers:
    """Compares what a role may do in the database of a connection with what it is to do there.

    Any role can ask. Only the first reason is told where a role is a superuser.
    """
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if row is None:
        return Powers((), (f"there is no role {role}",))
    if row[0]:
        return Powers((f"{role} is a superuser",), ())
    excess = [said for question in _BEYOND for (said,) in connection.execute(question, {"role": role})]
    lacking = [said for (said,) in connection.execute(_TO_BEGIN_WITH, {"role": role})]
    told = set()
    for table, right, has in connection.execute(_ON_TABLES, {"role": role}).fetchall():
        if has != (right in rights.of(table)):
            (excess if has else lacking).append(f"{right} on {table}")
            told.add((table, right))
    for table, column, right, has in connection.execute(_ON_COLUMNS, {"role": role}).fetchall():
        granted = right in rights.of(table) or column in rights.columns.get((table, right), ())
        if has != granted and (table, right) not in told:
            (excess if has else lacking).append(f"{right} of {column} in {table}")
    return Powers(tuple(excess), tuple(lacking))


def left_behind(connection: Connection, role: str) -> Iterator[str]:
    """What a role can do that nobody can forbid it, and entact never does: traces of somebody else's hand."""
    settings = connection.execute(
        """
        SELECT split_part(setting, '=', 1) FROM pg_db_role_setting, unnest(setconfig) AS setting
        WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = %(role)s) AND setdatabase IN
            (0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY 1
        """,
        {"role": role},
    )
    names = [name for (name,) in settings.fetchall() if name not in _OF_OPERATION]
    if names:
        yield f"{role} begins with settings of its own ({', '.join(names)}): ALTER ROLE ... RESET ALL"
    found = connection.execute(
        "SELECT count(*) FROM pg_largeobject_metadata AS one JOIN pg_roles AS owner ON owner.oid = lomowner"
        " WHERE rolname = %s",
        [role],
    ).fetchone()
    if found is not None and found[0]:
        yield f"{role} owns {found[0]} large objects: nothing of the record is in one"


def require_modest(found: Powers, who: str = "application") -> None:
    """Refuses an application, or an allocator, that may do more than it needs.

    Raises:
        StoreError: with what it may do too much.
    """
    if found.excess:
        raise StoreError(
            f"the {who} may do too much: {'; '.join(found.excess[:8])}. "
            f"{'DATABASE_URL' if who == 'application' else 'ENTACT_ALLOCATOR_URL'} needs a role of its own "
            "that owns nothing (docs/database.md)"
        )


def _tables(connection: Connection) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') ORDER BY relname"
    )
    return [name for (name,) in rows.fetchall()]


# Roles that the application can act as, itself among them.
_ROLES = "SELECT oid FROM pg_roles WHERE pg_has_role(%(role)s, oid, 'MEMBER')"

_BEYOND = (
    f"""
    SELECT CASE WHEN role.rolname = %(role)s THEN role.rolname ELSE %(role)s || ' can act as ' || role.rolname
        || ', which' END || ' has ' || power
    FROM pg_roles AS role, unnest(ARRAY[
        CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
        CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
        CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
        CASE WHEN starts_with(rolname, 'pg_') THEN 'powers over the server' END]) AS power
    WHERE role.oid IN ({_ROLES}) AND power IS NOT NULL ORDER BY 1
    """,
    f"""
    SELECT 'it owns ' || what FROM (
        SELECT datdba, 'the database' FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT nspowner, 'the schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_'
        UNION ALL SELECT relowner, relname FROM pg_class
            WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relnamespace <> 'pg_toast'::regnamespace
        UNION ALL SELECT proowner, 'the function ' || proname FROM pg_proc
    ) AS found (owner, what) WHERE owner IN ({_ROLES}) ORDER BY 1
    """,
    """
    SELECT power || ' on the database' FROM unnest(ARRAY['CREATE', 'TEMPORARY']) AS power
    WHERE has_database_privilege(%(role)s, current_database(), power)
    """,
    """
    SELECT 'CREATE on the schema ' || nspname FROM pg_namespace
    WHERE nspname !~ '^pg_(temp|toast_temp)_' AND has_schema_privilege(%(role)s, oid, 'CREATE')
    """,
    """
    SELECT 'it can call the function ' || proname || ' with the powers of its owner' FROM pg_proc
    WHERE prosecdef AND pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        AND has_function_privilege(%(role)s, oid, 'EXECUTE')
    """,
    """
    SELECT 'it can set ' || parname FROM pg_parameter_acl
    WHERE has_parameter_privilege(%(role)s, parname, 'SET, ALTER SYSTEM')
    """,
)
_TO_BEGIN_WITH = """
    SELECT said FROM (VALUES
        (has_database_privilege(%(role)s, current_database(), 'CONNECT'), 'CONNECT on the database'),
        (has_schema_privilege(%(role)s, 'public', 'USAGE'), 'USAGE on the schema public')
    ) AS found (has, said)
    WHERE NOT has
"""
_ON_TABLES = """
    SELECT relname, power, has_table_privilege(%(role)s, pg_class.oid, power)
    FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
        AS power
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1, 2
"""
_ON_COLUMNS = """
    SELECT relname, attname, power, has_column_privilege(%(role)s, pg_class.oid, attnum, power)
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped,
        unnest(ARRAY['INSERT', 'UPDATE']) AS power
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1, 2
"""
