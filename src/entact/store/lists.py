"""Questions that lists ask, answered from the derived tables alone, however many entries there are.

What a role may not see, its list must not show: `status` tells of sessions and events, a finding of all that
stands in its `tells`. Who knows the role says what is `hidden` from it, and that is left out in the database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from entact.course.disclosure import visit_named
from entact.course.instants import ALERT, BEGINNING
from entact.store.derived import PARTICIPANT
from entact.store.numbers import NUMBER_SHARED, SHARED_NUMBERS
from entact.store.site_rows import SITE


class Participant(NamedTuple):
    """One participant in a list; `alone` says that nobody else has this number.

    The visit `told` is one of a track that opens when somebody is told an arm: not everybody may know of it.
    """

    ledger: str
    site: str
    number: str
    status: str
    screened: bool
    randomised: bool
    last_visit: str
    last_at: datetime | None
    last_day: date | None
    told_visit: str
    told_at: datetime | None
    told_day: date | None
    alone: bool
    place: int

    @property
    def key(self) -> Key:
        """Where it stands in the list: the next page begins after it."""
        return self.site, self.number, self.place


Key = tuple[str, str, int]  # site, number, and the number of the ledger


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
    place: int
    finding: str

    @property
    def key(self) -> FindingKey:
        """Where it stands in the list: the next page begins after it."""
        return self.site, self.number, self.place, self.finding, self.since


FindingKey = tuple[str, str, int, str, datetime]  # site, number, ledger, finding, since


def participants(
    *,
    site: str | None = None,
    status: str | None = None,
    after: Key | None = None,
    before: Key | None = None,
    limit: int = 25,
) -> list[Participant]:
    """One page of the participants, by site and number; of a site, or in a status, where that is said.

    Args:
        after, before: the page goes on behind the one that stands there, or ends before it.
    """
    conditions = ["TRUE"]
    conditions += ["site = %(site)s"] if site is not None else []
    conditions += ["status = %(status)s"] if status is not None else []
    conditions += (
        ["(site, number, ledger_id) > (%(after_site)s, %(after_number)s, %(after_place)s)"]
        if after is not None
        else []
    )
    conditions += (
        ["(site, number, ledger_id) < (%(before_site)s, %(before_number)s, %(before_place)s)"]
        if before is not None
        else []
    )
    order = "DESC" if before is not None else "ASC"
    # The page first, names of ledgers after it: they would be looked up for all that is skipped.
    page = f"""
        SELECT * FROM store_standing WHERE {" AND ".join(conditions)}
        ORDER BY site {order}, number {order}, ledger_id {order} LIMIT %(limit)s
    """
    values: dict[str, object] = {"site": site, "status": status, "limit": limit}
    for name, key in (("after", after), ("before", before)):
        parts = zip(("site", "number", "place"), key or (), strict=False)
        values |= {f"{name}_{part}": value for part, value in parts}
    return _participants(page, values)


def participant(asked: str) -> Participant | None:
    """The one participant with a number, or with an opaque id, in this record; None where that is nobody.

    A number that several were given is nobody's: they go by their ids.
    """
    found = _participants("SELECT * FROM store_standing WHERE number = %(asked)s LIMIT 2", {"asked": asked})
    if len(found) == 1:
        return found[0]
    own = "SELECT * FROM store_standing WHERE ledger_id = (SELECT id FROM store_ledger WHERE name = %(name)s)"
    return next(iter(_participants(own, {"name": f"{PARTICIPANT}{asked}"})), None)


def participants_of(ledgers: Sequence[str]) -> list[Participant]:
    """Those whose ledgers these are, by site and number."""
    page = """
        SELECT * FROM store_standing
        WHERE ledger_id = ANY(ARRAY(SELECT id FROM store_ledger WHERE name = ANY(%(ledgers)s)))
    """
    return _participants(page, {"ledgers": list(ledgers)})


def _participants(page: str, values: dict[str, object]) -> list[Participant]:
    statement = f"""
        SELECT ledger.name, page.site, page.number, page.status, page.screened, page.randomised,
            page.last_visit, page.last_at, page.last_day, page.told_visit, page.told_at, page.told_day,
            NOT EXISTS (
                SELECT FROM store_standing AS other
                WHERE other.number = page.number AND other.ledger_id <> page.ledger_id
            ), page.ledger_id
        FROM ({page}) AS page JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY page.site, page.number, page.ledger_id
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Participant(*row) for row in cursor.fetchall()]


def behind() -> list[str]:
    """Ledgers of participants whose newest entries no other list knows: their rows could not be made."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT name FROM store_ledger AS ledger
            WHERE name LIKE '{PARTICIPANT}%' AND seq > 0 AND NOT EXISTS (
                SELECT FROM store_standing WHERE ledger_id = ledger.id AND head = ledger.seq
            ) ORDER BY name
            """
        )
        return [name for (name,) in cursor.fetchall()]


class Count(NamedTuple):
    """How many participants of one site are in one status."""

    site: str
    status: str
    participants: int
    screened: int
    randomised: int


