"""The checks of the hard core about a kit: whose it is, what it is for, and how it stands in stock.

Where kits are packed for the rows of the sealed list, the record knows which are whose, and no arm: a kit
that cannot be used is missing for its row whatever the arm is, so that no refusal tells one.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from entact.course.entry.dates import in_date
from entact.course.gates.question import Question, Reason
from entact.course.kinds.dispensing import dispensed, unchecked
from entact.course.kinds.supply import is_blinded
from entact.course.state.dose import Part
from entact.course.state.numbers import KIT, normal
from entact.course.state.sealed_list import PackedKit
from entact.course.state.supply import UNUSABLE, LotState
from entact.course.supply.lot_dose import unlike_planned
from entact.protocol.kits import is_hidden, kits_of_a_session
from entact.protocol.study import Visit


def kits_here(question: Question) -> Iterator[Reason]:
    """Where kits are packed for rows of the list, those for the first session of this row are at the site."""
    number = question.detail.get("number")
    if number is None or not question.setting.study.packed:
        return
    for (level, part), kit in kits_to_give(question, str(number)).items():
        if kit is not None:
            continue
        message = (
            f"No kit that is packed for {number} for the {part} dose of level {level} is ready at site "
            f"{question.site.id}. This says nothing of an arm: every row has kits of its own."
        )
        yield Reason("kits_not_here", message, ("kit",))


def kits_to_give(question: Question, number: str) -> dict[tuple[str, Part], PackedKit | None]:
    """The kits of a row for the first session: of each level and part of it the first that can be used.

    None where there is none. Empty where no kits are packed for rows, or no session is planned with any.

    Args:
        number: of the randomisation.
    """
    visit = first_session(question)
    if visit is None:
        return {}
    asked = kits_of_a_session(question.release.file, visit)
    return {(level, part): next_kit(question, number, level, part) for level, part in asked}


def next_kit(question: Question, number: str, level: str, part: str) -> PackedKit | None:
    """The first kit that is packed for a row, for a level and part, is nobody's yet, and ready at the site.

    The answer relies upon what is known of that kit alone. Of those that were passed over nothing is noted:
    a basis that named what became of one would say whose row it was of, and to whoever knows what was in it,
    the arm.

    Args:
        number: of the randomisation.
    """
    held, mine = question.setting.numbers, question.course.kits
    for kit, one in question.setting.study.packed.items():
        if (one.number, one.level, one.part) != (normal(number), level, part):
            continue
        if held.get((KIT, kit)) or kit in mine:
            continue
        aside = copy(question)
        aside.inputs = {}
        if not any(kit_in_stock(aside, one.kit)):
            question.inputs.update(aside.inputs)
            return one
    return None


def is_blinded_session(question: Question, visit: Visit) -> bool:
    """Whether what is given in a session is hidden: not where the arm was told before."""
    return is_hidden(question.course.release.file, visit)


def first_session(question: Question) -> Visit | None:
    """The first session in which the participant is given something hidden; None where none is planned."""
    visits = question.course.release.visits_of(question.course.population, question.course.tracks).values()
    return next((one for one in visits if is_blinded_session(question, one)), None)


def of_own_row(question: Question, number: str, part: str | None, level: str | None) -> Iterator[Reason]:
    """Where kits are packed for rows of the list, the kit is packed for the participant's, and for this."""
    packed, own = question.setting.study.packed, question.course.randomisation
    open_session = question.visit is not None and not is_blinded_session(question, question.visit)
    if not packed or own is None or open_session:
        return
    kit = packed.get(normal(number))
    if kit is None or kit.number != normal(own.number):
        message = f"Kit {number} is not packed for {own.number}: nobody can say that it holds the same arm."
        yield Reason("kit_of_another_row", message, ("kits_planned",))
        return
    for of, planned, asked in (("part", kit.part, part), ("level", kit.level, level)):
        if asked is not None and planned != asked:
            yield Reason(f"kit_other_{of}", f"Kit {number} is packed for {of} {planned}, not {asked}.")


def kit_usable(question: Question) -> Iterator[Reason]:
    """The kit is this participant's, for this part, level and visit, in stock and in date."""
    number = question.kit
    if number is None:
        yield Reason("kit_not_named", "Say which kit is to be used.", ("kit",))
        return
    yield from _kit_of_participant(question, number)
    yield from of_own_row(question, number, question.part, question.level)
    yield from _dispensing_checked(question, number)
    yield from kit_in_stock(question, number)


def _dispensing_checked(question: Question, number: str) -> Iterator[Reason]:
    """A second person has looked at what was handed out, where the study file asks for one."""
    plan, entry = question.release.file.supply, dispensed(question.course).get(normal(number))
    if plan is None or "dispensing" not in plan.two_persons or entry is None:
        return
    question.relies_on(entry)
    if entry in unchecked(question.course, "dispensing"):
        message = f"Nobody else has checked what was dispensed of kit {number}."
        yield Reason("dispensing_unchecked", message, ("kit_check",))


