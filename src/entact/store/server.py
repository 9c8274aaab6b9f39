"""Which PostgreSQL server the record lies on, the one of DATABASE_URL, else the embedded one; and as whom.

Three roles use a server. The *owner* makes databases, brings their tables up to date and grants rights. The
*allocator* is the process that stands by for whoever holds the sealed list, and alone may answer what is
asked of it. The *application* is everything else: it owns nothing, and may do what `roles` says.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from entact.store import postgres
from entact.store.error import StoreError

OLDEST = 15
NO_OWNER = (
    "only the owner makes databases, changes tables and grants rights; ENTACT_OWNER_URL says how the owner "
    "reaches the server of DATABASE_URL (docs/database.md)"
)


def data_folder() -> Path:
    """Where entact keeps what it writes: ENTACT_DATA, else `var` under the current folder."""
    return Path(os.environ.get("ENTACT_DATA") or "var").absolute()


def embedded_folder() -> Path:
    """Where the embedded database lies."""
    return data_folder() / "postgres"


def external_url() -> str | None:
    """The DATABASE_URL, when one is set; of the allocator its own address."""
    return (allocator_url() if allocator_acts() else None) or os.environ.get("DATABASE_URL") or None


def allocator_url() -> str | None:
    """How the allocator reaches a server of yours, when that is said here (ENTACT_ALLOCATOR_URL)."""
    return os.environ.get("ENTACT_ALLOCATOR_URL") or None


def owner_url() -> str | None:
    """How the owner reaches the server of DATABASE_URL, when that is said here (ENTACT_OWNER_URL)."""
    return os.environ.get("ENTACT_OWNER_URL") or None


def owner_at_hand() -> bool:
    """Whether this process can act as the owner; on the embedded server all but the allocator always can."""
    return not allocator_acts() and (external_url() is None or owner_url() is not None)


def parameters(*, as_owner: bool = False) -> dict[str, Any]:
    """How to connect, without the name of the database; starts the embedded server where it does not run.

    Args:
        as_owner: else as the allocator, where it acts, or the application.
    Raises:
        StoreError: when the address is not one of PostgreSQL, the owner's is not known here, or the embedded
            server cannot start.
    """
    url = external_url()
    if url is None:
        running = postgres.start(embedded_folder())
        own = running.allocator_url if allocator_acts() else running.application_url
        found = _parse(running.url if as_owner else own)
    elif as_owner:
        owner = owner_url()
        if owner is None:
            raise StoreError(f"the owner is not at hand: {NO_OWNER}")
        found = _parse(owner, "ENTACT_OWNER_URL")
    elif allocator_acts():
        own_url = allocator_url()
        if own_url is None:
            raise StoreError(
                "ENTACT_ALLOCATOR_URL says how the process that stands by reaches the server, as a role of "
                "its own (docs/database.md)"
            )
        found = _parse(own_url, "ENTACT_ALLOCATOR_URL")
    else:
        found = _parse(url)
    found.pop("dbname", None)
    return found


def application_role() -> str:
    """The role that the application works as."""
    url = external_url()
    if url is None:
        return postgres.APPLICATION
    return str(_parse(url).get("user") or os.environ.get("PGUSER") or getpass.getuser())


def allocator_role() -> str:
    """The role that the allocator works as: of its address, where that is said here."""
    url = allocator_url()
    return postgres.ALLOCATOR if url is None else str(_parse(url).get("user") or postgres.ALLOCATOR)


_owner_acts: ContextVar[bool] = ContextVar("owner_acts", default=False)
_allocator_acts: ContextVar[bool] = ContextVar("allocator_acts", default=False)


@contextmanager
def acting_as_allocator() -> Iterator[None]:
    """Within it, this thread connects as the allocator; close what it had before."""
    token = _allocator_acts.set(True)
    try:
        yield
    finally:
        _allocator_acts.reset(token)


def allocator_acts() -> bool:
    """Whether the allocator acts in this thread now."""
    return _allocator_acts.get()


@contextmanager
def acting_as_owner() -> Iterator[None]:
    """Within it, Django's new connections of this thread are the owner's."""
    token = _owner_acts.set(True)
    try:
        yield
    finally:
        _owner_acts.reset(token)


def owner_acts() -> bool:
    """Whether the owner acts in this thread now."""
    return _owner_acts.get()


def require_no_superuser(connection: psycopg.Connection[Any]) -> None:
    """Refuses to work as a superuser, for whom neither rights nor triggers are a hindrance."""
    if connection.info.parameter_status("is_superuser") == "on":
        role = connection.info.user
        connection.close()
        raise StoreError(
            f"{role} is a superuser: DATABASE_URL needs a role that owns nothing; the address of the owner "
            "belongs into ENTACT_OWNER_URL (docs/database.md)"
        )


def default_database() -> str:
    """Name of the database where none was asked for."""
    url = external_url()
    named = None if url is None else _parse(url).get("dbname")
    return os.environ.get("ENTACT_DATABASE") or named or "entact"


def maintenance_connection(apart_from: str, *, as_owner: bool = True) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection to another database than the one named, on which the owner can make and drop that one.

    Raises:
        StoreError: when the server cannot be reached or is older than PostgreSQL 15.
    """
    named = default_database() if external_url() else "postgres"
    address = parameters(as_owner=as_owner)
    name = "postgres" if named == apart_from else named
    try:
        try:
            connection = psycopg.connect(**address | {"dbname": name}, autocommit=True)
        except psycopg.OperationalError as error:
            if f'database "{name}" does not exist' not in str(error):
                raise
            connection = psycopg.connect(**address | {"dbname": "postgres"}, autocommit=True)
    except psycopg.OperationalError as error:
        raise StoreError(f"cannot reach the database: {str(error).strip()}") from error
    require_version(connection)
    return connection


def require_version(connection: psycopg.Connection[Any]) -> None:
    """Refuses a server older than PostgreSQL 15, with its version."""
    found = connection.info.server_version
    if found < OLDEST * 10000:
        connection.close()
        raise StoreError(f"DATABASE_URL is a PostgreSQL {found // 10000}; entact needs {OLDEST} or newer")


def _parse(url: str, setting: str = "DATABASE_URL") -> dict[str, Any]:
    if not url.startswith(("postgresql://", "postgres://")):
        scheme = url.partition(":")[0]
        raise StoreError(
            f"{setting} begins with {scheme!r}: entact runs on PostgreSQL alone, as in "
            f"postgresql://user@host/database; without DATABASE_URL an embedded one starts by itself"
        )
    try:
        return {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise StoreError(f"{setting} cannot be read: {str(error).strip()}") from error
