"""Findings that hold and open alerts: a page of them, and how many there are of some participants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from entact.course.found.attested import CHANGED_AFTER_LOCK
from entact.course.instants import ALERT, BEGINNING, UNEVALUATED
from entact.store.after_lock import LATE, late_values
from entact.store.lists.seen import SEEN
from entact.store.lists.visits import HOLDS, VISIT_SEEN
from entact.store.numbers import NUMBER_SHARED, SHARED_NUMBERS

_SEEN = SEEN.format("found")


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
    place: int
    finding: str

    @property
    def cannot_be_evaluated(self) -> bool:
        """Of an alert: whether it is open because something is missing that it asks for."""
        return self.rule == ALERT and self.finding.endswith(UNEVALUATED)

    @property
    def key(self) -> FindingKey:
        """Where it stands in the list: the next page begins after it."""
        return self.site, self.number, self.place, self.finding, self.since


FindingKey = tuple[str, str, int, str, datetime]  # site, number, ledger, finding, since


def open_findings(
    at: datetime,
    *,
    hidden: Collection[str],
    site: str | None = None,
    sites: Collection[str] | None = None,
    rule: str | None = None,
    ledgers: Sequence[str] | None = None,
    kinds: Collection[str] | None = None,
    after: FindingKey | None = None,
    limit: int = 50,
) -> list[Open]:
    """Findings that hold at an instant and open alerts, by site and number: one page of them.

    Args:
        hidden: names of what the reader may not see (see `entact.course.disclosure`); nothing that tells of
            one of them is here. sites: whose participants the reader may see; None for all.
        site, rule: only these. ledgers: only of these participants (those on the page). kinds: only about
            entries of these. after: the page goes on behind the one that stands there.
    """
    conditions = [HOLDS.format("found"), _SEEN]
    conditions += ["standing.site = %(site)s"] if site is not None else []
    conditions += ["standing.site = ANY(%(sites)s)"] if sites is not None else []
    conditions += ["found.kind = ANY(%(of_kinds)s)"] if kinds is not None else []
    conditions += ["found.rule = %(rule)s"] if rule is not None else []
    of_page = "found.ledger_id = ANY(ARRAY(SELECT id FROM store_ledger WHERE name = ANY(%(ledgers)s)))"
    conditions += [of_page] if ledgers is not None else []
    order = "standing.site, standing.number, found.ledger_id, found.finding, found.since"
    conditions += [f"({order}) > ({', '.join(f'%(after_{n})s' for n in range(5))})"] if after else []
    page = f"""
        SELECT found.ledger_id, standing.site, standing.number, found.rule, found.entry, found.item,
            found.kind, found.form, found.since, found.finding
        FROM {{}} AS found JOIN store_standing AS standing ON standing.ledger_id = found.ledger_id
        WHERE {" AND ".join(conditions)}
        ORDER BY {order} LIMIT %(limit)s
    """
    locks = rule in (None, CHANGED_AFTER_LOCK)  # of another rule it need not be asked what is locked
    sources = ["store_open_finding", SHARED, *([LATE] if locks else [])]
    statement = f"""
        SELECT ledger.name, page.site, number, rule, entry, item, kind, form, since, ledger_id, finding
        FROM ({" UNION ALL ".join(f"({page.format(source)})" for source in sources)}) AS page
            JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY page.site, number, ledger_id, finding, since LIMIT %(limit)s
    """
    values: dict[str, object] = {"at": at, "site": site, "rule": rule, "limit": limit}
    values |= {
        "sites": list(sites or ()),
        "hidden": list(hidden),
        "ledgers": list(ledgers or ()),
        "of_kinds": list(kinds or ()),
        **OF_SHARED,
        **(late_values() if locks else {}),
    }
    values |= {f"after_{n}": part for n, part in enumerate(after or ())}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Open(*row) for row in cursor.fetchall()]


class FindingCount(NamedTuple):
    """How many findings of a rule hold at one site, about one item: of what is missing, the form."""

    site: str
    rule: str
    item: str
    held: int


def count_findings(
    at: datetime, *, rules: Collection[str], hidden: Collection[str], sites: Collection[str] | None = None
) -> list[FindingCount]:
    """How many findings of some rules hold, by site, rule and item.

    Args:
        hidden: names of what the reader may not see; nothing that tells of one of them is counted.
        sites: whose participants the reader may see; None for all.
    """
    of_site = "AND standing.site = ANY(%(sites)s)" if sites is not None else ""
    statement = f"""
        SELECT standing.site, found.rule, found.item, count(*)
        FROM store_open_finding AS found JOIN store_standing AS standing USING (ledger_id)
        WHERE {HOLDS.format("found")} AND {_SEEN} AND found.rule = ANY(%(rules)s) {of_site}
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
    values = {"at": at, "rules": list(rules), "hidden": list(hidden), "sites": list(sites or ())}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [FindingCount(*row) for row in cursor.fetchall()]


