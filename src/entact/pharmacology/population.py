"""Many people: who they are is drawn, the same for the same seed however the work is cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from entact.pharmacology.draws import normals, uniforms
from entact.pharmacology.person import (
    ACTIVITY,
    Array,
    Covariates,
    NotAPerson,
    Sex,
    activity_score,
    at_rest,
    baselines,
    check_age,
    medicine_names,
)
from entact.pharmacology.quantity import kilograms

# Streams of random numbers; from `_OCCASIONS` on two for each occasion.
_COVARIATES, _ETAS, _BASELINES, _OCCASIONS = 1, 2, 20, 100
OCCASION: Final = 0.35
"""share of the variance between people that is anew each time: assumption"""
TOGETHER: Final = 0.7
"""correlation of systolic and diastolic pressure: assumption"""


@dataclass(frozen=True)
class Spread:
    """How a covariate is distributed: mean (or share), standard deviation, bounds, unit, where it is from."""

    value: float
    unit: str
    source: str
    sd: float = 0.0
    least: float = -math.inf
    most: float = math.inf

    def at(self, normal: Array) -> Array:
        """The covariate of persons with these standard normal numbers: log-normal, cut at the bounds."""
        sigma = math.sqrt(math.log1p((self.sd / self.value) ** 2))
        values = np.exp(math.log(self.value) - 0.5 * sigma * sigma + sigma * normal)
        return np.clip(values, self.least, self.most)


@cache
def distributions(name: str = "healthy") -> dict[str, Spread]:
    """The distributions of a kind of people, from `population.yaml`.

    Errors: `NotAPerson` names the file, the field and what would be right.
    """
    from ruamel.yaml import YAML

    place = files("entact.pharmacology") / "population.yaml"
    found: dict[str, Any] = YAML(typ="safe").load(place.read_text(encoding="utf-8"))
    if name not in found:
        raise NotAPerson(f"population.yaml has no {name!r}; known: {', '.join(found)}")
    out = {}
    for key, fields in found[name].items():
        try:
            out[key] = Spread(**fields)
        except TypeError as fault:
            raise NotAPerson(f"population.yaml, {name}.{key}: {fault}") from None
        if not out[key].source or not out[key].unit or not math.isfinite(out[key].value):
            raise NotAPerson(f"population.yaml, {name}.{key}: value, unit and source have to be there")
    return out


KNOWN: Final = "healthy"
KINDS: Final = {"healthy": "healthy people", "patients": "patients"}
"""kinds of people, and what they are called"""


def at_quantiles(uniform: Array, female: Any = None, *, kind: str = KNOWN) -> Covariates:
    """Covariates of people at quantiles (persons x sex, weight, age, CYP2D6) of how these are distributed.

    `female` (persons, bool) takes the place of the first column; weights are those of the sex.
    """
    from scipy.special import ndtri

    spread = distributions(kind)
    if female is None:
        female = uniform[:, 0] < spread["female"].value
    body = ndtri(uniform[:, 1])
    weight = np.where(female, spread["weight_female"].at(body), spread["weight_male"].at(body))
    age = spread["age"].at(ndtri(uniform[:, 2]))
    poor = spread["poor"].value
    weak = poor + spread["intermediate"].value
    fast = 1.0 - spread["ultrarapid"].value
    gene = uniform[:, 3]
    activity = np.select(
        [gene < poor, gene < weak, gene < fast],
        [ACTIVITY["poor"], ACTIVITY["intermediate"], ACTIVITY["extensive"]],
        ACTIVITY["ultrarapid"],
    )
    return {"weight": weight, "female": female.astype(np.float64), "age": age, "activity": activity}


@dataclass(frozen=True)
class Population:
    """So many people of one kind; build it with `Population.healthy`. Fixed covariates apply to everyone."""

    n: int
    seed: int
    kind: str = KNOWN
    weight: str | None = None
    sex: Sex | None = None
    age: float | None = None
    cyp2d6: str | float | None = None
    medicines: Sequence[str] = ()
    pressure: str | None = None
    heart_rate: float | None = None
    occasion: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise NotAPerson(f"people of kind {self.kind!r} are not known; known: {', '.join(KINDS)}")
        if isinstance(self.occasion, bool) or not 0 <= self.occasion <= 1000:
            raise NotAPerson(f"occasion {self.occasion!r}: a session's number from 1 on, or 0 for any one")
        baselines(self.pressure, self.heart_rate)
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 1:
            raise NotAPerson(f"population of {self.n!r}: a whole number of people, 1 or more")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**63:
            raise NotAPerson(f"seed {self.seed!r}: a whole number from 0 to 2**63 - 1")
        if self.weight is not None:
            kilograms(self.weight)
        if self.sex not in (None, "female", "male"):
            raise NotAPerson(f"sex {self.sex!r} is not known; known: female, male")
        if self.age is not None:
            check_age(self.age)
        if self.cyp2d6 is not None:
            activity_score(self.cyp2d6)
        object.__setattr__(self, "medicines", medicine_names(self.medicines))

    @classmethod
    def healthy(
        cls,
        n: int,
        *,
        seed: int,
        weight: str | None = None,
        sex: Sex | None = None,
        age: float | None = None,
        cyp2d6: str | float | None = None,
        medicines: Sequence[str] = (),
        pressure: str | None = None,
        heart_rate: float | None = None,
    ) -> Population:
        """Healthy volunteers; what is given is fixed for everyone, the rest drawn from `population.yaml`.

        Arguments: as of `Person`; `seed` from which every draw follows. Person i is the same person in a
        population of any size with that seed.

        Errors: `NotAPerson`, `NotAQuantity`.
        """
        return cls(n, seed, KNOWN, weight, sex, age, cyp2d6, medicines, pressure, heart_rate)

    @classmethod
    def patients(cls, n: int, *, seed: int, **given: Any) -> Population:
        """Patients as trials of the therapy took them: older, heavier, some with treated hypertension.

        Arguments, errors: as of `healthy`. Their pressure and heart rate at rest are drawn too.
        """
        return cls(n, seed, "patients", **given)

    def at_occasion(self, number: int) -> Population:
        """The same people in their session of that number: what varies from day to day is drawn anew.

        Of the variance between people a share (`OCCASION`) is anew each time, so that on one occasion people
        differ as much as without; two occasions of a person are alike in the rest.
        """
        return replace(self, occasion=number)

    def covariates(self, start: int = 0, stop: int | None = None) -> Covariates:
        """What the model asks of the persons from start to stop, each an array."""
        stop = self.n if stop is None else stop
        female = None if self.sex is None else np.full(stop - start, self.sex == "female")
        out = at_quantiles(uniforms(self.seed, _COVARIATES, start, stop, 4), female, kind=self.kind)
        for name, value in (
            ("weight", None if self.weight is None else kilograms(self.weight)),
            ("age", self.age),
            ("activity", None if self.cyp2d6 is None else activity_score(self.cyp2d6)),
        ):
            if value is not None:
                out[name] = np.full(stop - start, float(value))
        if self.kind != KNOWN:
            out |= self._drawn_baselines(start, stop)
        for name, value in baselines(self.pressure, self.heart_rate).items():
            out[name] = np.full(stop - start, value)
        return out

    def _drawn_baselines(self, start: int, stop: int) -> Covariates:
        """Pressure and heart rate at rest, where the kind of people has its own."""
        spread = distributions(self.kind)
        treated = uniforms(self.seed, _BASELINES, start, stop, 1)[:, 0] < spread["hypertensive"].value
        normal = self._mixed(_BASELINES + 1, _OCCASIONS + 2 * self.occasion + 1, start, stop, 3)
        both = TOGETHER * normal[:, 0] + math.sqrt(1.0 - TOGETHER**2) * normal[:, 1]
        out = {"heart_rate_baseline": spread["heart_rate"].at(normal[:, 2])}
        for name, own in (("systolic", normal[:, 0]), ("diastolic", both)):
            high = spread[f"{name}_hypertensive"].at(own)
            out[f"{name}_baseline"] = np.where(treated, high, spread[name].at(own))
        return out

    def _mixed(self, stream: int, anew: int, start: int, stop: int, count: int) -> Array:
        """Normal numbers of the persons; on an occasion, a share of their variance is drawn anew."""
        lasting = normals(self.seed, stream, start, stop, count)
        if self.occasion == 0:
            return lasting
        today = normals(self.seed, anew, start, stop, count)
        return math.sqrt(1.0 - OCCASION) * lasting + math.sqrt(OCCASION) * today

    def etas(self, start: int, stop: int, count: int) -> Array:
        """Standard normal deviations of the persons from start to stop, persons x parameters."""
        return self._mixed(_ETAS, _OCCASIONS + 2 * self.occasion, start, stop, count)

    def __str__(self) -> str:
        fixed = [self.sex, self.weight, None if self.age is None else f"{self.age:g} a"]
        gene = None if self.cyp2d6 is None else f"CYP2D6 {self.cyp2d6}"
        rest = at_rest(self.pressure, self.heart_rate)
        words = [word for word in (*fixed, gene, *rest, *self.medicines) if word]
        return ", ".join([f"{self.n:,} {KINDS[self.kind]}, seed {self.seed}", *words])
