"""Visits that are due, will be, or went by."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from entact.course.disclosure import visit_named

# Of rows that say how things stand between two instants, those of one; of visits, those that may be seen.
HOLDS = "{0}.since <= %(at)s AND ({0}.until IS NULL OR %(at)s < {0}.until)"
VISIT_SEEN = f"NOT ('{visit_named('')}' || due.visit) = ANY(%(hidden)s::text[])"


class DueVisit(NamedTuple):
    """A visit with the instants between which it is due, and its participant."""

    ledger: str
    site: str
    number: str
    visit: str
    opens: datetime | None
    ends: datetime | None


def due(
    at: datetime,
    *,
    until: datetime | None = None,
    site: str | None = None,
    sites: Collection[str] | None = None,
    hidden: Collection[str] = (),
    limit: int = 50,
) -> list[DueVisit]:
    """Visits that are due at an instant, or become so before `until`; those that end first come first.

    Args:
        sites: whose participants the reader may see; None for all.
        hidden: names of what the reader may not see (see `entact.course.disclosure`).
    """
    condition = "(due.opens IS NULL OR due.opens <= %(until)s) AND (due.ends IS NULL OR due.ends > %(at)s)"
    return _visits(condition, at, until or at, _of(site, sites), hidden, limit)


def missed(
    at: datetime,
    *,
    site: str | None = None,
    sites: Collection[str] | None = None,
    hidden: Collection[str] = (),
    limit: int = 50,
) -> list[DueVisit]:
    """Visits whose window has gone by without them, and without anybody saying so; the rest as for `due`."""
    return _visits("due.ends <= %(at)s", at, at, _of(site, sites), hidden, limit)


def _of(site: str | None, sites: Collection[str] | None) -> Collection[str] | None:
    """The sites that are left of those asked for and those that the reader may see; None for all."""
    if site is None:
        return sites
    return [site] if sites is None or site in sites else []


def _visits(
    condition: str,
    at: datetime,
    until: datetime,
    sites: Collection[str] | None,
    hidden: Collection[str],
    limit: int,
) -> list[DueVisit]:
    of_site = "AND standing.site = ANY(%(sites)s)" if sites is not None else ""
    statement = f"""
        SELECT ledger.name, page.site, number, visit, opens, ends FROM (
            SELECT due.*, standing.site, standing.number
            FROM store_due AS due JOIN store_standing AS standing ON standing.ledger_id = due.ledger_id
            WHERE {HOLDS.format("due")} AND {condition} AND {VISIT_SEEN} {of_site}
            ORDER BY ends, standing.site, standing.number, due.ledger_id, visit LIMIT %(limit)s
        ) AS page JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY ends, page.site, number, ledger_id, visit
    """
    with connection.cursor() as cursor:
        values = {
            "at": at,
            "until": until,
            "sites": list(sites or ()),
            "hidden": list(hidden),
            "limit": limit,
        }
        cursor.execute(statement, values)
        return [DueVisit(*row) for row in cursor.fetchall()]
