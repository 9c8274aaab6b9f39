"""Medicines as people write them: `sertraline 100 mg, last taken 10 d before`, a brand, a profile."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from entact.pharmacology.medicine import Medicine, NotAMedicine, beta_blocker
from entact.pharmacology.pharmacopoeia import pharmacopoeia
from entact.pharmacology.quantity import NotAQuantity, hours

NOWHERE: Final = 1e-4
"""of its level, below which a medicine is washed out"""
PROFILE: Final = re.compile(r"^beta-?blocker\s*\(?\s*(?P<receptors>[^()]*?)\s*\)?$", re.IGNORECASE)
RECEPTORS: Final = ("beta1", "beta2", "alpha1")
_DOSE: Final = re.compile(
    r"(?P<name>.*?)\s+(?P<number>\d+(?:\.\d*)?)\s*(?P<unit>mg|g|ug|µg|mcg)(?:\s+daily)?$"
)
_UNITS: Final = {"mg": 1.0, "g": 1000.0, "ug": 0.001, "µg": 0.001, "mcg": 0.001}
_TAKEN: Final = re.compile(r"(?:last taken|last dose|stopped)\s+(?P<time>.+?)\s+(?:before|ago)$")
_TAPER: Final = re.compile(r"tapered over\s+(?P<time>.+)$")
HOW: Final = "write 'sertraline 100 mg', 'sertraline 100 mg, last taken 10 d before' or '…, tapered over 4 d'"
MOST: Final = 20.0
"""times the usual dose beyond which a slip of the pen is meant"""


def find_medicines(names: Iterable[str]) -> tuple[Medicine, ...]:
    """The medicines of these names, each checked and there once. Errors: `NotAMedicine`."""
    found = tuple(find_medicine(name) for name in names)
    for place, medicine in enumerate(found):
        if medicine.name in [other.name for other in found[:place]]:
            raise NotAMedicine(f"{medicine.name} is named twice: name each co-medication once")
    return found


def find_medicine(text: str) -> Medicine:
    """The medicine that a text says: name, dose, since when it was last taken, over what time it was tapered.

    Args:
        text: a name, a brand, or `beta-blocker(beta1=0.8, beta2=0.5)`; then, where it is not as usual, the
            dose (`sertraline 100 mg`), `last taken 10 d before`, `tapered over 4 d`.

    Raises:
        NotAMedicine: refused or a class (with the reason), or unknown: what is unknown never counts as
            without interaction.
    """
    if not isinstance(text, str) or not text.strip():
        raise NotAMedicine(f"a co-medication is a name, like 'paroxetine', not {text!r}")
    key = " ".join(text.lower().split())
    if profile := PROFILE.match(key):
        return _by_profile(key, profile["receptors"])
    named, *rest = (part.strip() for part in key.split(","))
    dosed = _DOSE.fullmatch(named)
    medicine = pharmacopoeia().find(dosed["name"] if dosed else named)
    ratio, since, tapered = 1.0, 0.0, 0.0
    if dosed:
        ratio = float(dosed["number"]) * _UNITS[dosed["unit"]] / medicine.usual
        if not 0.0 < ratio <= MOST:
            raise NotAMedicine(
                f"{text}: a dose of {medicine.name} is about {medicine.usual:g} mg; check the unit"
            )
    for part in rest:
        taken, taper = _TAKEN.fullmatch(part), _TAPER.fullmatch(part)
        if not taken and not taper:
            raise NotAMedicine(f"{text}: {part!r} is not understood; {HOW}")
        try:
            if taken:
                since = hours(taken["time"], "time since it was last taken")
            elif taper:
                tapered = hours(taper["time"], "time of the taper")
        except NotAQuantity as fault:
            raise NotAMedicine(f"{text}: {fault}") from None
    found = replace(medicine, began=ratio, since=since, tapered=tapered)
    level = found.at(0.0)
    return replace(found, level=level if level > NOWHERE else 0.0)


def _by_profile(name: str, receptors: str) -> Medicine:
    taken: dict[str, float] = {}
    for part in re.split(r"[,;\s]+", receptors) if receptors else ():
        receptor, equals, fraction = part.partition("=")
        if receptor not in RECEPTORS or not equals:
            raise NotAMedicine(f"{name}: {part!r} is not one of beta1=…, beta2=…, alpha1=… (fractions taken)")
        try:
            taken[receptor] = float(fraction)
        except ValueError:
            raise NotAMedicine(f"{name}: {fraction!r} is not a fraction of receptors") from None
    return beta_blocker(name, beta1=taken.pop("beta1", 0.0), **taken)
