"""Who is to consent again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from entact.store.lists.visits import HOLDS


class ReconsentDue(NamedTuple):
    """Somebody who is to consent again: to which release, since when, and by the end of which day."""

    ledger: str
    site: str
    number: str
    release: str
    since: datetime
    due: date | None


def reconsents(at: datetime, *, sites: Collection[str] | None = None, limit: int = 50) -> list[ReconsentDue]:
    """Who is to consent again at an instant; who is to do so first stands first.

    Args:
        sites: whose participants the reader may see; None for all.
    """
    of_site = "AND standing.site = ANY(%(sites)s)" if sites is not None else ""
    statement = f"""
        SELECT ledger.name, standing.site, standing.number, asked.release, asked.since, asked.due
        FROM store_reconsent AS asked JOIN store_standing AS standing ON standing.ledger_id = asked.ledger_id
        JOIN store_ledger AS ledger ON ledger.id = asked.ledger_id
        WHERE {HOLDS.format("asked")} {of_site}
        ORDER BY asked.due, standing.site, standing.number, asked.ledger_id LIMIT %(limit)s
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"at": at, "sites": list(sites or ()), "limit": limit})
        return [ReconsentDue(*row) for row in cursor.fetchall()]
