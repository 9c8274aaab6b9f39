"""Kits and doses: number, part, units and nominal level, never the content."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.entry import Entry
from entact.course.entry.entry import is_after_access
from entact.course.kinds.checks import check_basis
from entact.course.kinds.kind import Kind
from entact.course.state.alerts import AlertEpisode, Holding
from entact.course.state.dose import DoseState, KitState, Part, PresenceState
from entact.course.state.encounter import visit_of
from entact.course.state.numbers import normal
from entact.protocol.core_alerts import GIVEN_AFTER_ACCESS, OTHER_KIT, SECOND_DOSE, TOO_MANY_UNITS

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class KitAssigned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `kit_assigned`: a kit for one part at one dose level; without a visit, in reserve.

    `instead_of`: the kit that it replaces, which is not to be used any more; the arm is the same.
    """

    kit: str
    part: Part
    level: str
    visit: str | None = None
    instead_of: str | None = None


class DoseLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `dose_level`: the regimen decided for this session."""

    level: str


class Dose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `dose`: units of one kit dispensed, taken, returned and lost, and how it ended.

    `witness` saw it: another person than the one who enters it.
    """

    part: Part
    kit: str
    level: str
    dispensed: int
    taken: int
    returned: int = 0
    lost: int = 0
    outcome: Literal["taken", "partly_taken", "refused", "withheld", "vomited"] = "taken"
    witness: str | None = None


class Presence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `presence`: a person came into or left the session room."""

    person: str
    role: str
    state: Literal["in", "out"]


def reduce_kit_assigned(course: State, effective: Effective, payload: KitAssigned) -> None:
    """The kit is this participant's from now on; the first assignment of a number stays."""
    number = normal(payload.kit)
    if number in course.kits:
        course.found("kit_assigned_twice", effective.id, "kit", f"kit {payload.kit} was assigned before")
        return
    _check_level(course, effective, payload.level)
    visit = None if payload.visit is None else course.release.visits.get(payload.visit)
    if payload.visit is not None and (visit is None or visit.kind != "dosing"):
        message = f"kit {payload.kit} is for {payload.visit!r}, which is no dosing session of the schedule"
        course.found("unknown_visit", effective.id, "visit", message)
    if payload.instead_of is not None:
        before = course.kits.get(normal(payload.instead_of))
        if before is None:
            message = f"kit {payload.instead_of} is not assigned to this participant"
            course.found("kit_not_assigned", effective.id, "instead_of", message)
        else:
            before.replaced_by = payload.kit
    course.kits[number] = KitState(
        payload.kit, payload.part, payload.level, payload.visit, effective.at, effective.id
    )


def reduce_dose_level(course: State, effective: Effective, payload: DoseLevel) -> None:
    """The latest decision for the encounter counts."""
    encounter = effective.entry.encounter
    _check_level(course, effective, payload.level)
    if encounter is None:
        course.found(
            "encounter_unnamed", effective.id, "encounter", "a dose level is decided for one encounter"
        )
        return
    visit = course.release.visits.get(visit_of(encounter))
    if visit is not None and visit.levels and payload.level not in visit.levels:
        message = f"{visit.visit} is planned with {' or '.join(visit.levels)}, and not with {payload.level}"
        course.found("level_not_planned", effective.id, "level", message)
    course.levels[encounter] = payload.level


def act_of_dose(course: State, entry: Entry, payload: Dose, at: datetime) -> str | None:
    """A dose of which nothing is taken needs no yes."""
    if payload.taken <= 0:
        return None
    return "initial_dose" if payload.part == "initial" else "supplement"


def reduce_dose(course: State, effective: Effective, payload: Dose) -> None:
    """Keeps what was given whatever is wrong with it, says what is wrong, and calls for what endangers."""
    entry = effective.entry
    dose = DoseState(
        entry.id,
        visit_of(entry.encounter),
        entry.encounter,
        payload.part,
        payload.kit,
        payload.level,
        payload.dispensed,
        payload.taken,
        payload.returned,
        payload.lost,
        payload.outcome,
        effective.at,
    )
    _check_quantity(course, dose)
    _check_kit(course, dose)
    decided = course.levels.get(entry.encounter or "")
    if decided is not None and decided != dose.level:
        course.found(
            "dose_level_other", entry.id, "level", f"level {dose.level}, though {decided} was decided"
        )
    if dose.is_taken and any(
        one.part == dose.part and one.session == dose.session and one.is_taken for one in course.doses
    ):
        course.found(
            "dose_given_twice", entry.id, "part", f"the {dose.part} dose was already given in {dose.session}"
        )
        _raise(course, dose, SECOND_DOSE)
    planned = _units(course, dose)
    if planned is not None and dose.taken > planned:
        _raise(course, dose, TOO_MANY_UNITS)
    if dose.is_taken and is_after_access(entry):
        _raise(course, dose, GIVEN_AFTER_ACCESS)
    if payload.witness is not None and payload.witness == entry.by:
        course.found("witness_is_giver", entry.id, "witness", f"{entry.by} enters the dose, and witnesses it")
    act = act_of_dose(course, entry, payload, effective.at)
    check_basis(course, effective, act, kit=dose.kit, level=dose.level)
    course.doses.append(dose)


