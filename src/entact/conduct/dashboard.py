"""How the study goes: recruitment against plan, retention, visits in their windows, what is missing.

By site and form, never by arm; and by status only for who may know it. It is made of rows for lists alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext

from entact.conduct.language.codes import MONTHS, code_words
from entact.conduct.reader import Reader
from entact.conduct.words import title_of_form, title_of_visit
from entact.store import lists

WIDTH, HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 16, 20, 34

OUTSIDE, MISSED, FORM, READING = "out_of_window", "visit_missed", "activity_missing", "reading_missing"
_STOPPED = ("discontinued", "withdrawn", "lost_to_follow_up", "died")


@dataclass(frozen=True)
class Mark:
    """A place on an axis, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """Recruitment: enrolled so far by month, against how many are planned; coordinates of an SVG."""

    path: str
    plan: float
    columns: tuple[Mark, ...]
    rows: tuple[Mark, ...]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


@dataclass(frozen=True)
class SiteLine:
    """One site: how many, how many stopped, visits outside their windows and missed, what is missing."""

    site: str
    participants: int
    stopped: str
    outside: int
    missed: int
    missing: int


@dataclass(frozen=True)
class Board:
    """The dashboard; `statuses` is empty for who may not know them."""

    plot: Plot | None
    enrolled: int
    planned: int
    statuses: tuple[tuple[str, int], ...]
    sites: tuple[SiteLine, ...]
    missing: tuple[tuple[str, int, str], ...]


def draw_board(reader: Reader) -> Board:
    """The dashboard as the reader's role may see it."""
    hidden, sites = reader.sight.hidden_names, reader.sites
    months = lists.enrolled(sites=sites)
    planned = sum(one.planned for one in reader.study.newest.file.populations.values())
    rules = (OUTSIDE, MISSED, FORM, READING)
    found = lists.count_findings(reader.at, rules=rules, hidden=hidden, sites=sites)
    counts = lists.counts(sites=sites)
    sees = reader.sight.sees_status
    statuses: dict[str, int] = {}
    for one in counts if sees else ():
        statuses[one.status] = statuses.get(one.status, 0) + one.participants
    return Board(
        plot=_plot(months, planned, reader.at.date()) if months else None,
        enrolled=sum(one.participants for one in months),
        planned=planned,
        statuses=tuple((code_words(name), count) for name, count in statuses.items()),
        sites=tuple(_sites(reader, counts, found, sees)),
        missing=tuple(_missing(reader, found)),
    )


def _sites(
    reader: Reader, counts: Sequence[lists.Count], found: Sequence[lists.FindingCount], sees: bool
) -> Iterable[SiteLine]:
    known = [site for site in reader.study.newest.file.sites if reader.sees_site(site)]
    for site in sorted({*known, *(one.site for one in counts)}):
        here = [count for count in counts if count.site == site]
        total = sum(count.participants for count in here)
        stopped = sum(count.participants for count in here if count.status in _STOPPED)
        of = dict.fromkeys(_RULES, 0)
        for one in found:
            if one.site == site:
                of[one.rule] += one.held
        yield SiteLine(
            site or gettext("unknown"),
            total,
            gettext("{stopped} of {total}").format(stopped=stopped, total=total) if sees else "",
            of[OUTSIDE],
            of[MISSED],
            of[FORM] + of[READING],
        )


_RULES = (OUTSIDE, MISSED, FORM, READING)


def _missing(reader: Reader, found: Sequence[lists.FindingCount]) -> Iterable[tuple[str, int, str]]:
    """What is missing, by form: the most first, with the sites that it is missing at."""
    by: dict[str, dict[str, int]] = {}
    for one in found:
        if one.rule in (FORM, READING):
            by.setdefault(one.item, {})
            by[one.item][one.site] = by[one.item].get(one.site, 0) + one.held
    for item, sites in sorted(by.items(), key=lambda one: (-sum(one[1].values()), one[0])):
        told = ", ".join(f"{site or 'unknown'} {count}" for site, count in sorted(sites.items()))
        yield _title(reader, item), sum(sites.values()), told


def _title(reader: Reader, item: str) -> str:
    forms = reader.study.newest.forms
    return title_of_form(forms[item]) if item in forms else title_of_visit(item, reader.visits)


def _month_words(month: date) -> str:
    return f"{gettext(MONTHS[month.month - 1])} {month.year}"


def _plot(months: Sequence[lists.Enrolled], planned: int, today: date) -> Plot:
    """Enrolled so far, at the end of each month up to now; a line where the plan is."""
    first = months[0].month
    last = max(months[-1].month, today.replace(day=1))
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    new = {one.month: one.participants for one in months}
    axis = [_month(first, number) for number in range(count)]
    sums, total = [0], 0
    for month in axis:
        total += new.get(month, 0)
        sums.append(total)
    high = max(planned, total, 1)

    def x(number: float) -> float:
        return round(_LEFT + number / count * (WIDTH - _LEFT - _RIGHT), 1)

    def y(number: float) -> float:
        return round(HEIGHT - _BOTTOM - number / high * (HEIGHT - _TOP - _BOTTOM), 1)

    step = max(1, -(-count // 8))
    path = "M" + " L".join(f"{x(number):g} {y(value):g}" for number, value in enumerate(sums))
    size = max(1, -(-high // 4))
    return Plot(
        path=path,
        plan=y(planned),
        columns=tuple(
            Mark(x(number + 0.5), f"{gettext(MONTHS[axis[number].month - 1])} {axis[number]:%y}")
            for number in range(0, count, step)
        ),
        rows=tuple(Mark(y(number), str(number)) for number in range(0, high + 1, size)),
        summary=gettext("{total} enrolled of {planned} planned, from {first} to {last}").format(
            total=total, planned=planned, first=_month_words(first), last=_month_words(last)
        ),
    )


def _month(first: date, number: int) -> date:
    years, month = divmod(first.month - 1 + number, 12)
    return date(first.year + years, month + 1, 1)
