"""When each visit of a participant is due: windows, fallbacks and what can no longer happen.

Days are civil dates in the site's zone and both ends of a window count; windows in hours or minutes are
elapsed time.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

import msgspec

from entact.protocol.quantity import parse_duration
from entact.protocol.study import Visit

Status = Literal["expected", "due", "done", "missed", "not_reachable"]
Position = Literal["within", "early", "late"]

MORNING = (time(6), time(12))  # `next morning`
TREATMENT = frozenset({"dosing", "integration"})  # kinds of visit that discontinuation of treatment removes

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)
_NUMBERED = re.compile(r"(.*?)(\d+)")


class Due(msgspec.Struct, frozen=True):
    """One visit of the schedule for one participant at one instant.

    Attributes:
        earliest, target, latest: civil dates in the site's zone, both ends counting; None while the anchor is
            unknown, and `latest` also where the study sets no end.
        opens, closes: instants, both counting, for windows shorter than days; else None.
    """

    visit: str
    status: Status
    earliest: date | None = None
    target: date | None = None
    latest: date | None = None
    opens: datetime | None = None
    closes: datetime | None = None


class Progress(msgspec.Struct, frozen=True):
    """What has become of the schedule so far.

    Attributes:
        anchors: visit or event (consent, enrolment, randomisation, unblinding, washout_end, initial) -> when
            it took place; an event without a time of day is a date.
        missed: visits recorded as missed.
        stopped: what stopped (treatment, procedures, follow_up, data_use, screening, life) -> when.
        zone: the site's.
    """

    zone: tzinfo
    anchors: Mapping[str, datetime | date] = {}
    missed: frozenset[str] = frozenset()
    stopped: Mapping[str, datetime] = {}


def due(
    visits: Mapping[str, Visit], progress: Progress, at: datetime, only: Container[str] | None = None
) -> list[Due]:
    """Which visits are expected, due, done, missed or no longer reachable at an instant, in the file's order.

    A visit whose anchor can no longer happen is counted from its alternative (`or: baseline + 18 wk`). In a
    row of like visits (integration_1, integration_2, …) a missed one lends its target to the next, so that
    one missed safety call does not cancel those after it; a dosing visit is only ever counted from one that
    took place.

    Args:
        visits: a release's, with repeats written out. at: aware instant of the question. only: the visits
            that are asked about; all of them when not given.
    Raises:
        ValueError: when visits are each other's anchors.
    """
    return Schedule(visits, progress).due(at, only)


class Schedule:
    """A participant's visits and what has become of them: when each is due can be asked of many instants.

    Args:
        visits, progress: as for `due`.
    """

    def __init__(self, visits: Mapping[str, Visit], progress: Progress) -> None:
        self.visits = visits
        self.progress = progress
        stopped = progress.stopped.items()
        self.stopped = min((when for of, when in stopped if of != "treatment"), default=None)
        self.treatment_stopped = min((when for _, when in stopped), default=None)
        self._hanging = _hanging(tuple((one.visit, one.after, one.alternative) for one in visits.values()))
        self._known: dict[str, Due | None] = {}  # as it was at the instant that was asked of last
        self._windows: dict[str, Due] = {}
        self._days: dict[datetime, date] = {}

    def due(self, at: datetime, only: Container[str] | None = None) -> list[Due]:
        """What `due` says at an instant."""
        reckoning = _Reckoning(self, at)
        reckoning.known = self._unmoved(reckoning)
        found = [reckoning.due(name) for name in self.visits if only is None or name in only]
        self._known = reckoning.known
        return found

    def window(self, visit: Visit, anchor: datetime | date) -> Due:
        """The window of a visit counted from something that took place: the same at every instant."""
        known = self._windows.get(visit.visit)
        if known is None:
            known = self._windows[visit.visit] = _span_window(visit, anchor, self.progress.zone)
        return known

    def _unmoved(self, reckoning: _Reckoning) -> dict[str, Due | None]:
        """What is as it was at the instant that was asked of last: time moves a visit through its own window
        alone, or one on which it hangs."""
        moved: set[str] = set()
        for name, due in self._known.items():
            if (
                due is not None
                and due.earliest is not None
                and name not in moved
                and reckoning.status(self.visits[name], due) != due.status
            ):
                moved |= self._hanging[name]
        return {name: due for name, due in self._known.items() if name not in moved}

    def where(self, window: Due, at: datetime) -> Position | None:
        """Where an instant lies in a window: asked of every visit at the same few instants."""
        if window.earliest is None or (window.opens is not None and window.closes is not None):
            return position(window, at, self.progress.zone)
        day = self._days.get(at)
        if day is None:
            day = self._days[at] = civil_date(at, self.progress.zone)
        return _position_of_day(window.earliest, window.latest, day)


def position(visit: Due, actual: datetime, zone: tzinfo) -> Position | None:
    """Where the time at which a visit took place lies in its window; None where there is no window."""
    if visit.opens is not None and visit.closes is not None:
        instant = actual.astimezone(UTC)  # two times of one zone would be compared by their wall clocks
        return "early" if instant < visit.opens else "late" if instant > visit.closes else "within"
    if visit.earliest is None:
        return None
    return _position_of_day(visit.earliest, visit.latest, civil_date(actual, zone))


def _position_of_day(earliest: date, latest: date | None, day: date) -> Position:
    if day < earliest:
        return "early"
    return "late" if latest is not None and day > latest else "within"


def civil_date(when: datetime | date, zone: tzinfo) -> date:
    """The civil date of an instant in a zone; a date is its own."""
    return when.astimezone(zone).date() if isinstance(when, datetime) else when


def first_instant(day: date, zone: tzinfo) -> datetime:
    """When a civil day begins in a zone, in UTC; where its first hour is missing, or comes twice, too."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def last_second(day: date, zone: tzinfo) -> datetime:
    """When a civil day is as good as over, in UTC: also where its last hour comes twice."""
    return first_instant(day + _DAY, zone) - timedelta(seconds=1)


