"""Questions that lists ask, answered from the derived tables alone, however many entries there are.

What a role may not see, its list must not show: `status` tells of sessions and events, a finding of the kind
and form of its entry. These rows are for the code that knows the role, not for a page as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from entact.course.instants import BEGINNING
from entact.store.derived import PARTICIPANT
from entact.store.numbers import NUMBER_SHARED, SHARED_NUMBERS
from entact.store.site_rows import SITE


class Participant(NamedTuple):
    """One participant in a list; `alone` says that nobody else has this number."""

    ledger: str
    site: str
    number: str
    status: str
    screened: bool
    randomised: bool
    last_visit: str
    last_at: datetime | None
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


_BESIDE = "(site, number, ledger_id) {0} (%({1}_site)s, %({1}_number)s, %({1}_place)s)"


def participant(asked: str) -> Participant | None:
    """The one participant with a number, or with an opaque id, in this record; None where that is nobody.

    A number that several were given is nobody's: they go by their ids.
    """
    found = _participants("SELECT * FROM store_standing WHERE number = %(asked)s LIMIT 2", {"asked": asked})
    if len(found) == 1:
        return found[0]
    own = "SELECT * FROM store_standing WHERE ledger_id = (SELECT id FROM store_ledger WHERE name = %(name)s)"
    return next(iter(_participants(own, {"name": f"{PARTICIPANT}{asked}"})), None)


def _participants(page: str, values: dict[str, object]) -> list[Participant]:
    statement = f"""
        SELECT ledger.name, page.site, page.number, page.status, page.screened, page.randomised,
            page.last_visit, page.last_at, NOT EXISTS (
                SELECT FROM store_standing AS other
                WHERE other.number = page.number AND other.ledger_id <> page.ledger_id
            ), page.ledger_id
        FROM ({page}) AS page JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY page.site, page.number, page.ledger_id
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Participant(*row) for row in cursor.fetchall()]


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
    conditions = ["TRUE"]
    conditions += ["standing.site = %(site)s"] if site is not None else []
    conditions += ["found.rule = %(rule)s"] if rule is not None else []
    of_page = "found.ledger_id = ANY(ARRAY(SELECT id FROM store_ledger WHERE name = ANY(%(ledgers)s)))"
    conditions += [of_page] if ledgers is not None else []
    page = f"""
        SELECT found.ledger_id, standing.site, standing.number, found.rule, found.entry, found.item,
            found.kind, found.form, found.since, found.finding
        FROM {{}} AS found JOIN store_standing AS standing ON standing.ledger_id = found.ledger_id
        WHERE {" AND ".join(conditions)} AND {_HOLDS.format("found")}
        ORDER BY standing.site, standing.number, found.ledger_id, finding LIMIT %(limit)s
    """
    statement = f"""
        SELECT ledger.name, page.site, number, rule, entry, item, kind, form, since
        FROM (({page.format("store_open_finding")}) UNION ALL ({page.format(_SHARED)})) AS page
            JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
        ORDER BY page.site, number, ledger_id, finding LIMIT %(limit)s
    """
    values = {
        "at": at, "site": site, "rule": rule, "ledgers": list(ledgers or ()), "limit": limit,
        "beginning": BEGINNING, "shared": NUMBER_SHARED,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Open(*row) for row in cursor.fetchall()]


# What two ledgers share follows from both, and from the rows of neither alone.
_SHARED = f"""(
    SELECT held.ledger_id, concat_ws(':', %(shared)s, held.entry, held.of) AS finding,
        %(beginning)s::timestamptz AS since, NULL::timestamptz AS until, %(shared)s AS rule, held.entry,
        held.of AS item, coalesce((
            SELECT kind FROM store_line AS line
            WHERE line.ledger_id = held.ledger_id AND line.entry_id = held.entry ORDER BY seq LIMIT 1
        ), '') AS kind, '' AS form
    FROM {SHARED_NUMBERS}
)"""
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
