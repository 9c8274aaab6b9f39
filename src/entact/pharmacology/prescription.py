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
PROFILE: Final = re.compile(
    r"^beta[- ]?blocker\s*(?:\(\s*(?P<receptors>[^()]*?)\s*\)|(?P<bare>[^()]*=[^()]*))$", re.IGNORECASE
)
RECEPTORS: Final = ("beta1", "beta2", "alpha1")
_AMOUNT: Final = r"(?P<number>\d+(?:\.\d*)?)\s*(?P<unit>mg|g|ug|µg|μg|mcg)"
_OFTEN: Final = r"/d|/day|daily|od|qd|bid|tid|(?:once|twice|three times|per|a) (?:a )?(?:day|daily)"
_DOSE: Final = re.compile(rf"(?P<name>.*?)\s+{_AMOUNT}(?:\s*(?P<often>{_OFTEN}))?", re.ASCII)
_DOSE_FIRST: Final = re.compile(rf"{_AMOUNT}\s+(?:of\s+)?(?P<name>\D.*)", re.ASCII)
_TIMES: Final = {"bid": 2.0, "twice": 2.0, "tid": 3.0, "three": 3.0}
_UNITS: Final = {"mg": 1.0, "g": 1000.0, "ug": 0.001, "µg": 0.001, "μg": 0.001, "mcg": 0.001}
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
        return _by_profile(key, profile["receptors"] or profile["bare"] or "")
    named, *rest = (part.strip() for part in re.split("[,;]", key))
    dosed = _DOSE.fullmatch(named) or _DOSE_FIRST.fullmatch(named)
    medicine = _named(text, dosed["name"] if dosed else named)
    ratio, since, tapered = 1.0, 0.0, 0.0
    if dosed:
        often = (dosed.groupdict().get("often") or "").split()
        times = _TIMES.get(often[0], 1.0) if often else 1.0
        ratio = times * float(dosed["number"]) * _UNITS[dosed["unit"]] / medicine.usual
        if not 0.0 < ratio <= MOST:
            raise NotAMedicine(
                f"{text}: a dose of {medicine.name} is about {medicine.usual:g} mg; check the unit"
            )
    for part in rest:
        taken, taper = _TAKEN.fullmatch(part), _TAPER.fullmatch(part)
        if not taken and not taper:
            raise NotAMedicine(f"{text}: {part!r} is not understood; {HOW}")
        if (since if taken else tapered) > 0.0:
            raise NotAMedicine(f"{text}: when it was last taken, or tapered, is said twice; {HOW}")
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


def _named(text: str, name: str) -> Medicine:
    """The medicine of a name; where only what follows its name is not understood, that is said."""
    known = pharmacopoeia()
    try:
        return known.find(name)
    except NotAMedicine:
        first, blank, rest = name.partition(" ")
        if blank and re.search(r"\d", rest):
            known.find(first)  # refused, a class, or unknown: that is the reason
            raise NotAMedicine(f"{text}: {rest!r} is not understood; {HOW}") from None
        raise


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
