"""The database owner's hand behind the application's back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest


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


@contextmanager
def made_as_copies(worker: str) -> Iterator[None]:
    """New databases that a test makes on the server of the run begin as copies of one that has tables.

    All migrations of a new database take longer than most tests. That they make its tables is shown by
    store/test_database.py, and by every command that a test starts as a process of its own.
    """
    from entact.store import database, server

    made, ours, tables = database._create, server.embedded_folder(), f"tables_{worker}"

    def create(connection: psycopg.Connection[Any], name: str) -> None:
        if server.external_url() is not None or server.embedded_folder() != ours:
            made(connection, name)
            return
        if not database._exists(connection, tables):
            made(connection, f"{tables}_made")
            with pytest.MonkeyPatch.context() as without:
                without.setattr(database, "_install", lambda *asked: None)
                database._prepare_as_owner(f"{tables}_made", None, None)
            connection.execute(f"ALTER DATABASE {tables}_made RENAME TO {tables}".encode())
            # Nobody who looks through all databases of the server is in it while it is copied.
            connection.execute(f"ALTER DATABASE {tables} ALLOW_CONNECTIONS false".encode())
        copy_database(tables, name)

    # A patch of its own: that of a test is taken back before what the test's other fixtures tidy up.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_create", create)
        yield


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


def end_at_once(folder: Path) -> None:
    """Ends the server of a data folder that is thrown away, without writing what it still holds."""
    try:
        number = int((folder.resolve() / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(number, signal.SIGQUIT)
        while True:
            os.kill(number, 0)
            time.sleep(0.01)
    except (FileNotFoundError, ProcessLookupError):
        return
