"""Whether each dose is of a product that there is, and the same to look at in every arm."""

from __future__ import annotations

from collections.abc import Iterator

from entact.protocol.country import wrong_country
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.quantity import Quantity, parse_quantity
from entact.protocol.study import Regimen, StudyFile


def check_doses(file: StudyFile) -> Iterator[Fault]:
    """What is wrong with products, and with what a level gives of them in each arm."""
    units: dict[str, str] = {}
    for name, product in file.products.items():
        for place, strength in enumerate(product.strengths):
            unit = parse_quantity(strength).unit
            first = units.setdefault("unit", unit)
            if unit != first:
                message = (
                    f"{strength!r} is in {unit}, others in {first}; a study gives all strengths in one unit"
                )
                yield Fault(("products", name, "strengths", place), message)
        yield from _alike(product.strengths, ("products", name, "strengths"))
        for code in product.schedule:
            if (wrong := wrong_country(code)) is not None:
                yield Fault(("products", name, "schedule", code), wrong, at_key=True)
        if product.placebo == "none" and any(arm.role == "placebo" for arm in file.arms.values()):
            yield Fault(
                ("products", name, "placebo"), "an arm takes placebo, so there is one; write 'matching'"
            )
    strengths = {strength for product in file.products.values() for strength in product.strengths}
    for name, regimen in file.regimens.items():
        given: list[tuple[Path, str]] = [(("regimens", name, "initial"), regimen.initial.strength)]
        if regimen.supplement is not None:
            given.append((("regimens", name, "supplement", "give"), regimen.supplement.give.strength))
            if regimen.supplement.window.earliest.total_seconds() < 0:
                path: Path = ("regimens", name, "supplement", "offer")
                yield Fault(path, "begins before the initial dose; write a time after it")
        given += _arm_doses(name, regimen)
        for path, strength in given:
            if strength not in strengths:
                yield Fault(
                    path,
                    f"no product has the strength {strength!r}; there are {', '.join(sorted(strengths))}: "
                    "choose one, or add it to the product's `strengths:`",
                )

        yield from _of_a_product(file, name, regimen)
        yield from _looks_alike(file, name, regimen)


def _alike(strengths: list[str], path: Path) -> Iterator[Fault]:
    """Strengths that are one and the same and written differently: a kit of one is none of the other."""
    known: dict[Quantity, str] = {}
    for place, strength in enumerate(strengths):
        first = known.setdefault(parse_quantity(strength), strength)
        if first != strength:
            yield Fault(
                (*path, place), f"{strength!r} stands there already, as {first!r}; take one of them out"
            )


def _of_a_product(file: StudyFile, name: str, regimen: Regimen) -> Iterator[Fault]:
    """Whether it is clear of which product the units of a level are, for each arm."""
    doses: list[tuple[Path, str, str | None]] = [
        (("regimens", name), regimen.initial.strength, regimen.product),
        *(
            (("regimens", name, "arms", arm), dose.initial.strength, dose.product or regimen.product)
            for arm, dose in regimen.arms.items()
        ),
    ]
    for path, strength, product in doses:
        having = [one for one, said in file.products.items() if strength in said.strengths]
        if product is not None and product not in file.products:
            yield Fault((*path, "product"), unknown("product", product, file.products))
        elif product is not None and having and product not in having:
            message = f"{product} has no strength {strength!r}; that is one of {', '.join(having)}"
            yield Fault((*path, "product"), message)
        elif product is None and len({file.products[one].substance for one in having}) > 1:
            message = f"{strength!r} is a strength of {' and of '.join(having)}; add `product:`"
            yield Fault(path, message)


def _arm_doses(name: str, regimen: Regimen) -> list[tuple[Path, str]]:
    """Where an arm's own doses stand, and their strengths."""
    doses: list[tuple[Path, str]] = []
    for arm, dose in regimen.arms.items():
        path: Path = ("regimens", name, "arms", arm)
        doses.append(((*path, "initial"), dose.initial.strength))
        if dose.supplement is not None:
            doses.append(((*path, "supplement"), dose.supplement.strength))
    return doses


def _looks_alike(file: StudyFile, name: str, regimen: Regimen) -> Iterator[Fault]:
    """A level is the same number of units in every arm: who counts capsules must not know the arm."""
    for arm, dose in regimen.arms.items():
        path: Path = ("regimens", name, "arms", arm)
        if arm not in file.arms:
            yield Fault(path, unknown("arm", arm, file.arms))
        if dose.initial.count != regimen.initial.count:
            message = (
                f"{dose.initial.count} units, and {regimen.initial.count} in other arms, would unblind; "
                f"write {regimen.initial.count} x another strength"
            )
            yield Fault((*path, "initial"), message)
        level = regimen.supplement
        if (dose.supplement is None) != (level is None):
            message = "a level has a supplement in every arm or in none; write it in both, or take it out"
            yield Fault(path, message)
        elif dose.supplement is not None and level is not None and dose.supplement.count != level.give.count:
            message = (
                f"{dose.supplement.count} units, and {level.give.count} in other arms, would unblind; "
                f"write {level.give.count} x another strength"
            )
            yield Fault((*path, "supplement"), message)
