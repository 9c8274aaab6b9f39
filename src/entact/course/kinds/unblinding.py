"""Planned unblinding of one person, and the tracks of visits that open with an entry about that person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.checks import check_basis
from entact.course.kinds.kind import ALLOCATION, Kind
from entact.course.state.unblinding import PlannedUnblindingState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class PlannedUnblinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `planned_unblinding`: this person's blinded part is over, and these roles were told the arm.

    The arm stands here because from now on it is open for this person. In an emergency it never does.
    """

    arm: str
    told: list[str]


def reduce_planned_unblinding(course: State, effective: Effective, payload: PlannedUnblinding) -> None:
    """The first one stays."""
    file = course.release.file
    if course.told is not None:
        course.found("unblinded_twice", effective.id, "", f"the arm was already told in {course.told.entry}")
        return
    if payload.arm not in file.arms:
        course.found("unknown_arm", effective.id, "arm", f"the study has no arm {payload.arm!r}")
    if file.unblinding is None:
        course.found("unblinding_not_planned", effective.id, "", "the study plans nobody's unblinding")
    else:
        check_basis(course, effective, "unblind")
    course.told = PlannedUnblindingState(effective.id, effective.at, payload.arm, tuple(payload.told))


PLANNED_UNBLINDING = Kind(
    name="planned_unblinding",
    title="Planned unblinding",
    payload=PlannedUnblinding,
    reduce=reduce_planned_unblinding,
    tells=frozenset({ALLOCATION}),
    acts=("unblind",),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    activity="unblinding",
    done=lambda course, encounter: course.told is not None,
    anchors=True,
    attests=True,
)
