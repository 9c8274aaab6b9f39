"""One database for one environment of one study: make it, use it, and say where it lies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import psycopg
from psycopg import sql

from entact.course.entry import Environment
from entact.store import server
from entact.store.error import StoreError


@dataclass(frozen=True)
class Place:
    """Where a record lies and what it is.

    Attributes:
        database: its name. folder: of the embedded server; None for another server. address: how to reach it.
        version: PostgreSQL's. environment, study: what the database holds. ledgers, entries: how many.
    """

    database: str
    folder: Path | None
    address: str
    version: str
    environment: Environment
    study: str
    ledgers: int
    entries: int


def create_database(name: str, environment: Environment, study: str, *, replace: bool = False) -> None:
    """Makes an empty database for one environment of one study, and uses it from here on.

    Args:
        study: id in the name of the study's ledger, `study:<id>`.
        replace: throw away a rehearsal of that name; one that holds production or training, or that entact
            did not make, is never thrown away.
    Raises:
        StoreError: when it exists and may not be replaced, or cannot be made.
    """
    _require_environment(environment)
    _leave()
    with _maintenance(name) as connection:
        if _exists(connection, name):
            if not replace:
                raise StoreError(f"the database {name} exists already")
            mark = None
            if not _was_being_dropped(connection, name):
                mark = _require_rehearsal(name)
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            if mark is not None and not _is_elsewhere(connection, mark):
                _forget_installation(mark)
        _create(connection, name)
        _migrate(name)
        _install(name, environment, study)


def setup(
    environment: Environment | None = None,
    study: str | None = None,
    *,
    database: str | None = None,
    mark: UUID | None = None,
) -> None:
    """Uses a database from here on: starts the server, makes the database and brings its tables up to date.

    Args:
        environment, study: what the database must hold; needed when it is new.
        database: its name; else ENTACT_DATABASE, the name in DATABASE_URL, or `entact`.
        mark: that of the installation which it restores; a new one has a mark of its own.
    Raises:
        StoreError: when the database holds another environment, study or installation, or cannot be reached.
    """
    name = database or server.default_database()
    if environment is not None:
        _require_environment(environment)
    _leave()
    with _maintenance(name) as connection:
        if not _exists(connection, name):
            if environment is None or study is None:
                raise StoreError(
                    f"there is no database {name} yet: say which environment and study it is for"
                )
            _create(connection, name)
        else:
            _require_room(name)
        _migrate(name)
        _install(name, environment, study, mark)
        _replay_erasures()


def describe() -> Place:
    """Where the record in use lies, what it is for and how much it holds.

    Raises:
        StoreError: when no database is in use, or it was never set up.
    """
    from django.db import connection
    from django.db.models import Sum

    from entact.store import models

    installation = models.Installation.objects.first()
    if installation is None:
        raise StoreError(f"the database {connection.settings_dict['NAME']} holds no study yet")
    connection.ensure_connection()
    info = connection.connection.info
    heads = models.Ledger.objects.filter(seq__gt=0)
    return Place(
        database=info.dbname,
        folder=None if server.external_url() else server.embedded_folder().resolve(),
        address=info.host if server.external_url() is None else f"{info.host}:{info.port}",
        version=info.parameter_status("server_version"),
        environment=installation.environment,
        study=installation.study,
        ledgers=heads.count(),
        entries=heads.aggregate(entries=Sum("seq"))["entries"] or 0,
    )


@contextmanager
def _maintenance(name: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    if not name or "\0" in name or len(name.encode()) > 63:
        raise StoreError(f"{name!r} cannot be the name of a database: 1 to 63 bytes")
    with server.maintenance_connection(apart_from=name) as connection:
        # Two processes that set up the same database go one after the other.
        connection.execute("SELECT pg_advisory_lock(hashtextextended('entact setup ' || %s, 0))", [name])
        try:
            yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            raise StoreError(f"{str(error).strip()}: the role in DATABASE_URL needs CREATEDB") from error
        except psycopg.Error as error:
            raise StoreError(f"cannot make the database {name}: {str(error).strip()}") from error


def _exists(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _create(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
    connection.execute(statement.format(sql.Identifier(name)))


def _was_being_dropped(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> bool:
    """Whether PostgreSQL was interrupted while it dropped a database: nobody can connect to it any more."""
    limit = connection.execute("SELECT datconnlimit FROM pg_database WHERE datname = %s", [name]).fetchone()
    return limit is not None and limit[0] == -2


def _require_rehearsal(name: str) -> str | None:
    """Refuses to throw away anything else; returns the mark of the installation, if it has one."""
    with psycopg.connect(**server.parameters() | {"dbname": name}) as connection:
        tables = _tables(connection)
        if _strange(tables):
            raise StoreError(f"the database {name} holds tables that are not entact's: it is not replaced")
        if "store_installation" not in tables:
            return None
        # Older databases have no mark.
        asked = "SELECT environment, to_jsonb(store_installation) ->> 'mark' FROM store_installation"
        found = connection.execute(asked).fetchone()
        if found is not None and found[0] != "rehearsal":
            raise StoreError(f"the database {name} holds {found[0]}: only a rehearsal can be replaced")
        return None if found is None else found[1]


def _require_room(name: str) -> None:
    """Refuses to make tables in a database that somebody else uses."""
    with psycopg.connect(**server.parameters() | {"dbname": name}) as connection:
        tables = _tables(connection)
        if "store_installation" not in tables and _strange(tables):
            raise StoreError(f"the database {name} holds tables that are not entact's: use one of its own")


def _tables(connection: psycopg.Connection[tuple[Any, ...]]) -> set[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row[0] for row in found}


def _strange(tables: set[str]) -> bool:
    return any(not table.startswith(("store_", "django_")) for table in tables)


def _is_elsewhere(connection: psycopg.Connection[tuple[Any, ...]], mark: str) -> bool:
    """Whether another database is of this installation, restored from it or to be restored, or may be."""
    databases = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
    for (name,) in connection.execute(databases).fetchall():
        try:
            with psycopg.connect(**server.parameters() | {"dbname": name}) as other:
                if "store_installation" in _tables(other):
                    asked = "SELECT to_jsonb(store_installation) ->> 'mark' FROM store_installation"
                    if (mark,) in other.execute(asked).fetchall():
                        return True
        except psycopg.Error:  # another's database: who knows
            return True
    return False


def _forget_installation(mark: str) -> None:
    """What a rehearsal that was thrown away kept outside its database: keys and erasures of nobody."""
    from entact.store.keychain import keychain_folder
    from entact.store.register import register_file

    for folder in (keychain_folder(UUID(mark)), register_file(UUID(mark)).parent):
        shutil.rmtree(folder, ignore_errors=True)


def _replay_erasures() -> None:
    """What was erased stays so, whatever backup of the record or of its keys was brought back."""
    from entact.store.erasure import replay

    replay()


def _leave() -> None:
    """Django is set up, and holds no connection to the database used so far."""
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entact.conduct.settings")
        django.setup()
    from django.db import connections

    connections["default"].close()


def _migrate(name: str) -> None:
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    connection = connections["default"]
    connection.settings_dict["NAME"] = name  # one dictionary for the connections of all threads
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def _install(name: str, environment: Environment | None, study: str | None, mark: UUID | None = None) -> None:
    from entact.store import models

    found = models.Installation.objects.first()
    if found is None:
        if environment is None or study is None:
            raise StoreError(
                f"the database {name} holds no study yet: say which environment and study it is for"
            )
        marked = {} if mark is None else {"mark": mark}
        models.Installation.objects.create(id=1, environment=environment, study=study, **marked)
        return
    if environment not in (None, found.environment):
        raise StoreError(f"the database {name} holds {found.environment}, not {environment}: one holds one")
    if study not in (None, found.study):
        raise StoreError(f"the database {name} holds the study {found.study}, not {study}: one holds one")
    if mark not in (None, found.mark):
        raise StoreError(f"the database {name} is another installation of this study: use a new one")


def _require_environment(environment: str) -> None:
    if environment not in get_args(Environment):
        raise StoreError(f"{environment!r} is no environment: one of {', '.join(get_args(Environment))}")
