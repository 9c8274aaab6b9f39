"""Odds ratios by Firth's penalty with profile intervals, which stand in separated data too."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, sqrt
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri

from entact.analysis.adjustment.logistic import maximum
from entact.analysis.adjustment.model import Floats, Rows, read_rows
from entact.analysis.level import check_level
from entact.analysis.result import Estimate, Estimates, Group

STEPS = 60
"""Standard errors from the estimate within which a limit is looked for."""


def firth_odds_ratios(
    formula: str, data: Any, *, level: float = 0.95, of: Callable[[str], bool] | None = None
) -> Estimates:
    """The odds ratio of every coefficient by Firth's penalty, with its profile penalised likelihood interval.

    Args:
        formula: outcome ~ terms. data: one row a participant; the outcome is true and false, or 1 and 0.
        of: by its name, whether a coefficient is asked for; else all are.
    Returns:
        Odds ratios by the names of coefficients (the intercept is an odds), each with the penalised
        likelihood ratio test that it is 1. A limit that the likelihood does not reach is infinite.
    Raises:
        ValueError: when the rows do not allow the fit.
    Sources: Firth 1993, Biometrika 80:27; Heinze & Schemper 2002, Statistics in Medicine 21:2409.
        Equivalent to R `logistf::logistf(pl = TRUE)`.
    """
    check_level(level)
    rows = read_rows(formula, data)
    if set(np.unique(rows.y)) - {0.0, 1.0}:
        raise ValueError("the outcome of a logistic model is true and false, or 1 and 0")
    found = maximum(rows.x, rows.y)
    if found is None:
        raise ValueError("Firth's penalised likelihood found no maximum: leave covariates out")
    beta, best, bread = found
    names = [name for name, kept in zip(rows.design.names, rows.kept, strict=True) if kept]
    group = Group("all", rows.n, events=int(rows.y.sum()))
    made = []
    for place, name in enumerate(names):
        if of is not None and not of(name):
            continue
        fall = _Fall(rows, place, best, beta)
        step = float(np.sqrt(bread[place, place]))
        bound = float(chdtri(1, 1 - level)) / 2
        low, high = (fall.limit(float(beta[place]), side * step, bound) for side in (-1, 1))
        alone = maximum(rows.x, rows.y, (place, 0.0))
        if alone is None:
            raise ValueError(f"the model without {name} has no maximum of Firth's penalised likelihood")
        chi = max(2 * (best - alone[1]), 0.0)
        intercept = name in ("1", "Intercept", "(Intercept)")
        made.append(
            Estimate(
                "odds" if intercept else "odds ratio",
                f"logistic model, {formula}; Firth's penalty, profile penalised likelihood",
                exp(float(beta[place])),
                exp(low),
                float("inf") if high > 700 else exp(high),
                level,
                statistic=chi,
                p=float(chdtrc(1, chi)),
                null=1.0,
                groups=(group,),
                notes=rows.notes,
                label=name,
            )
        )
    return Estimates("Odds ratios", tuple(made))


class _Fall:
    """How far the penalised likelihood falls below its maximum with one coefficient held."""

    def __init__(self, rows: Rows, place: int, best: float, beta: Floats) -> None:
        self.rows, self.place, self.best, self.beta = rows, place, best, beta

    def __call__(self, value: float) -> float | None:
        """None where it cannot be found from where it was found last."""
        found = maximum(self.rows.x, self.rows.y, (self.place, value), self.beta)
        if found is None:
            return None
        self.beta = found[0]
        return self.best - found[1]

    def limit(self, centre: float, step: float, bound: float) -> float:
        """Where the fall reaches a bound, in the direction of the step; infinite where it never does."""
        near, far = centre, centre + 1.1 * sqrt(2 * bound) * step  # a normal likelihood has its limit before

        def above(value: float) -> float:
            """Of the root of the fall, which is nearly a straight line."""
            if value == centre:
                return -sqrt(bound)
            fall = self(value)
            if fall is None:
                raise ValueError("the profile of Firth's penalised likelihood cannot be followed")
            return sqrt(max(fall, 0.0)) - sqrt(bound)

        for _ in range(STEPS):
            fall = self(far)
            if fall is None:
                far = (near + far) / 2
            elif fall >= bound:
                return float(brentq(above, near, far, xtol=1e-10))
            else:
                near, far = far, far + step
        return -np.inf if step < 0 else np.inf
