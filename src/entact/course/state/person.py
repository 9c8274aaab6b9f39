"""Facts about one person that stopping rules and analysis sets speak of, and who belongs to which set."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from entact.course.state.encounter import visit_of
from entact.course.state.values import ask

if TYPE_CHECKING:
    from entact.course.state.state import State
    from entact.protocol.rule import Rule


def person_value(course: State, name: str, at: datetime) -> Any:
    """One of `protocol.names.PERSON` at a time; None where it is unknown."""
    match name.removeprefix("person."):
        case "population":
            return course.population
        case "enrolled":
            return course.enrolment is not None and course.enrolment.at <= at
        case "randomised":
            return course.randomisation is not None and course.randomisation.at <= at
        case "doses":
            return len(_dosed(course, at))
        case "planned_doses":
            return planned_doses(course)
        case "without_drug":
            return is_without_drug(course)
        case "treatment_stopped":
            stops = (course.discontinued.get(of) for of in ("treatment", "procedures"))
            return any(stop is not None and stop.at <= at for stop in stops)
        case "unblinded":
            return course.told is not None and course.told.at <= at
        case "assessed_after_dose":
            return _assessed_after_dose(course, at)
        case "assessed_at_end":
            return _assessed_at_end(course, at)
        case "serious_events":
            return sum(event.is_serious for event in course.adverse_events.values())
        case "related_serious_events":
            events = course.adverse_events.values()
            return sum(event.is_serious and event.related in RELATED for event in events)
    return None


RELATED = frozenset({"possible", "probable", "definite"})
"""Judgements of causality for which an event counts as a suspected reaction."""


def values_of(rule: Rule, course: State, encounter: str | None, at: datetime, ever: bool) -> dict[str, Any]:
    """What a rule about a person and their forms sees: values of the encounter, or of any."""
    seen = course.values(encounter, at, ever=ever)
    return {
        name: person_value(course, name, at) if name.startswith("person.") else seen.get(name)
        for name in rule.names
    }


def members(course: State, at: datetime) -> dict[str, bool | None]:
    """Whether the participant belongs to each analysis set that has a rule; None where that is not known.

    The sets are those of the newest release, whichever the participant consented to: one analysis is of all.
    Nobody of whom it is not known is analysed with a set.
    """
    found: dict[str, bool | None] = {}
    for name, ruled in course.study.newest.rules.sets.items():
        answer = ask(ruled.rule, values_of(ruled.rule, course, None, at, True), course.facts(None, at))
        found[name] = answer if isinstance(answer, bool) else None
    return found


def first_dose(course: State) -> datetime | None:
    """When the first initial dose was taken."""
    return min((dose.at for dose in course.doses if dose.part == "initial" and dose.is_taken), default=None)


def is_without_drug(course: State) -> bool | None:
    """Whether the person is of an arm without a drug; None until that is told, where there is one."""
    arms = course.release.file.arms
    if all(arm.drug == "given" for arm in arms.values()):
        return False
    if course.assignment is None:
        return None
    return all(arms[name].drug == "none" for name in course.assignment.arms if name in arms)


def planned_doses(course: State) -> int | None:
    """Sessions with a dose that are planned for the person; None until their arm's are told."""
    release = course.release
    if not any(track.arms and track.doses for track in release.file.tracks.values()):
        return release.sessions_of(course.population)
    if course.assignment is None:
        return None
    return max(release.planned_doses(arm, course.population) for arm in course.assignment.arms)


def begun(course: State) -> datetime | None:
    """When treatment began: the first dose, or the assignment of who is of an arm without a drug."""
    if is_without_drug(course) and course.assignment is not None:
        return course.assignment.at
    return first_dose(course)


def _dosed(course: State, at: datetime) -> set[str]:
    return {
        dose.session for dose in course.doses if dose.part == "initial" and dose.is_taken and dose.at <= at
    }


def _primary(course: State) -> tuple[str, list[tuple[str, str]]]:
    """Visit of the primary endpoint, and the form and item of each thing that it is made of there."""
    release = course.release
    compiled = release.endpoints.get(release.file.analysis.primary.endpoint)
    if compiled is None:
        return "", []
    here = [name for name in sorted(compiled.rule.names) if name.count(".") == 1]
    return compiled.endpoint.at, [(form, item) for form, _, item in (name.partition(".") for name in here)]


def _assessed_after_dose(course: State, at: datetime) -> bool:
    """Of the endpoint's own part of the study: what was rated in a track that opened later does not count."""
    first = begun(course)
    visits = course.release.visits
    planned, items = _primary(course)
    tracks = {None, visits[planned].track} if planned in visits else {None}
    return first is not None and any(
        first < answers.at <= at
        and answers.values.get(item) is not None
        and (visit_of(answers.encounter) not in visits or visits[visit_of(answers.encounter)].track in tracks)
        for form, item in items
        for answers in course.answers.get(form, ())
    )


def _assessed_at_end(course: State, at: datetime) -> bool:
    visit, items = _primary(course)
    return bool(items) and all(
        any(
            visit_of(answers.encounter) == visit and answers.at <= at and answers.values.get(item) is not None
            for answers in course.answers.get(form, ())
        )
        for form, item in items
    )


def is_linked(course: State) -> bool | None:
    """Whether the participant is linked as their population asks; None where it does not ask."""
    population = course.release.file.populations.get(course.population or "")
    if population is None or population.linked_to is None:
        return None
    return any(link.as_ == course.population for link in course.links)
