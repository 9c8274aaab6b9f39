"""Planned unblinding of one person, and the tracks of visits that open with an entry about that person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from entact.course.checks import check_basis

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.effective import Effective


class PlannedUnblinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `planned_unblinding`: this person's blinded part is over, and these roles were told the arm.

    The arm stands here because from now on it is open for this person. In an emergency it never does.
    """

    arm: str
    told: list[str]


class PlannedUnblindingState(msgspec.Struct, frozen=True):
    """Since when which arm is open for this person, and to whom."""

    entry: str
    at: datetime
    arm: str
    told: tuple[str, ...]


def reduce_planned_unblinding(course: Course, effective: Effective, payload: PlannedUnblinding) -> None:
    """The first one stays; one before the blinded data are frozen is kept, and found."""
    file = course.release.file
    if course.told is not None:
        course.found("unblinded_twice", effective.id, "", f"the arm was already told in {course.told.entry}")
        return
    if payload.arm not in file.arms:
        course.found("unknown_arm", effective.id, "arm", f"the study has no arm {payload.arm!r}")
    if file.unblinding is None:
        course.found("unblinding_not_planned", effective.id, "", "the study plans nobody's unblinding")
    else:
        for encounter in not_frozen(course, file.unblinding.epoch):
            message = f"the arm was told before {encounter} was frozen"
            course.found("unblinded_before_freeze", effective.id, encounter, message)
        check_basis(course, effective, "unblind")
    course.told = PlannedUnblindingState(effective.id, effective.at, payload.arm, tuple(payload.told))


def not_frozen(course: Course, epoch: str) -> Iterator[str]:
    """Encounters of an epoch that took place and whose data may still change."""
    for encounter in course.encounters.values():
        visit = course.release.visits.get(encounter.visit)
        if visit is None or visit.epoch != epoch or encounter.status == "missed":
            continue
        if encounter.id not in course.frozen and "" not in course.frozen:
            yield encounter.id


def open_tracks(course: Course) -> frozenset[str]:
    """The tracks whose visits this person has: opened by an entry, never by a hidden arm."""
    tracks = course.release.file.tracks
    return frozenset(name for name, track in tracks.items() if _is_open(course, track.opens_on))


def _is_open(course: Course, opens_on: str) -> bool:
    what, _, name = opens_on.partition(".")
    if what == "unblinded":
        return course.told is not None and course.told.arm == name
    return course.consent is not None and course.consent.scopes.get(name) is True
