"""The schedule of activities: what is done at which visit, when it may be, and on which day it is due."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import groupby

from entact.protocol.release import Release
from entact.protocol.study import Span, Visit
from entact.protocol.words.label import Labels, begun, spaced, within_sentence
from entact.protocol.words.time import duration_words, text_words, time_words, window_words

LONG = 5  # visits of a row from which on they are shown as one
_NUMBER = re.compile(r"[0-9]+$")
_DAY = timedelta(days=1)
_MORNING = timedelta(hours=15)  # from a session's middle to the next morning
EVENTS = {
    "consent": "consent",
    "washout_end": "the end of the washout",
    "enrolment": "enrolment",
    "randomisation": "randomisation",
    "assignment": "the assignment",
    "initial": "the initial dose",
    "unblinding": "the person's unblinding",
}


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit of the schedule.

    Attributes:
        when: its window in words. fallback: when it is for whom the anchor never comes.
        day, earliest, latest: days, counted as its group is, on which it is due if each visit before it was
            on its own day; None where unknown.
        marks: activity -> times within the session, empty where it is done once.
    """

    name: str
    title: str
    kind: str
    epoch: str | None
    track: str | None
    populations: tuple[str, ...]
    when: str
    fallback: str
    by: str | None
    contact: str
    lasts: str
    day: float | None
    earliest: float | None
    latest: float | None
    marks: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """Visits of one population in one track; `since` names what their days are counted from.

    `title` is None where a study has one population and this is its main track.
    """

    title: str | None
    since: str
    visits: tuple[VisitRow, ...]


@dataclass(frozen=True)
class Activities:
    """The schedule of activities.

    Attributes:
        groups: of visits, those of the main track first. rows: activity -> title, in order of first use.
        epochs: name -> title.
    """

    groups: tuple[Group, ...]
    rows: Mapping[str, str]
    epochs: Mapping[str, str]

    @property
    def visits(self) -> tuple[VisitRow, ...]:
        """Every visit, in the order of the file within its group."""
        return tuple(visit for group in self.groups for visit in group.visits)

    @cached_property
    def runs(self) -> tuple[tuple[VisitRow, ...], ...]:
        """Every visit, those of a long row of like ones together: the evenings of a diary."""
        found: list[tuple[VisitRow, ...]] = []
        for group in self.groups:
            for _, row in groupby(group.visits, key=_like):
                visits = tuple(row)
                found += [visits] if len(visits) >= LONG else [(one,) for one in visits]
        return tuple(found)

    @cached_property
    def footnotes(self) -> dict[str, str]:
        """Letter -> times within a session, for what is done more than once there."""
        texts = dict.fromkeys(
            f"{self.rows[activity]}: {', '.join(times)}"
            for visit in self.visits
            for activity, times in visit.marks.items()
            if times
        )
        return {letter(place): text for place, text in enumerate(texts)}

    def mark(self, visit: VisitRow, activity: str) -> str:
        """What stands where a visit meets an activity: empty, a dot, or how often with its footnote."""
        times = visit.marks.get(activity)
        if times is None:
            return ""
        if not times:
            return "●"
        text = f"{self.rows[activity]}: {', '.join(times)}"
        note = next(letter for letter, known in self.footnotes.items() if known == text)
        return f"{len(times)}{note}" if len(times) > 1 else f"●{note}"


def _like(visit: VisitRow) -> tuple[object, ...]:
    """What visits of a row have in common: all but their number, and the day."""
    stem = _NUMBER.sub("", visit.name)
    if stem == visit.name:
        return (visit.name,)
    how = (visit.kind, visit.epoch, visit.track, visit.populations, visit.by, visit.contact, visit.lasts)
    return stem, *how, tuple(visit.marks.items())


