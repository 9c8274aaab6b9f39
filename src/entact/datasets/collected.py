"""What a study plans to measure, and of how many sessions, people and visits it was measured, by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from entact.course import Course
from entact.course.state.encounter import visit_of
from entact.course.state.progress import due_visits
from entact.protocol import Release
from entact.protocol.measures import read_measures
from entact.protocol.requirements.answer import answer
from entact.protocol.requirements.measured import planned_apart, planned_around
from entact.protocol.requirements.timeline import Done, Timeline
from entact.protocol.requirements.words import RequirementList

VITAL_SIGNS, GUESS, CALL = "vital_signs", "guess", "safety_call"


Of = Literal["sessions", "participants", "visits"]
"""What is counted: sessions with a dose; participants who came so far; planned visits that are over."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What an item of a list asks, as the study plans it.

    Attributes:
        of: what is counted. around: session -> visits and activities of which `times` are enough; of
            participants what is enough once, under the act before which it is asked; of visits what is done
            at each. share: of them at which it is planned, where a sample is enough.
    """

    item: str
    asked: str
    around: Mapping[str, tuple[Done, ...]]
    times: int
    of: Of = "sessions"
    share: float | None = None


@dataclass(slots=True)
class Collected:
    """How many sessions, participants or visits had what an item asks, by site.

    Attributes:
        sessions, collected: site -> how many there were, and those of which it was measured.
    """

    planned: Planned
    sessions: Counter[str] = field(default_factory=Counter)
    collected: Counter[str] = field(default_factory=Counter)

    def add(self, course: Course, at: datetime) -> None:
        """Counts those of one participant, as of a time."""
        for enough in self._of(course, at):
            self.sessions[course.site or ""] += 1
            self.collected[course.site or ""] += enough

    def _of(self, course: Course, at: datetime) -> Iterator[bool]:
        """Of each that is counted whether it was measured."""
        around = self.planned.around
        dosed = {visit_of(dose.encounter) for dose in course.doses}
        randomises = course.release.file.randomisation is not None
        entered = course.randomisation if randomises else course.enrolment
        if self.planned.of == "sessions":
            for session, done in around.items():
                if session in dosed:
                    yield sum(_count(course, one) for one in done) >= self.planned.times
        elif self.planned.of == "participants":
            came = {
                "before_randomisation": entered,
                "before_first_dose": dosed,
            }
            for act, done in around.items():
                if came[act]:
                    yield any(_count(course, one) for one in done)
        else:
            over = {one.visit for one in due_visits(course, at) if one.status in ("done", "missed")}
            for visit, done in around.items():
                if visit in over and entered:
                    yield any(_count(course, one) for one in done)


def planned_of(release: Release, wanted: RequirementList) -> list[Planned]:
    """What the items of a list ask and the study plans, in the order of the list.

    An item that the study doesn't plan is not here: `compare` says what would meet it. One that asks for
    several things, such as something before randomisation and in every session, is here once for each.
    """
    study = Timeline(release, read_measures())
    found = []
    for item in wanted.items:
        if item.rule is None or not answer(item.rule, study).met:
            continue
        around, times = planned_around(item.rule, study)
        if around:
            found.append(Planned(item.id, item.asked, around, times, share=_share(release, around)))
        apart = planned_apart(item.rule, study)
        visits: dict[str, tuple[Done, ...]] = {}
        for one in apart.pop("visits", ()):
            visits[one.visit] = (*visits.get(one.visit, ()), one)
        if apart:
            found.append(Planned(item.id, item.asked, apart, 1, "participants"))
        if visits:
            found.append(Planned(item.id, item.asked, visits, 1, "visits", _share(release, visits)))
    return found


def _share(release: Release, around: Mapping[str, tuple[Done, ...]]) -> float | None:
    """The share that is planned, where all that measures something is filled of a sample."""
    forms = release.file.all_forms
    shares = [
        forms[one.activity].sampled if one.activity in forms else None
        for done in around.values()
        for one in done
    ]
    known = [one for one in shares if one is not None]
    return max(known) if known and len(known) == len(shares) else None


def collected(release: Release, wanted: RequirementList, courses: Iterable[Course]) -> list[Collected]:
    """What of a list was collected in fact of some participants.

    Args:
        release: whose plan is meant. courses: of participants; what lies ahead of them, as of the latest
            entry of all, is not collected yet.
    """
    known = [course for course in courses if course.effective]
    found = [Collected(planned) for planned in planned_of(release, wanted)]
    if not known:
        return found
    at = max(course.effective[-1].at for course in known)
    for course in known:
        for one in found:
            one.add(course, at)
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
