"""Visits that are booked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from entact.store.lists.visits import VISIT_SEEN


class Booked(NamedTuple):
    """A visit that is booked for a time, and its participant."""

    ledger: str
    site: str
    number: str
    encounter: str
    visit: str
    at: datetime


def booked(
    since: datetime,
    until: datetime,
    *,
    sites: Collection[str] | None = None,
    hidden: Collection[str] = (),
    limit: int = 50,
) -> list[Booked]:
    """Visits that are booked for a time between two and have not begun; what comes first stands first.

    Args:
        sites: whose participants the reader may see; None for all.
        hidden: names of what the reader may not see (see `entact.course.disclosure`).
    """
    of_site = "AND standing.site = ANY(%(sites)s)" if sites is not None else ""
    statement = f"""
        SELECT ledger.name, standing.site, standing.number, due.encounter, due.visit, due.at
        FROM store_booking AS due JOIN store_standing AS standing ON standing.ledger_id = due.ledger_id
        JOIN store_ledger AS ledger ON ledger.id = due.ledger_id
        WHERE due.at >= %(since)s AND due.at < %(until)s AND {VISIT_SEEN} {of_site}
        ORDER BY due.at, standing.site, standing.number, due.ledger_id LIMIT %(limit)s
    """
    values = {
        "since": since,
        "until": until,
        "sites": list(sites or ()),
        "hidden": list(hidden),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Booked(*row) for row in cursor.fetchall()]