def letter(place: int) -> str:
    """a to z, then aa, bb and so on."""
    return "abcdefghijklmnopqrstuvwxyz"[place % 26] * (place // 26 + 1)


def activities(release: Release) -> Activities:
    """The schedule of activities of a release."""
    labels = Labels(release.forms)
    used = dict.fromkeys(activity for visit in release.visits.values() for activity in visit.activities)
    keys = dict.fromkeys(map(_key, release.visits.values()))
    return Activities(
        groups=tuple(_group(release, key) for key in keys),
        rows={activity: labels.activity(activity) for activity in used},
        epochs={name: epoch.title for name, epoch in release.file.epochs.items()},
    )


def _key(visit: Visit) -> tuple[str | None, str | None]:
    """The track of a visit, and the population that it is counted with."""
    return visit.track, visit.populations[0] if visit.populations else None


def _group(release: Release, key: tuple[str | None, str | None]) -> Group:
    track, population = key
    visits = {name: visit for name, visit in release.visits.items() if _key(visit) == key}
    days = planned_days(_counted_with(release, key), is_track=track is not None)
    first = next((name for name in visits if visits[name].kind == "dosing" and name in days), None)
    titles = []
    if population is not None:
        titles.append(release.file.populations[population].title or begun(spaced(population)))
    if track is not None:
        titles.append(release.file.tracks[track].title)
    counted_from = first if track is None else None
    start = days[counted_from] if counted_from is not None else timedelta(0)
    since = (
        visit_words(counted_from, visits)
        if counted_from
        else "the opening of the track"
        if track
        else "the first visit"
    )
    shifted = {name: day - start for name, day in days.items()}
    lines = tuple(_line(name, release.visits, shifted.get(name)) for name in visits)
    return Group(": ".join(titles) or None, since, lines)


def _counted_with(release: Release, key: tuple[str | None, str | None]) -> dict[str, Visit]:
    """The visits of a group with those that its people share with others, from which its own are counted."""
    track, population = key
    return {
        name: visit
        for name, visit in release.visits.items()
        if visit.track == track and (not visit.populations or population in visit.populations)
    }


def visit_words(name: str, visits: Mapping[str, Visit]) -> str:
    """A visit within a sentence: its title, where it has one of its own."""
    visit = visits.get(name)
    own = visit.title if visit is not None and visit.then is None else None
    return within_sentence(own) if own else spaced(name)


def anchor_words(anchor: str, visits: Mapping[str, Visit]) -> str:
    """A visit or an event from which another is counted."""
    return EVENTS.get(anchor) or visit_words(anchor, visits)


def when_words(visit: Visit, visits: Mapping[str, Visit]) -> str:
    """When a visit is, in words."""
    if visit.opens or visit.after is None:
        return "opens the study" if visit.track is None else "opens the track"
    after = anchor_words(visit.after, visits)
    if visit.within is None:
        return f"after {after}"
    window = window_words(visit.within)
    if visit.within.next_morning:
        words = f"the next morning after {after}, 06:00 to 12:00"
    elif window == "the same day":
        words = f"the same day as {after}"
    elif window.startswith("within"):
        words = f"{window} of {after}"
    else:
        words = f"{window} after {after}"
    if visit.target is None or visit.within.earliest == visit.within.latest:
        return words
    # The best time in the window's own unit, or one has to reckon.
    in_days = "day" in window and not visit.target % _DAY
    days = visit.target // _DAY
    best = f"{days} day{'' if days == 1 else 's'}" if in_days else duration_words(visit.target)
    return f"{words}, best {best}"


def fallback_words(visit: Visit, visits: Mapping[str, Visit]) -> str:
    """When a visit is for those for whom its anchor never comes; empty without a fallback."""
    if visit.fallback is None:
        return ""
    anchor, offset = visit.fallback
    slack = f" ± {duration_words(visit.slack)}" if visit.slack else ""
    return f"else {duration_words(offset)}{slack} after {anchor_words(anchor, visits)}"


def _line(name: str, visits: Mapping[str, Visit], day: timedelta | None) -> VisitRow:
    visit = visits[name]
    marks: dict[str, tuple[str, ...]] = dict.fromkeys(visit.do, ())
    for both in {reading.do for reading in visit.timed} & marks.keys():
        marks[both] = ("once in its turn",)  # and at its times beside
    for reading in visit.timed:
        marks[reading.do] = (*marks.get(reading.do, ()), *map(time_words, reading.at))
    low, high = _ends(visit, day)
    return VisitRow(
        name=name,
        title=visit.title if visit.title and visit.then is None else spaced(name),
        kind=visit.kind,
        epoch=visit.epoch,
        track=visit.track,
        populations=visit.populations,
        when=when_words(visit, visits),
        fallback=fallback_words(visit, visits),
        by=visit.by,
        contact=spaced(visit.contact),
        lasts=duration_words(visit.lasts) if visit.lasts else "",
        day=_number(day),
        earliest=_number(low),
        latest=_number(high),
        marks=marks,
    )


def _number(day: timedelta | None) -> float | None:
    return None if day is None else round(day / _DAY, 2)


def _ends(visit: Visit, day: timedelta | None) -> tuple[timedelta | None, timedelta | None]:
    """The days between which a visit may be, given the day on which it is due."""
    window = visit.within
    if day is None or window is None or window.next_morning:
        return day, day
    due = _due(window, visit.target)
    return day - due + window.earliest, day - due + window.latest


def _due(window: Span, target: timedelta | None) -> timedelta:
    """How long after its anchor a visit is due."""
    if window.next_morning:
        return _MORNING
    if target is not None:
        return target
    middle = (window.earliest + window.latest) / 2
    return middle if middle < _DAY else timedelta(days=round(middle / _DAY))


def planned_days(visits: Mapping[str, Visit], *, is_track: bool) -> dict[str, timedelta]:
    """The day of each visit of a group from where it begins, each visit on its own day."""
    days: dict[str, timedelta] = {}
    while True:
        known = len(days)
        for name, visit in visits.items():
            anchor = _anchor(visit, visits, days, is_track)
            if name not in days and anchor is not None:
                days[name] = anchor + (_due(visit.within, visit.target) if visit.within else timedelta(0))
        if len(days) == known:
            return days


def _anchor(
    visit: Visit, visits: Mapping[str, Visit], days: Mapping[str, timedelta], is_track: bool
) -> timedelta | None:
    """The day from which a visit is counted; a group begins with what it does not bring about itself."""
    if visit.opens or visit.after is None:
        return timedelta(0)
    if visit.after in visits:
        return days.get(visit.after)
    activity = {"washout_end": "consent", "initial": "dose"}.get(visit.after, visit.after)
    bringing = [name for name, other in visits.items() if activity in other.activities]
    if not bringing:
        return timedelta(0) if is_track else None
    return next((days[name] for name in bringing if name in days), None)


def timing_words(text: str) -> str:
    """A window or time of a supplement as written: `1 h 30 min to 2 h after the initial dose`."""
    window = text.removesuffix("after initial").strip()
    return f"{window_words(Span.parse(window))} after the initial dose"


__all__ = [
    "Activities",
    "VisitRow",
    "activities",
    "anchor_words",
    "text_words",
    "timing_words",
    "when_words",
]
