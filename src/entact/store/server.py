"""Which PostgreSQL server the record lies on: the one of DATABASE_URL, else the embedded one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from entact.store import postgres
from entact.store.error import StoreError

OLDEST = 15


def data_folder() -> Path:
    """Where entact keeps what it writes: ENTACT_DATA, else `var` under the current folder."""
    return Path(os.environ.get("ENTACT_DATA") or "var").absolute()


def embedded_folder() -> Path:
    """Where the embedded database lies."""
    return data_folder() / "postgres"


def external_url() -> str | None:
    """The DATABASE_URL, when one is set."""
    return os.environ.get("DATABASE_URL") or None


def parameters() -> dict[str, Any]:
    """How to connect, without the name of the database; starts the embedded server where it does not run.

    Raises:
        StoreError: when DATABASE_URL is not one of PostgreSQL, or the embedded server cannot start.
    """
    url = external_url()
    if url is None:
        url = postgres.start(embedded_folder()).url
    found = _parse(url)
    found.pop("dbname", None)
    return found


def default_database() -> str:
    """Name of the database where none was asked for."""
    url = external_url()
    named = None if url is None else _parse(url).get("dbname")
    return os.environ.get("ENTACT_DATABASE") or named or "entact"


def maintenance_connection(apart_from: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection on which databases can be made and dropped, itself to another database than the one named.

    Raises:
        StoreError: when the server cannot be reached or is older than PostgreSQL 15.
    """
    name = default_database() if external_url() else "postgres"
    try:
        connection = psycopg.connect(
            **parameters() | {"dbname": "postgres" if name == apart_from else name}, autocommit=True
        )
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


def _parse(url: str) -> dict[str, Any]:
    if not url.startswith(("postgresql://", "postgres://")):
        scheme = url.partition(":")[0]
        raise StoreError(
            f"DATABASE_URL begins with {scheme!r}: entact runs on PostgreSQL alone, as in "
            f"postgresql://user@host/database; without DATABASE_URL an embedded one starts by itself"
        )
    try:
        return {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise StoreError(f"DATABASE_URL cannot be read: {str(error).strip()}") from error
