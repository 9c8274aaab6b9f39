"""Who takes part: one page of them, one of them, and how many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from entact.course.state.numbers import SCREENING, normal
from entact.store.derived import PARTICIPANT, stored_number


class ParticipantRow(NamedTuple):
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


def participants(
    *,
    site: str | None = None,
    sites: Collection[str] | None = None,
    status: str | None = None,
    after: Key | None = None,
    before: Key | None = None,
    limit: int = 25,
) -> list[ParticipantRow]:
    """One page of the participants, by site and number; of a site, or in a status, where that is said.

    Args:
        sites: whose participants the reader may see; None for all.
        after, before: the page goes on behind the one that stands there, or ends before it.
    """
    conditions = ["TRUE"]
    conditions += ["site = %(site)s"] if site is not None else []
    conditions += ["site = ANY(%(sites)s)"] if sites is not None else []
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
    values: dict[str, object] = {"site": site, "sites": list(sites or ()), "status": status, "limit": limit}
    for name, key in (("after", after), ("before", before)):
        parts = zip(("site", "number", "place"), key or (), strict=False)
        values |= {f"{name}_{part}": value for part, value in parts}
    return _participants(page, values)


def everybody() -> Iterator[ParticipantRow]:
    """All participants by site and number, read page by page."""
    after: Key | None = None
    while page := participants(after=after, limit=200):
        yield from page
        after = page[-1].key


def participant(asked: str, *, sites: Collection[str] | None = None) -> ParticipantRow | None:
    """The one participant with a number, or with an opaque id, in this record; None where that is nobody.

    A number that several were given is nobody's: they go by their ids.

    Args:
        sites: whose participants the reader may see; None for all.
    """
    if "\0" in asked:  # which no text of the database holds
        return None
    seen = "" if sites is None else "AND site = ANY(%(sites)s)"
    values = {"asked": asked, "name": f"{PARTICIPANT}{asked}", "sites": list(sites or ())}
    found = _participants(f"SELECT * FROM store_standing WHERE number = %(asked)s {seen} LIMIT 2", values)
    if len(found) == 1:
        return found[0]
    own = "ledger_id = (SELECT id FROM store_ledger WHERE name = %(name)s)"
    return next(iter(_participants(f"SELECT * FROM store_standing WHERE {own} {seen}", values)), None)


def participant_screened_as(asked: str, *, sites: Collection[str] | None = None) -> ParticipantRow | None:
    """The one participant who had a screening number before they got another; None where that is nobody.

    A page that was opened before somebody was enrolled still leads to them, and what it sends is not lost.
    """
    seen = "" if sites is None else "AND site = ANY(%(sites)s)"
    of, number = stored_number((SCREENING, normal(asked)))
    held = "SELECT ledger_id FROM store_number WHERE of = %(of)s AND number = %(number)s"
    values = {"of": of, "number": number, "sites": list(sites or ())}
    found = _participants(f"SELECT * FROM store_standing WHERE ledger_id IN ({held}) {seen} LIMIT 2", values)
    return found[0] if len(found) == 1 else None


def participants_of(ledgers: Sequence[str]) -> list[ParticipantRow]:
    """Those whose ledgers these are, by site and number."""
    if not ledgers:
        return []
    page = """
        SELECT * FROM store_standing
        WHERE ledger_id = ANY(ARRAY(SELECT id FROM store_ledger WHERE name = ANY(%(ledgers)s)))
    """
    return _participants(page, {"ledgers": list(ledgers)})


def _participants(page: str, values: Mapping[str, object]) -> list[ParticipantRow]:
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
        return [ParticipantRow(*row) for row in cursor.fetchall()]


def behind(*, sites: Collection[str] | None = None) -> list[str]:
    """Ledgers of participants whose newest entries no other list knows: their rows could not be made.

    Args:
        sites: whose participants the reader may see, as far as a row still says; None for all.
    """
    seen = (
        ""
        if sites is None
        else "AND id IN (SELECT ledger_id FROM store_standing WHERE site = ANY(%(sites)s))"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT name FROM store_ledger AS ledger
            WHERE starts_with(name, '{PARTICIPANT}') AND seq > 0 AND NOT EXISTS (
                SELECT FROM store_standing WHERE ledger_id = ledger.id AND head = ledger.seq
            ) {seen} ORDER BY name
            """,
            {"sites": list(sites or ())},
        )
        return [name for (name,) in cursor.fetchall()]


class Count(NamedTuple):
    """How many participants of one site are in one status."""

    site: str
    status: str
    participants: int
    screened: int
    randomised: int


def counts(*, sites: Collection[str] | None = None) -> list[Count]:
    """How many participants there are, by site and status; of some sites, where the reader sees no others."""
    seen = "" if sites is None else "WHERE site = ANY(%(sites)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT site, status, count(*), count(*) FILTER (WHERE screened),"
            f" count(*) FILTER (WHERE randomised) FROM store_standing {seen}"
            " GROUP BY site, status ORDER BY 1, 2",
            {"sites": list(sites or ())},
        )
        return [Count(*row) for row in cursor.fetchall()]


class Enrolled(NamedTuple):
    """How many were enrolled in the month that begins on a day."""

    month: date
    participants: int


def enrolled(*, sites: Collection[str] | None = None) -> list[Enrolled]:
    """How many participants were given a subject number, by month (UTC); of some sites, or of all."""
    seen = "" if sites is None else "AND standing.site = ANY(%(sites)s)"
    statement = f"""
        SELECT date_trunc('month', line.occurred_at AT TIME ZONE 'UTC')::date, count(DISTINCT held.ledger_id)
        FROM store_number AS held JOIN store_standing AS standing USING (ledger_id)
            JOIN store_line AS line ON line.ledger_id = held.ledger_id AND line.entry_id = held.entry
        WHERE held.of = 'subject' AND line.occurred_at IS NOT NULL {seen}
        GROUP BY 1 ORDER BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"sites": list(sites or ())})
        return [Enrolled(*row) for row in cursor.fetchall()]


class Size(NamedTuple):
    """How much the record holds; what people did with the system itself is not counted."""

    ledgers: int
    entries: int


def size() -> Size:
    """How many ledgers and entries there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(seq), 0)::bigint FROM store_ledger"
            " WHERE seq > 0 AND name <> 'system'"
        )
        return Size(*cursor.fetchone())
