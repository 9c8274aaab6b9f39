"""What is not settled before a lock: of everybody in sum, point by point, with the first of whom it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from entact.course.disclosure import Names
from entact.course.instants import ALERT
from entact.store.lists.findings import OF_SHARED, SHARED
from entact.store.lists.participants import Key
from entact.store.lists.seen import SEEN
from entact.store.lists.visits import HOLDS
from entact.store.unsettled import told_by


class UnsettledPoint(NamedTuple):
    """One point: how much is open, of how many whom the reader may see, and the first of these."""

    held: int
    participants: int
    first: list[tuple[Key, str, int]]


class Unsettled(NamedTuple):
    """How many participants there are and are locked, and what is open of them, by point."""

    participants: int
    locked: int
    points: Mapping[str, UnsettledPoint]


def groups_told() -> dict[str, Names]:
    """The groups that anybody's entries are counted in, and what each tells of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT unnest(groups) FROM store_standing")
        return {group: told_by(group) for (group,) in cursor.fetchall()}


def unsettled(
    at: datetime,
    *,
    hidden: Collection[str],
    unsigned: Collection[str],
    uncoded: Collection[str],
    sites: Collection[str] | None = None,
    apart: Sequence[str] = (),
    limit: int = 25,
) -> Unsettled:
    """What is not settled at an instant, as one reader may know it.

    Args:
        hidden: names of what the reader may not see; nothing that tells of one of them is counted.
        unsigned, uncoded: the groups that are counted (see `groups_told`). sites: whose participants are
            named; None for all. apart: ledgers that are left out. limit: of the first of a point.
    """
    values = {
        "at": at,
        "hidden": list(hidden),
        "of_unsigned": list(unsigned),
        "of_uncoded": list(uncoded),
        "sites": None if sites is None else list(sites),
        "apart": list(apart),
        "limit": limit,
        **OF_SHARED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ALL, values)
        participants, locked = cursor.fetchone()
        points = {}
        for point, source in _POINTS.items():
            cursor.execute(_POINT.format(source), values)
            rows = cursor.fetchall()
            first = [((row[2], row[3], row[4]), row[5], row[6]) for row in rows if row[5] is not None]
            points[point] = UnsettledPoint(rows[0][0], rows[0][1], first)
    return Unsettled(participants, locked, points)


_APART = "ARRAY(SELECT id FROM store_ledger WHERE name = ANY(%(apart)s))"
_ALL = f"""
    SELECT count(*), count(*) FILTER (WHERE locked) FROM store_standing WHERE ledger_id <> ALL({_APART})
"""
_SEEN = SEEN.format("open")
_COUNTED = """
    SELECT standing.ledger_id, (
        SELECT coalesce(sum(counted.open), 0) FROM unnest(groups, {0}) AS counted (told, open)
        WHERE counted.told = ANY(%(of_{0})s::text[])
    ) AS own FROM store_standing AS standing
"""
_POINTS: Mapping[str, str] = {
    "queries": f"""
        SELECT ledger_id, count(*) AS own FROM store_query AS open WHERE status <> 'closed' AND {_SEEN}
        GROUP BY ledger_id
    """,
    "findings": f"""
        SELECT ledger_id, count(*) AS own FROM (
            SELECT ledger_id, since, until, tells FROM store_open_finding
            WHERE of_data AND rule <> '{ALERT}'
            UNION ALL SELECT ledger_id, since, until, tells FROM {SHARED} AS shared
        ) AS open WHERE {HOLDS.format("open")} AND {_SEEN} GROUP BY ledger_id
    """,
    "missing": f"""
        SELECT ledger_id, count(*) AS own FROM store_open_finding AS open
        WHERE rule = 'visit_missed' AND {HOLDS.format("open")} AND {_SEEN} GROUP BY ledger_id
    """,
    "unended": "SELECT ledger_id, unended AS own FROM store_standing",
    "unsigned": _COUNTED.format("unsigned"),
    "uncoded": _COUNTED.format("uncoded"),
}
_POINT = f"""
    WITH point AS MATERIALIZED (
        SELECT standing.site, standing.number, standing.ledger_id, open.own
        FROM ({{}}) AS open JOIN store_standing AS standing ON standing.ledger_id = open.ledger_id
        WHERE open.own > 0 AND standing.ledger_id <> ALL({_APART})
    ), named AS (SELECT * FROM point WHERE %(sites)s::text[] IS NULL OR site = ANY(%(sites)s::text[]))
    SELECT (SELECT coalesce(sum(own), 0)::bigint FROM point), (SELECT count(*) FROM named),
        first.site, first.number, first.ledger_id, ledger.name, first.own::bigint
    FROM (SELECT) AS always LEFT JOIN (
        SELECT * FROM named ORDER BY site, number, ledger_id LIMIT %(limit)s
    ) AS first ON TRUE LEFT JOIN store_ledger AS ledger ON ledger.id = first.ledger_id
    ORDER BY first.site, first.number, first.ledger_id
"""
