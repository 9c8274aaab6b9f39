"""The schedule of activities: what is done at which visit, when it may be, and on which day it is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from entact.protocol.release import Release
from entact.protocol.study import Span, Visit
from entact.protocol.words.label import Labels, spaced
from entact.protocol.words.time import duration_words, text_words, time_words, window_words

_DAY = timedelta(days=1)
_MORNING = timedelta(hours=15)  # from a session's middle to the next morning
_EVENTS = {
    "consent": "consent",
    "washout_end": "the end of the washout",
    "enrolment": "enrolment",
    "randomisation": "randomisation",
    "initial": "the initial dose",
    "unblinding": "the person's unblinding",
}


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit of the schedule.

    Attributes:
        when: its window in words. fallback: when it is for whom the anchor never comes.
        day, earliest, latest: days from the first dosing session (else the first visit), in a track from its
            opening, on which it is due, where each visit before it was on its own day; None where unknown.
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


@dataclass(frozen=True)
class Activities:
    """The schedule of activities.

    Attributes:
        visits: in the order of the file. rows: activity -> title, in order of first use.
        epochs: name -> title.
        tracks: name -> title. zero: the visit from which days are counted.
    """

    visits: tuple[VisitLine, ...]
    rows: Mapping[str, str]
    tracks: Mapping[str, str]
    epochs: Mapping[str, str]
    zero: str

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

    def mark(self, visit: VisitLine, activity: str) -> str:
        """What stands where a visit meets an activity: empty, a dot, or how often with its footnote."""
        times = visit.marks.get(activity)
        if times is None:
            return ""
        if not times:
            return "●"
        text = f"{self.rows[activity]}: {', '.join(times)}"
        note = next(letter for letter, known in self.footnotes.items() if known == text)
        return f"{len(times)}{note}" if len(times) > 1 else f"●{note}"


def letter(place: int) -> str:
    """a to z, then aa, bb and so on."""
    return "abcdefghijklmnopqrstuvwxyz"[place % 26] * (place // 26 + 1)


def activities(release: Release) -> Activities:
    """The schedule of activities of a release."""
    labels = Labels(release.forms)
    days = _days(release)
    visits = tuple(_line(release, name, visit, days) for name, visit in release.visits.items())
    used = dict.fromkeys(activity for visit in release.visits.values() for activity in visit.activities)
    first = next((name for name, visit in release.visits.items() if visit.kind == "dosing"), visits[0].name)
    return Activities(
        visits=visits,
        rows={activity: labels.activity(activity) for activity in used},
        tracks={name: track.title for name, track in release.file.tracks.items()},
        epochs={name: epoch.title for name, epoch in release.file.epochs.items()},
        zero=spaced(first),
    )


def anchor_words(anchor: str) -> str:
    """A visit or an event from which another is counted."""
    return _EVENTS.get(anchor) or spaced(anchor)


def when_words(visit: Visit) -> str:
    """When a visit is, in words."""
    if visit.opens or visit.after is None:
        return "opens the study" if visit.track is None else "opens the track"
    after = anchor_words(visit.after)
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
    aims = visit.target is not None and visit.within.earliest != visit.within.latest
    return f"{words}, best {duration_words(visit.target)}" if aims and visit.target is not None else words


def fallback_words(visit: Visit) -> str:
    """When a visit is for those for whom its anchor never comes; empty without a fallback."""
    if visit.fallback is None:
        return ""
    anchor, offset = visit.fallback
    slack = f" ± {duration_words(visit.slack)}" if visit.slack else ""
    return f"else {duration_words(offset)}{slack} after {anchor_words(anchor)}"


def _line(release: Release, name: str, visit: Visit, days: Mapping[str, timedelta]) -> VisitLine:
    marks: dict[str, tuple[str, ...]] = dict.fromkeys(visit.do, ())
    for reading in visit.timed:
        marks[reading.do] = (*marks.get(reading.do, ()), *map(time_words, reading.at))
    day = days.get(name)
    low, high = _ends(visit, day)
    return VisitLine(
        name=name,
        title=visit.title if visit.title and visit.then is None else spaced(name),
        kind=visit.kind,
        epoch=visit.epoch,
        track=visit.track,
        populations=visit.populations,
        when=when_words(visit),
        fallback=fallback_words(visit),
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


def _days(release: Release) -> dict[str, timedelta]:
    """The day of each visit, from the first dosing session, or from the opening of its track."""
    days: dict[str, timedelta] = {}
    for track in dict.fromkeys(visit.track for visit in release.visits.values()):
        visits = {name: visit for name, visit in release.visits.items() if visit.track == track}
        found = _resolve(visits, is_track=track is not None)
        sessions = (found[name] for name in visits if visits[name].kind == "dosing" and name in found)
        start = next(sessions, timedelta(0)) if track is None else timedelta(0)
        days |= {name: day - start for name, day in found.items()}
    return days


def _resolve(visits: Mapping[str, Visit], *, is_track: bool) -> dict[str, timedelta]:
    """The day of each visit of one track from where it begins, each visit on its own day."""
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
    """The day from which a visit is counted; a track begins with what it does not bring about itself."""
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
    "VisitLine",
    "activities",
    "anchor_words",
    "text_words",
    "timing_words",
    "when_words",
]
