"""Queries in a status, as long as they have been in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from entact.store.lists.seen import SEEN


class Query(NamedTuple):
    """A query, its participant, and the kind and form of the entry that it is about.

    Attributes:
        query: the entry that raised it. since: when it came to its status: open, answered or closed.
    """

    ledger: str
    site: str
    number: str
    query: str
    status: str
    raised_at: datetime
    since: datetime
    entry: str
    item: str
    kind: str
    form: str
    place: int

    @property
    def key(self) -> QueryKey:
        """Where it stands in the list: the next page begins after it."""
        return self.since, self.place, self.query


QueryKey = tuple[datetime, int, str]  # since, ledger, query


def queries(
    *,
    hidden: Collection[str],
    status: str = "open",
    site: str | None = None,
    sites: Collection[str] | None = None,
    ledgers: Sequence[str] | None = None,
    after: QueryKey | None = None,
    limit: int = 50,
) -> list[Query]:
    """Queries of persons in one status, those that have been in it longest before the others: one page.

    Args:
        hidden: names of what the reader may not see; no query that tells of one of them is here.
        sites: whose participants the reader may see; None for all. site, ledgers: only of this site, of these
            participants. after: the page goes on behind that one.
    """
    conditions = ["query.rule = ''", "query.status = %(status)s", SEEN.format("query")]
    conditions += ["standing.site = %(site)s"] if site is not None else []
    conditions += ["standing.site = ANY(%(sites)s)"] if sites is not None else []
    conditions += ["ledger.name = ANY(%(ledgers)s)"] if ledgers is not None else []
    order = "query.since, query.ledger_id, query.query"
    conditions += [f"({order}) > (%(since)s, %(place)s, %(query)s)"] if after is not None else []
    statement = f"""
        SELECT ledger.name, standing.site, standing.number, query.query, query.status, query.raised_at,
            query.since, query.entry, query.item, query.kind, query.form, query.ledger_id
        FROM store_query AS query JOIN store_standing AS standing ON standing.ledger_id = query.ledger_id
            JOIN store_ledger AS ledger ON ledger.id = query.ledger_id
        WHERE {" AND ".join(conditions)} ORDER BY {order} LIMIT %(limit)s
    """
    values: dict[str, object] = {"status": status, "site": site, "limit": limit, "hidden": list(hidden)}
    values |= {"ledgers": list(ledgers or ()), "sites": list(sites or ())}
    values |= dict(zip(("since", "place", "query"), after or (), strict=False))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Query(*row) for row in cursor.fetchall()]


def queries_of_rules(ledgers: Sequence[str]) -> dict[tuple[str, str, str, str], tuple[str, str]]:
    """What was said of what rules found, of some participants.

    Returns:
        By ledger, rule, entry and item: the query, and its status.
    """
    statement = """
        SELECT ledger.name, query.rule, query.entry, query.item, query.query, query.status
        FROM store_query AS query JOIN store_ledger AS ledger ON ledger.id = query.ledger_id
        WHERE query.rule <> '' AND ledger.name = ANY(%s) ORDER BY query.since
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(ledgers)])
        return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in cursor.fetchall()}
