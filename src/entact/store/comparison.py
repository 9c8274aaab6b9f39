"""Whether the rows for lists are what the ledgers say, whoever had a hand on them since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from psycopg import Cursor

from entact.store.derived import PARTICIPANT, Rows, StandingRow
from entact.store.known import Known, raw_cursor
from entact.store.site_rows import SITE, rows_of_site
from entact.store.studies import study_of_record
from entact.store.tables import CHANGING, CODE, NUMBERS, STANDING_COLUMNS, TABLES

_LISTS = ("store_standing", *CHANGING)


def participants_listed() -> list[str]:
    """The ledgers of all participants, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name FROM store_ledger WHERE name LIKE '{PARTICIPANT}%' AND seq > 0 ORDER BY name"
        )
        return [name for (name,) in cursor.fetchall()]


def differences(names: Sequence[str]) -> list[str]:
    """What rows of some participants, and of all sites, say otherwise than their ledgers, at one moment.

    Rows that are behind, and rows of nobody, are said too.
    """
    with transaction.atomic(durable=True), connection.wrap_database_errors:
        cursor = raw_cursor()
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [*_strays(cursor), *_of_participants(cursor, names), *_of_sites(cursor)]


def behind(name: str) -> str:
    """What is said of a participant whose rows are older than the ledger, the code or the releases."""
    return f"the rows for lists of {name} are behind: `entact rebuild` makes them anew"


def _strays(cursor: Cursor[Any]) -> Iterator[str]:
    for table in _LISTS:
        cursor.execute(
            f"SELECT DISTINCT ledger_id FROM {table} AS rows WHERE NOT EXISTS (SELECT FROM store_ledger"
            f" WHERE id = rows.ledger_id AND name LIKE '{PARTICIPANT}%' AND seq > 0) ORDER BY ledger_id"
        )
        for (number,) in cursor.fetchall():
            yield f"{table} has rows of ledger {number}, which is no participant's"


def _of_participants(cursor: Cursor[Any], names: Sequence[str]) -> Iterator[str]:
    stamp, study = study_of_record()
    if study is None:
        return
    for name in names:
        cursor.execute("SELECT id, seq, hash FROM store_ledger WHERE name = %s", [name])
        number, seq, digest = cursor.fetchone() or (0, 0, "")
        place = cursor.execute(
            f"SELECT {STANDING_COLUMNS} FROM store_standing WHERE ledger_id = %s", [number]
        ).fetchone()
        if place is None or place[1:4] != (seq, CODE, stamp):
            yield behind(name)
            continue
        known = Known(name)
        known.catch_up(cursor, number, seq, digest, stamp, study)
        if known.rows is None:
            yield f"the rows for lists of {name} cannot be compared: its course cannot be made"
            continue
        if StandingRow(*place[4:]) != known.rows.standing:
            yield f"store_standing says of {name} what its entries do not"
        yield from _tables(cursor, name, number, known.rows)


def _tables(cursor: Cursor[Any], name: str, number: int, rows: Rows) -> Iterator[str]:
    for table in (*TABLES, NUMBERS):
        columns = tuple(table.columns)
        cursor.execute(f"SELECT {', '.join(columns)} FROM {table.name} WHERE ledger_id = %s", [number])
        stored = {tuple(map(_plain, row)) for row in cursor.fetchall()}
        made = {
            tuple(_plain(row[column]) for column in columns) for row in getattr(rows, table.part).values()
        }
        if stored != made:
            yield f"{table.name} says of {name} what its entries do not"


def _of_sites(cursor: Cursor[Any]) -> Iterator[str]:
    _, study = study_of_record()
    if study is None:
        return
    cursor.execute(f"SELECT id, name FROM store_ledger WHERE name LIKE '{SITE}%' AND seq > 0 ORDER BY name")
    for number, name in cursor.fetchall():
        made = rows_of_site(cursor, name, study)
        for table, (columns, rows) in (made or {}).items():
            cursor.execute(f"SELECT {columns} FROM {table} WHERE ledger_id = %s", [number])
            if set(cursor.fetchall()) != set(rows):
                yield f"{table} says of {name} what its entries do not"


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