class _Reckoning:
    """One answer to `due`: every visit is reckoned once, its anchor before it."""

    def __init__(self, schedule: Schedule, at: datetime) -> None:
        self.schedule = schedule
        self.visits = schedule.visits
        self.progress = schedule.progress
        self.at = at
        self.known: dict[str, Due | None] = {}

    def due(self, name: str) -> Due:
        if name in self.known:
            known = self.known[name]
            if known is None:
                raise ValueError(f"the visit {name!r} is in the end its own anchor; give it another `after`")
            return known
        self.known[name] = None
        visit = self.visits[name]
        window = self._window(visit)
        status = self.status(visit, window)
        if window is None:
            found = Due(name, status)
        else:
            found = Due(
                name,
                status,
                window.earliest,
                window.target,
                window.latest,
                window.opens,
                window.closes,
            )
        self.known[name] = found
        return found

    def _window(self, visit: Visit) -> Due | None:
        if visit.after is None:
            return None
        anchor = self.progress.anchors.get(visit.after)
        if anchor is not None:
            return self.schedule.window(visit, anchor)
        anchor = self._lent(visit, visit.after)
        if anchor is not None:
            return _span_window(visit, anchor, self.progress.zone)
        if visit.alternative is None or self._can_happen(visit.after):
            return None
        name, delay = parse_alternative(visit.alternative)
        origin = self.progress.anchors.get(name)
        return None if origin is None else _fallback_window(visit, origin, delay, self.progress.zone)

    def _lent(self, visit: Visit, after: str) -> date | None:
        """The target that a missed visit lends to the next of its row."""
        if after in self.visits and _same_row(self.visits[after], visit):
            before = self.due(after)
            if before.status == "missed":
                return before.target
        return None

    def _can_happen(self, anchor: str) -> bool:
        """Whether a visit or event took place or still may."""
        if anchor in self.progress.anchors:
            return True
        if anchor not in self.visits:
            stopped = self.progress.stopped
            return (
                not stopped if anchor in ("initial", "randomisation") else not stopped.keys() - {"treatment"}
            )
        return self.due(anchor).status not in ("missed", "not_reachable")

    def status(self, visit: Visit, window: Due | None) -> Status:
        """What has become of a visit with this window, or with none."""
        if visit.visit in self.progress.anchors:
            return "done"
        if visit.visit in self.progress.missed:
            return "missed"
        schedule = self.schedule
        stop = schedule.treatment_stopped if visit.kind in TREATMENT else schedule.stopped
        if window is None:
            if stop is not None or not self._open_ended(visit):
                return "not_reachable"
            return "due" if visit.opens else "expected"
        over = schedule.where(window, stop if stop is not None else self.at)
        if over == "late":
            return "missed"
        if stop is not None:
            return "not_reachable"
        return "expected" if over == "early" else "due"

    def _open_ended(self, visit: Visit) -> bool:
        """Whether a visit without a window yet may still get one."""
        if visit.after is None or self._can_happen(visit.after):
            return True
        return visit.alternative is not None and self._can_happen(parse_alternative(visit.alternative)[0])


