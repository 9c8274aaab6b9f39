"""What a fit makes as small as it can: -log L and what priors add, of the logarithms of what is estimated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from entact.pharmacology.likelihood import Array, Design, Effects, Modes, Trial, changed, find_modes
from entact.pharmacology.parameters import Model
from entact.pharmacology.population import OCCASION
from entact.pharmacology.prior import Prior

SIGMAS: Final = ("proportional", "additive")
FACTOR: Final = 50.0
"""how far from where it starts an estimate may go"""
NEAR: Final = 1e-2
"""what the objective would still fall by at a minimum, as its curvature says"""
UNSEEN: Final = 1e-3
"""curvature of -log L in a logarithm below which the data do not tell it: a standard error above 30"""
STEP: Final = 5e-3
"""of a logarithm, to differentiate the objective"""


class NotAFit(ValueError):
    """A fit that cannot be made: says what is wrong and what would be right."""


@dataclass(frozen=True)
class Free:
    """The numbers that are estimated: names, logarithms where they start, bounds; and what is given."""

    names: tuple[str, ...]
    start: Array
    bounds: tuple[tuple[float, float], ...]
    given: dict[str, float]


def free_numbers(
    design: Design,
    names: Sequence[str],
    spread: Sequence[str],
    occasion: Sequence[str],
    given: dict[str, float | None],
    model: Model,
) -> Free:
    """What is estimated of typical values, of errors that are not given, of spreads, and between occasions.

    Raises:
        NotAFit: for an error that cannot be.
    """
    start = {name: (model[name], model[name] / FACTOR, model[name] * FACTOR) for name in names}
    middle = float(np.median(design.observed))
    usual = {"proportional": (0.2, 1e-3, 3.0), "additive": (0.03 * middle, 1e-4 * middle, 3.0 * middle)}
    for name in SIGMAS:
        size = given[name]
        if size is None:
            start[name] = usual[name]
        elif not (math.isfinite(size) and size >= 0.0):
            raise NotAFit(f"{name} error {size!r}: a standard deviation is 0 or more")
    if given["proportional"] == 0.0 and given["additive"] == 0.0:
        raise NotAFit("proportional and additive error are both 0: measurements are not exact")
    for name in spread:
        start[f"spread {name}"] = (1.0, 0.05, 4.0)
    for name in occasion:
        start[f"occasion {name}"] = (math.sqrt(OCCASION), 0.02, 4.0)
    logs = np.log(np.array(list(start.values())).reshape(-1, 3))
    return Free(
        tuple(start),
        logs[:, 0],
        tuple((float(low), float(high)) for _, low, high in logs),
        {name: size for name, size in given.items() if size is not None},
    )


@dataclass
class Objective:
    """-log L less the log of priors, as a function of logarithms; `at`: the last modes, to begin from."""

    design: Design
    model: Model
    effects: Effects
    free: Free
    at: Array
    priors: Mapping[str, Prior] = field(default_factory=dict)

    def trial(self, log: Array) -> Trial:
        """The model and its errors at one row."""
        values = dict(zip(self.free.names, np.exp(log).tolist(), strict=True)) | self.free.given
        typical = {name: value for name, value in values.items() if name in self.model.parameters}
        # What is anew each time is a part of the model's spread, where that is not estimated.
        lasting = {name: math.sqrt(1.0 - OCCASION) for name in self.effects.within}
        return Trial(
            changed(self.model, typical),
            np.array([values.get(f"spread {name}", lasting.get(name, 1.0)) for name in self.effects.between]),
            values["proportional"],
            values["additive"],
            np.array([values[f"occasion {name}"] for name in self.effects.within]),
        )

    def modes(self, logs: Array) -> Modes:
        """Each participant's own values at each row."""
        return find_modes(self.design, [self.trial(log) for log in logs], self.effects, self.at)

    def of_priors(self, log: Array) -> float:
        """What priors add at one row."""
        pairs = zip(self.free.names, log.tolist(), strict=True)
        return sum(self.priors[name].minus_log(value) for name, value in pairs if name in self.priors)

    def minus_log(self, logs: Array) -> Array:
        """The objective at each row."""
        found: Array = 0.5 * self.modes(logs).objective + np.array([self.of_priors(log) for log in logs])
        return found

    def value_and_slope(self, log: Array) -> tuple[float, Array]:
        """The objective at one row, and its slope by central differences."""
        steps = STEP * np.eye(log.size)
        here = self.modes(log[None])
        self.at = here.etas[0]
        found = self.minus_log(np.concatenate([log + steps, log - steps]))
        value = 0.5 * float(here.objective[0]) + self.of_priors(log)
        return value, (found[: log.size] - found[log.size :]) / (2.0 * STEP)

    def minimise(self) -> tuple[Array, str]:
        """The logarithms at the minimum, and what the optimiser said."""
        from scipy.optimize import minimize

        if not self.free.names:
            return self.free.start, "nothing but participants' own values was to be found"
        size = self.design.observed.size

        def per_sample(log: Array) -> tuple[float, Array]:
            # So that the optimiser's first step, the slope itself, is of the order of 1.
            value, slope = self.value_and_slope(log)
            return value / size, slope / size

        end = minimize(
            per_sample,
            self.free.start,
            jac=True,
            method="L-BFGS-B",
            bounds=self.free.bounds,
            options={"maxiter": 200, "ftol": 1e-9, "gtol": 1e-5, "maxls": 30},
        )
        message = end.message if isinstance(end.message, str) else end.message.decode()
        return np.asarray(end.x), message

    def hessian(self, log: Array, kept: Sequence[int]) -> Array:
        """Second derivatives of the objective in the numbers kept, by central differences, in one run."""
        m, h = len(kept), 2.0 * STEP
        steps = np.zeros((m, log.size))
        steps[range(m), list(kept)] = h
        pairs = [(i, j) for i in range(m) for j in range(i + 1)]
        corners = [log + a * steps[i] + b * steps[j] for i, j in pairs for a in (1, -1) for b in (1, -1)]
        found = self.minus_log(np.array(corners)).reshape(-1, 4)
        out = np.empty((m, m))
        for (i, j), (pp, pm, mp, mm) in zip(pairs, found, strict=True):
            out[i, j] = out[j, i] = (pp - pm - mp + mm) / (4.0 * h * h)
        return out


