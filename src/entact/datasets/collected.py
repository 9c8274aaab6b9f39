"""What a study plans to measure around its sessions, and around how many it was measured in fact, by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from entact.course import Course
from entact.course.state.encounter import visit_of
from entact.protocol import Release
from entact.protocol.measures import read_measures
from entact.protocol.requirements.answer import answer
from entact.protocol.requirements.measured import planned_around
from entact.protocol.requirements.timeline import Done, Timeline
from entact.protocol.requirements.words import RequirementList

VITAL_SIGNS, GUESS, CALL = "vital_signs", "guess", "safety_call"


@dataclass(frozen=True, slots=True)
class Planned:
    """What an item of a list asks around each session, as the study plans it.

    Attributes:
        around: session -> visits and activities of which `times` are enough.
    """

    item: str
    asked: str
    around: Mapping[str, tuple[Done, ...]]
    times: int


@dataclass(slots=True)
class Collected:
    """How many sessions with a dose had what an item asks, by site.

    Attributes:
        sessions, collected: site -> sessions with a dose, and those around which it was measured.
    """

    planned: Planned
    sessions: Counter[str] = field(default_factory=Counter)
    collected: Counter[str] = field(default_factory=Counter)

    def add(self, course: Course) -> None:
        """Counts the sessions of one participant."""
        site = course.site or ""
        dosed = {visit_of(dose.encounter) for dose in course.doses}
        for session, done in self.planned.around.items():
            if session not in dosed:
                continue
            self.sessions[site] += 1
            found = sum(_count(course, one) for one in done)
            self.collected[site] += found >= self.planned.times


def planned_of(release: Release, wanted: RequirementList) -> list[Planned]:
    """What the items of a list ask around sessions and the study plans, in the order of the list.

    An item that the study doesn't plan is not here: `compare` says what would meet it.
    """
    study = Timeline(release, read_measures())
    found = []
    for item in wanted.items:
        around, times = planned_around(item.rule, study)
        if around and item.rule is not None and answer(item.rule, study).met:
            found.append(Planned(item.id, item.asked, around, times))
    return found


def collected(release: Release, wanted: RequirementList, courses: Iterable[Course]) -> list[Collected]:
    """What of a list was collected in fact around the sessions of some participants.

    Args:
        release: whose plan is meant. courses: of participants; what lies ahead of them is not collected yet.
    """
    found = [Collected(planned) for planned in planned_of(release, wanted)]
    for course in courses:
        for one in found:
            one.add(course)
    return found


def _count(course: Course, done: Done) -> int:
    """How often something was done at a visit, at as many of its times as were kept."""
    answers: Sequence[tuple[str | None, str | None]]
    if done.activity == VITAL_SIGNS:
        answers = [(one.encounter, one.timepoint) for one in course.vitals if one.status == "done"]
    elif done.activity == GUESS:
        answers = [(one.encounter, None) for one in course.guesses]
    elif done.activity == CALL:
        answers = [(one.encounter, None) for one in course.calls if one.reached]
    elif done.activity in course.release.file.all_forms:
        filled = course.answers.get(done.activity, [])
        answers = [(one.encounter, one.timepoint) for one in filled if one.status == "done"]
    else:  # what leaves an entry only where there is something to enter: the visit was held
        held = [one for one in course.encounters.values() if one.status != "missed"]
        answers = [(one.id, None) for one in held]
    return len({answer for answer in answers if visit_of(answer[0]) == done.visit})
