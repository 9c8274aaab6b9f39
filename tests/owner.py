"""The database owner's hand behind the application's back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


@contextmanager
def owner_connection(database: str = "", **options: Any) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the owner to a database, else to the one in use."""
    from django.db import connection

    from entact.store import postgres, server

    name = database or str(connection.settings_dict["NAME"])
    url = postgres.start(server.embedded_folder()).url
    with psycopg.connect(url, dbname=name, **options) as owner:
        yield owner


def copy_database(template: str, name: str) -> None:
    """Makes a database as a copy of another, in place of one of that name, with what its roles may do there.

    PostgreSQL copies everything but the rights on the database itself. Without those the next process would
    grant all rights anew, table by table: half of what a test with a database of its own took.
    """
    from entact.store import postgres, server

    with server.maintenance_connection(apart_from=template) as maintenance:
        for statement in (
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{template}"',
            f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC',
            f'GRANT CONNECT ON DATABASE "{name}" TO {postgres.APPLICATION}, {postgres.ALLOCATOR}',
        ):
            maintenance.execute(statement.encode())


def run_as_owner(statement: str, *values: object) -> int:
    """Runs SQL on the database in use with all triggers off; returns how many rows it found."""
    with owner_connection() as owner:
        triggers = owner.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'store_%'"
        ).fetchall()
        for table, name in triggers:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}".encode())
        found = owner.execute(statement.encode(), values or None).rowcount
        for table, name in triggers:
            owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}".encode())
    return found
