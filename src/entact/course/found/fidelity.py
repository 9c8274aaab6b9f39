"""Sessions held against their content checklist: by whom, who has a part in the treatment."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.protocol.release import Release


def checklists_of(release: Release) -> frozenset[str]:
    """The forms by which sessions are held against their content."""
    return frozenset(said.form for said in release.file.fidelity.values())


def have_attended(course: Course, checklists: Collection[str]) -> frozenset[str]:
    """Everybody who has written about this participant other than by a content checklist of sessions: none of
    them rates how the participant was treated."""
    return frozenset(
        entry.by
        for entry in course.entries
        if entry.kind not in ("form", "second_rating") or entry.data.get("form") not in checklists
    )


def may_rate(course: Course, form: str, person: str) -> bool:
    """Whether somebody may fill in a form about this participant; no content checklist, who has attended."""
    checklists = checklists_of(course.release)
    return form not in checklists or person not in have_attended(course, checklists)


def found_in_fidelity(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Sessions that somebody who has a part in the treatment held against their checklist: rule, entry, item
    and message."""
    checklists = checklists_of(course.release)
    rated = [
        one for form in sorted(checklists) for one in course.answers.get(form, ()) if one.status == "done"
    ]
    attended = have_attended(course, checklists) if rated else frozenset[str]()
    for one in rated:
        if one.by in attended:
            message = (
                f"{one.by} has written about this participant otherwise, and rates how they were treated"
            )
            yield "rated_by_attendant", one.entry, "", message
