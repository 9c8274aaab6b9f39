"""One database for one environment of one study: make it, use it, and say where it lies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import psycopg
from psycopg import sql

from entact.course.entry import Environment
from entact.store import roles, server
from entact.store.error import StoreError
from entact.store.occupant import REHEARSAL, forget_installation, occupant_of, require_rehearsal, require_room


@dataclass(frozen=True)
class Location:
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
        replace: throw away what holds a rehearsal of entact's and nothing else, in whatever schema; a
            database of that name with nothing in it is used as it is.
    Raises:
        StoreError: when it exists and may not be replaced, or cannot be made.
    """
    _require_environment(environment)
    _leave()
    with _maintenance(name) as connection:
        if _exists(connection, name):
            if not replace:
                raise StoreError(f"the database {name} exists already")
            _make_room(connection, name)
        if not _exists(connection, name):
            _create(connection, name)
        _prepare_as_owner(name, environment, study)
        _note_environment(connection, name, environment)
        if environment == REHEARSAL:
            _note_keys_of_rehearsal()


def setup(
    environment: Environment | None = None,
    study: str | None = None,
    *,
    database: str | None = None,
    mark: UUID | None = None,
) -> None:
    """Uses a database from here on, as the application.

    Where the owner's address is known (see `server`), the database is made, its tables are brought up to date
    and the application's rights are granted first.

    Args:
        environment, study: what the database must hold; needed when it is new.
        database: its name; else ENTACT_DATABASE, the name in DATABASE_URL, or `entact`.
        mark: that of the installation which it restores; a new one has a mark of its own.
    Raises:
        StoreError: when the database holds another environment, study or installation, or cannot be reached;
            when its tables are of an earlier version and the owner is not at hand; when the application may
            do more than it needs (see `roles`).
    """
    name = database or server.default_database()
    if environment is not None:
        _require_environment(environment)
    _leave()
    as_owner = server.owner_at_hand()
    with _maintenance(name, as_owner=as_owner) as connection:
        if not _exists(connection, name):
            if environment is None or study is None:
                raise StoreError(
                    f"there is no database {name} yet: say which environment and study it is for"
                )
            if not as_owner:
                raise StoreError(f"there is no database {name} yet: {server.NO_OWNER}")
            _create(connection, name)
        if as_owner:
            _prepare_as_owner(name, environment, study, mark)
        _use(name, environment, study, mark)
        if not server.allocator_acts():  # which reaches neither keys nor their register
            _replay_erasures()


@contextmanager
def reserved(name: str) -> Iterator[None]:
    """Keeps a database for one rehearsal: another one into it would throw away what this one writes.

    Raises:
        StoreError: when another rehearsal into it is under way.
    """
    with _maintenance_of(name) as connection:
        asked = "SELECT pg_try_advisory_lock(hashtextextended('entact rehearsal ' || %s, 0))"
        if connection.execute(asked, [name]).fetchone() != (True,):
            raise StoreError(
                f"another rehearsal into the database {name} is under way: wait, or name another"
            )
        yield


@contextmanager
def as_allocator() -> Iterator[None]:
    """Within it, this thread is the process that stands by with the sealed list; nothing stays connected."""
    _leave()
    with server.acting_as_allocator():
        try:
            yield
        finally:
            _leave()


def describe() -> Location:
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
    return Location(
        database=info.dbname,
        folder=None if server.external_url() else server.embedded_folder().resolve(),
        address=info.host if server.external_url() is None else f"{info.host}:{info.port}",
        version=info.parameter_status("server_version"),
        environment=installation.environment,
        study=installation.study,
        ledgers=heads.count(),
        entries=heads.aggregate(entries=Sum("seq"))["entries"] or 0,
    )


def _maintenance_of(name: str) -> psycopg.Connection[tuple[Any, ...]]:
    if not name or "\0" in name or len(name.encode()) > 63:
        raise StoreError(f"{name!r} cannot be the name of a database: 1 to 63 bytes")
    return server.maintenance_connection(apart_from=name, as_owner=server.owner_at_hand())


