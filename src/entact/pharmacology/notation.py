"""Regimens and limits as people write them: `120 mg HCl + 60 mg HCl @ 2 h`, `systolic=160`, `sodium<135`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np

from entact.pharmacology.quantity import Drug
from entact.pharmacology.regimen import ONE_MDA, Enantiomer, Food, NotARegimen, Regimen, Water

_LIMIT: Final = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(=|>|<)\s*(\S+)\s*")


class NotALimit(ValueError):
    """A limit that cannot be meant: says what was read and what would be right."""


@dataclass(frozen=True)
class Limit:
    """A limit of an output, in its unit; crossed when the output goes above it, else below."""

    output: str
    value: float
    is_above: bool = True

    def __str__(self) -> str:
        return f"{self.output} {'>' if self.is_above else '<'} {self.value:g}"


def read_limit(text: str) -> Limit:
    """The limit that a text says: `systolic=160` or `systolic>160` from below, `sodium<135` from above.

    Errors: `NotALimit` for anything else, or an output that the model does not have.
    """
    from entact.pharmacology.variables import OUTPUTS

    found = _LIMIT.fullmatch(text)
    if found is None:
        raise NotALimit(f"limit {text!r}: write an output and its limit, like systolic=160 or 'sodium<135'")
    name, sign, number = found.groups()
    known = [variable.name for variable in OUTPUTS]
    if name not in known:
        raise NotALimit(f"limit {text!r}: output {name!r} is not known; known: {', '.join(known)}")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise NotALimit(f"limit {text!r}: {number!r} is no number; {name} is in {_unit(name)}, without unit")
    return Limit(name, value, sign != "<")


def _unit(name: str) -> str:
    from entact.pharmacology.variables import OUTPUTS

    return next(variable.unit for variable in OUTPUTS if variable.name == name)


def read_intake(text: str) -> tuple[str, str]:
    """Dose and time of `60 mg HCl @ 2 h`. Errors: `NotARegimen` where there is not one of each."""
    dose, at, time = text.partition("@")
    if not at or not dose.strip() or not time.strip():
        raise NotARegimen(f"dose {text!r} needs a time since the initial dose, like '60 mg HCl @ 2 h'")
    return dose.strip(), time.strip()


def build_regimen(
    initial: str,
    supplement: str | None = None,
    then: Iterable[str] = (),
    *,
    enantiomer: Enantiomer = "racemic",
    food: Food = "fasted",
    water: Water = "free",
    drug: Drug = "MDMA",
) -> Regimen:
    """The regimen of an initial dose, a supplement (`60 mg HCl @ 2 h`) and further doses.

    Errors: as of `Regimen.mdma`.
    """
    more, after = (None, None) if supplement is None else read_intake(supplement)
    if drug not in get_args(Drug):
        raise NotARegimen(f"drug {drug!r} is not known; known: {', '.join(get_args(Drug))}")
    if drug == "MDA" and enantiomer != "racemic":
        raise NotARegimen(ONE_MDA)
    if drug == "MDA":
        regimen = Regimen.mda(initial, supplement=more, after=after, food=food, water=water)
    else:
        regimen = Regimen.mdma(
            initial, supplement=more, after=after, enantiomer=enantiomer, food=food, water=water
        )
    for text in then:
        dose, at = read_intake(text)
        regimen = regimen.then(dose, at=at)
    return regimen


def read_regimen(
    text: str, *, enantiomer: Enantiomer = "racemic", food: Food = "fasted", water: Water = "free"
) -> Regimen:
    """The regimen of one line: `120 mg HCl + 60 mg HCl @ 2 h`. Errors: as of `Regimen.mdma`."""
    initial, *rest = (part.strip() for part in text.split("+"))
    supplement = rest[0] if rest else None
    return build_regimen(initial, supplement, rest[1:], enantiomer=enantiomer, food=food, water=water)


def last_dose(regimen: Regimen) -> float:
    """When the last dose is swallowed, in h."""
    return float(np.max(regimen.times))


def usual_end(regimen: Regimen) -> str:
    """How long to simulate when nobody says: 24 h, or to a day after a last dose that is hours later."""
    last = last_dose(regimen)
    return f"{24 if last < 12 else last + 24:g} h"
