"""The list of participants: who is where in the study, what is due, and what needs attention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import get_args
from urllib.parse import parse_qs, urlencode

from django.db import connection
from django.utils.translation import gettext

from entact.conduct.language.codes import code_words
from entact.conduct.reader import PARTICIPANT, Reader, Standing
from entact.conduct.stops import OVER
from entact.conduct.words import day, title_of_visit, window
from entact.course import Due
from entact.course.schedule import first_instant
from entact.course.state.numbers import SCREENING, SUBJECT, normal
from entact.course.state.state import Status
from entact.store import lists
from entact.store.known import raw_cursor
from entact.store.numbers import holders

PER_PAGE = 25
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True)
class Row:
    """One participant in the list; windows and dates as words, empty where there is none."""

    ledger: str
    key: str
    number: str
    site: str
    status: str
    last: str
    last_day: str
    next: str
    next_window: str
    next_is_due: bool
    findings: int
    alerts: int


@dataclass(frozen=True)
class Choice:
    """One value that the list can be narrowed to."""

    value: str
    title: str
    chosen: bool


@dataclass(frozen=True)
class Listing:
    """One page of the list, and what it can be narrowed to.

    Attributes:
        broken: opaque ids of those who have no place in the list, because nothing follows from
            their newest entries.
        wrong: what was asked for and is not there, in words. count, total: of participants that fit, and of
            all. previous, next: addresses of the pages beside it, empty where there is none.
    """

    rows: tuple[Row, ...]
    sites: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    wrong: tuple[str, ...]
    count: int
    total: int
    previous: str
    next: str
    broken: tuple[str, ...]


def list_participants(reader: Reader, asked: Mapping[str, str]) -> Listing:
    """The page of the list asked for by `site`, `status`, and `after` or `before` a place in the list.

    A page costs the same wherever it lies and however many participants there are: it is made of rows for
    lists alone, and nobody's entries are read.
    """
    counts = lists.counts(sites=reader.sites)
    planned = [site for site in reader.study.newest.file.sites if reader.sees_site(site)]
    sites = sorted({*planned, *(one.site for one in counts)} - {""})
    statuses = sorted({one.status for one in counts}) if reader.sight.sees_status else []
    site = asked.get("site", "") if asked.get("site") in sites else ""
    known = sorted({*statuses, *STATUSES}) if reader.sight.sees_status else []
    status = asked.get("status", "") if asked.get("status") in known else ""
    wrong = (*_wrong("site", asked, sites), *(_wrong("status", asked, known) if known else ()))
    narrowed = {name: text for name, text in (("site", site), ("status", status)) if text}
    after, before = _place(asked.get("after", "")), _place(asked.get("before", ""))
    found = lists.participants(
        site=site or None,
        sites=reader.sites,
        status=status or None,
        after=after,
        before=None if after is not None else before,
        limit=PER_PAGE + 1,
    )
    backward = after is None and before is not None
    more = len(found) > PER_PAGE
    shown = found[1:] if more and backward else found[:PER_PAGE]
    hidden, places = reader.sight.hidden_names, [one.place for one in shown]
    summaries = lists.summaries(places, reader.at, hidden=hidden, visits=[*reader.visits])
    rows = tuple(_row(reader, one, summaries[one.place]) for one in shown)
    earlier = more if backward else after is not None and bool(shown)
    later = more if not backward else bool(shown)
    return Listing(
        rows=rows,
        sites=tuple(Choice(name, name, name == site) for name in sites),
        statuses=tuple(
            Choice(name, code_words(name), name == status) for name in sorted({*statuses, status} - {""})
        ),
        wrong=wrong,
        count=sum(
            one.participants for one in counts if site in ("", one.site) and status in ("", one.status)
        ),
        total=sum(one.participants for one in counts),
        previous=_address("before", shown[0].key, narrowed) if earlier else "",
        next=_address("after", shown[-1].key, narrowed) if later else "",
        broken=tuple(name.removeprefix(PARTICIPANT) for name in lists.behind(sites=reader.sites)),
    )


COLUMNS = (
    *("participant", "site", "status", "last_visit", "last_day", "next_visit", "window", "is_due"),
    *("findings", "alerts"),
)


def participant_rows(reader: Reader, asked: Mapping[str, str]) -> Iterator[dict[str, str | int | bool]]:
    """Everybody whom the list shows, narrowed as an address says, page by page: as a file says it."""
    narrowed = {name: asked[name] for name in ("site", "status") if name in asked}
    place = ""
    while True:
        listing = list_participants(reader, narrowed | {"after": place})
        for row in listing.rows:
            said = row.number, row.site, row.status, row.last, row.last_day, row.next, row.next_window
            yield dict(zip(COLUMNS, (*said, row.next_is_due, row.findings, row.alerts), strict=True))
        if not listing.next:
            return
        place = parse_qs(listing.next.removeprefix("?"))["after"][0]


def find_number(reader: Reader, number: str) -> list[Standing]:
    """Whose number it is, of those whom the reader may see: screening numbers of before count too."""
    own = reader.standing(number)
    if own is not None:
        return [own]
    connection.ensure_connection()
    found = holders(raw_cursor(), [(of, normal(number)) for of in (SUBJECT, SCREENING)])
    ledgers = sorted({ledger for names in found.values() for ledger in names})
    return [Standing.of(row) for row in lists.participants_of(ledgers) if reader.sees_site(row.site)]


def _wrong(what: str, asked: Mapping[str, str], known: Sequence[str]) -> Iterator[str]:
    """What to say of a site or a status that was asked for and that nobody can have."""
    name = asked.get(what, "")
    if name and name not in known:
        choices = ", ".join(known)
        yield gettext(
            "There is no {what} {name}: the list is not narrowed by it. Choose one of {choices}."
        ).format(what=what, name=repr(name[:40]), choices=choices)


def _place(text: str) -> lists.Key | None:
    """A place in the list as an address says it; None where it says none."""
    parts = text.rsplit(_BETWEEN, 1)
    site, _, number = parts[0].partition(_BETWEEN)
    if len(parts) < 2 or not parts[1].isdecimal() or len(parts[1]) > 18 or "\0" in text:
        return None
    return site, number, int(parts[1])


_BETWEEN = "~"  # the parts of a place in an address


def _address(name: str, key: lists.Key, narrowed: Mapping[str, str]) -> str:
    return "?" + urlencode({name: _BETWEEN.join(map(str, key)), **narrowed})


def _row(reader: Reader, row: lists.ParticipantRow, summary: lists.Summary) -> Row:
    sight, standing = reader.sight, Standing.of(row)
    visits, zone = reader.visits, reader.zone_of(standing.site)
    last, last_day = row.last_visit, row.last_day
    told_later = row.told_at is not None and (row.last_at is None or row.told_at > row.last_at)
    if told_later and sight.sees_visit(row.told_visit):
        last, last_day = row.told_visit, row.told_day
    is_over = sight.sees_status and standing.status in OVER
    due = None if is_over or not summary.visit else summary
    return Row(
        ledger=row.ledger,
        key=standing.key,
        number=standing.number,
        site=standing.site,
        status=code_words(standing.status) if sight.sees_status else "",
        last=title_of_visit(last, visits) if last else "",
        last_day=day(last_day) if last_day is not None else "",
        next=title_of_visit(due.visit, visits) if due is not None else "",
        next_window=window(_due(due, zone), zone) if due is not None else "",
        next_is_due=due is not None and (due.opens is None or due.opens <= reader.at),
        findings=summary.findings,
        alerts=summary.alerts,
    )


def _due(summary: lists.Summary, zone: tzinfo) -> Due:
    """A window in days, or in hours where its instants are not those at which days begin."""
    earliest, latest = summary.earliest, summary.latest
    opens, ends = summary.opens, summary.ends
    if earliest is None or latest is None or opens is None or ends is None:
        return Due(summary.visit, "due", earliest=earliest, latest=latest)
    if (opens, ends) == (first_instant(earliest, zone), first_instant(latest + timedelta(days=1), zone)):
        return Due(summary.visit, "due", earliest=earliest, latest=latest)
    closes = ends - timedelta(microseconds=1)  # the instant after a window is the first that is too late
    return Due(summary.visit, "due", opens=opens.astimezone(zone), closes=closes.astimezone(zone))
