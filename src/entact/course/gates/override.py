"""Whether a requirement was set aside: by the people whom the study names, each for themselves.

What a person confirmed is bound to the entries that she saw: it counts for these versions of them, at this
visit, for as long as a yes holds. Names that somebody else typed count for nothing. A verbal order counts
once, for a role that the study names, and stays found until it is confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from entact.course.found.attested import version_of
from entact.course.gates.place import staff_reasons
from entact.course.gates.question import Question, Reason

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.override import OverrideState
    from entact.protocol.compiled import CompiledRequirement

# A decision holds as long as it takes to hand over a dose, and no more; so does a gate's yes.
HOLDS_FOR: Final = timedelta(minutes=30)
SECOND_PERSON: Final = "second person"


def override_of(course: Course, reason: Reason, *, ordered_by: str | None = None) -> dict[str, Any]:
    """The data of an entry of kind `override` by which its author sets a reason aside, as it stands now.

    Args:
        reason: of a refusal. ordered_by: who gave the order, where the author writes down a verbal one.
    """
    versions = _versions(course, reason.entries)
    data: dict[str, Any] = {
        "requirement": reason.code,
        "entries": list(versions),
        "versions": list(versions.values()),
    }
    return data if ordered_by is None else {**data, "ordered_by": ordered_by}


def set_aside(
    question: Question, code: str, requirement: CompiledRequirement, entries: Iterable[str]
) -> dict[str, str] | str:
    """Who set a requirement aside and by which entry; or why it is not set aside, "" where nobody tried.

    Args:
        code: of the requirement. entries: what its rule was answered from.
    """
    said = [one for one in question.course.overrides if one.requirement == code and one.at <= question.at]
    said = [one for one in said if one.encounter == question.encounter]
    if not said:
        return ""
    if requirement.override is None:
        return "The study does not let anybody override this."
    versions = _versions(question.course, entries)
    standing: dict[str, OverrideState] = {}
    problems: dict[str, str] = {}
    for one in said:
        problem = _problem(question, one, versions)
        if problem is not None:
            problems[one.person] = problem
        elif one.person not in standing or not one.is_verbal:
            standing[one.person] = one
    needed = [part.strip() for part in requirement.override.split("+")]
    chosen = _fill(needed, list(standing.values()), question)
    if chosen is None:
        why = [text for person, text in problems.items() if person not in standing]
        why += _why_not_second(needed, standing, question)
        return " ".join([f"To override it takes {requirement.override}, each by an own entry.", *why])
    for one in chosen:
        question.relies_on(one.entry)
        question.relies_on(question.site.staff[one.person].entry)
        question.until.append(one.at + HOLDS_FOR)
    return {one.person: one.entry for one in chosen}


def _problem(question: Question, one: OverrideState, versions: Mapping[str, str]) -> str | None:
    """Why what somebody confirmed does not count now."""
    if question.at - one.at > HOLDS_FOR:
        return f"{one.person} confirmed it at {one.at.astimezone(question.zone):%H:%M}: too long ago."
    if one.versions != versions:
        return f"What {one.person} confirmed was about other values than these."
    if not one.is_proved:
        return f"What {one.by} is said to have entered, they did not enter signed in themselves."
    if not one.has_reason:
        return f"{one.person} gave no reason."
    if one.ordered_by == one.by:
        return f"{one.person} cannot have given an order to themselves."
    staff = question.site.staff.get(one.person)
    for reason in staff_reasons(staff, one.person, question.site.id, question.today):
        if staff is None or not question.may_not_wait:
            return f"It cannot be overridden: {reason.message}"
        question.concerns[reason.code] = None
    return None


def _fill(
    needed: list[str], persons: list[OverrideState], question: Question, verbal: int = 1
) -> list[OverrideState] | None:
    """Who fills the roles, each person one of them, and at most one of them by word of mouth."""
    if not needed:
        return []
    role, others = needed[0], needed[1:]
    for one in persons:
        if one.is_verbal > verbal or not _fits(role, one, question):
            continue
        rest = [other for other in persons if other.person != one.person]
        filled = _fill(others, rest, question, verbal - one.is_verbal)
        if filled is not None:
            return [one, *filled]
    return None


def _fits(role: str, one: OverrideState, question: Question) -> bool:
    if role == SECOND_PERSON:  # who looks at what the asker asks for, and says so herself
        return one.person != question.by and not one.is_verbal
    return role in question.site.staff[one.person].roles


def _why_not_second(
    needed: list[str], standing: Mapping[str, OverrideState], question: Question
) -> list[str]:
    if SECOND_PERSON not in needed or question.by not in standing:
        return []
    return [f"{question.by} asks, and is not the second person."]


def _versions(course: Course, entries: Iterable[str]) -> dict[str, str]:
    wanted = set(entries)
    return {one.id: version_of(one) for one in course.effective if one.id in wanted} if wanted else {}
