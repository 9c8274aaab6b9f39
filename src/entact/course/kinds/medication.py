"""Medicines taken besides the study drug, and when they have left the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.medication import MedicationState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Medication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `medication`: begins or, with `about`, continues one medicine; dates may be partial."""

    name: str | None = None
    medicine_class: str | None = None
    started: str | None = None
    stopped: str | None = None
    dose: str | None = None
    indication: str | None = None  # free text, sealed
    psychiatric: bool | None = None


def reduce_medication(course: State, effective: Effective, payload: Medication) -> None:
    """Begins one medicine, or merges what changed about it."""
    course.continue_thing(course.medication, MedicationState, effective, payload)


MEDICATION = Kind(
    name="medication",
    title="Medication",
    ways=("page add",),
    payload=Medication,
    reduce=reduce_medication,
    tells=frozenset({"clinical", "medication"}),
    sealed=frozenset({"indication"}),
    free=frozenset({"name", "dose"}),
    dated=("started", "stopped"),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset({"data_use"}),
    activity="medication",  # of which an entry is only made when there is one
    anchors=True,
    writes=frozenset({"medication"}),
)
