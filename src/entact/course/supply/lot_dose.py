"""Whether a lot is of what the study file states: its product, strength, and whether that counts the salt.

40 mg of the hydrochloride are not 40 mg of the base. Neither figure is made into the other here: a lot that
counts otherwise than the study is another dose, until somebody who may has said how they compare.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from entact.course.state.supply import LotState
from entact.protocol.conversion import in_unit
from entact.protocol.quantity import parse_quantity
from entact.protocol.study import StudyFile

Counted = Literal["salt", "base"]


class Unlike(NamedTuple):
    """One thing in which a lot is not as the study file has it: what the lot says, and what is planned."""

    of: Literal["product", "strength", "salt"]
    said: str
    planned: str


def unlike_study(file: StudyFile, product: str, strength: str, stated_as: str) -> Iterator[Unlike]:
    """In what a lot is none of the study's, whatever it is given for.

    A product that the study does not have is told elsewhere.
    """
    planned = file.products.get(product)
    if planned is None:
        return
    if not any(is_same_strength(strength, one) for one in planned.strengths):
        yield Unlike("strength", strength, ", ".join(planned.strengths))
    counted = counted_of(file, product)
    if stated_as != counted:
        yield Unlike("salt", stated_as, counted)


def unlike_dose(
    file: StudyFile, product: str, strength: str, level: str, part: str, *, every_arm: bool
) -> Iterator[Unlike]:
    """In what a lot is not of what a part of a dose level is made of.

    Args:
        every_arm: kits of every arm are in it, so that its label says what the level says; else it may be
            what one arm is given instead.
    """
    regimen = file.regimens.get(level)
    if regimen is None or (part == "supplement" and regimen.supplement is None):
        return
    supplement = None if regimen.supplement is None else regimen.supplement.give
    doses = [(regimen.product, regimen.initial if part == "initial" else supplement)]
    for one in () if every_arm else regimen.arms.values():
        doses.append((one.product or regimen.product, one.initial if part == "initial" else one.supplement))
    named = [(said or product, dose.strength) for said, dose in doses if dose is not None]
    if not any(name == product for name, _ in named):
        yield Unlike("product", product, ", ".join(dict.fromkeys(name for name, _ in named)))
    elif not any(name == product and is_same_strength(strength, one) for name, one in named):
        yield Unlike("strength", strength, ", ".join(dict.fromkeys(one for _, one in named)))


def unlike_planned(file: StudyFile, lot: LotState, for_what: tuple[str, str] | None) -> list[Unlike]:
    """In what a lot is not as the study file has it, and not as the level and part have it that a kit is for.

    Args:
        for_what: level and part of the dose; None of a kit of which nobody has said it.
    """
    found = list(unlike_study(file, lot.product, lot.strength, lot.stated_as))
    if for_what is not None and not any(one.of == "strength" for one in found):
        level, part = for_what
        whole = lot.packs == "every_arm"
        found += unlike_dose(file, lot.product, lot.strength, level, part, every_arm=whole)
    return found


def counted_of(file: StudyFile, product: str) -> Counted:
    """Whether the strengths of a product of the study count the salt or the base."""
    return "base" if file.products[product].salt == "free_base" else "salt"


def is_same_strength(one: str, other: str) -> bool:
    """Whether two strengths are the same amount: 0.04 g are 40 mg; what cannot be read is like nothing."""
    try:
        first, second = parse_quantity(one), parse_quantity(other)
    except ValueError:
        return False
    there, back = (
        in_unit(first.value, first.unit, second.unit),
        in_unit(second.value, second.unit, first.unit),
    )
    return there == second.value or back == first.value
