"""Encounters: visits that begin, end or are missed, scheduled or not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.entry import Entry
from entact.course.entry.entry import is_after_access
from entact.course.kinds.checks import BEFORE_RECONSENT, NO_RECONSENT, check_basis, note_deviation
from entact.course.kinds.kind import Kind
from entact.course.state.alerts import AlertEpisode, Holding
from entact.course.state.encounter import PLANNED, UNSCHEDULED, Disposition, EncounterState, visit_of
from entact.protocol.core_alerts import DISCHARGED_AFTER_ACCESS

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Encounter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `encounter`: the visit in the envelope (`session_1#1`, `unscheduled#1`) began or ended.

    `disposition` says how it ended. Only being discharged is asked of a gate; the others are facts.
    """

    status: Literal["started", "ended", "missed"]
    contact: Literal["in_person", "telephone", "video"] = "in_person"
    disposition: Disposition = PLANNED


def act_of_encounter(course: State, entry: Entry, payload: Encounter, at: datetime) -> str | None:
    """Whoever was given a dose is discharged, where the study says when; other ways to leave are facts."""
    if payload.status != "ended" or payload.disposition != PLANNED or "discharge" not in course.release.gates:
        return None
    return "discharge" if course.facts(entry.encounter, at).given("initial") is not False else None


def reduce_encounter(course: State, effective: Effective, payload: Encounter) -> None:
    """Begins, ends or misses the encounter named in the envelope."""
    entry = effective.entry
    if entry.encounter is None:
        course.found(
            "encounter_unnamed", entry.id, "encounter", "an encounter entry has to name its encounter"
        )
        return
    visit = visit_of(entry.encounter)
    if visit == UNSCHEDULED:
        if payload.status == "started" and not entry.reason:
            course.found("reason_missing", entry.id, "", "an unscheduled visit needs a reason")
    elif visit not in course.release.visits:
        if course.knows_later(lambda release: visit in release.visits):
            message = f"the visit {visit!r} is of a release to which the participant has not consented"
            course.found(BEFORE_RECONSENT, entry.id, "encounter", message)
            if entry.encounter not in course.encounters:  # its end is the same departure
                note_deviation(course, effective, NO_RECONSENT)
        else:
            course.found("unknown_visit", entry.id, "encounter", f"the schedule has no visit {visit!r}")
    state = course.encounters.get(entry.encounter)
    if state is None:
        state = course.encounters[entry.encounter] = EncounterState(
            entry.encounter, visit, payload.status, said=effective.at, attempt=course.attempt
        )
        if payload.status == "ended":
            course.found(
                "encounter_not_started", entry.id, "", f"{entry.encounter} ended, though it never began"
            )
    if payload.status == "started" and state.started is not None:
        course.found("encounter_begun_twice", entry.id, "", f"{entry.encounter} had already begun")
        return
    if payload.status == "missed" and any(
        dose.is_taken and dose.encounter == entry.encounter for dose in course.doses
    ):
        return  # which is found
    state.status = payload.status
    if payload.status == "started":
        state.started, state.contact, state.entry = effective.at, payload.contact, entry.id
    else:
        state.closed = entry.id
        if payload.status == "missed" and not entry.reason:
            course.found("reason_missing", entry.id, "", "a missed visit needs a reason")
        if payload.status == "ended":
            state.ended, state.disposition = effective.at, payload.disposition
            _check_end(course, effective, payload)


def _check_end(course: State, effective: Effective, payload: Encounter) -> None:
    """Who is discharged was let go by the gate, if it is asked; who left otherwise is said to have."""
    entry = effective.entry
    if payload.disposition == "against_advice":
        course.found("left_against_advice", entry.id, "", f"left {entry.encounter} against advice")
    act = act_of_encounter(course, entry, payload, effective.at)
    if act is not None and is_after_access(entry):
        held = [Holding(entry.id, effective.at)]
        course.alerts.append(AlertEpisode((DISCHARGED_AFTER_ACCESS,), entry.encounter, "", held))
    check_basis(course, effective, act)


_TELLS_OF_EVENT = frozenset({"adverse_events"})  # against advice, to a hospital, dead: something happened
ENCOUNTER = Kind(
    name="encounter",
    title="Encounter",
    ways=("page visit", "console"),
    payload=Encounter,
    reduce=reduce_encounter,
    tells=frozenset({"schedule"}),
    tells_more=lambda data: _TELLS_OF_EVENT if data.get("disposition", PLANNED) != PLANNED else frozenset(),
    acts=("discharge",),
    act_of=act_of_encounter,
    small=True,
    needs_consent=False,
    in_encounter=False,  # it is one
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"alerts", "deviations", "encounters"}),
)
