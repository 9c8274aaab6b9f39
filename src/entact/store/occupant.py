"""What a database holds before entact makes tables in it or throws it away: ours, another's, nothing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql

from entact.store.error import StoreError

Connection = psycopg.Connection[tuple[Any, ...]]

REHEARSAL = "rehearsal"

# Functions and types of ours by how their names begin: they hold nothing. Tables are known one by one.
_OWN_PREFIXES = ("store_", "entact_", "procrastinate_")
# Have rows before there is anything.
_ALWAYS_THERE = {"django_migrations", "store_derivation", "django_content_type", "auth_permission"}


class Occupant(NamedTuple):
    """What lies in a database.

    Attributes:
        strange: what is there and not entact's, in words. environment, mark: of the installation; None where
            there is none, or it is of a version that had no mark. filled: whether tables of ours hold rows.
    """

    strange: tuple[str, ...]
    environment: str | None
    mark: str | None
    filled: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be lost."""
        return not self.strange and self.environment is None and not self.filled


def occupant_of(connection: Connection) -> Occupant:
    """Looks through all of a database, whatever schema it lies in."""
    own = own_tables()
    tables, others = set(), []
    for kind, schema, name in connection.execute(_OBJECTS).fetchall():
        if kind == "table" and schema == "public" and name in own:
            tables.add(name)
        elif kind not in ("function", "type") or schema != "public" or not name.startswith(_OWN_PREFIXES):
            others.append(f"the {kind} {schema}.{name}" if schema else f"the {kind} {name}")
    environment = mark = None
    if "store_installation" in tables:
        # Older databases have no mark.
        asked = "SELECT environment, to_jsonb(store_installation) ->> 'mark' FROM store_installation"
        environment, mark = connection.execute(asked).fetchone() or (None, None)
    filled = _have_rows(connection, sorted(tables - _ALWAYS_THERE))
    return Occupant(tuple(others), environment, mark, filled)


def own_tables() -> set[str]:
    """Names of the tables that this version of entact makes; Django has to be set up."""
    from django.apps import apps

    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table for model in models} | _ALWAYS_THERE


def require_rehearsal(name: str, found: Occupant) -> None:
    """Refuses to throw away anything but a rehearsal of entact's, with nothing else beside it.

    Args:
        name: of the database. found: what lies in it.
    """
    if found.strange:
        shown = ", ".join(found.strange[:4]) + (", …" if len(found.strange) > 4 else "")
        raise StoreError(
            f"the database {name} holds tables that are not entact's: it is not replaced ({shown})"
        )
    if found.environment is None:
        raise StoreError(f"the database {name} holds no rehearsal that entact made: it is not replaced")
    if found.environment != REHEARSAL:
        raise StoreError(f"the database {name} holds {found.environment}: only a rehearsal can be replaced")


def require_room(name: str, found: Occupant) -> None:
    """Refuses to make tables in a database that somebody else uses."""
    if found.environment is None and found.strange:
        shown = ", ".join(found.strange[:4]) + (", …" if len(found.strange) > 4 else "")
        raise StoreError(
            f"the database {name} holds tables that are not entact's: use one of its own ({shown})"
        )


def _have_rows(connection: Connection, tables: Sequence[str]) -> bool:
    """Whether any of these has a row."""
    one = sql.SQL("EXISTS (SELECT FROM {})")
    each = [one.format(sql.Identifier("public", table)) for table in tables]
    statement = sql.SQL("SELECT {}").format(sql.SQL(" OR ").join([*each, sql.SQL("false")]))
    return bool((connection.execute(statement).fetchone() or (False,))[0])


_OBJECTS = """
    WITH theirs AS (
        SELECT oid, nspname FROM pg_namespace
        WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
    ), of_extension AS (
        SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
    )
    SELECT 'table', theirs.nspname, relname FROM pg_class JOIN theirs ON theirs.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
        AND ('pg_class'::regclass, pg_class.oid) NOT IN (SELECT * FROM of_extension)
    UNION ALL
    SELECT 'sequence', theirs.nspname, relname FROM pg_class JOIN theirs ON theirs.oid = relnamespace
        WHERE relkind = 'S' AND NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                AND deptype IN ('a', 'i', 'e') AND refclassid <> 'pg_namespace'::regclass
        )
    UNION ALL
    SELECT 'function', theirs.nspname, proname FROM pg_proc JOIN theirs ON theirs.oid = pronamespace
        WHERE ('pg_proc'::regclass, pg_proc.oid) NOT IN (SELECT * FROM of_extension)
    UNION ALL
    SELECT 'type', theirs.nspname, typname FROM pg_type JOIN theirs ON theirs.oid = typnamespace
        WHERE typtype IN ('e', 'd', 'r')
        AND ('pg_type'::regclass, pg_type.oid) NOT IN (SELECT * FROM of_extension)
    UNION ALL
    SELECT 'schema', '', nspname FROM theirs WHERE nspname <> 'public'
    UNION ALL
    SELECT 'extension', '', extname FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 'large object', '', oid::text FROM pg_largeobject_metadata
    UNION ALL
    SELECT 'publication', '', pubname FROM pg_publication
    UNION ALL
    SELECT 'foreign server', '', srvname FROM pg_foreign_server
    UNION ALL
    SELECT 'event trigger', '', evtname FROM pg_event_trigger
        WHERE evtname !~ '^(store|entact)_'
    ORDER BY 1, 2, 3
"""


def forget_installation(mark: UUID) -> None:
    """What a rehearsal that was thrown away kept outside its database: keys and erasures of nobody.

    The database's word is not enough for that: the folder of the keys itself has to say that they are of a
    rehearsal. Somebody else's mark in it would have taken theirs.
    """
    from entact.store.erasure_register import register_file
    from entact.store.keychain import keychain_folder

    folder = keychain_folder(mark)
    if (folder / REHEARSAL).is_file():
        shutil.rmtree(register_file(mark).parent, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
