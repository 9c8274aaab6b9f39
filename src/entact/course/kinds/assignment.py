"""Where visits differ by arm: it is told of which arms a person's visits are, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.kind import ALLOCATION, Kind
from entact.course.state.assignment import AssignmentState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `assignment`: this person is of one of these arms, which have the same visits.

    One arm where its visits are no other's, as a waiting list's. Of arms that are blinded against each other
    always all: which of them it is stays sealed.
    """

    arms: list[str]


def reduce_assignment(course: State, effective: Effective, payload: Assignment) -> None:
    """The first one stays; one that tells more than visits do, or is of nobody randomised, opens nothing."""
    file = course.release.file
    if course.assignment is not None:
        message = f"the arms were already told in {course.assignment.entry}"
        course.found("assigned_twice", effective.id, "", message)
        return
    strange = [arm for arm in payload.arms if arm not in file.arms]
    if strange:
        course.found("unknown_arm", effective.id, "arms", f"the study has no arm {strange[0]!r}")
        return
    if not file.told_apart:
        message = "every arm of the study has the same visits: nobody is told anything of theirs"
        course.found("assignment_not_planned", effective.id, "arms", message)
        return
    if course.randomisation is None:
        message = "nobody is assigned to an arm before they are randomised"
        course.found("assigned_without_randomisation", effective.id, "", message)
        return
    if sorted(payload.arms) not in [sorted(arms) for arms in file.told_apart.values()]:
        ways = dict.fromkeys(" or ".join(arms) for arms in file.told_apart.values())
        message = f"{' or '.join(payload.arms) or 'no arm'} is not what visits tell apart: {'; '.join(ways)}"
        course.found("assignment_not_planned", effective.id, "arms", message)
        return
    course.assignment = AssignmentState(effective.id, effective.at, tuple(payload.arms))


ASSIGNMENT = Kind(
    name="assignment",
    title="Assignment",
    ways=("command allocation tell", "command allocation stand-by"),
    payload=Assignment,
    reduce=reduce_assignment,
    tells=frozenset({ALLOCATION}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    activity="assignment",
    done=lambda course, encounter: course.assignment is not None or course.randomisation is None,
    anchors=True,
    writes=frozenset({"assignment"}),
)
