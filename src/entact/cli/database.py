"""Using a database that is there."""

from __future__ import annotations

import psycopg

from entact import store
from entact.store import server

HALF_DROPPED = -2  # PostgreSQL's mark of a database that it was interrupted in dropping


def open_record(database: str) -> None:
    """Uses a database that is there; to look at a record never makes one.

    Raises:
        StoreError: when there is none, or it holds no study.
    """
    folder = None if server.external_url() else server.embedded_folder()
    if folder is not None and not folder.exists():
        raise store.StoreError(
            f"no data lie in {folder}: `entact rehearse STUDY` puts some there; "
            "ENTACT_DATA or DATABASE_URL say where others lie"
        )
    place = folder or "the server of DATABASE_URL"
    limits = _databases(database)
    if database not in limits:
        others = ", ".join(name for name in limits if name != "postgres")
        there = f"; there are {others}" if others else ""
        raise store.StoreError(
            f"there is no database {database!r} in {place}{there}: `entact rehearse STUDY` makes one"
        )
    if limits[database] == HALF_DROPPED or not _was_set_up(database):
        raise store.StoreError(
            f"the database {database!r} in {place} holds no study: it is not entact's, or a rehearsal was "
            "interrupted before it began"
        )
    store.setup(database=database)


def _databases(asked: str) -> dict[str, int]:
    """Name of each database of the server -> how many may connect to it."""
    with server.maintenance_connection(apart_from=asked, as_owner=server.owner_at_hand()) as connection:
        rows = connection.execute(
            "SELECT datname, datconnlimit FROM pg_database WHERE NOT datistemplate ORDER BY datname"
        )
        return dict(rows.fetchall())


def _was_set_up(database: str) -> bool:
    address = server.parameters(as_owner=server.owner_at_hand())
    with psycopg.connect(**address | {"dbname": database}) as connection:
        row = connection.execute("SELECT to_regclass('public.store_installation') IS NOT NULL").fetchone()
        return row is not None and row[0] is True
