"""Questions that lists ask, answered from the derived tables alone, however many entries there are.

What a role may not see, its list must not show: `status` tells of sessions and events, a finding of the kind
and form of its entry. These rows are for the code that knows the role, not for a page as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection


class Participant(NamedTuple):
    """One participant in a list."""

    ledger: str
    site: str
    number: str
    status: str
    screened: bool
    randomised: bool
    last_visit: str
    last_at: datetime | None


class DueVisit(NamedTuple):
    """A visit with the instants between which it is due, and its participant."""

    ledger: str
    site: str
    number: str
    visit: str
    opens: datetime | None
    ends: datetime | None


class Open(NamedTuple):
    """A finding that holds, or an open alert (rule `alert`), with the kind and form of its entry."""

    ledger: str
    site: str
    number: str
    rule: str
    entry: str
    item: str
    kind: str
    form: str
    since: datetime


def participants(
    *, site: str | None = None, status: str | None = None, offset: int = 0, limit: int = 25
) -> list[Participant]:
    """One page of the participants, by site and number; of a site, or in a status, where that is said."""
    conditions = ["TRUE"]
    conditions += ["site = %(site)s"] if site is not None else []
    conditions += ["status = %(status)s"] if status is not None else []
    # The page first, names of ledgers after it: they would be looked up for all that is skipped.
    statement = f"""
        SELECT ledger.name, page.site, number, status, screened, randomised, last_visit, last_at
        FROM (
            SELECT * FROM store_standing WHERE {" AND ".join(conditions)}
            ORDER BY site, number, ledger_id OFFSET %(offset)s LIMIT %(limit)s
        ) AS page JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY page.site, number, ledger_id
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"site": site, "status": status, "offset": offset, "limit": limit})
        return [Participant(*row) for row in cursor.fetchall()]


def counts() -> dict[tuple[str, str], int]:
    """How many participants there are, by site and status."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT site, status, count(*) FROM store_standing GROUP BY site, status")
        return {(site, status): count for site, status, count in cursor.fetchall()}


def due(
    at: datetime, *, until: datetime | None = None, site: str | None = None, limit: int = 50
) -> list[DueVisit]:
    """Visits that are due at an instant, or become so before `until`; those that end first come first."""
    condition = "(due.opens IS NULL OR due.opens <= %(until)s) AND (due.ends IS NULL OR due.ends > %(at)s)"
    return _visits(condition, at, until or at, site, limit)


def missed(at: datetime, *, site: str | None = None, limit: int = 50) -> list[DueVisit]:
    """Visits whose window has gone by without them, and without anybody saying so."""
    return _visits("due.ends <= %(at)s", at, at, site, limit)


def open_findings(
    at: datetime,
    *,
    site: str | None = None,
    rule: str | None = None,
    ledgers: Sequence[str] | None = None,
    limit: int = 50,
) -> list[Open]:
    """Findings that hold at an instant and open alerts, by site and number.

    Args:
        site, rule: only these. ledgers: only of these participants (those on the page).
    """
    conditions = [_HOLDS.format("found")]
    conditions += ["standing.site = %(site)s"] if site is not None else []
    conditions += ["found.rule = %(rule)s"] if rule is not None else []
    of_page = "found.ledger_id = ANY(ARRAY(SELECT id FROM store_ledger WHERE name = ANY(%(ledgers)s)))"
    conditions += [of_page] if ledgers is not None else []
    statement = f"""
        SELECT ledger.name, page.site, number, rule, entry, item, kind, form, since FROM (
            SELECT found.*, standing.site, standing.number
            FROM store_open_finding AS found
            JOIN store_standing AS standing ON standing.ledger_id = found.ledger_id
            WHERE {" AND ".join(conditions)}
            ORDER BY standing.site, standing.number, found.ledger_id, finding LIMIT %(limit)s
        ) AS page JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY page.site, number, ledger_id, finding
    """
    values = {"at": at, "site": site, "rule": rule, "ledgers": list(ledgers or ()), "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Open(*row) for row in cursor.fetchall()]


_HOLDS = "{0}.since <= %(at)s AND ({0}.until IS NULL OR %(at)s < {0}.until)"


def _visits(condition: str, at: datetime, until: datetime, site: str | None, limit: int) -> list[DueVisit]:
    of_site = "AND standing.site = %(site)s" if site is not None else ""
    statement = f"""
        SELECT ledger.name, page.site, number, visit, opens, ends FROM (
            SELECT due.*, standing.site, standing.number
            FROM store_due AS due JOIN store_standing AS standing ON standing.ledger_id = due.ledger_id
            WHERE {_HOLDS.format("due")} AND {condition} {of_site}
            ORDER BY ends, standing.site, standing.number, due.ledger_id, visit LIMIT %(limit)s
        ) AS page JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY ends, page.site, number, ledger_id, visit
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"at": at, "until": until, "site": site, "limit": limit})
        return [DueVisit(*row) for row in cursor.fetchall()]
