"""How sure the fitted numbers are: sets of them, drawn from the covariance of the fits, as people who differ.

`uncertainty.json` holds what `python -m benchmarks pharmacology_fit` leaves: the numbers at its optimum,
which are those that are shipped to their rounding, and the covariance of their logarithms, targets and priors
together. It says how well the targets and their weights pin the numbers down, and nothing of the structure or
of numbers that are assumed and never fitted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from entact.pharmacology.draws import normals
from entact.pharmacology.people import People

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

FILE: Final = Path(__file__).with_name("uncertainty.json")
STREAM: Final = 3
"""of random numbers: 1 and 2 are people's"""
SETS: Final = 64
"""sets of numbers among a population, or for one person"""
SEED: Final = 20_260_101
WITH: Final = {
    "demethylation_r": "demethylation_s",
    "diastolic_alpha1": "systolic_alpha1",
    "systolic_beta1": "systolic_alpha1",
}
"""numbers that the fit moves by the same factor as another"""


@cache
def factors(sets: int, seed: int = SEED) -> dict[str, Array]:
    """What each fitted number is multiplied by in each set; the first set is the shipped one."""
    found: dict[str, Array] = {}
    for place, part in enumerate(json.loads(FILE.read_text(encoding="utf-8"))["fits"]):
        names = list(part["parameters"])
        lower = np.linalg.cholesky(np.array(part["covariance"]))
        moves = normals(seed, STREAM + place, 0, sets, len(names)) @ lower.T
        moves[0] = 0.0
        found |= dict(zip(names, np.exp(moves).T, strict=True))
    return found | {name: found[leader] for name, leader in WITH.items()}


@dataclass(frozen=True)
class Uncertain:
    """People, each under one of several sets of the fitted numbers: person i under set i modulo `sets`.

    Of one person there are as many as sets, alike but for these numbers. So quantiles over these people hold
    both how people differ and how sure the fitted numbers are.
    """

    who: People
    sets: int = SETS
    seed: int = SEED

    @property
    def n(self) -> int:
        """How many."""
        return self.sets if self.who.n == 1 else self.who.n

    @property
    def medicines(self) -> Sequence[str]:
        """What is on board."""
        return self.who.medicines

    def covariates(self, start: int, stop: int) -> dict[str, Array]:
        """Covariates of the persons from start to stop."""
        if self.who.n == 1:
            return {name: np.repeat(one, stop - start) for name, one in self.who.covariates(0, 1).items()}
        return self.who.covariates(start, stop)

    def etas(self, start: int, stop: int, count: int) -> Array:
        """Standard normal deviations, persons x parameters."""
        if self.who.n == 1:
            return np.repeat(self.who.etas(0, 1, count), stop - start, axis=0)
        return self.who.etas(start, stop, count)

    def factors(self, start: int, stop: int) -> dict[str, Array]:
        """What each fitted number is multiplied by in the persons from start to stop."""
        own = np.arange(start, stop) % self.sets
        return {name: values[own] for name, values in factors(self.sets, self.seed).items()}

    @property
    def note(self) -> str:
        """What bands over these people hold, and what not."""
        return (
            f"Bands and intervals hold how sure the {len(factors(1))} fitted numbers are ({self.sets} sets "
            "of them), not the numbers that are assumed, nor the model's structure."
        )

    def __str__(self) -> str:
        return str(self.who)


def effective_number(crossed: Array, sets: int, places: Any = None) -> float:
    """Of how many independent people a share is as sure; `crossed`: 0 or 1 of each, under set i modulo
    `sets`; where only some people are looked at, `places` says which these are."""
    share = float(crossed.mean())
    if share in (0.0, 1.0):
        return float(crossed.size)
    own = (np.arange(crossed.size) if places is None else places) % sets
    return share * (1.0 - share) / _share_variance(crossed, own)


def _share_variance(crossed: Array, own: Any) -> float:
    """Variance of a share of people, of the draw and of the sets; `own` is each person's set."""
    share = float(crossed.mean())
    of_draw = share * (1.0 - share) / crossed.size
    size = np.bincount(own)
    full = size > 1
    if full.sum() < 2:
        return of_draw
    shares = np.bincount(own, weights=crossed)[full] / size[full]
    within = float(np.mean(shares * (1.0 - shares) / (size[full] - 1.0)))
    return of_draw + max(0.0, float(shares.var(ddof=1)) - within)