@lru_cache(maxsize=256)
def _hanging(visits: tuple[tuple[str, str | None, str | None], ...]) -> Mapping[str, frozenset[str]]:
    """Each visit with all that hang on it, directly or by way of others, itself among them.

    Args:
        visits: with the visit or event from which each is counted, and the alternative.
    """
    counted: dict[str, set[str]] = {name: set() for name, _, _ in visits}
    for name, after, alternative in visits:
        for of in (after, None if alternative is None else parse_alternative(alternative)[0]):
            if of in counted:
                counted[of].add(name)
    hanging: dict[str, frozenset[str]] = {}
    for name in counted:
        found, waiting = {name}, [name]
        while waiting:
            more = counted[waiting.pop()] - found
            found |= more
            waiting += more
        hanging[name] = frozenset(found)
    return hanging


@lru_cache(maxsize=256)
def parse_alternative(text: str) -> tuple[str, timedelta]:
    """Reads `baseline + 18 wk`: the visit or event counted from, and how long after it.

    Raises:
        ValueError: when it is not a name, a plus and a duration.
    """
    name, plus, delay = (part.strip() for part in text.partition("+"))
    if not plus or not name:
        raise ValueError(f"{text!r} is no alternative; write a visit and a time, as in 'baseline + 18 wk'")
    return name, parse_duration(delay)


def _same_row(before: Visit, visit: Visit) -> bool:
    return before.kind == visit.kind != "dosing" and _follows(before.visit, visit.visit)


@lru_cache(maxsize=4096)
def _follows(before: str, visit: str) -> bool:
    """Whether names are of one row, and one after the other: integration_1, integration_2."""
    first, second = _NUMBERED.fullmatch(before), _NUMBERED.fullmatch(visit)
    return (
        first is not None
        and second is not None
        and first[1] == second[1]
        and int(first[2]) + 1 == int(second[2])
    )


def _span_window(visit: Visit, anchor: datetime | date, zone: tzinfo) -> Due:
    day = civil_date(anchor, zone)
    span = visit.within
    if span is None:
        return Due(visit.visit, "expected", day, day + (visit.target or _NOTHING), None)
    if span.next_morning:
        morning = day + _DAY
        begins, ends = (datetime.combine(morning, hour, zone) for hour in MORNING)
        return Due(visit.visit, "expected", morning, morning, morning, begins, ends)
    target = visit.target if visit.target is not None else _middle(span.earliest, span.latest)
    return _delayed(visit.visit, anchor, day, span.earliest, target, span.latest, zone)


def _fallback_window(visit: Visit, origin: datetime | date, delay: timedelta, zone: tzinfo) -> Due:
    slack = visit.slack
    if slack is None:  # the width that the study gives the visit when its anchor happens
        span = visit.within
        slack = _NOTHING if span is None or span.next_morning else (span.latest - span.earliest) / 2
        slack = slack // _DAY * _DAY if slack >= _DAY else slack
    day = civil_date(origin, zone)
    return _delayed(visit.visit, origin, day, delay - slack, delay, delay + slack, zone)


def _delayed(
    name: str,
    anchor: datetime | date,
    day: date,
    earliest: timedelta,
    target: timedelta,
    latest: timedelta,
    zone: tzinfo,
) -> Due:
    if earliest % _DAY == _NOTHING and latest % _DAY == _NOTHING:
        return Due(name, "expected", day + earliest, day + target, day + latest)
    start = anchor if isinstance(anchor, datetime) else datetime.combine(anchor, time.min, zone)
    # Elapsed time is added in UTC: on a local clock an hour may be missing or come twice.
    opens, aim, closes = (
        (start.astimezone(UTC) + delay).astimezone(zone) for delay in (earliest, target, latest)
    )
    return Due(name, "expected", opens.date(), aim.date(), closes.date(), opens, closes)


def _middle(earliest: timedelta, latest: timedelta) -> timedelta:
    middle = (earliest + latest) / 2
    return middle // _DAY * _DAY if latest % _DAY == earliest % _DAY == _NOTHING else middle
