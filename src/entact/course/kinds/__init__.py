"""The kinds of entry about a participant: payload, reducer, what is sealed and what is merged by item."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from entact.course.entry import Entry
from entact.course.kinds import (
    attestation,
    blinding,
    consent,
    dose,
    encounter,
    enrolment,
    form,
    link,
    medication,
    reporting,
    safety,
    stopping,
    unblinding,
)

UNPARSED = "unparsed"  # what could not be read at all: data {"received": sealed text}


class Kind(msgspec.Struct, frozen=True):
    """One kind of entry.

    Attributes:
        payload: the struct of its data. reduce: what it does to a course.
        sealed: items that are personal, as ciphertext. free: text of any shape that is not personal; other
            text is an identifier, a code or a time, and is sealed when it is not.
        nested: the item whose own items a correction merges one by one.
        gate: the act (of `entact.course.gates.core.ACTS`) that an entry is: from course, entry, payload and
            time; None of what is not gated.
    """

    payload: type
    reduce: Callable[[Any, Any, Any], None]
    sealed: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    nested: str | None = None
    gate: Callable[[Any, Entry, Any, datetime], str | None] | None = None


KINDS: dict[str, Kind] = {
    "consent": Kind(consent.Consent, consent.reduce_consent, nested="scopes"),
    "screening": Kind(enrolment.Screening, enrolment.reduce_screening),
    "eligibility": Kind(enrolment.Eligibility, enrolment.reduce_eligibility, nested="criteria"),
    "enrolment": Kind(enrolment.Enrolment, enrolment.reduce_enrolment, gate=enrolment.gate_of_enrolment),
    "randomisation": Kind(
        enrolment.Randomisation, enrolment.reduce_randomisation, gate=enrolment.gate_of_randomisation
    ),
    "encounter": Kind(encounter.Encounter, encounter.reduce_encounter, gate=encounter.gate_of_encounter),
    "form": Kind(form.FormData, form.reduce_form, nested="items"),
    "vital_signs": Kind(form.VitalSigns, form.reduce_vital_signs),
    "medication": Kind(
        medication.Medication,
        medication.reduce_medication,
        frozenset({"indication"}),
        frozenset({"name", "dose"}),
    ),
    "kit_assigned": Kind(dose.KitAssigned, dose.reduce_kit_assigned),
    "dose_level": Kind(dose.DoseLevel, dose.reduce_dose_level),
    "dose": Kind(dose.Dose, dose.reduce_dose, gate=dose.gate_of_dose),
    "presence": Kind(dose.Presence, dose.reduce_presence),
    "guess": Kind(blinding.Guess, blinding.reduce_guess, frozenset({"why"})),
    "adverse_event": Kind(
        safety.AdverseEvent,
        safety.reduce_adverse_event,
        frozenset({"verbatim"}),
    ),
    "safety_call": Kind(safety.SafetyCall, safety.reduce_safety_call, frozenset({"note"})),
    "alert_answered": Kind(
        safety.AlertAnswered,
        safety.reduce_alert_answered,
        frozenset({"note"}),
    ),
    "death": Kind(safety.Death, safety.reduce_death, frozenset({"cause"})),
    "discontinuation": Kind(stopping.Discontinuation, stopping.reduce_discontinuation),
    "deviation": Kind(stopping.Deviation, stopping.reduce_deviation, frozenset({"account"})),
    "signature": Kind(attestation.RecordSignature, attestation.reduce_signature),
    "freeze": Kind(attestation.Freeze, attestation.reduce_freeze),
    "unblinding": Kind(attestation.Unblinding, attestation.reduce_unblinding),
    "planned_unblinding": Kind(
        unblinding.PlannedUnblinding,
        unblinding.reduce_planned_unblinding,
        gate=unblinding.gate_of_planned_unblinding,
    ),
    "link": Kind(link.Link, link.reduce_link),
    "safety_report": Kind(reporting.SafetyReport, reporting.reduce_safety_report),
    "identity": Kind(attestation.IdentityKept, attestation.reduce_identity),
    "erasure": Kind(attestation.Erasure, attestation.reduce_erasure),
}

NESTED: dict[str, str] = {name: kind.nested for name, kind in KINDS.items() if kind.nested is not None}
