"""What is held once it is frozen or locked: forms are not written by whoever sits at a page, safety is.

What arrives otherwise (sent by a device, imported) is a fact: it is kept, and found as changed afterwards.
"""

from __future__ import annotations

from entact.course.course import Course
from entact.course.entry.effective import VOID, Effective
from entact.course.kinds import KINDS
from entact.course.state.encounter import UNSCHEDULED, visit_of

_EVEN_SO = (
    "Events, safety calls, deaths, what stops and consent can always be entered, and forms at a visit "
    "outside the schedule."
)


def held_against(
    course: Course, kind: str, encounter: str | None, replaces: str | None, locked: str | None
) -> str | None:
    """Why something is not written now, in words; None where nothing holds it.

    Args:
        kind, encounter, replaces: of the entry. locked: name of the lock of the study that is in force.
    """
    source = _source(course, replaces)
    if source is not None:
        kind, encounter = source.entry.kind, source.entry.encounter
    elif kind == VOID:
        return None
    known = KINDS.get(kind)
    if known is None or not known.is_held:
        return None
    if encounter is not None and encounter in course.frozen:
        return f"This visit is frozen: the data manager can take that back, with a reason. {_EVEN_SO}"
    if source is None and visit_of(encounter) == UNSCHEDULED:
        return None
    if "" in course.frozen:
        return f"The data of this participant are locked: two persons can take that back. {_EVEN_SO}"
    if locked is not None:
        return f"The study is locked ({locked}): two persons can unlock it, with their keys. {_EVEN_SO}"
    return None


def _source(course: Course, replaces: str | None) -> Effective | None:
    """The entry that one corrects or withdraws, however often it was corrected."""
    if replaces is None:
        return None
    return next((one for one in course.effective if replaces in (one.id, *one.corrections)), None)
