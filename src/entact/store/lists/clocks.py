"""Safety reports that have to be sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection


class RunningClock(NamedTuple):
    """A safety report that has to be sent by an instant, and its participant."""

    ledger: str
    site: str
    number: str
    report: str
    event: str
    aware: datetime
    due: datetime


def running_clocks(
    *,
    until: datetime | None = None,
    site: str | None = None,
    sites: Collection[str] | None = None,
    limit: int = 50,
) -> list[RunningClock]:
    """Safety reports that were not sent, those that end first before the others; of a site, or until then.

    Args:
        sites: whose participants the reader may see; None for all.
    """
    conditions = ["clock.sent_at IS NULL"]
    conditions += ["clock.due <= %(until)s"] if until is not None else []
    conditions += ["standing.site = %(site)s"] if site is not None else []
    conditions += ["standing.site = ANY(%(sites)s)"] if sites is not None else []
    statement = f"""
        SELECT ledger.name, standing.site, standing.number, clock.report, clock.event, clock.aware, clock.due
        FROM store_clock AS clock JOIN store_standing AS standing ON standing.ledger_id = clock.ledger_id
            JOIN store_ledger AS ledger ON ledger.id = clock.ledger_id
        WHERE {" AND ".join(conditions)} ORDER BY clock.due, clock.ledger_id, clock.report LIMIT %(limit)s
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"until": until, "site": site, "sites": list(sites or ()), "limit": limit})
        return [RunningClock(*row) for row in cursor.fetchall()]
