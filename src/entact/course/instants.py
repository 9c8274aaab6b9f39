"""What is due and what is found in a course, with the instants between which it holds: no clock is asked.

`course.due(at)` and `findings(course, at)` answer for one moment. Lists keep the answers for all of them, as
rows that say from when to when they hold: nothing stored has to change because time went by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

import msgspec

from entact.course.findings import OPEN_FOR, found_at_any_time, found_unanswered, found_unreported, new_watch
from entact.course.found.attended import found_in_windows, found_missed, found_not_ended
from entact.course.found.watch import ANYTHING
from entact.course.kinds.calls import open_alerts, open_call
from entact.course.schedule import TREATMENT, Due, Progress, Schedule, Status, first_instant
from entact.course.state.progress import progress_of, zone_of
from entact.protocol.study import Visit

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.state import Finding

BEGINNING = datetime(1800, 1, 1, tzinfo=UTC)  # before any time that an entry can claim
ALERT = "alert"  # the rule of an open alert among what needs attention; its item is the alert's name
UNEVALUATED = "?"  # ends the name of an alert that is open because nobody can say whether it holds

_STEP = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_Span = tuple[datetime, datetime | None, list[Due]]  # since, until, and what is due in between


class Window(msgspec.Struct, frozen=True):
    """One visit that is or will be due, or that its window went by without.

    Attributes:
        visit: of the release consented to.
        since, until: the row says how things stand from `since` on and before `until` (None: for ever). A
            visit has a second row where its window changes because another visit did not take place.
        opens: the first instant at which it is due, None where it has always been. ends: the first at which
            it is no longer, None where the study sets no end.
        earliest, target, latest: civil dates in the site's zone.
    """

    visit: str
    since: datetime
    until: datetime | None
    opens: datetime | None
    ends: datetime | None
    earliest: date | None = None
    target: date | None = None
    latest: date | None = None

    def status(self, at: datetime) -> Status:
        """Expected, due or missed, at an instant between `since` and `until`."""
        if self.ends is not None and at >= self.ends:
            return "missed"
        return "due" if self.opens is None or at >= self.opens else "expected"


class OpenFinding(msgspec.Struct, frozen=True):
    """A finding that holds, or an open alert, from `since` on and before `until` (None: for ever).

    Attributes:
        message: what it says; it may tell of more than the entry does.
    """

    finding: str
    since: datetime
    until: datetime | None
    rule: str
    entry: str
    item: str
    message: str


class Outlook(msgspec.Struct, frozen=True):
    """What is due and what is found in a course, at every moment."""

    windows: tuple[Window, ...]
    findings: tuple[OpenFinding, ...]


# On these parts of the state hangs what is due: a new part of it counts until somebody says otherwise.
SCHEDULED = ANYTHING - {
    "adverse_events", "alerts", "answered", "answers", "calls", "clocks", "deviations", "forms", "guesses",
    "kits", "levels", "links", "overrides", "presence", "sent_reports", "stops", "vitals",
}  # fmt: skip


class Horizon:
    """What of an outlook follows from the schedule: kept, because most entries change nothing of it.

    Attributes:
        watch: keeps what is found at any time. found: by it.
        windows: what is or will be due. findings: about windows, as if nothing else had been found.
    """

    def __init__(self) -> None:
        self._known: tuple[object, ...] = ()
        self._holding: dict[str, tuple[Finding, OpenFinding]] = {}
        self._spans: list[_Span] = []
        self.watch = new_watch()
        self.found: tuple[Finding, ...] = ()
        self.windows: tuple[Window, ...] = ()
        self.findings: tuple[OpenFinding, ...] = ()

    def look(self, course: Course) -> None:
        """Reckons anew where something has changed since the last call for the same course."""
        self.found = tuple(found_at_any_time(course, self.watch))
        if not self.watch.may_have_changed(SCHEDULED):
            return
        zone = zone_of(course, BEGINNING)
        progress = progress_of(course, zone)
        encounters = tuple((one.id, one.entry, one.started) for one in course.encounters.values())
        key = course.release.id, course.population, course.tracks
        known = key, progress, encounters
        if known == self._known:
            return
        visits = course.release.visits_of(course.population, course.tracks)
        if known[:2] != self._known[:2]:
            self._spans = list(_spans(visits, progress))
            rows = (_rows(place, visit, self._spans, progress) for place, visit in enumerate(visits.values()))
            self.windows = tuple(row for found in rows for row in found)
        self.findings = tuple(_by_window(course, self._spans))
        self._known = known

    @property
    def spans(self) -> Iterable[tuple[datetime, datetime | None, list[Due]]]:
        """Visits as they are due since an instant and before another, in order of time, without a gap."""
        return self._spans

    def always(self, found: Finding) -> OpenFinding:
        """A finding that holds whenever it is asked: the same value as long as the finding is the same."""
        known = self._holding.get(found.id)
        if known is None or known[0] is not found:
            known = self._holding[found.id] = found, _holding(found, BEGINNING, None)
        return known[1]


def outlook(course: Course, horizon: Horizon | None = None) -> Outlook:
    """What is due and what is found, with the instants between which it holds.

    For every instant `at` (in UTC, where the site's zone is not known) the windows that hold then are those
    that `course.due(at)` calls expected, due, or missed by the clock; what is standing then are the findings
    of `findings(course, at)` that hold, and the open alerts.

    Args:
        course: the folded entries. horizon: kept from the last call for the same course, to save work.
    """
    horizon = horizon or Horizon()
    horizon.look(course)
    return Outlook(horizon.windows, tuple(_open_findings(course, horizon)))


def _spans(visits: Mapping[str, Visit], progress: Progress) -> Iterator[_Span]:
    """(since, until, dues) in order of time, from the beginning and without a gap."""
    at, schedule = BEGINNING, Schedule(visits, progress)
    while True:
        dues = schedule.due(at)
        # Only the end of a window changes another visit's: its beginning is an instant within the row.
        ends = [_ends(one, progress.zone) for one in dues if one.status in ("expected", "due")]
        until = min((end for end in ends if end is not None), default=None)
        yield at, until, dues
        if until is None:
            return
        at = until


def _rows(place: int, visit: Visit, spans: list[_Span], progress: Progress) -> list[Window]:
    """The rows of one visit, which stands at this place among the dues."""
    rows: list[Window] = []
    if visit.visit in progress.anchors or visit.visit in progress.missed:
        return rows
    before: Due | None = None
    for since, until, dues in spans:
        one = dues[place]
        if one.status == "missed" and _stopped(visit, progress):
            continue
        if before is not None and rows and rows[-1].until == since and _same_window(before, one):
            rows[-1] = msgspec.structs.replace(rows[-1], until=until)
        elif (row := _row(one, since, until, progress.zone)) is not None:
            rows.append(row)
        before = one
    return rows


def _same_window(before: Due, one: Due) -> bool:
    """Whether a visit has the window that it had, and may still take place in it or has missed it."""
    return (
        one.status != "not_reachable"
        and (one.earliest is not None or one.status == "due")
        and (
            (before.earliest, before.target, before.latest, before.opens, before.closes)
            == (one.earliest, one.target, one.latest, one.opens, one.closes)
        )
    )


def _row(one: Due, since: datetime, until: datetime | None, zone: tzinfo) -> Window | None:
    if one.status == "not_reachable" or (one.earliest is None and one.status != "due"):
        return None  # it cannot take place, or nobody can say when
    opens = one.opens or (None if one.earliest is None else first_instant(one.earliest, zone))
    ends = _ends(one, zone)
    opens = None if opens is None else opens.astimezone(UTC)
    return Window(one.visit, since, until, opens, ends, one.earliest, one.target, one.latest)


def _stopped(visit: Visit, progress: Progress) -> bool:
    return any(of != "treatment" or visit.kind in TREATMENT for of in progress.stopped)


def _ends(one: Due, zone: tzinfo) -> datetime | None:
    """The first instant after a window: both of its ends count."""
    if one.closes is not None:
        return one.closes.astimezone(UTC) + _STEP
    return None if one.latest is None else first_instant(one.latest + _DAY, zone)


def _open_findings(course: Course, horizon: Horizon) -> Iterator[OpenFinding]:
    named: set[str] = set()
    for found in horizon.found:
        if found.id not in named:
            named.add(found.id)
            yield horizon.always(found)
    for raised in open_alerts(course):
        entry = open_call(course, raised).entry
        name = f"{ALERT}:{entry}:{raised.alert}{UNEVALUATED if raised.cannot_evaluate else ''}"
        yield OpenFinding(name, BEGINNING, None, ALERT, entry, raised.alert, f"raised by {raised.entry}")
    for begun, found in found_not_ended(course):
        since = begun.astimezone(UTC) + OPEN_FOR + _STEP
        yield _holding(found, since, None)
    for due_by, found in (*found_unreported(course), *found_unanswered(course)):
        since = due_by.astimezone(UTC) + _STEP
        yield _holding(found, since, None)
    yield from (one for one in horizon.findings if one.finding not in named)


def _by_window(course: Course, spans: list[_Span]) -> Iterator[OpenFinding]:
    begun: dict[str, OpenFinding] = {}
    visited = {encounter.visit for encounter in course.encounters.values()}
    before: list[Due] | None = None
    in_windows: list[Finding] = []
    for since, until, dues in spans:
        windows = [one for one in dues if one.visit in visited]
        if windows != before:  # seldom: the window of a visit that took place is the same at every instant
            before, in_windows = windows, list(found_in_windows(course, dues, since))
        here = [*in_windows, *found_missed(dues)]
        now = {found.id: found for found in here if found.holds}
        yield from (begun.pop(name) for name in [name for name in begun if name not in now])
        for name, found in now.items():
            first = begun[name].since if name in begun else since
            begun[name] = _holding(found, first, until)
    yield from begun.values()


def _holding(found: Finding, since: datetime, until: datetime | None) -> OpenFinding:
    return OpenFinding(found.id, since, until, found.rule, found.entry, found.item, found.message)
