"""Rows for lists of what sites have: their staff with certificates, and their stock.

They are made anew with every entry of a site's ledger, of which there are few, in its transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
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
        cursor.execute(
            "SELECT ledger.id, line.text FROM store_ledger AS ledger"
            " JOIN store_line AS line ON line.ledger_id = ledger.id WHERE ledger.name = %s ORDER BY line.seq",
            [ledger],
        )
        lines = cursor.fetchall()
        if not lines:
            continue
        try:
            site = fold_setting(study, (), [read(text) for _, text in lines]).site
        except Exception:  # noqa: BLE001 - a fact is kept whatever becomes of lists
            _log.exception("lists are not kept up for %s", ledger)
            continue
        _replace(cursor, lines[0][0], site)


def site_ledgers(cursor: Cursor[Any]) -> list[str]:
    """The ledgers of all sites."""
    cursor.execute(f"SELECT name FROM store_ledger WHERE name LIKE '{SITE}%' AND seq > 0 ORDER BY name")
    return [name for (name,) in cursor.fetchall()]


def _replace(cursor: Cursor[Any], number: int, site: SiteState) -> None:
    for table in ("store_staff", "store_stock"):
        cursor.execute(f"DELETE FROM {table} WHERE ledger_id = %s", [number])
    columns = "ledger_id, person, certificate, roles, until, expires"
    with cursor.copy(f"COPY store_staff ({columns}) FROM STDIN") as copy:
        for person in site.staff.values():
            roles = storable(" ".join(person.roles))
            certificates: Iterable[tuple[str, str | None]] = person.certificates.items()
            for name, last in certificates or [("", None)]:
                copy.write_row(
                    (number, storable(person.person), storable(name), roles, _day(person.until), _day(last))
                )
    with cursor.copy("COPY store_stock (ledger_id, number, status, lot, expires) FROM STDIN") as copy:
        for kit in site.kits.values():
            copy.write_row(
                (number, storable(kit.number), kit.status, storable(kit.lot or ""), _day(kit.expires))
            )


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None
