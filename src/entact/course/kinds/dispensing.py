"""Kits that leave the pharmacy for one participant, and come back: how many units, and who looked at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from entact.course.kinds.checks import check_basis
from entact.course.kinds.kind import Kind, note
from entact.course.state.dose import Part
from entact.course.state.numbers import normal

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Dispensing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `dispensing`: a kit was handed out for one part of the dose of one session, with so many units."""

    kit: str
    part: Part
    level: str
    visit: str
    units: int


class KitReturn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `kit_return`: what was left of a kit came back to the pharmacy, units as counted there."""

    kit: str
    units: int
    text: str = ""


class KitCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `kit_check`: a second person saw what the dispensing or return that it is `about` says."""

    agrees: bool
    text: str = ""


def reduce_dispensing(course: State, effective: Effective, payload: Dispensing) -> None:
    """Keeps it, and says where it is not what was assigned."""
    kit, name = course.kits.get(normal(payload.kit)), payload.kit
    if kit is None:
        course.found(
            "kit_not_assigned", effective.id, "kit", f"kit {name} is not assigned to this participant"
        )
    else:
        if kit.part != payload.part:
            course.found("kit_other_part", effective.id, "part", f"kit {name} is for the {kit.part} dose")
        if kit.level != payload.level:
            course.found("kit_other_level", effective.id, "level", f"kit {name} is for level {kit.level}")
        if kit.visit is not None and kit.visit != payload.visit:
            course.found("kit_other_visit", effective.id, "visit", f"kit {name} is for {kit.visit}")
    if payload.units < 1:
        course.found("dispensing_units", effective.id, "units", f"{payload.units} units are none")
    check_basis(course, effective, "dispense", kit=payload.kit, level=payload.level)
    note(course, effective, payload)


def reduce_return(course: State, effective: Effective, payload: KitReturn) -> None:
    """Keeps it; of a kit that was never this participant's it is found."""
    number = normal(payload.kit)
    given = {normal(dose.kit) for dose in course.doses} | dispensed(course).keys()
    if number not in given:
        message = f"kit {payload.kit} was not dispensed to this participant"
        course.found("return_of_nothing", effective.id, "kit", message)
    if payload.units < 0:
        course.found("dispensing_units", effective.id, "units", f"{payload.units} units cannot be")
    note(course, effective, payload)


def reduce_check(course: State, effective: Effective, payload: KitCheck) -> None:
    """Keeps it; somebody's own look at what they entered is no check."""
    about = effective.entry.about
    checked = [one for kind in CHECKED for one in course.noted.get(kind, ()) if one.entry == about]
    if not checked:
        course.found("about_unknown", effective.id, "about", "no kit was dispensed or returned under this id")
    elif checked[0].by == effective.entry.by:
        message = f"{checked[0].by} has entered it, and somebody else has to check it"
        course.found("check_by_same", effective.id, "about", message)
    elif not payload.agrees:
        message = f"{effective.entry.by} did not find the kit as it was entered"
        course.found("check_disagrees", effective.id, "agrees", message)
    note(course, effective, payload)


CHECKED: Final = ("dispensing", "kit_return")  # kinds that a second person looks at


def dispensed(course: State) -> dict[str, str]:
    """Every kit that was handed out, in its normal form, with the entry that says so first."""
    found: dict[str, str] = {}
    for one in course.noted.get("dispensing", ()):
        found.setdefault(normal(one.said.kit), one.entry)
    return found


def unchecked(course: State, what: str) -> list[str]:
    """Entries of a kind that nobody else has found as they say, in order of time."""
    entered = {one.entry: one.by for one in course.noted.get(what, ())}
    checks = [one for one in course.noted.get("kit_check", ()) if one.said.agrees]
    done = {one.about for one in checks if entered.get(one.about or "") != one.by}
    return [entry for entry in entered if entry not in done]


DISPENSING = Kind(
    name="dispensing",
    title="Kit dispensed",
    ways=("page kits",),
    payload=Dispensing,
    reduce=reduce_dispensing,
    tells=frozenset({"dosing"}),
    acts=("dispense",),
    is_held=True,
    needs_consent=True,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset({"treatment", "procedures", "follow_up"}),
    writes=frozenset({"noted"}),
)
KIT_RETURN = Kind(
    name="kit_return",
    title="Kit returned",
    ways=("page kits",),
    payload=KitReturn,
    reduce=reduce_return,
    tells=frozenset({"dosing"}),
    sealed=frozenset({"text"}),
    small=True,
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"noted"}),
)
KIT_CHECK = Kind(
    name="kit_check",
    title="Kit checked by a second person",
    ways=("page kits",),
    payload=KitCheck,
    reduce=reduce_check,
    tells=frozenset({"dosing"}),
    sealed=frozenset({"text"}),
    small=True,
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
    writes=frozenset({"noted"}),
)
