"""Rows for lists of what sites have: their staff with certificates, and their stock.

They are made anew with every entry of a site's ledger, of which there are few, in its transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from psycopg import Cursor

from entact.course import fold_setting, read
from entact.course.state.setting import SiteState
from entact.protocol import Study
from entact.store.index import storable

SITE = "site:"

_log = logging.getLogger(__name__)


def write_site_rows(cursor: Cursor[Any], ledgers: list[str], study: Study | None) -> None:
    """Puts the rows of some sites in the place of those that are there; the transaction holds their ledgers.

    Args:
        study: to know its releases; without a readable one nothing is written.
    """
    if study is None:
        return
    for ledger in ledgers:
        for table, (columns, rows) in (rows_of_site(cursor, ledger, study) or {}).items():
            cursor.execute(
                f"DELETE FROM {table} WHERE ledger_id = (SELECT id FROM store_ledger WHERE name = %s)",
                [ledger],
            )
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def rows_of_site(
    cursor: Cursor[Any], ledger: str, study: Study
) -> dict[str, tuple[str, list[tuple[Any, ...]]]] | None:
    """Of each table its columns and the rows of one site; None where its ledger cannot be read."""
    cursor.execute(
        "SELECT ledger.id, line.text FROM store_ledger AS ledger"
        " JOIN store_line AS line ON line.ledger_id = ledger.id WHERE ledger.name = %s ORDER BY line.seq",
        [ledger],
    )
    lines = cursor.fetchall()
    if not lines:
        return None
    try:
        site = fold_setting(study, (), [read(text) for _, text in lines]).site
    except Exception:  # noqa: BLE001 - a fact is kept whatever becomes of lists
        _log.exception("lists are not kept up for %s", ledger)
        return None
    number = lines[0][0]
    return {
        "store_staff": (_STAFF, [*_staff(number, site)]),
        "store_stock": (_STOCK, [*_stock(number, site)]),
    }


def site_ledgers(cursor: Cursor[Any]) -> list[str]:
    """The ledgers of all sites."""
    cursor.execute(f"SELECT name FROM store_ledger WHERE name LIKE '{SITE}%' AND seq > 0 ORDER BY name")
    return [name for (name,) in cursor.fetchall()]


_STAFF = "ledger_id, person, certificate, roles, until, expires"
_STOCK = "ledger_id, number, status, lot, expires"


def _staff(number: int, site: SiteState) -> Iterator[tuple[Any, ...]]:
    for person in site.staff.values():
        roles = storable(" ".join(person.roles))
        certificates: Iterable[tuple[str, str | None]] = person.certificates.items()
        for name, last in certificates or [("", None)]:
            yield number, storable(person.person), storable(name), roles, _day(person.until), _day(last)


def _stock(number: int, site: SiteState) -> Iterator[tuple[Any, ...]]:
    for kit in site.kits.values():
        yield number, storable(kit.number), kit.status, storable(kit.lot or ""), _day(kit.expires)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None