def kit_dispensable(question: Question) -> Iterator[Reason]:
    """The kit is this participant's, for this part, level and session, and was not handed out."""
    number, detail = question.kit, question.detail
    if number is None:
        yield Reason("kit_not_named", "Say which kit is to be dispensed.", ("kit",))
        return
    before = dispensed(question.course).get(normal(number))
    if before is not None:
        question.relies_on(before)
        yield Reason("kit_dispensed", f"Kit {number} was dispensed before.")
    if any(normal(dose.kit) == normal(number) for dose in question.course.doses):
        yield Reason("kit_used", f"Kit {number} was used before.")
    kit = question.course.kits.get(normal(number))
    if kit is None:
        message = f"Kit {number} is not assigned to this participant."
        yield Reason("kit_not_assigned", message, ("kit_assigned",))
    else:
        question.relies_on(kit.entry)
        part, level, visit = (detail.get(of) for of in ("part", "level", "visit"))
        if part is not None and kit.part != part:
            yield Reason("kit_other_part", f"Kit {number} is for the {kit.part} dose, not the {part}.")
        if level is not None and kit.level != level:
            yield Reason("kit_other_level", f"Kit {number} is for level {kit.level}, not for level {level}.")
        if kit.visit is not None and visit is not None and kit.visit != visit:
            yield Reason("kit_other_visit", f"Kit {number} is for {kit.visit}, not for {visit}.")
        if kit.replaced_by is not None:
            yield Reason("kit_replaced", f"Kit {number} was replaced by kit {kit.replaced_by}.")
    yield from of_own_row(question, number, detail.get("part"), detail.get("level"))
    yield from kit_in_stock(question, number)
    for one in question.site.supply.registrations.values():
        question.relies_on(one.entry)
        if not in_date(one.expires, question.today):
            message = f"The registration {one.name} of site {question.site.id} held until {one.expires}."
            yield Reason("registration_expired", message)


def _kit_of_participant(question: Question, number: str) -> Iterator[Reason]:
    if any(normal(dose.kit) == normal(number) for dose in question.course.doses):
        yield Reason("kit_used", f"Kit {number} was used before.")
    kit = question.course.kits.get(normal(number))
    if kit is None:
        message = f"Kit {number} is not assigned to this participant."
        yield Reason("kit_not_assigned", message, ("kit_assigned",))
        return
    question.relies_on(kit.entry)
    if kit.replaced_by is not None:
        yield Reason("kit_replaced", f"Kit {number} was replaced by kit {kit.replaced_by}.")
    if kit.part != question.part:
        yield Reason("kit_other_part", f"Kit {number} is for the {kit.part} dose, not the {question.part}.")
    if question.level is not None and kit.level != question.level:
        message = (
            f"Kit {number} is for level {kit.level}; level {question.level} was decided for this session."
        )
        yield Reason("kit_other_level", message)
    if kit.visit is not None and question.visit is not None and kit.visit != question.visit.visit:
        yield Reason("kit_other_visit", f"Kit {number} is for {kit.visit}, not for {question.visit.visit}.")


def kit_in_stock(question: Question, number: str) -> Iterator[Reason]:
    """The kit is in the stock of the site, may be used, is in date and checked, and its lot is released."""
    stock = question.site.kits.get(normal(number))
    if stock is None:
        message = f"Kit {number} is not in the stock of site {question.site.id}."
        yield Reason("kit_unknown", message, ("kit",))
        return
    question.relies_on(stock.entry)
    if stock.status in UNUSABLE:
        why = f": {stock.why}" if stock.why and stock.status == "quarantined" else ""
        yield Reason(f"kit_{stock.status}", f"Kit {number} {UNUSABLE[stock.status]}{why}.")
    if stock.unchecked is not None:
        message = f"Nobody else has checked the receipt of kit {number}."
        yield Reason("kit_unchecked", message, ("supply_check",))
    lot = question.site.supply.lots.get(normal(stock.lot)) if stock.lot is not None else None
    if lot is not None:
        question.relies_on(lot.entry)
        if lot.status != "released":
            said = "was recalled" if lot.status == "recalled" else "is not released"
            yield Reason(f"lot_{lot.status}", f"Lot {lot.lot} of kit {number} {said}.")
        if lot.packs == "one_arm" and is_blinded(question.release.file):
            message = f"Lot {lot.lot} of kit {number} is of one arm alone: who sees the label knows the arm."
            yield Reason("lot_tells_arm", message)
        yield from _lot_as_planned(question, number, lot)
    elif stock.units is not None:  # of a shipment, whose lot has to be known
        yield Reason("lot_unknown", f"Nothing is entered about lot {stock.lot} of kit {number}.", ("lot",))
    if not in_date(stock.expires, question.today):
        yield Reason("kit_expired", f"Kit {number} is not in date: it says {stock.expires}.")


def _lot_as_planned(question: Question, number: str, lot: LotState) -> Iterator[Reason]:
    """The lot has product, strength and salt form of what the kit is for; of any dose, where that is open."""
    kit = question.course.kits.get(normal(number)) or question.setting.study.packed.get(normal(number))
    for_what = None if kit is None else (kit.level, kit.part)
    for one in unlike_planned(question.release.file, lot, for_what):
        message = f"Lot {lot.lot} of kit {number} is of {one.said}; what it is for is of {one.planned}."
        if one.of == "salt":
            message = (
                f"The strength of lot {lot.lot} of kit {number} counts the {one.said}, that of the study the "
                f"{one.planned}: it is another dose."
            )
        yield Reason(f"lot_other_{one.of}", message)
