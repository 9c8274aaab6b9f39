"""What a fit makes as small as it can: -log L, as a function of the logarithms of what is estimated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from entact.pharmacology.likelihood import Array, Design, Modes, Trial, changed, find_modes
from entact.pharmacology.parameters import Model

SIGMAS: Final = ("proportional", "additive")
FACTOR: Final = 50.0
"""how far from where it starts an estimate may go"""
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
    given: dict[str, float | None],
    model: Model,
) -> Free:
    """What is estimated of typical values, of errors that are not given, and of spreads.

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
    logs = np.log(np.array(list(start.values())).reshape(-1, 3))
    return Free(
        tuple(start),
        logs[:, 0],
        tuple((float(low), float(high)) for _, low, high in logs),
        {name: size for name, size in given.items() if size is not None},
    )


@dataclass
class Objective:
    """-log L as a function of logarithms; `at` is where the last modes were, to begin from."""

    design: Design
    model: Model
    effects: tuple[str, ...]
    free: Free
    at: Array

    def trial(self, log: Array) -> Trial:
        """The model and its errors at one row."""
        values = dict(zip(self.free.names, np.exp(log).tolist(), strict=True)) | self.free.given
        typical = {name: value for name, value in values.items() if name in self.model.parameters}
        return Trial(
            changed(self.model, typical),
            np.array([values.get(f"spread {name}", 1.0) for name in self.effects]),
            values["proportional"],
            values["additive"],
        )

    def modes(self, logs: Array) -> Modes:
        """Each participant's own values at each row."""
        return find_modes(self.design, [self.trial(log) for log in logs], self.effects, self.at)

    def minus_log(self, logs: Array) -> Array:
        """-log L at each row."""
        return 0.5 * self.modes(logs).objective

    def value_and_slope(self, log: Array) -> tuple[float, Array]:
        """-log L at one row, and its slope by central differences."""
        steps = STEP * np.eye(log.size)
        here = self.modes(log[None])
        self.at = here.etas[0]
        found = self.minus_log(np.concatenate([log + steps, log - steps]))
        return 0.5 * float(here.objective[0]), (found[: log.size] - found[log.size :]) / (2.0 * STEP)

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
        """Second derivatives of -log L in the numbers kept, by central differences, in one run."""
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