def counts() -> list[Count]:
    """How many participants there are, by site and status."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT site, status, count(*), count(*) FILTER (WHERE screened),"
            " count(*) FILTER (WHERE randomised) FROM store_standing GROUP BY site, status ORDER BY 1, 2"
        )
        return [Count(*row) for row in cursor.fetchall()]


class Size(NamedTuple):
    """How much the record holds."""

    ledgers: int
    entries: int


def size() -> Size:
    """How many ledgers and entries there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(sum(seq), 0)::bigint FROM store_ledger WHERE seq > 0")
        return Size(*cursor.fetchone())


def due(
    at: datetime,
    *,
    until: datetime | None = None,
    site: str | None = None,
    hidden: Collection[str] = (),
    limit: int = 50,
) -> list[DueVisit]:
    """Visits that are due at an instant, or become so before `until`; those that end first come first.

    Args:
        hidden: names of what the reader may not see (see `entact.course.disclosure`).
    """
    condition = "(due.opens IS NULL OR due.opens <= %(until)s) AND (due.ends IS NULL OR due.ends > %(at)s)"
    return _visits(condition, at, until or at, site, hidden, limit)


def missed(
    at: datetime, *, site: str | None = None, hidden: Collection[str] = (), limit: int = 50
) -> list[DueVisit]:
    """Visits whose window has gone by without them, and without anybody saying so; `hidden` as for `due`."""
    return _visits("due.ends <= %(at)s", at, at, site, hidden, limit)


def open_findings(
    at: datetime,
    *,
    hidden: Collection[str],
    site: str | None = None,
    rule: str | None = None,
    ledgers: Sequence[str] | None = None,
    after: FindingKey | None = None,
    limit: int = 50,
) -> list[Open]:
    """Findings that hold at an instant and open alerts, by site and number: one page of them.

    Args:
        hidden: names of what the reader may not see (see `entact.course.disclosure`); nothing that tells of
            one of them is here. site, rule: only these. ledgers: only of these participants (those on the
            page). after: the page goes on behind the one that stands there.
    """
    conditions = [_HOLDS.format("found"), _SEEN]
    conditions += ["standing.site = %(site)s"] if site is not None else []
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
    statement = f"""
        SELECT ledger.name, page.site, number, rule, entry, item, kind, form, since, ledger_id, finding
        FROM (({page.format("store_open_finding")}) UNION ALL ({page.format(_SHARED)})) AS page
            JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY page.site, number, ledger_id, finding, since LIMIT %(limit)s
    """
    values: dict[str, object] = {"at": at, "site": site, "rule": rule, "limit": limit}
    values |= {"hidden": list(hidden), "ledgers": list(ledgers or ()), **_OF_SHARED}
    values |= {f"after_{n}": part for n, part in enumerate(after or ())}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Open(*row) for row in cursor.fetchall()]


class Outlook(NamedTuple):
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


