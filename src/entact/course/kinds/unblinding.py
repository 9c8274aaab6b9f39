"""Planned unblinding of one person: who asks for it at the gate, and what whoever holds the list answers.

Whoever works with the participant asks, and cannot know the arm; whoever holds the list opens one row, and
has no business at the site. Tracks of visits open with the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from entact.course.kinds.checks import check_basis
from entact.course.kinds.kind import ALLOCATION, Kind, note
from entact.course.state.noted import Noted
from entact.course.state.unblinding import PlannedUnblindingState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State

NOT_PLANNED: Final = "the study plans nobody's unblinding"


class UnblindingRequested(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `unblinding_requested`: this person's blinded part is over, and the arm is to be told as planned.

    It says nothing more: whom it is told follows from the study file.
    """


class PlannedUnblinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `planned_unblinding`: this person's blinded part is over, and these roles were told the arm.

    The arm stands here because from now on it is open for this person. In an emergency it never does. It is
    about the request that it answers.
    """

    arm: str
    told: list[str]


def reduce_unblinding_requested(course: State, effective: Effective, payload: UnblindingRequested) -> None:
    """Keeps each request; the latest is the one that is answered."""
    if course.release.file.unblinding is None:
        course.found("unblinding_not_planned", effective.id, "", NOT_PLANNED)
    else:
        check_basis(course, effective, "unblind")
    note(course, effective, payload)


def request_of(course: State) -> Noted | None:
    """The request for planned unblinding that waits for an answer; None where none does."""
    asked = course.noted.get(UNBLINDING_REQUESTED.name, ())
    return asked[-1] if asked and course.told is None else None


def reduce_planned_unblinding(course: State, effective: Effective, payload: PlannedUnblinding) -> None:
    """The first one stays."""
    file = course.release.file
    if course.told is not None:
        course.found("unblinded_twice", effective.id, "", f"the arm was already told in {course.told.entry}")
        return
    if payload.arm not in file.arms:
        course.found("unknown_arm", effective.id, "arm", f"the study has no arm {payload.arm!r}")
    if file.unblinding is None:
        course.found("unblinding_not_planned", effective.id, "", NOT_PLANNED)
    else:
        check_basis(course, effective, "unblind")
    about = effective.entry.about
    if about is not None and about not in {
        one.entry for one in course.noted.get(UNBLINDING_REQUESTED.name, ())
    }:
        course.found("told_unrequested", effective.id, "", f"nobody had asked for it in {about}")
    course.told = PlannedUnblindingState(effective.id, effective.at, payload.arm, tuple(payload.told))


UNBLINDING_REQUESTED = Kind(
    name="unblinding_requested",
    title="Planned unblinding requested",
    ways=("page arm",),
    payload=UnblindingRequested,
    reduce=reduce_unblinding_requested,
    tells=frozenset({"schedule"}),
    acts=("unblind",),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
    writes=frozenset({"noted"}),
)
PLANNED_UNBLINDING = Kind(
    name="planned_unblinding",
    title="Planned unblinding",
    ways=("command allocation tell", "command allocation stand-by"),
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
