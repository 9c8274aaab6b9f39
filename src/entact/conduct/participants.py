"""The list of participants: who is where in the study, what is due, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from entact.conduct.register import Folded, Register, Standing
from entact.conduct.sight import SeenCourse
from entact.conduct.timeline import OVER
from entact.conduct.words import day, lower_words, title_of_visit, window
from entact.course import Course, open_alerts
from entact.course.state.progress import zone_of
from entact.store import lists

PER_PAGE = 25


@dataclass(frozen=True)
class Row:
    """One participant in the list; windows and dates as words, empty where there is none."""

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
        count, total: of participants that fit, and of all. previous, next: addresses of the pages beside it,
            empty where there is none.
    """

    rows: tuple[Row, ...]
    sites: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    count: int
    total: int
    previous: str
    next: str


def list_participants(register: Register, asked: Mapping[str, str]) -> Listing:
    """The page of the list asked for by `site`, `status`, and `after` or `before` a place in the list.

    A page costs the same wherever it lies and however many participants there are.
    """
    counts = lists.counts()
    sites = sorted({*register.study.newest.file.sites, *(one.site for one in counts)} - {""})
    statuses = sorted({one.status for one in counts}) if register.sight.sees_status else []
    site = asked.get("site", "") if asked.get("site") in sites else ""
    status = asked.get("status", "") if asked.get("status") in statuses else ""
    narrowed = {name: text for name, text in (("site", site), ("status", status)) if text}
    after, before = _place(asked.get("after", "")), _place(asked.get("before", ""))
    found = lists.participants(
        site=site or None,
        status=status or None,
        after=after,
        before=None if after is not None else before,
        limit=PER_PAGE + 1,
    )
    backward = after is None and before is not None
    more = len(found) > PER_PAGE
    shown = found[1:] if more and backward else found[:PER_PAGE]
    folded = register.folded([one.ledger for one in shown])
    rows = tuple(_row(register, Standing.of(one), folded[one.ledger]) for one in shown)
    earlier = more if backward else after is not None and bool(shown)
    later = more if not backward else bool(shown)
    return Listing(
        rows=rows,
        sites=tuple(Choice(name, name, name == site) for name in sites),
        statuses=tuple(Choice(name, lower_words(name), name == status) for name in statuses),
        count=sum(
            one.participants for one in counts if site in ("", one.site) and status in ("", one.status)
        ),
        total=sum(one.participants for one in counts),
        previous=_address("before", shown[0].key, narrowed) if earlier else "",
        next=_address("after", shown[-1].key, narrowed) if later else "",
    )


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


def _row(register: Register, standing: Standing, folded: Folded) -> Row:
    course, sight = folded.course, register.sight
    seen = SeenCourse(sight, course)
    zone = zone_of(course, register.at)
    last, last_day = _last_visit(course, register)
    dues = [] if sight.sees_status and course.status in OVER else course.due(register.at)
    dues = [one for one in dues if sight.sees_visit(one.visit)]
    coming = [one for one in dues if one.status == "due"] or [one for one in dues if one.status == "expected"]
    coming.sort(key=lambda one: (one.earliest is None, one.earliest))
    due = coming[0] if coming else None
    held = [one for one in seen.findings(register.at, folded.beside) if one.holds]
    return Row(
        key=standing.key,
        number=standing.number,
        site=standing.site,
        status=lower_words(standing.status) if sight.sees_status else "",
        last=last,
        last_day=last_day,
        next=title_of_visit(due.visit, course.release.visits) if due is not None else "",
        next_window=window(due, zone) if due is not None else "",
        next_is_due=due is not None and due.status == "due",
        findings=len(held),
        alerts=sum(seen.sees_alert(one) for one in open_alerts(course)),
    )


def _last_visit(course: Course, register: Register) -> tuple[str, str]:
    seen = (one for one in course.encounters.values() if register.sight.sees_visit(one.visit))
    begun = [(one.started, one.visit) for one in seen if one.started is not None]
    if not begun:
        return "", ""
    started, visit = max(begun)
    return title_of_visit(visit, course.release.visits), day(
        started.astimezone(zone_of(course, register.at)).date()
    )
