"""One person: weight, sex, age, CYP2D6 and the medicines on board."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from entact.pharmacology.quantity import kilograms

Sex = Literal["female", "male"]
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Covariates = dict[str, Array]
"""of persons, by name: `weight` (kg), `female` (0 or 1), `age` (a), `activity` (CYP2D6 activity score)"""

ACTIVITY: Final = {"poor": 0.0, "intermediate": 0.5, "extensive": 2.0, "ultrarapid": 3.0}
"""CYP2D6 activity score that stands for a phenotype: no, one weak, two normal, three normal genes"""


_PRESSURE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)(?:\s*mmHg)?", re.IGNORECASE)


class NotAPerson(ValueError):
    """A person or population that cannot be meant: says what is wrong and what would be right."""


def activity_score(cyp2d6: str | float) -> float:
    """The CYP2D6 activity score of a phenotype, or the score itself (0 to 6).

    Errors: `NotAPerson` for a phenotype that is not known or a score that nobody has.
    """
    if isinstance(cyp2d6, str):
        if cyp2d6 not in ACTIVITY:
            raise NotAPerson(
                f"CYP2D6 {cyp2d6!r} is not known; known: {', '.join(ACTIVITY)}, or an activity score"
            )
        return ACTIVITY[cyp2d6]
    if isinstance(cyp2d6, bool) or not 0.0 <= cyp2d6 <= 6.0:
        raise NotAPerson(f"CYP2D6 activity score {cyp2d6!r}: a score is 0 (poor) to 6")
    return float(cyp2d6)


def check_age(age: float) -> None:
    """Refuses an age that the model is not of, or that is none. Errors: `NotAPerson`."""
    if isinstance(age, bool) or not isinstance(age, int | float) or not 18.0 <= age <= 100.0:
        raise NotAPerson(f"age {age!r}: the model is of adults, 18 to 100 years")


def baselines(pressure: str | None, heart_rate: float | None) -> dict[str, float]:
    """Pressure and heart rate at rest as covariates, where they are said. Errors: `NotAPerson`."""
    found: dict[str, float] = {}
    if pressure is not None:
        read = _PRESSURE.fullmatch(pressure.strip()) if isinstance(pressure, str) else None
        if read is None:
            raise NotAPerson(f"pressure {pressure!r}: write systolic/diastolic, like '135/85 mmHg'")
        systolic, diastolic = (float(value) for value in read.groups())
        if not (70 <= systolic <= 220 and 40 <= diastolic <= 130 and diastolic < systolic):
            raise NotAPerson(f"pressure {pressure!r}: systolic 70 to 220, diastolic 40 to 130 and below it")
        found = {"systolic_baseline": systolic, "diastolic_baseline": diastolic}
    if heart_rate is not None:
        if isinstance(heart_rate, bool) or not 30 <= heart_rate <= 150:
            raise NotAPerson(f"heart rate {heart_rate!r}: at rest it is 30 to 150 /min")
        found["heart_rate_baseline"] = float(heart_rate)
    return found


def at_rest(pressure: str | None, heart_rate: float | None) -> list[str]:
    """The same in words."""
    rate = [] if heart_rate is None else [f"heart rate {heart_rate:g}"]
    return rate if pressure is None else [pressure.strip(), *rate]


def medicine_names(medicines: Sequence[str]) -> tuple[str, ...]:
    """The medicines as a tuple; whether each is known, the model says.

    Errors: `NotAPerson` for a single text in place of a list, or a name given twice.
    """
    if isinstance(medicines, str):
        raise NotAPerson(f"medicines {medicines!r}: give a list, like [{medicines!r}]")
    names = tuple(medicines)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise NotAPerson(f"medicines name {', '.join(twice)} twice")
    return names


@dataclass(frozen=True)
class Person:
    """One typical person: all that varies between people apart from these is at its typical value.

    Arguments: `weight` (`70 kg`); `sex` female or male; `age` in years; `cyp2d6`: poor, intermediate,
    extensive, ultrarapid, or an activity score; `medicines` taken as the sources gave them (`paroxetine`,
    ...) or as said (`paroxetine 20 mg, last taken 5 d before`); `pressure` (`135/85 mmHg`) and `heart_rate`
    (1/min) at rest, else those of a typical healthy person.

    Errors: `NotAQuantity` for a weight without unit or that no adult has; `NotAPerson` for the rest.
    """

    weight: str = "70 kg"
    sex: Sex = "male"
    age: float = 30.0
    cyp2d6: str | float = "extensive"
    medicines: Sequence[str] = ()
    pressure: str | None = None
    heart_rate: float | None = None

    def __post_init__(self) -> None:
        kilograms(self.weight)
        if self.sex not in get_args(Sex):
            raise NotAPerson(f"sex {self.sex!r} is not known; known: {', '.join(get_args(Sex))}")
        check_age(self.age)
        activity_score(self.cyp2d6)
        baselines(self.pressure, self.heart_rate)
        object.__setattr__(self, "medicines", medicine_names(self.medicines))

    @property
    def n(self) -> int:
        """One."""
        return 1

    def covariates(self, start: int = 0, stop: int = 1) -> Covariates:
        """What the model asks of the persons from start to stop."""
        values = {
            "weight": kilograms(self.weight),
            "female": float(self.sex == "female"),
            "age": float(self.age),
            "activity": activity_score(self.cyp2d6),
        }
        values |= baselines(self.pressure, self.heart_rate)
        return {name: np.full(stop - start, value) for name, value in values.items()}

    def etas(self, start: int, stop: int, count: int) -> Array:
        """Deviations from the typical person, persons x parameters: none."""
        return np.zeros((stop - start, count))

    def __str__(self) -> str:
        words = [self.sex, self.weight, f"{self.age:g} a", f"CYP2D6 {self.cyp2d6}"]
        return ", ".join([*words, *at_rest(self.pressure, self.heart_rate), *self.medicines])
