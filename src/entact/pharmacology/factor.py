"""What is changed to see what hangs on it: numbers of the model, covariates of a person, the dose."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from entact.pharmacology.measure import nearest
from entact.pharmacology.parameters import Model, Parameter
from entact.pharmacology.person import Person
from entact.pharmacology.population import at_quantiles
from entact.pharmacology.simulation import NotASimulation

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

COVARIATES: Final = {
    "sex": ("female", "1 for a woman"),
    "weight": ("weight", "kg"),
    "age": ("age", "a"),
    "cyp2d6": ("activity", "activity score"),
}
"""what a covariate is called -> its name in the model, and its unit"""
DOSE: Final = "dose"
UNIT_CV: Final = math.sqrt(math.expm1(1.0))
"""a spread whose random effect is the change of the logarithm itself"""


@dataclass(frozen=True)
class Factor:
    """What is changed: a parameter of the model, a covariate of the person, or the dose."""

    name: str
    kind: str
    unit: str


@dataclass(frozen=True)
class Varied:
    """People alike but for what is varied: covariates by name; random effects, persons x parameters."""

    who: Person
    body: Mapping[str, Array]
    effects: Array

    @property
    def n(self) -> int:
        """How many."""
        return len(self.effects)

    @property
    def medicines(self) -> Sequence[str]:
        """What all have on board."""
        return self.who.medicines

    def covariates(self, start: int, stop: int) -> dict[str, Array]:
        """Covariates of the persons from start to stop."""
        return {name: values[start:stop] for name, values in self.body.items()}

    def etas(self, start: int, stop: int, count: int) -> Array:
        """Random effects of the persons from start to stop."""
        assert count == self.effects.shape[1]
        return self.effects[start:stop]

    def __str__(self) -> str:
        return str(self.who)


def chosen_factors(names: Sequence[str], model: Model, *, spread_only: bool) -> list[Factor]:
    """The factors named, else all that can be changed. Errors: `NotASimulation` names the nearest."""
    parameters = model.parameters.values()
    known = {one.name: Factor(one.name, "parameter", one.unit) for one in parameters}
    known |= {name: Factor(name, "covariate", unit) for name, (_, unit) in COVARIATES.items()}
    known[DOSE] = Factor(DOSE, DOSE, "of all doses")
    fixed = {one.name for one in parameters if not one.varies} | {DOSE} if spread_only else set()
    for name in names:
        if name not in known:
            raise NotASimulation(f"factor {name!r} is not known{nearest(name, known)}")
        if name in fixed:
            raise NotASimulation(
                f"{name} is the same in all people: leave it out, or change each by per cent ('10 %')"
            )
    if len(set(names)) < len(names):
        raise NotASimulation("factors: name each once")
    return [known[name] for name in names] or [one for name, one in known.items() if name not in fixed]


def _spread(model: Model, factors: Iterable[Factor], share: float | None) -> Model:
    """The model in which people differ in the factors alone; by a share, as the logarithm of it."""
    chosen = {factor.name for factor in factors}
    changed: dict[str, Parameter] = {}
    for name, one in model.parameters.items():
        if name not in chosen:
            changed[name] = replace(one, cv=0.0, sd=0.0)
        else:
            changed[name] = one if share is None else replace(one, cv=UNIT_CV, sd=0.0)
    return Model(MappingProxyType(changed))


def one_at_a_time(
    who: Person, factors: Sequence[Factor], model: Model, moves: tuple[float, float], share: float | None
) -> tuple[Varied, Model]:
    """The person, then for each factor the same with the factor lower and higher, from their own."""
    from scipy.special import ndtr

    n = 1 + 2 * len(factors)
    moved = _spread(model, factors, share)
    columns = {name: column for column, name in enumerate(moved.random)}
    body: dict[str, Array] = {name: np.repeat(values, n) for name, values in who.covariates().items()}
    effects = np.zeros((n, len(columns)))
    for place, factor in enumerate(factors):
        rows = slice(1 + 2 * place, 3 + 2 * place)
        if factor.kind == "parameter":
            effects[rows, columns[factor.name]] = moves
            continue
        name = COVARIATES[factor.name][0]
        if factor.name == "sex":
            body[name][rows] = (0.0, 1.0)
        elif share is not None:
            body[name][rows] *= (1.0 - share, 1.0 + share)
        else:
            at: Array = np.repeat(ndtr(np.array([0.0, *moves]))[:, None], 4, axis=1)
            middle, *ends = at_quantiles(at, np.full(3, body["female"][0] > 0.5))[name]
            # Of a gene there are kinds; of weight and age the step between people is taken from the person.
            own = 1.0 if factor.name == "cyp2d6" else body[name][0] / middle
            body[name][rows] = np.array(ends) * own
    return Varied(who, body, effects), moved


def all_at_once(
    who: Person, factors: Sequence[Factor], model: Model, quantiles: Array
) -> tuple[Varied, Model]:
    """A person for each row of quantiles (persons x factors)."""
    from scipy.special import ndtri

    moved = _spread(model, factors, None)
    columns = {name: column for column, name in enumerate(moved.random)}
    body: dict[str, Array] = {
        name: np.repeat(values, len(quantiles)) for name, values in who.covariates().items()
    }
    effects = np.zeros((len(quantiles), len(columns)))
    drawn = np.full((len(quantiles), len(COVARIATES)), 0.5)
    for place, factor in enumerate(factors):
        if factor.kind == "parameter":
            effects[:, columns[factor.name]] = ndtri(quantiles[:, place])
        else:
            drawn[:, list(COVARIATES).index(factor.name)] = quantiles[:, place]
    varied = {factor.name for factor in factors if factor.kind == "covariate"}
    people = at_quantiles(drawn, None if "sex" in varied else body["female"] > 0.5)
    for name in varied:
        body[COVARIATES[name][0]] = people[COVARIATES[name][0]]
    return Varied(who, body, effects), moved


def levels(factor: Factor, people: Varied, moved: Model, place: int) -> tuple[float, float, float]:
    """The factor at low, base and high."""
    rows = (1 + 2 * place, 0, 2 + 2 * place)
    if factor.kind == "covariate":
        low, base, high = (float(people.body[COVARIATES[factor.name][0]][row]) for row in rows)
        return low, base, high
    one = moved.parameters[factor.name]
    column = moved.random.index(factor.name)
    effects = [one.sigma * float(people.effects[row, column]) for row in rows]
    low, base, high = (one.value + move if one.sd else one.value * math.exp(move) for move in effects)
    return low, base, high