def _raise(course: State, dose: DoseState, alert: str) -> None:
    """Calls people about one dose: each is a cause of its own, so that an answer is about this one."""
    course.alerts.append(AlertEpisode((alert,), dose.encounter, "", [Holding(dose.entry, dose.at)]))


def reduce_presence(course: State, effective: Effective, payload: Presence) -> None:
    """Adds one coming or going to the encounter."""
    encounter = effective.entry.encounter or ""
    course.presence.setdefault(encounter, []).append(
        PresenceState(payload.person, payload.role, payload.state, effective.at, effective.id)
    )


def _check_level(course: State, effective: Effective, level: str) -> None:
    if level not in course.release.file.regimens:
        course.found("unknown_level", effective.id, "level", f"the study has no dose level {level!r}")


def _check_quantity(course: State, dose: DoseState) -> None:
    """What cannot be true of the counts by themselves, with the outcome, and with what the level has."""
    counts = (dose.dispensed, dose.taken, dose.returned, dose.lost)
    if dose.dispensed != dose.taken + dose.returned + dose.lost or min(counts) < 0:
        message = (
            f"{dose.dispensed} dispensed are not {dose.taken} taken, {dose.returned} returned "
            f"and {dose.lost} lost"
        )
        course.found("dose_arithmetic", dose.entry, "dispensed", message)
    planned = _units(course, dose)
    most = dose.dispensed - dose.lost if planned is None else planned
    fits = {
        "taken": dose.taken >= most and dose.is_taken,
        "partly_taken": 0 < dose.taken < most,
        "vomited": dose.is_taken,
    }
    if dose.taken >= 0 and not fits.get(dose.outcome, dose.taken == 0):
        message = f"{dose.outcome.replace('_', ' ')}, though {dose.taken} of {most} units were taken"
        course.found("dose_outcome", dose.entry, "outcome", message)
    if planned is not None and max(dose.taken, dose.dispensed - dose.lost) > planned:
        message = f"{dose.dispensed} units, {dose.taken} of them taken; the level {dose.level} has {planned}"
        course.found("dose_beyond_level", dose.entry, "dispensed", message)


def _units(course: State, dose: DoseState) -> int | None:
    """How many units a part of a level has: the same in every arm; None where the study has none."""
    regimen = course.release.file.regimens.get(dose.level)
    if regimen is None:
        return None
    if dose.part == "initial":
        return regimen.initial.count
    return regimen.supplement.give.count if regimen.supplement is not None else 0


def _check_kit(course: State, dose: DoseState) -> None:
    kit = course.kits.get(normal(dose.kit))
    if kit is None:
        course.found(
            "kit_not_assigned", dose.entry, "kit", f"kit {dose.kit} is not assigned to this participant"
        )
        if dose.is_taken:
            _raise(course, dose, OTHER_KIT)
        return
    if kit.used:
        course.found("kit_used_twice", dose.entry, "kit", f"kit {dose.kit} was used before")
    kit.used.append(dose.entry)
    if kit.part != dose.part:
        course.found("kit_other_part", dose.entry, "part", f"kit {dose.kit} is for the {kit.part} dose")
    if kit.level != dose.level:
        course.found("kit_other_level", dose.entry, "level", f"kit {dose.kit} is for level {kit.level}")
    if kit.visit is not None and kit.visit != dose.session:
        course.found("kit_other_visit", dose.entry, "kit", f"kit {dose.kit} is for {kit.visit}")


KIT_ASSIGNED = Kind(
    name="kit_assigned",
    title="Kit assigned",
    ways=("page kits",),
    payload=KitAssigned,
    reduce=reduce_kit_assigned,
    tells=frozenset({"dosing"}),
    small=True,
    needs_consent=True,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"kits"}),
)
DOSE_LEVEL = Kind(
    name="dose_level",
    title="Dose level",
    ways=("console",),
    payload=DoseLevel,
    reduce=reduce_dose_level,
    tells=frozenset({"dosing"}),
    small=True,
    needs_consent=True,
    in_encounter=True,
    with_participant=True,
    ended_by=frozenset({"treatment", "procedures", "follow_up"}),
    writes=frozenset({"levels"}),
)
DOSE = Kind(
    name="dose",
    title="Dose",
    ways=("console",),
    payload=Dose,
    reduce=reduce_dose,
    tells=frozenset({"dosing"}),
    acts=("initial_dose", "supplement"),
    act_of=act_of_dose,
    needs_consent=True,
    in_encounter=True,
    with_participant=True,
    ended_by=frozenset({"treatment", "procedures", "follow_up"}),
    activity="dose",
    done=lambda course, encounter: any(one.encounter == encounter for one in course.doses),
    anchors=True,
    writes=frozenset({"alerts", "deviations", "doses", "kits"}),
)
PRESENCE = Kind(
    name="presence",
    title="Presence",
    ways=("console",),
    payload=Presence,
    reduce=reduce_presence,
    tells=frozenset({"schedule", "dosing"}),
    small=True,
    needs_consent=True,
    in_encounter=True,
    with_participant=True,
    ended_by=frozenset(),
    writes=frozenset({"presence"}),
)
