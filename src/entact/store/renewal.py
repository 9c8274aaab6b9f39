"""Rows for lists made anew of the ledgers: all of them, or those that are behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db import connection, transaction

from entact.course.entry import Line
from entact.store.derived import PARTICIPANT, Rows
from entact.store.known import Known, raw_cursor
from entact.store.site_rows import site_ledgers, write_site_rows
from entact.store.studies import note_releases, releases_in_force, study_of_record
from entact.store.tables import CHANGING, CODE, write_rows

BATCH = 20  # ledgers that wait for one transaction

_STALE = f"""
    SELECT ledger.name FROM store_ledger AS ledger
    LEFT JOIN store_standing AS standing ON standing.ledger_id = ledger.id
    WHERE ledger.name LIKE '{PARTICIPANT}%%' AND ledger.seq > 0
        AND (standing.head IS DISTINCT FROM ledger.seq OR standing.code <> %s OR standing.releases <> %s)
    ORDER BY ledger.name
"""


_HEADS = "SELECT name, id, seq, hash FROM store_ledger WHERE name = ANY(%s) ORDER BY name FOR UPDATE"


def stale() -> list[str]:
    """Ledgers whose rows are behind their head, or were made by other code or of other releases."""
    stamp, study = study_of_record()
    if study is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_STALE, [CODE, stamp])
        return [name for (name,) in cursor.fetchall()]


def refresh_of_other_code() -> None:
    """Makes the rows anew that are behind, where an earlier version made some: it knew less of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM store_standing WHERE code <> %s)", [CODE])
        (found,) = cursor.fetchone()
    if found:
        refresh()


def refresh() -> int:
    """Makes the rows anew that are behind, and those of all sites; returns of how many participants."""
    _rebuild_sites()
    return _rebuild(stale())


def keep_lists(releases: str, made: Mapping[str, tuple[Line, Rows]]) -> None:
    """Keeps rows for lists that were made elsewhere, of ledgers that have not gone on since.

    What is behind afterwards is named by `stale`, and made anew by `refresh`.

    Args:
        releases: the stamp of those of which they were made. made: ledger -> its last line, and the rows.
    """
    names = sorted(made)
    for start in range(0, len(names), BATCH):
        with transaction.atomic(), connection.wrap_database_errors:
            cursor = raw_cursor()
            cursor.execute(_HEADS, [names[start : start + BATCH]])
            heads = cursor.fetchall()
            if releases != releases_in_force():
                return
            same = [
                (number, seq, made[name][1])
                for name, number, seq, digest in heads
                if (seq, digest) == (made[name][0].seq, made[name][0].hash)
            ]
            write_rows(cursor, releases, same)


def rebuild(*, progress: Callable[[int, int], None] | None = None) -> int:
    """Makes all rows for lists anew, while others go on appending; returns of how many ledgers.

    Args:
        progress: called with how many are done, and of how many.
    """
    with transaction.atomic():
        note_releases()
    with connection.cursor() as cursor:
        for table in ("store_standing", *CHANGING):
            cursor.execute(
                f"DELETE FROM {table} AS rows WHERE NOT EXISTS"
                f" (SELECT FROM store_ledger WHERE id = rows.ledger_id AND name LIKE '{PARTICIPANT}%')"
            )
        cursor.execute(
            f"SELECT name FROM store_ledger WHERE name LIKE '{PARTICIPANT}%' AND seq > 0 ORDER BY name"
        )
        names = [name for (name,) in cursor.fetchall()]
    _rebuild_sites()
    return _rebuild(names, progress)


def _rebuild_sites() -> None:
    with transaction.atomic(), connection.wrap_database_errors:
        cursor = raw_cursor()
        names = site_ledgers(cursor)
        cursor.execute("SELECT FROM store_ledger WHERE name = ANY(%s) ORDER BY name FOR UPDATE", [names])
        write_site_rows(cursor, names, study_of_record()[1])


def _rebuild(names: list[str], progress: Callable[[int, int], None] | None = None) -> int:
    for start in range(0, len(names), BATCH):
        _rebuild_some(names[start : start + BATCH])
        if progress is not None:
            progress(min(start + BATCH, len(names)), len(names))
    return len(names)


def _rebuild_some(names: list[str]) -> None:
    with transaction.atomic(), connection.wrap_database_errors:
        cursor = raw_cursor()
        cursor.execute(_HEADS, [names])
        heads = cursor.fetchall()
        stamp, study = study_of_record()
        rows = []
        for name, number, seq, digest in heads:
            known = Known(name)
            known.catch_up(cursor, number, seq, digest, stamp, study)
            if known.rows is not None:
                rows.append((number, seq, known.rows))
        write_rows(cursor, stamp, rows)
        # What is said of the others may be old: lists then tell that they are behind.
        others = [number for _, number, _, _ in heads if number not in {made for made, _, _ in rows}]
        cursor.execute("UPDATE store_standing SET head = 0 WHERE ledger_id = ANY(%s)", [others])
