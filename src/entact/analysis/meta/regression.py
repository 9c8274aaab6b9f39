"""Why trials differ: meta-regression on what is known of them, and subgroups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import chdtrc, fdtrc

from entact.analysis.meta.between import Between, Vector, estimate_tau2, weighted
from entact.analysis.meta.effect import Effect
from entact.analysis.meta.pooled import Interval, Pooled, arrays, bounds, check, hartung_knapp, pool

INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient of a meta-regression, with its interval and p."""

    name: str
    estimate: float
    se: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Regression:
    """Effects as a linear function of what is known of the trials.

    Attributes:
        coefficients: the intercept first. tau2, tau2_se: variance between trials that is left.
        r2: the part of that variance that the moderators take away, in percent; None where there was none.
        q, q_p: what is left beyond chance, with k - p degrees of freedom. test, test_p: of all moderators
            together, F with their number and `df` degrees of freedom, or χ² where `df` is None.
        scale, floor_acted: as in `Pooled`. notes: what a reader has to know.
    """

    effects: tuple[Effect, ...]
    between: Between
    coefficients: tuple[Coefficient, ...]
    df: int | None
    tau2: float
    tau2_se: float
    r2: float | None
    q: float
    q_p: float
    test: float
    test_p: float
    scale: float | None
    floor_acted: bool
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> Coefficient:
        return {one.name: one for one in self.coefficients}[name]


@dataclass(frozen=True)
class Subgroups:
    """Each group pooled by itself, and the test whether their means differ.

    Attributes:
        groups: name -> result, each with a τ² of its own. q, df, p: between the groups' means.
    """

    groups: Mapping[str, Pooled]
    q: float
    df: int
    p: float


def regress(
    effects: Sequence[Effect],
    moderators: Mapping[str, Sequence[float]],
    between: Between = "REML",
    *,
    interval: Interval | None = None,
    level: float = 0.95,
) -> Regression:
    """Meta-regression: effects as a linear function of moderators, with an intercept.

    Args:
        effects: one a trial. moderators: name -> a number for each trial, in the same order.
        between, interval, level: as in `pool`; the floor holds here too.
    Raises:
        ValueError: for fewer trials than coefficients and one, or moderators that say the same.

    What moderators tell is about trials, not about people in them: a trial's mean age is not a person's.
    Sources: Knapp & Hartung 2003, Statistics in Medicine 22:2693 (covariance q (X'WX)⁻¹, t and F with k - p);
        R²: Raudenbush 2009, in Cooper et al. Equivalent to metafor `rma(yi, vi, mods=~…)`.
    """
    check(effects, between, interval, level)
    y, v, x = _design(effects, moderators)
    k, p = x.shape
    kind: Interval = interval or ("normal" if between == "fixed" else "hartung-knapp")
    tau2, tau2_se = estimate_tau2(y, v, x, between)
    at = weighted(y, v, x, tau2)
    scale, floored, df = hartung_knapp(at.q, k - p, kind)
    covariance = at.inverse * (scale or 1.0)
    told = []
    for place, name in enumerate([INTERCEPT, *moderators]):
        estimate, se = float(at.beta[place]), sqrt(float(covariance[place, place]))
        told.append(Coefficient(name, estimate, se, *bounds(estimate, se, df, level)))
    moved = at.beta[1:]
    wald = float(moved @ np.linalg.solve(covariance[1:, 1:], moved))
    count = p - 1
    test = wald if df is None else wald / count
    left = weighted(y, v, x, 0.0).q
    alone = estimate_tau2(y, v, np.ones((k, 1)), between)[0]
    return Regression(
        effects=tuple(effects),
        between=between,
        coefficients=tuple(told),
        df=df,
        tau2=tau2,
        tau2_se=tau2_se,
        r2=100 * max(0.0, (alone - tau2) / alone) if alone > 0 else None,
        q=left,
        q_p=float(chdtrc(k - p, left)),
        test=test,
        test_p=float(chdtrc(count, test) if df is None else fdtrc(count, df, test)),
        scale=scale,
        floor_acted=floored,
        notes=("Hartung-Knapp's q is below 1: the ad hoc floor acted",) if floored else (),
    )


def subgroups(
    effects: Sequence[Effect],
    by: Sequence[str],
    between: Between = "REML",
    *,
    interval: Interval | None = None,
    level: float = 0.95,
) -> Subgroups:
    """Each subgroup pooled by itself, and a test whether their means differ.

    Args:
        by: the group of each effect. For a τ² that is common to all groups use `regress` with a 0/1
            moderator.
    Raises:
        ValueError: for fewer than two groups.
    Source: Borenstein & Higgins 2013, Prevention Science 14:134, method with separate τ²; the test is Q among
        the groups' means with their own standard errors, Hartung-Knapp's included.
    """
    check(effects, between, interval, level)
    if len(by) != len(effects):
        raise ValueError(f"{len(by)} group names for {len(effects)} effects: one for each")
    names = list(dict.fromkeys(by))
    if len(names) < 2:
        raise ValueError(f"there is one group, {names[0]!r}: subgroups need two or more")
    groups = {
        name: pool(
            [one for one, own in zip(effects, by, strict=True) if own == name],
            between,
            interval=interval,
            level=level,
        )
        for name in names
    }
    means = np.array([one.estimate for one in groups.values()])
    weights = np.array([1 / one.se**2 for one in groups.values()])
    q = float(weights @ (means - weights @ means / weights.sum()) ** 2)
    return Subgroups(groups, q, len(names) - 1, float(chdtrc(len(names) - 1, q)))


def _design(
    effects: Sequence[Effect], moderators: Mapping[str, Sequence[float]]
) -> tuple[Vector, Vector, Vector]:
    y, v, _ = arrays(effects)
    k, p = len(effects), len(moderators) + 1
    if not moderators:
        raise ValueError("there is no moderator: name at least one, or use `pool`")
    for name, values in moderators.items():
        if len(values) != k:
            raise ValueError(f"{name}: {len(values)} values for {k} effects: one for each")
        if not np.all(np.isfinite(np.asarray(values, dtype=float))):
            raise ValueError(
                f"{name}: a value is missing or not finite: a trial without it is left out first"
            )
    if k <= p:
        raise ValueError(f"{k} trials for {p} coefficients: there have to be more trials than coefficients")
    x = np.column_stack([np.ones(k), *(np.asarray(one, dtype=float) for one in moderators.values())])
    scaled = x / np.maximum(np.abs(x).max(axis=0), np.finfo(float).tiny)
    if np.linalg.matrix_rank(scaled) < p:
        raise ValueError(f"{', '.join(moderators)}: a moderator is constant, or follows from the others")
    return y, v, x