@contextmanager
def _maintenance(name: str, *, as_owner: bool = True) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    if not name or "\0" in name or len(name.encode()) > 63:
        raise StoreError(f"{name!r} cannot be the name of a database: 1 to 63 bytes")
    with server.maintenance_connection(apart_from=name, as_owner=as_owner) as connection:
        if server.external_url() is None and as_owner:
            roles.make_roles(connection)
        # Two processes that set up the same database go one after the other.
        connection.execute("SELECT pg_advisory_lock(hashtextextended('entact setup ' || %s, 0))", [name])
        try:
            yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            raise StoreError(f"{str(error).strip()}: the role in ENTACT_OWNER_URL needs CREATEDB") from error
        except psycopg.Error as error:
            raise StoreError(f"cannot make the database {name}: {str(error).strip()}") from error


def _exists(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _create(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
    connection.execute(statement.format(sql.Identifier(name)))


def _make_room(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    """Throws away a rehearsal; leaves a database in which there is nothing; refuses all else."""
    mark = None
    if _was_being_dropped(connection, name):
        _require_noted_rehearsal(connection, name)
    else:
        with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as other:
            found = occupant_of(other)
        if found.is_empty:
            return
        require_rehearsal(name, found)
        mark = found.mark
    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    if mark is not None and not _is_elsewhere(connection, mark):
        forget_installation(UUID(mark))


def _was_being_dropped(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> bool:
    """Whether PostgreSQL was interrupted while it dropped a database: nobody can connect to it any more."""
    limit = connection.execute("SELECT datconnlimit FROM pg_database WHERE datname = %s", [name]).fetchone()
    return limit is not None and limit[0] == -2


def _note_environment(
    connection: psycopg.Connection[tuple[Any, ...]], name: str, environment: Environment
) -> None:
    """Says beside the database what it is: that can be read when nobody can connect to it any more."""
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
    connection.execute(statement.format(sql.Identifier(name), sql.Literal(f"entact {environment}")))


def _require_noted_rehearsal(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    asked = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    if connection.execute(asked, [name]).fetchone() != (f"entact {REHEARSAL}",):
        raise StoreError(
            f"the database {name} was being dropped, and nobody can tell what it held: it is not replaced; "
            f'if it is to go, its owner says DROP DATABASE "{name}"'
        )


def _is_elsewhere(connection: psycopg.Connection[tuple[Any, ...]], mark: str) -> bool:
    """Whether another database is of this installation, restored from it or to be restored, or may be."""
    databases = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
    return any(_may_hold(connection, name, mark) for (name,) in connection.execute(databases).fetchall())


def _may_hold(connection: psycopg.Connection[tuple[Any, ...]], name: str, mark: str) -> bool:
    """Whether a database is of this installation or may be; one that has gone meanwhile is not."""
    for _ in range(2):  # who was cut off by a DROP asks again, and waits for its end
        try:
            with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as other:
                there = other.execute("SELECT to_regclass('public.store_installation')").fetchone()
                if there == (None,):
                    return False
                asked = "SELECT to_jsonb(store_installation) ->> 'mark' FROM store_installation"
                return (mark,) in other.execute(asked).fetchall()
        except psycopg.Error:
            if not _exists(connection, name):
                return False
    return True


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


def _prepare_as_owner(
    name: str, environment: Environment | None, study: str | None, mark: UUID | None = None
) -> None:
    """Brings tables up to date, says what the database is for, and grants the application its rights."""
    from django.core.management import call_command
    from django.db import connections

    from entact.store.renewal import refresh_of_other_code

    connection = connections["default"]
    connection.settings_dict["NAME"] = name  # one dictionary for the connections of all threads
    with server.acting_as_owner():
        try:
            connection.ensure_connection()
            require_room(name, occupant_of(connection.connection))
            if _migrations_wait():
                call_command("migrate", verbosity=0)
            _install(name, environment, study, mark)
            connection.ensure_connection()
            refresh_of_other_code()
            role = server.application_role()
            found = roles.powers(connection.connection, role)
            if found.excess or found.lacking:
                roles.grant(connection.connection, role)
            _grant_allocator(connection.connection)
        finally:
            connection.close()


def _grant_allocator(owner: Any) -> None:
    """Its rights, where the server has a role for it: whoever runs one of yours may not want any."""
    role = server.allocator_role()
    if not roles.exists(owner, role):
        return
    found = roles.powers(owner, role, roles.ALLOCATOR)
    if found.excess or found.lacking:
        roles.grant(owner, role, roles.ALLOCATOR)


def _use(name: str, environment: Environment | None, study: str | None, mark: UUID | None) -> None:
    """As application or allocator: refuses what it could not work with, and what it may do too much."""
    from django.db import connections

    connection = connections["default"]
    connection.settings_dict["NAME"] = name
    connection.ensure_connection()
    if server.allocator_acts():
        who, found = (
            "allocator",
            roles.powers(connection.connection, server.allocator_role(), roles.ALLOCATOR),
        )
    else:
        who, found = "application", roles.powers(connection.connection, server.application_role())
    roles.require_modest(found, who)
    if found.lacking:
        raise StoreError(
            f"the {who} lacks {'; '.join(found.lacking[:8])} in the database {name}: {server.NO_OWNER}"
        )
    if _migrations_wait():
        raise StoreError(f"the tables of {name} are of another version of entact: {server.NO_OWNER}")
    _require_installation(name, environment, study, mark)


def _migrations_wait() -> bool:
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.recorder import MigrationRecorder

    if _known_migrations() <= MigrationRecorder(connections["default"]).applied_migrations().keys():
        return False  # as nearly always: what follows reads and orders all migrations once more
    executor = MigrationExecutor(connections["default"])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """All migrations of this version, by application and name."""
    from django.db.migrations.loader import MigrationLoader

    return frozenset(MigrationLoader(None).graph.nodes)


def _install(name: str, environment: Environment | None, study: str | None, mark: UUID | None = None) -> None:
    """Says what a new database is for: once, and for good."""
    from entact.store import models

    if models.Installation.objects.exists():
        _require_installation(name, environment, study, mark)
        return
    if environment is None or study is None:
        raise StoreError(f"the database {name} holds no study yet: say which environment and study it is for")
    marked = {} if mark is None else {"mark": mark}
    models.Installation.objects.create(id=1, environment=environment, study=study, **marked)


def _note_keys_of_rehearsal() -> None:
    """Says in the folder of the keys that they are of a rehearsal, and go when it is thrown away."""
    from entact.store import models
    from entact.store.keychain import keychain_folder
    from entact.store.private import private_folder

    mark = models.Installation.objects.get().mark
    private_folder(keychain_folder(mark))
    (keychain_folder(mark) / REHEARSAL).touch(mode=0o600)


def _require_installation(
    name: str, environment: Environment | None, study: str | None, mark: UUID | None
) -> None:
    """Refuses a database that is for something else than what was asked for."""
    from entact.store import models

    found = models.Installation.objects.first()
    if found is None:
        raise StoreError(f"the database {name} holds no study yet: {server.NO_OWNER}")
    if environment not in (None, found.environment):
        raise StoreError(f"the database {name} holds {found.environment}, not {environment}: one holds one")
    if study not in (None, found.study):
        raise StoreError(f"the database {name} holds the study {found.study}, not {study}: one holds one")
    if mark not in (None, found.mark):
        raise StoreError(f"the database {name} is another installation of this study: use a new one")


def _require_environment(environment: str) -> None:
    if environment not in get_args(Environment):
        raise StoreError(f"{environment!r} is no environment: one of {', '.join(get_args(Environment))}")
