"""Quantities as people write them: `120 mg HCl`, `1.5 mg/kg base`, `1 h 30 min`, `70 kg`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

BASE_WEIGHT: Final = 193.24
"""g/mol of MDMA base (F088)"""
HYDROCHLORIDE_WEIGHT: Final = 229.7
"""g/mol of MDMA hydrochloride (F088)"""
MOST: Final = 250.0 * BASE_WEIGHT / HYDROCHLORIDE_WEIGHT
"""mg of base within 24 h beyond which nothing is simulated: 250 mg of hydrochloride, the most that a source
gave (F011, R-MDMA alone). An overdose kills by what no equation here holds: it must not look harmless."""
KILLS: Final = "no such dose was studied, and an overdose kills by what the model does not hold"
OVERDOSE: Final = (
    f"{MOST:.0f} mg of base (250 mg of hydrochloride), the most that a source of the model gave: {KILLS}"
)
"""how a refusal ends"""
LIGHTEST: Final = 30.0
"""kg of the lightest adult that the model knows"""

_HOURS: Final = {
    **dict.fromkeys(("weeks", "week", "w"), 168.0),
    **dict.fromkeys(("days", "day", "d"), 24.0),
    **dict.fromkeys(("hours", "hour", "h"), 1.0),
    **dict.fromkeys(("minutes", "minute", "min"), 1.0 / 60.0),
    "s": 1.0 / 3600.0,
}
_KILOGRAMS: Final = {"kg": 1.0, "g": 0.001, "lb": 0.45359237}
Drug = Literal["MDMA", "MDA"]
MDA_WEIGHT: Final = 179.22
"""g/mol of MDA base"""
_HYDROCHLORIDE: Final = {"MDMA": HYDROCHLORIDE_WEIGHT, "MDA": 215.68}
"""g/mol"""
_FORMS: Final = ("hcl", "hydrochloride", "base", "free base")
_NUMBER: Final = r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
_DOSE: Final = re.compile(rf"{_NUMBER}\s*(mg|g)(\s*/\s*kg)?\s*([A-Za-z ]*)")
_PART: Final = re.compile(rf"{_NUMBER}\s*({'|'.join(_HOURS)})\s*")
_MASS: Final = re.compile(rf"{_NUMBER}\s*([A-Za-z]*)")


class NotAQuantity(ValueError):
    """A quantity that cannot be meant: says what was read and what would be right."""


@dataclass(frozen=True)
class Dose:
    """A dose with its form: `mg` of base, of a person or of each kg of a person; `text` as it was written.

    Of MDA `mg` are of as many molecules of MDMA, as in all states of the model.
    """

    mg: float
    per_kg: bool
    text: str

    @classmethod
    def parse(cls, text: str, drug: Drug = "MDMA") -> Dose:
        """The dose of a drug that a text says: `120 mg HCl`, `100 mg base`, `1.5 mg/kg HCl`.

        Errors: `NotAQuantity` for anything else, a negative dose, or one without its form: 120 mg of the
        hydrochloride hold 101 mg of base.
        """
        found = _DOSE.fullmatch(text.strip()) if isinstance(text, str) else None
        if found is None:
            raise NotAQuantity(f"dose {text!r}: write a number, mg or mg/kg, and the form, like '120 mg HCl'")
        number, unit, per_kg, form = found.groups()
        form = " ".join(form.lower().split())
        if not form:
            raise NotAQuantity(
                f"dose {text!r} does not say which form is meant: write '{text.strip()} HCl' or "
                f"'{text.strip()} base' (120 mg of the hydrochloride hold 101 mg of base)"
            )
        if form not in _FORMS:
            raise NotAQuantity(f"dose {text!r}: form {form!r} is not known; known: HCl (hydrochloride), base")
        written = float(number) * (1000.0 if unit == "g" else 1.0)
        if not math.isfinite(written) or written < 0.0:
            raise NotAQuantity(f"dose {text!r} is negative or no number: a dose is 0 mg or more")
        weighed = (
            _HYDROCHLORIDE[drug] if form.startswith("h") else BASE_WEIGHT if drug == "MDMA" else MDA_WEIGHT
        )
        mg = written * BASE_WEIGHT / weighed
        dose = cls(mg=mg, per_kg=bool(per_kg), text=" ".join(text.split()))
        if dose.mg * (LIGHTEST if dose.per_kg else 1.0) > MOST * 1.0001:
            raise NotAQuantity(f"dose {text!r} is more than {OVERDOSE}")
        return dose

    def __str__(self) -> str:
        return self.text


def hours(text: str, what: str = "time") -> float:
    """The hours that a text says: `2 h`, `90 min`, `1 h 30 min`, `1 d`.

    Errors: `NotAQuantity` for a bare number, anything else, or a negative time.
    """
    rest = text.strip() if isinstance(text, str) else ""
    parts = list(_PART.finditer(rest))
    if not parts or "".join(part.group() for part in parts) != rest:
        raise NotAQuantity(f"{what} {text!r}: write a number and d, h, min or s, like '2 h' or '1 h 30 min'")
    total = sum(float(part.group(1)) * _HOURS[part.group(2)] for part in parts)
    if not math.isfinite(total) or any(float(part.group(1)) < 0.0 for part in parts):
        raise NotAQuantity(f"{what} {text!r} is negative or no number")
    return total


def kilograms(text: str) -> float:
    """The kilograms of body weight that a text says: `70 kg`, `154 lb`.

    Errors: `NotAQuantity` for a bare number, anything else, or a weight that no adult has.
    """
    found = _MASS.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or found.group(2) not in _KILOGRAMS:
        raise NotAQuantity(f"weight {text!r}: write a number and kg (or lb), like '70 kg'")
    weight = float(found.group(1)) * _KILOGRAMS[found.group(2)]
    if not LIGHTEST <= weight <= 250.0:
        raise NotAQuantity(f"weight {text!r}: an adult weighs 30 to 250 kg")
    return weight
