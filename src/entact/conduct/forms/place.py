"""Where a form is filled in: at which visit, which time within it, how often; and what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from entact.course import Course
from entact.course.entry.effective import Effective
from entact.course.kinds import KINDS
from entact.course.state.form import VITALS
from entact.protocol import CompiledForm, Release

_VISIT: Final = re.compile(r"([a-z][a-z0-9_]{0,99})\.([1-9][0-9]{0,3})")
REPEATS_AT_MOST: Final = 999


@dataclass(frozen=True)
class Place:
    """One form at one time of one visit.

    Attributes:
        form: of the study file. encounter: `session_1#1`. timepoint: as the schedule says it, or none.
        repeat: which time it is filled in there.
    """

    form: str
    encounter: str
    timepoint: str | None = None
    repeat: int = 1

    @property
    def visit(self) -> str:
        """The visit of the encounter, as an address says it: `session_1.1`."""
        return visit_address(self.encounter)

    @property
    def kind(self) -> str:
        """The kind of entry that holds its items."""
        return "vital_signs" if self.form == VITALS else "form"


def visit_address(encounter: str) -> str:
    """An encounter as an address says it: `session_1#1` is `session_1.1`."""
    return encounter.replace("#", ".")


def encounter_of(address: str, release: Release) -> str | None:
    """The encounter that an address names; None where the schedule has no such visit."""
    found = _VISIT.fullmatch(address)
    if found is None or (found[1] != "unscheduled" and found[1] not in release.visits):
        return None
    return f"{found[1]}#{found[2]}"


def filled_at(course: Course, place: Place) -> list[Effective]:
    """The entries that hold this form at this place, in order of time: more than one is a finding."""
    return [one for one in of_form(course, place.form) if placed(place.form, one) == place]


def own_place(course: Course, place: Place, person: str) -> Place:
    """Where a person fills in a form that each of several answers for themselves: theirs, else a free one."""
    repeats = {
        one.entry.repeat: one.entry.by
        for one in of_form(course, place.form)
        if replace(placed(place.form, one), repeat=1) == replace(place, repeat=1)
    }
    own = (repeat for repeat, by in repeats.items() if by == person)
    return replace(place, repeat=next(own, max(repeats, default=0) + 1))


def is_of_each(course: Course, form: str) -> bool:
    """Whether each of several people answers a form for themselves."""
    return form in course.release.of_each


def of_form(course: Course, form: str) -> Iterator[Effective]:
    """The entries that hold a form, wherever they are, in order of time."""
    for one in course.effective:
        kind = KINDS.get(one.entry.kind)
        if kind is not None and kind.form is not None and kind.form(one.data) == form:
            yield one


def placed(form: str, effective: Effective) -> Place:
    """The place that an entry holds a form at."""
    entry = effective.entry
    return Place(form, entry.encounter or "", entry.timepoint, entry.repeat)


def items_in(effective: Effective) -> dict[str, object]:
    """The items that an entry holds, sealed ones as they are."""
    nested = KINDS[effective.entry.kind].nested
    items = effective.data if nested is None else effective.data.get(nested)
    return dict(items) if isinstance(items, dict) else {}


def form_at(course: Course, place: Place, effective: Effective | None) -> CompiledForm | None:
    """The form as it is asked: of an entry by the release that it was written under, else as now in force."""
    release = course.release if effective is None else release_of(course, effective)
    return release.forms.get(place.form)


def release_of(course: Course, effective: Effective) -> Release:
    """The release that an entry was written under; the newest where it is not known."""
    study = course.study
    return next((one for one in study.releases if one.id == effective.entry.release), study.newest)


def timepoints(release: Release, encounter: str, form: str) -> tuple[str, ...]:
    """The times at which the schedule asks for a form within a visit."""
    visit = release.visits.get(encounter.partition("#")[0])
    activity = "vital_signs" if form == VITALS else form
    if visit is None:
        return ()
    return tuple(time for reading in visit.timed if reading.do == activity for time in reading.at)
