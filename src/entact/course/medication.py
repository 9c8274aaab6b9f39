"""Medicines taken besides the study drug, and when they have left the body."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.effective import Effective


class Medication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `medication`: begins or, with `about`, continues one medicine; dates may be partial."""

    name: str | None = None
    medicine_class: str | None = None
    started: str | None = None
    stopped: str | None = None
    dose: str | None = None
    indication: str | None = None  # free text, sealed
    psychiatric: bool | None = None


class MedicationState(msgspec.Struct):
    """One medicine, updates merged in order of time; `origins` says where sealed items are from.

    `begun` is None while only updates of it are known.
    """

    entry: str
    begun: datetime | None = None
    name: str | None = None
    medicine_class: str | None = None
    started: str | None = None
    stopped: str | None = None
    dose: str | None = None
    indication: str | None = None
    psychiatric: bool | None = None
    updates: list[str] = []
    origins: dict[str, str] = {}


def reduce_medication(course: Course, effective: Effective, payload: Medication) -> None:
    """Begins one medicine, or merges what changed about it."""
    course.continue_thing(course.medication, MedicationState, effective, payload)