class Summary(NamedTuple):
    """What a list says of a participant beside where they stand: what is next, and how much was found.

    Attributes:
        visit: the next one that is due or expected, empty where there is none. opens, ends: the instants
            between which it is due. earliest, latest: the same as civil dates at the site.
        findings, alerts: how many hold and are open.
    """

    visit: str
    opens: datetime | None
    ends: datetime | None
    earliest: date | None
    latest: date | None
    findings: int
    alerts: int


def summaries(
    places: Sequence[int], at: datetime, *, hidden: Collection[str], visits: Sequence[str]
) -> dict[int, Summary]:
    """What is next of some participants, and how much is found, as one reader may see it.

    Args:
        places: numbers of their ledgers. hidden: names of what the reader may not see; nothing that tells of
            one of them is told or counted. visits: of the schedule, in its order, for those with one window.
    """
    statement = f"""
        SELECT asked.place, coalesce(next.visit, ''), next.opens, next.ends, next.earliest, next.latest,
            count(found.rule) FILTER (WHERE found.rule <> '{ALERT}'),
            count(found.rule) FILTER (WHERE found.rule = '{ALERT}')
        FROM unnest(%(places)s::bigint[]) AS asked (place)
        LEFT JOIN LATERAL (
            SELECT * FROM store_due AS due
            WHERE due.ledger_id = asked.place AND {HOLDS.format("due")}
                AND (due.ends IS NULL OR due.ends > %(at)s) AND {VISIT_SEEN}
            ORDER BY due.opens IS NOT NULL AND due.opens > %(at)s, due.earliest,
                array_position(%(visits)s::text[], due.visit)
            LIMIT 1
        ) AS next ON TRUE
        LEFT JOIN (
            SELECT ledger_id, rule, since, until, tells FROM store_open_finding
            WHERE ledger_id = ANY(%(places)s)
            UNION ALL SELECT ledger_id, rule, since, until, tells FROM {SHARED} AS shared
            UNION ALL SELECT ledger_id, rule, since, until, tells FROM {LATE} AS late
        ) AS found ON found.ledger_id = asked.place AND {HOLDS.format("found")} AND {_SEEN}
        GROUP BY 1, 2, 3, 4, 5, 6
    """
    values = {"places": list(places), "at": at, "hidden": list(hidden), "visits": list(visits), **OF_SHARED}
    values |= late_values()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {place: Summary(*rest) for place, *rest in cursor.fetchall()}


# What two ledgers share follows from both, and from the rows of neither alone.
SHARED = f"""(
    SELECT held.ledger_id, concat_ws(':', %(shared)s, held.entry, held.of) AS finding,
        %(beginning)s::timestamptz AS since, NULL::timestamptz AS until, %(shared)s AS rule, held.entry,
        held.of AS item, coalesce((
            SELECT kind FROM store_line AS line
            WHERE line.ledger_id = held.ledger_id AND line.entry_id = held.entry ORDER BY seq LIMIT 1
        ), '') AS kind, '' AS form, held.tells
    FROM {SHARED_NUMBERS}
)"""
OF_SHARED = {"beginning": BEGINNING, "shared": NUMBER_SHARED}
