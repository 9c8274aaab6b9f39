"""Who takes part: one page of them, one of them, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from entact.store.derived import PARTICIPANT


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


def everybody() -> Iterator[Participant]:
    """All participants by site and number, read page by page."""
    after: Key | None = None
    while page := participants(after=after, limit=200):
        yield from page
        after = page[-1].key


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
