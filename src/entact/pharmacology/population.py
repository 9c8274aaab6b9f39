"""Many people: who they are is drawn, the same for the same seed however the work is cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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
    check_age,
    medicine_names,
)
from entact.pharmacology.quantity import kilograms

_COVARIATES, _ETAS = 1, 2  # streams of random numbers


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

    def __post_init__(self) -> None:
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
    ) -> Population:
        """Healthy volunteers; what is given is fixed for everyone, the rest drawn from `population.yaml`.

        Arguments: as of `Person`; `seed` from which every draw follows. Person i is the same person in a
        population of any size with that seed.

        Errors: `NotAPerson`, `NotAQuantity`.
        """
        return cls(n, seed, KNOWN, weight, sex, age, cyp2d6, medicines)

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
        return out

    def etas(self, start: int, stop: int, count: int) -> Array:
        """Standard normal deviations of the persons from start to stop, persons x parameters."""
        return normals(self.seed, _ETAS, start, stop, count)

    def __str__(self) -> str:
        fixed = [self.sex, self.weight, None if self.age is None else f"{self.age:g} a"]
        gene = None if self.cyp2d6 is None else f"CYP2D6 {self.cyp2d6}"
        words = [word for word in (*fixed, gene, *self.medicines) if word]
        return ", ".join([f"{self.n:,} {self.kind} people, seed {self.seed}", *words])
