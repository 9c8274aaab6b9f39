"""What is swallowed, and when: doses with their form, food and water."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from entact.pharmacology.quantity import Dose, Drug, NotAQuantity, hours

Enantiomer = Literal["racemic", "R", "S"]
Food = Literal["fasted", "fed"]
Water = Literal["free", "restricted"]
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

STUDIED = 180.0 * 193.24 / 229.7
"""mg of base within 24 h that the trials of MDMA-assisted therapy gave at most (F092, F093)"""
DAY = 24.0
"""h within which doses count as one exposure: sessions weeks apart do not add up"""

ONE_MDA = "the enantiomers of MDA are not told apart here: leave enantiomer racemic"


class NotARegimen(ValueError):
    """A regimen that cannot be meant: says what is wrong and what would be right."""


@dataclass(frozen=True)
class Intake:
    """One dose and its time in h since the initial dose."""

    dose: Dose
    at: float


@dataclass(frozen=True)
class Regimen:
    """Doses in the order of time, the first at 0 h; build it with `Regimen.mdma` or `Regimen.mda`."""

    intakes: tuple[Intake, ...]
    enantiomer: Enantiomer = "racemic"
    food: Food = "fasted"
    water: Water = "free"
    drug: Drug = "MDMA"

    def __post_init__(self) -> None:
        if not self.intakes:
            raise NotARegimen("a regimen has a dose: Regimen.mdma('120 mg HCl')")
        times = [intake.at for intake in self.intakes]
        if times[0] != 0.0:
            raise NotARegimen("the initial dose is at 0 h: all other times count from it")
        for before, intake in zip(times, self.intakes[1:], strict=False):
            if not intake.at > before:
                raise NotARegimen(
                    f"{intake.dose} at {intake.at:g} h is not after the dose at {before:g} h: "
                    "give doses in the order of time"
                )
        for name, value, allowed in (
            ("enantiomer", self.enantiomer, get_args(Enantiomer)),
            ("food", self.food, get_args(Food)),
            ("water", self.water, get_args(Water)),
            ("drug", self.drug, get_args(Drug)),
        ):
            if value not in allowed:
                raise NotARegimen(f"{name} {value!r} is not known; known: {', '.join(allowed)}")
        if self.drug == "MDA" and self.enantiomer != "racemic":
            raise NotARegimen(ONE_MDA)

    @classmethod
    def mdma(
        cls,
        initial: str,
        *,
        supplement: str | None = None,
        after: str | None = None,
        enantiomer: Enantiomer = "racemic",
        food: Food = "fasted",
        water: Water = "free",
    ) -> Regimen:
        """An initial dose, and a supplement so long after it.

        Arguments: `initial`, `supplement` with their form (`120 mg HCl`, `1.5 mg/kg base`); `after` (`2 h`);
        `enantiomer` racemic, R or S; `food` at the initial dose; `water`: drunk freely or restricted.

        Errors: `NotAQuantity` for a dose without form or a negative one; `NotARegimen` for a supplement
        without a time, or not after the initial dose.
        """
        return cls._of("MDMA", initial, supplement, after, enantiomer, food, water)

    @classmethod
    def mda(
        cls,
        initial: str,
        *,
        supplement: str | None = None,
        after: str | None = None,
        food: Food = "fasted",
        water: Water = "free",
    ) -> Regimen:
        """The same of racemic MDA, swallowed itself (F097). Arguments, errors: as of `mdma`."""
        return cls._of("MDA", initial, supplement, after, "racemic", food, water)

    @classmethod
    def _of(
        cls,
        drug: Drug,
        initial: str,
        supplement: str | None,
        after: str | None,
        enantiomer: Enantiomer,
        food: Food,
        water: Water,
    ) -> Regimen:
        first = Intake(Dose.parse(initial, drug), 0.0)
        if supplement is None and after is None:
            return cls((first,), enantiomer, food, water, drug)
        if supplement is None or after is None:
            raise NotARegimen("a supplement has a dose and a time: supplement='60 mg HCl', after='2 h'")
        dose = Dose.parse(supplement, drug)
        try:
            at = hours(after, "time of the supplement")
        except NotAQuantity as fault:
            if isinstance(after, str) and after.strip().startswith("-"):
                raise NotARegimen(f"the supplement ({after}) is before the initial dose") from None
            raise fault
        if at <= 0.0:
            raise NotARegimen(f"the supplement ({after}) is not after the initial dose")
        return cls((first, Intake(dose, at)), enantiomer, food, water, drug)

    @classmethod
    def placebo(cls) -> Regimen:
        """Nothing swallowed: the course without drug."""
        return cls((Intake(Dose.parse("0 mg base"), 0.0),))

    def then(self, dose: str, *, at: str) -> Regimen:
        """This regimen with one more dose, at a time since the initial dose."""
        intake = Intake(Dose.parse(dose, self.drug), hours(at, "time of a dose"))
        return replace(self, intakes=(*self.intakes, intake))

    def mg(self, weight: Array) -> tuple[Array, Array]:
        """mg of R- and of S-MDMA base, each persons x doses, for weights in kg; of MDA, its halves."""
        per_person = np.array([intake.dose.mg for intake in self.intakes])
        by_weight = np.array([intake.dose.per_kg for intake in self.intakes])
        total = np.where(by_weight, weight[:, None] * per_person, per_person)
        share = {"racemic": 0.5, "R": 1.0, "S": 0.0}[self.enantiomer]
        return np.ascontiguousarray(share * total), np.ascontiguousarray((1.0 - share) * total)

    def most_within(self, hours: float, weight: Array) -> tuple[Array, Array, Array]:
        """mg of base, of both, R and S: the most of persons of these weights (kg) within so many h."""
        r, s = self.mg(weight)
        if self.drug == "MDA":  # molecule for molecule it counts as S-MDMA, by its potency here
            r, s = 0.0 * r, r + s
        inside = (self.times >= self.times[:, None]) & (self.times < self.times[:, None] + hours)
        both, r_alone, s_alone = ((part @ inside.T).max(axis=1) for part in (r + s, r, s))
        return both, r_alone, s_alone

    @property
    def times(self) -> Array:
        """h since the initial dose at which something is swallowed."""
        return np.array([intake.at for intake in self.intakes])

    def __str__(self) -> str:
        doses = ", ".join(
            f"{intake.dose}" + (f" at {intake.at:g} h" if intake.at else "") for intake in self.intakes
        )
        kind = self.drug if self.enantiomer == "racemic" else f"{self.enantiomer}-{self.drug}"
        rest = [
            word
            for word, usual in ((self.food, "fasted"), (f"water {self.water}", "water free"))
            if word != usual
        ]
        return " · ".join([f"{kind} {doses}", *rest])
