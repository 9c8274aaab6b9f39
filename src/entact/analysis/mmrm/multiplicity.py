"""p values and intervals for several tests at once: from the p alone, or from the joint distribution of the
t.

Dunnett's test is the multivariate t of comparisons with a reference, by the rows' own correlations, whatever
the
group sizes. Up to two dimensions (three arms) it is exact to 1e-7, beyond by quasi-Monte Carlo with a fixed
sequence to about 1e-4; the same table gives the same p. Tukey's is the studentized range of all pairs (Tukey
&
Kramer), as in R and SAS: a little conservative with unequal groups, where "multivariate-t" is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from scipy.special import fdtr, ndtri, stdtrit

from entact.analysis.mmrm.small import Floats

Adjustment = Literal[
    "none",
    "bonferroni",
    "sidak",
    "holm",
    "hochberg",
    "benjamini-hochberg",
    "dunnett",
    "tukey",
    "multivariate-t",
]
ADJUSTMENTS: tuple[str, ...] = get_args(Adjustment)
ANGLES, SOBOL = 3_600, 14
JOINT = ("dunnett", "multivariate-t")
"""those that know how the estimates are correlated"""


def adjust(p: Floats, adjustment: Adjustment) -> Floats:
    """p values for several tests (r,); those not estimable are not counted.

    Source: Holm 1979; Hochberg 1988; Benjamini & Hochberg 1995. Equivalent to R's `p.adjust`.
    """
    finite = np.flatnonzero(np.isfinite(p))
    n = finite.size
    result = np.array(p, dtype=np.float64)
    if adjustment == "none" or n == 0:
        return result
    own = p[finite]
    if adjustment == "bonferroni":
        result[finite] = np.minimum(1.0, n * own)
    elif adjustment == "sidak":
        result[finite] = -np.expm1(n * np.log1p(-own))
    else:
        order = np.argsort(own, kind="stable")
        ascending = own[order]
        rank = np.arange(1, n + 1)
        if adjustment == "holm":
            stepped = np.maximum.accumulate((n - rank + 1) * ascending)
        else:
            factor = (n - rank + 1) if adjustment == "hochberg" else n / rank
            stepped = np.minimum.accumulate((factor * ascending)[::-1])[::-1]
        back = np.empty(n)
        back[order] = np.minimum(1.0, stepped)
        result[finite] = back
    return result


@dataclass(frozen=True)
class JointT:
    """The greatest of several |t| that are correlated (r, r): a multivariate t of any rank.

    In polar coordinates z = radius x direction the radius^2 over the chi-squared behind the t is F, so that
    only directions are left to be averaged over: angles in the plane, a fixed Sobol sequence on spheres.
    Equivalent to R `multcomp::glht` with `adjusted("single-step")`, and to emmeans' `adjust = "mvt"`.
    """

    correlation: Floats

    @cached_property
    def _directions(self) -> tuple[int, Floats]:
        """How many dimensions, and each t_j (directions, r) one step away from 0."""
        values, vectors = np.linalg.eigh(self.correlation)
        kept = values > 1e-9 * values.max()
        root = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, kept]
        rank = int(kept.sum())
        if rank == 1:
            directions = np.ones((1, 1))
        elif rank == 2:
            angles = (np.arange(ANGLES) + 0.5) * np.pi / ANGLES
            directions = np.column_stack([np.cos(angles), np.sin(angles)])
        else:
            from scipy.stats import qmc

            points = ndtri(qmc.Sobol(rank, rng=np.random.default_rng(1)).random_base2(SOBOL))
            directions = points / np.linalg.norm(points, axis=1, keepdims=True)
        return rank, directions @ root.T

    @cached_property
    def _rank_and_reach(self) -> tuple[int, Floats]:
        """How many dimensions, and how far one may go in each direction before the first |t_j| is 1."""
        rank, directions = self._directions
        return rank, 1.0 / np.abs(directions).max(axis=1)

    def within(self, c: float, df: float) -> float:
        """P(all |T_j| <= c)."""
        rank, reach = self._rank_and_reach
        return float(fdtr(rank, df, (c * reach) ** 2 / rank).mean())

    def below(self, c: float, df: float) -> float:
        """P(all T_j <= c)."""
        rank, directions = self._directions
        # each direction and its opposite
        most = np.concatenate([directions.max(axis=1), -directions.min(axis=1)])
        if c < 0.0:
            own = most[most < 0.0]
            return float((1.0 - fdtr(rank, df, (c / own) ** 2 / rank)).sum() / most.size)
        own = most[most > 0.0]
        return float((fdtr(rank, df, (c / own) ** 2 / rank).sum() + (most.size - own.size)) / most.size)

    def p(self, t: Floats, df: Floats, sign: int = 0) -> Floats:
        """1 - P(all |T_j| <= |t_i|) for each t (r,), by its own degrees of freedom; one-sided for a sign."""
        told = np.isfinite(t) & np.isfinite(df)
        result = np.full(t.size, np.nan)
        for i in np.flatnonzero(told):
            inside = self.below(sign * t[i], df[i]) if sign else self.within(abs(t[i]), df[i])
            result[i] = min(max(1.0 - inside, 0.0), 1.0)
        return result

    def quantile(self, level: float, df: Floats) -> Floats:
        """(r,) c with P(all |T_j| <= c) = level, by each row's degrees of freedom."""
        return np.array([self._quantile(level, float(own)) if np.isfinite(own) else np.nan for own in df])

    def _quantile(self, level: float, df: float) -> float:
        from scipy.optimize import brentq

        # between one test's and Bonferroni's
        tests = self.correlation.shape[0]
        least, most = (float(stdtrit(df, 1.0 - (1.0 - level) / (2.0 * one))) for one in (1, tests))
        return float(brentq(lambda c: self.within(c, df) - level, 0.99 * least, 1.01 * most, xtol=1e-9))


def range_p(t: Floats, df: Floats) -> Floats:
    """(r,) p of all pairs of k means by the studentized range; those not estimable are not counted."""
    from scipy.stats import studentized_range

    p: Floats = studentized_range.sf(np.abs(t) * np.sqrt(2.0), _means(t), df)
    return p


def range_quantile(level: float, t: Floats, df: Floats) -> Floats:
    """(r,) what |t| stays below at all pairs with this probability."""
    from scipy.stats import studentized_range

    quantile: Floats = studentized_range.ppf(level, _means(t), df) / np.sqrt(2.0)
    return quantile


def _means(t: Floats) -> float:
    """k of k (k - 1) / 2 pairs."""
    return 0.5 + float(np.sqrt(0.25 + 2.0 * np.isfinite(t).sum()))
