"""What a rehearsal finds out about the study: gates, forms, windows, alerts that cannot work as written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from entact.course import Allowed, Course, Refused
from entact.course.gates.core import ACTS
from entact.course.schedule import position
from entact.course.state.progress import zone_of
from entact.protocol import Release
from entact.protocol.rules import CompiledAlert

ALWAYS = 0.9  # an alert raised for this share of those whom it looks at warns of nothing
ENOUGH = 10  # below this many participants a share says nothing
SOME = 3  # windows that nobody met are worth a word from this many visits on


class Tally(msgspec.Struct):
    """Counts over virtual participants; sums of tallies are tallies.

    Attributes:
        asked, refused: by (act, visit), how often a gate was asked, and refused. reasons: refusals by (act,
            visit, code of a reason). words: code of a reason -> an example of its message.
        forms: participants for whom each form was filled in. held: times each visit took place.
        inside, outside: of these, within the window or not. missed: windows that passed without the visit.
        looked_at: participants whom each alert could be about. raised: of these, for whom it was raised.
        unknown: of these, for whom it was only ever raised because it could not be evaluated.
        entries, ledgers: how many there are.
    """

    asked: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = msgspec.field(default_factory=Counter)
    words: dict[str, str] = msgspec.field(default_factory=dict)
    forms: Counter[str] = msgspec.field(default_factory=Counter)
    held: Counter[str] = msgspec.field(default_factory=Counter)
    inside: Counter[str] = msgspec.field(default_factory=Counter)
    outside: Counter[str] = msgspec.field(default_factory=Counter)
    missed: Counter[str] = msgspec.field(default_factory=Counter)
    looked_at: Counter[str] = msgspec.field(default_factory=Counter)
    raised: Counter[str] = msgspec.field(default_factory=Counter)
    unknown: Counter[str] = msgspec.field(default_factory=Counter)
    entries: int = 0
    ledgers: int = 0

    def add(self, other: Tally) -> None:
        """Adds the counts of another tally to this one."""
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, int):
                setattr(self, name, mine + theirs)
        self.words = other.words | self.words

    def count_answer(self, act: str, visit: str, answer: Allowed | Refused) -> None:
        """Counts what a gate said."""
        self.asked[act, visit] += 1
        if isinstance(answer, Refused):
            self.refused[act, visit] += 1
            for reason in answer.reasons:
                self.reasons[act, visit, reason.code] += 1
                self.words.setdefault(reason.code, reason.message)

    def look_through(self, course: Course, at: datetime) -> None:
        """Counts what is in one participant's finished record."""
        self.ledgers += 1
        self.entries += course.size
        done = {form for form, _ in course.forms}
        self.forms.update(done)
        self.held.update(one.visit for one in course.encounters.values() if one.status == "ended")
        self._look_at_windows(course, at)
        for name, alert in course.release.alerts.items():
            raised = [one for one in course.alerts if one.alert == name]
            self.looked_at[name] += not done.isdisjoint(_forms_of(alert))
            self.raised[name] += bool(raised)
            self.unknown[name] += bool(raised) and all(one.cannot_evaluate for one in raised)

    def _look_at_windows(self, course: Course, at: datetime) -> None:
        windows, zone = {one.visit: one for one in course.due(at)}, zone_of(course, at)
        for one in course.encounters.values():
            if one.status == "ended" and one.started is not None and one.visit in windows:
                where = position(windows[one.visit], one.started, zone)
                (self.inside if where == "within" else self.outside)[one.visit] += where is not None
        self.missed.update(name for name, window in windows.items() if window.status == "missed")


class StudyFinding(msgspec.Struct, frozen=True):
    """Something a rehearsal found wrong with the study file: what it is about, and what was seen."""

    about: str
    message: str


def find_in_study(release: Release, tally: Tally) -> list[StudyFinding]:
    """What virtual participants and staff ran into, that real ones would too."""
    return [
        *_gates(release, tally),
        *_never(release, tally),
        *_windows(release, tally),
        *_alerts(release, tally),
    ]


def _gates(release: Release, tally: Tally) -> Iterable[StudyFinding]:
    for act in sorted({act for act, _ in tally.asked}):
        asked = {visit: count for (one, visit), count in tally.asked.items() if one == act}
        closed = [visit for visit in asked if tally.refused[act, visit] == asked[visit]]
        if len(closed) == len(asked):
            yield StudyFinding(f"gate {act}", _refused(tally, act, closed, sum(asked.values())))
            continue
        for visit in sorted(closed):
            yield StudyFinding(f"gate {act} at {visit}", _refused(tally, act, [visit], asked[visit]))
    reached = {act for act, _ in tally.asked}
    for act, known in ACTS.items():
        if known.gate in release.gates and act not in reached:
            yield StudyFinding(f"gate {act}", "was never asked for any virtual participant")


def _refused(tally: Tally, act: str, visits: list[str], asked: int) -> str:
    often: Counter[str] = Counter()
    for (one, visit, code), count in tally.reasons.items():
        if one == act and visit in visits:
            often[code] += count
    worst = max(sorted(often), key=lambda code: often[code])
    return f"refused all {asked} times it was asked, most often: {tally.words[worst]}"


def _never(release: Release, tally: Tally) -> Iterable[StudyFinding]:
    for name in release.forms:
        if not tally.forms[name]:
            yield StudyFinding(f"form {name}", "was never reached by any virtual participant")
    opened = {visit.track for name, visit in release.visits.items() if tally.held[name]}
    for name, track in release.file.tracks.items():
        if name not in opened and tally.ledgers >= ENOUGH:
            yield StudyFinding(f"track {name}", f"opened for nobody ({track.opens_on})")
    for name, visit in release.visits.items():
        if visit.track is not None and visit.track not in opened:
            continue
        if not tally.held[name]:
            passed = f"; its window passed {tally.missed[name]} times" if tally.missed[name] else ""
            yield StudyFinding(f"visit {name}", f"never took place{passed}")


def _windows(release: Release, tally: Tally) -> Iterable[StudyFinding]:
    for name in release.visits:
        outside, missed = tally.outside[name], tally.missed[name]
        if tally.held[name] and not tally.inside[name] and outside + missed >= SOME:
            message = f"its window was never met: {outside} times outside, {missed} times missed"
            yield StudyFinding(f"visit {name}", message)


def _alerts(release: Release, tally: Tally) -> Iterable[StudyFinding]:
    for name in release.alerts:
        raised, of = tally.raised[name], tally.looked_at[name]
        if of >= ENOUGH and raised >= ALWAYS * of:
            why = ", mostly because it could not be evaluated" if tally.unknown[name] * 2 > raised else ""
            yield StudyFinding(f"alert {name}", f"was raised for {raised} of {of} participants{why}")


def _forms_of(alert: CompiledAlert) -> frozenset[str]:
    return frozenset(name.split(".")[-2] for name in alert.rule.names)