def outlooks(
    places: Sequence[int], at: datetime, *, hidden: Collection[str], visits: Sequence[str]
) -> dict[int, Outlook]:
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
            WHERE due.ledger_id = asked.place AND {_HOLDS.format("due")}
                AND (due.ends IS NULL OR due.ends > %(at)s) AND {_VISIT_SEEN}
            ORDER BY due.opens IS NOT NULL AND due.opens > %(at)s, due.earliest,
                array_position(%(visits)s::text[], due.visit)
            LIMIT 1
        ) AS next ON TRUE
        LEFT JOIN (
            SELECT ledger_id, rule, since, until, tells FROM store_open_finding
            WHERE ledger_id = ANY(%(places)s)
            UNION ALL SELECT ledger_id, rule, since, until, tells FROM {_SHARED} AS shared
        ) AS found ON found.ledger_id = asked.place AND {_HOLDS.format("found")} AND {_SEEN}
        GROUP BY 1, 2, 3, 4, 5, 6
    """
    values = {"places": list(places), "at": at, "hidden": list(hidden), "visits": list(visits), **_OF_SHARED}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {place: Outlook(*rest) for place, *rest in cursor.fetchall()}


# What two ledgers share follows from both, and from the rows of neither alone.
_SHARED = f"""(
    SELECT held.ledger_id, concat_ws(':', %(shared)s, held.entry, held.of) AS finding,
        %(beginning)s::timestamptz AS since, NULL::timestamptz AS until, %(shared)s AS rule, held.entry,
        held.of AS item, coalesce((
            SELECT kind FROM store_line AS line
            WHERE line.ledger_id = held.ledger_id AND line.entry_id = held.entry ORDER BY seq LIMIT 1
        ), '') AS kind, '' AS form, held.tells
    FROM {SHARED_NUMBERS}
)"""
_OF_SHARED = {"beginning": BEGINNING, "shared": NUMBER_SHARED}
_HOLDS = "{0}.since <= %(at)s AND ({0}.until IS NULL OR %(at)s < {0}.until)"
_SEEN = "NOT found.tells && %(hidden)s::text[]"
_VISIT_SEEN = f"NOT ('{visit_named('')}' || due.visit) = ANY(%(hidden)s::text[])"


def _visits(
    condition: str, at: datetime, until: datetime, site: str | None, hidden: Collection[str], limit: int
) -> list[DueVisit]:
    of_site = "AND standing.site = %(site)s" if site is not None else ""
    statement = f"""
        SELECT ledger.name, page.site, number, visit, opens, ends FROM (
            SELECT due.*, standing.site, standing.number
            FROM store_due AS due JOIN store_standing AS standing ON standing.ledger_id = due.ledger_id
            WHERE {_HOLDS.format("due")} AND {condition} AND {_VISIT_SEEN} {of_site}
            ORDER BY ends, standing.site, standing.number, due.ledger_id, visit LIMIT %(limit)s
        ) AS page JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY ends, page.site, number, ledger_id, visit
    """
    with connection.cursor() as cursor:
        values = {"at": at, "until": until, "site": site, "hidden": list(hidden), "limit": limit}
        cursor.execute(statement, values)
        return [DueVisit(*row) for row in cursor.fetchall()]


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
    *, until: datetime | None = None, site: str | None = None, limit: int = 50
) -> list[RunningClock]:
    """Safety reports that were not sent, those that end first before the others; of a site, or until then."""
    conditions = ["clock.sent_at IS NULL"]
    conditions += ["clock.due <= %(until)s"] if until is not None else []
    conditions += ["standing.site = %(site)s"] if site is not None else []
    statement = f"""
        SELECT ledger.name, standing.site, standing.number, clock.report, clock.event, clock.aware, clock.due
        FROM store_clock AS clock JOIN store_standing AS standing ON standing.ledger_id = clock.ledger_id
            JOIN store_ledger AS ledger ON ledger.id = clock.ledger_id
        WHERE {" AND ".join(conditions)} ORDER BY clock.due, clock.ledger_id, clock.report LIMIT %(limit)s
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"until": until, "site": site, "limit": limit})
        return [RunningClock(*row) for row in cursor.fetchall()]


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
    ledgers: Sequence[str] | None = None,
    after: QueryKey | None = None,
    limit: int = 50,
) -> list[Query]:
    """Queries in one status, those that have been in it longest before the others: one page of them.

    Args:
        hidden: names of what the reader may not see; no query that tells of one of them is here. site,
            ledgers: only of this site, of these participants. after: the page goes on behind that one.
    """
    conditions = ["query.status = %(status)s", "NOT query.tells && %(hidden)s::text[]"]
    conditions += ["standing.site = %(site)s"] if site is not None else []
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
    values |= {"ledgers": list(ledgers or ())}
    values |= dict(zip(("since", "place", "query"), after or (), strict=False))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Query(*row) for row in cursor.fetchall()]


class Certified(NamedTuple):
    """A person of a site with one certificate (empty: none), and the last days of both."""

    site: str
    person: str
    roles: tuple[str, ...]
    until: date | None
    certificate: str
    expires: date | None


def staff(*, site: str | None = None, expiring_by: date | None = None) -> list[Certified]:
    """Who works at the sites, by site and person; or only the certificates that end by a day."""
    conditions = ["TRUE"]
    conditions += ["ledger.name = %(ledger)s"] if site is not None else []
    conditions += ["staff.expires <= %(day)s"] if expiring_by is not None else []
    statement = f"""
        SELECT substr(ledger.name, 6), person, roles, until, certificate, expires
        FROM store_staff AS staff JOIN store_ledger AS ledger ON ledger.id = staff.ledger_id
        WHERE {" AND ".join(conditions)} ORDER BY ledger.name, person, certificate
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ledger": f"{SITE}{site}", "day": expiring_by})
        return [
            Certified(place, person, tuple(roles.split()), *rest)
            for place, person, roles, *rest in cursor.fetchall()
        ]


class Kit(NamedTuple):
    """A kit of a site's stock."""

    site: str
    number: str
    status: str
    lot: str
    expires: date | None


def stock(
    *, site: str | None = None, status: str | None = None, after: str | None = None, limit: int = 50
) -> list[Kit]:
    """One page of the kits, by site and number; of a site, or in a status.

    Args:
        after: the page goes on behind the kit of this number, which takes a site.
    """
    conditions = ["TRUE"]
    conditions += ["ledger.name = %(ledger)s"] if site is not None else []
    conditions += ["stock.status = %(status)s"] if status is not None else []
    conditions += ["stock.number > %(after)s"] if after is not None else []
    statement = f"""
        SELECT substr(ledger.name, 6), number, status, lot, expires
        FROM store_stock AS stock JOIN store_ledger AS ledger ON ledger.id = stock.ledger_id
        WHERE {" AND ".join(conditions)} ORDER BY ledger.name, number LIMIT %(limit)s
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {"ledger": f"{SITE}{site}", "status": status, "after": after, "limit": limit}
        )
        return [Kit(*row) for row in cursor.fetchall()]