def curvature(
    problem: Objective, log: Array, kept: list[int], why: str
) -> tuple[Array, bool, str, list[int]]:
    """Covariance of the logarithms, whether this is a minimum and why, and what the data do not tell."""
    covariance = np.full((log.size, log.size), np.nan)
    if not kept:
        return covariance, True, why, []
    hessian = problem.hessian(log, kept)
    values, vectors = np.linalg.eigh(hessian)
    flat = values < UNSEEN
    unseen = [kept[i] for i in range(len(kept)) if flat.any() and np.abs(vectors[i, flat]).max() > 0.1]
    told = [i for i in range(len(kept)) if kept[i] not in unseen]
    if told:
        inverse = np.linalg.inv(hessian[np.ix_(told, told)])
        places = [kept[i] for i in told]
        covariance[np.ix_(places, places)] = inverse
    _, slope = problem.value_and_slope(log)
    left = float(np.sum((vectors.T @ slope[kept])[~flat] ** 2 / values[~flat]))
    if any(problem.free.names[i] in problem.model.parameters for i in unseen):
        return covariance, False, "the objective has no minimum: it does not change with all numbers", unseen
    if left > NEAR:
        return (
            covariance,
            False,
            f"not at a minimum: the objective would still fall by {left:.2g} ({why})",
            unseen,
        )
    return covariance, True, f"at a minimum: the objective would fall by {left:.1g} at most", unseen
