"""Effects of several trials become one: common or random, with the interval that few trials deserve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, sqrt
from typing import Final, Literal, get_args

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from entact.analysis.level import check_level
from entact.analysis.meta.between import (
    ESTIMATORS,
    Between,
    Vector,
    Weighted,
    estimate_tau2,
    log_likelihood,
    traces,
    weighted,
)
from entact.analysis.meta.effect import RATIOS, Effect
from entact.analysis.meta.heterogeneity import Method, profile_likelihood, q_profile

Interval = Literal["hartung-knapp", "hartung-knapp-unfloored", "normal"]
INTERVALS: Final[tuple[str, ...]] = get_args(Interval)
Convention = Literal["k-2", "k-1", "normal"]
_FARTHEST: Final = 1e14
_LARGEST: Final = 1e60
"""beyond these float64 has no digits left for the smaller one"""


@dataclass(frozen=True)
class Pooled:
    """What trials say together.

    Attributes:
        effects: that were pooled. between: estimator of τ², or `fixed`. interval: how the interval was made.
        level: of intervals. estimate, se, low, high, p: of the mean effect; of ratios as logarithms.
        df: of its t distribution, None for the normal. tau2, tau2_se: variance between trials; None for fixed
            effects, and for one trial. scale: Hartung and Knapp's q, by which the variance is multiplied;
            floor_acted: whether q was below 1 and 1 was used instead. weights: of the trials, in percent.
        notes: what a reader has to know, in words.
    """

    effects: tuple[Effect, ...]
    between: Between
    interval: Interval
    level: float
    estimate: float
    se: float
    df: int | None
    low: float
    high: float
    p: float
    tau2: float | None
    tau2_se: float | None
    scale: float | None
    floor_acted: bool
    weights: tuple[float, ...]
    notes: tuple[str, ...]

    @property
    def k(self) -> int:
        """How many effects."""
        return len(self.effects)

    @property
    def measure(self) -> str:
        """What the effects are."""
        return self.effects[0].measure

    @property
    def tau(self) -> float | None:
        """The standard deviation between trials."""
        return None if self.tau2 is None else sqrt(self.tau2)

    @property
    def q(self) -> float:
        """Cochran's Q. Source: Cochran 1954, Biometrics 10:101."""
        return self._fixed.q if self.k > 1 else 0.0

    @property
    def q_p(self) -> float | None:
        """Its p by the χ² distribution with k - 1 degrees of freedom; None for one trial."""
        return float(chdtrc(self.k - 1, self.q)) if self.k > 1 else None

    @property
    def h2(self) -> float | None:
        """The whole variance over that within trials; None for one trial.

        Of random effects by τ² and the typical variance within, so that it depends on the estimator.
        Source: Higgins & Thompson 2002, Statistics in Medicine 21:1539, eq. 9 and 10: H² = (τ² + s²) / s².
        """
        if self.k == 1:
            return None
        if self.tau2 is None:
            return self.q / (self.k - 1)
        return 1 + self.tau2 / self.typical_variance

    @property
    def i2(self) -> float | None:
        """The share of the variance that lies between trials, in percent; None for one trial."""
        return None if self.h2 is None else 100 * max(0.0, 1 - 1 / self.h2) if self.h2 else 0.0

    @property
    def typical_variance(self) -> float:
        """Within trials: Σw (k - 1) / ((Σw)² - Σw²).

        Source: Higgins & Thompson 2002, Statistics in Medicine 21:1539, eq. 9.
        """
        return (self.k - 1) / traces(self._fixed, self._arrays[2])[0]

    @property
    def restricted_log_likelihood(self) -> float | None:
        """At the τ² of this result; None for one trial."""
        if self.k == 1:
            return None
        return log_likelihood(*self._arrays, self.tau2 or 0.0, restricted=True)

    def prediction(self, convention: Convention | None = None) -> tuple[float, float] | None:
        """The interval in which the true effect of another trial of the kind would lie; None where there is
        none.

        Args:
            convention: `k-2`, the quantile of Higgins, Thompson & Spiegelhalter 2009, J R Stat Soc A 172:137,
                eq. 12; `k-1`, that of Partlett & Riley 2017, Statistics in Medicine 36:301, which metafor
                uses with a t interval; `normal`, metafor's with a normal one. None: `k-1` with Hartung-Knapp,
                else `k-2`.
        """
        if self.tau2 is None:
            return None
        kind = convention or ("k-1" if self.df is not None else "k-2")
        if kind not in get_args(Convention):
            raise ValueError(
                f"there is no convention {kind!r}; write one of: {', '.join(get_args(Convention))}"
            )
        df = {"k-2": self.k - 2, "k-1": self.k - 1, "normal": None}[kind]
        if df is not None and df < 1:
            return None
        reach = _quantile(self.level, df) * sqrt(self.tau2 + self.se**2)
        return self.estimate - reach, self.estimate + reach

    def tau2_interval(self, method: Method = "q-profile") -> tuple[float, float] | None:
        """The interval of the variance between trials; None for one trial.

        Args:
            method: `q-profile`, exact whatever the estimator, and so the usual one; or a profile of the
                likelihood, whole or restricted, about its own maximum.
        Source: Viechtbauer 2007, Statistics in Medicine 26:37, who compares them.
        """
        one_of("method", method, get_args(Method))
        if self.k == 1:
            return None
        if method == "q-profile":
            return q_profile(*self._arrays, self.level)
        restricted = method == "profile-restricted-likelihood"
        best = estimate_tau2(*self._arrays, "REML" if restricted else "ML")[0]
        return profile_likelihood(*self._arrays, self.level, best, restricted=restricted)

    def i2_interval(self) -> tuple[float, float] | None:
        """The interval of I², percent: that of τ² by Q, divided by itself and the typical variance."""
        ends = self.tau2_interval()
        if ends is None:
            return None
        low, high = (100 * end / (end + self.typical_variance) for end in ends)
        return low, high

    def h2_interval(self) -> tuple[float, float] | None:
        """The interval of H²: that of τ² by Q, over the typical variance, plus 1."""
        ends = self.tau2_interval()
        if ends is None:
            return None
        low, high = (1 + end / self.typical_variance for end in ends)
        return low, high

    def natural(self, value: float) -> float:
        """A value of the pooled scale on the measure's own: of ratios no longer a logarithm."""
        return exp(value) if self.measure in RATIOS else value

    def predictions(self) -> tuple[tuple[float, float], ...]:
        """Each trial's own effect, drawn towards the mean (empirical Bayes), with its standard error.

        Each is τ²/(τ² + v) of itself and the rest of the mean. Source: Raudenbush & Bryk 1985, J Educ Stat
        10:75; equivalent to metafor `blup`.
        """
        tau2 = self.tau2 or 0.0
        told = []
        for one in self.effects:
            share = tau2 / (tau2 + one.variance)
            se = sqrt(share * one.variance + ((1 - share) * self.se) ** 2)
            told.append((share * one.estimate + (1 - share) * self.estimate, se))
        return tuple(told)

    @cached_property
    def _arrays(self) -> tuple[Vector, Vector, Vector]:
        return arrays(self.effects)

    @cached_property
    def _fixed(self) -> Weighted:
        return weighted(*self._arrays, 0.0)


def pool(
    effects: Sequence[Effect],
    between: Between = "REML",
    *,
    interval: Interval | None = None,
    level: float = 0.95,
) -> Pooled:
    """The mean effect of several trials.

    Args:
        effects: one a trial, independent of each other; for arms that share a control see `pool_dependent`.
        between: estimator of the variance between trials, or `fixed` for a common effect.
        interval: None for Hartung-Knapp with its ad hoc floor (`fixed`: normal). Without the floor the
            interval of trials that happen to agree can be narrower than a fixed-effect one, and with two or
            three trials often is.
    Raises:
        ValueError: for no effects, effects of two measures or conventions, or unknown names.

    With one trial the result is that trial, with a normal interval and no τ².

    Sources: fixed: Birge 1932; random: DerSimonian & Laird 1986; interval: Hartung & Knapp 2001, Statistics
        in Medicine 20:3875 (variance q / Σw with q = Σw(y - μ)² / (k - 1), t with k - 1); floor: Knapp &
        Hartung 2003, Statistics in Medicine 22:2693, p. 2698, named and examined by Röver, Knapp & Friede
        2015, BMC Med Res Methodol 15:99. Equivalent to metafor `rma(yi, vi, method=…, test="adhoc")`.
    """
    check(effects, between, interval, level)
    kind: Interval = interval or ("normal" if between == "fixed" else "hartung-knapp")
    y, v, x = arrays(effects)
    k = len(effects)
    tau2 = tau2_se = None
    notes = [f"{one.label or 'one trial'}: {one.note}" for one in effects if one.note]
    if k == 1:
        kind = "normal"
        notes.append(
            "one trial: nothing is known of the variance between trials, and the interval is its own"
        )
    elif between != "fixed":
        tau2, tau2_se = estimate_tau2(y, v, x, between)
    at = weighted(y, v, x, tau2 or 0.0)
    variance = float(at.inverse[0, 0])
    scale, floored, df = hartung_knapp(at.q, k - 1, kind)
    se = sqrt(variance * (scale or 1.0))
    if floored:
        notes.append(
            f"Hartung-Knapp's q is {at.q / (k - 1):.3g}, below 1: the ad hoc floor acted, and 1 stands for it"
        )
    estimate = float(at.beta[0])
    low, high, p = bounds(estimate, se, df, level)
    shares = 100 * at.weights / at.weights.sum()
    return Pooled(
        effects=tuple(effects),
        between=between,
        interval=kind,
        level=level,
        estimate=estimate,
        se=se,
        df=df,
        low=low,
        high=high,
        p=p,
        tau2=tau2,
        tau2_se=tau2_se,
        scale=scale,
        floor_acted=floored,
        weights=tuple(shares.tolist()),
        notes=tuple(notes),
    )


def arrays(effects: Sequence[Effect]) -> tuple[Vector, Vector, Vector]:
    """Estimates, variances, and the design of a mean alone."""
    y = np.array([one.estimate for one in effects])
    v = np.array([one.variance for one in effects])
    return y, v, np.ones((len(effects), 1))


def hartung_knapp(q: float, df: int, kind: Interval) -> tuple[float | None, bool, int | None]:
    """The factor of the variance, whether the floor acted, and the degrees of freedom."""
    if kind == "normal":
        return None, False, None
    scale = q / df
    if kind == "hartung-knapp" and scale < 1:
        return 1.0, True, df
    return scale, False, df


def bounds(estimate: float, se: float, df: int | None, level: float) -> tuple[float, float, float]:
    """Interval and two-sided p of an estimate; by t, or by the normal distribution where `df` is None."""
    check_level(level)
    reach = _quantile(level, df) * se
    if se == 0:
        return estimate, estimate, 1.0 if estimate == 0 else 0.0
    z = -abs(estimate / se)
    p = 2 * float(stdtr(df, z)) if df is not None else 2 * float(ndtr(z))
    return estimate - reach, estimate + reach, p


def _quantile(level: float, df: int | None) -> float:
    return float(ndtri(0.5 + level / 2) if df is None else stdtrit(df, 0.5 + level / 2))


def check(effects: Sequence[Effect], between: str, interval: str | None, level: float) -> None:
    """Says what keeps effects from being pooled. Errors: `ValueError`."""
    if not effects:
        raise ValueError("there is no effect to pool: at least one trial is needed")
    one_of("estimator", between, ESTIMATORS)
    if interval is not None:
        one_of("interval", interval, INTERVALS)
    if between == "fixed" and interval not in (None, "normal"):
        raise ValueError(
            "Hartung-Knapp's interval belongs to random effects: say between='REML', or no interval"
        )
    check_level(level)
    least, most = (pick(one.variance for one in effects) for pick in (min, max))
    largest = max(abs(one.estimate) for one in effects)
    if most > _FARTHEST * least or largest > _LARGEST or not 1 / _LARGEST < least <= most < _LARGEST:
        raise ValueError(
            f"variances from {least:g} to {most:g}, estimates up to {largest:g}: no trials are that far "
            "apart; is one in another unit?"
        )
    _alike("measures", effects, lambda one: one.measure)
    _alike("conventions of standardising", effects, lambda one: one.convention)


def _alike(what: str, effects: Sequence[Effect], read: Callable[[Effect], str]) -> None:
    found: dict[str, str] = {}
    for one in effects:
        found.setdefault(read(one), one.label)
    if len(found) > 1:
        told = ", ".join(f"{kind or 'none'} ({label or 'a trial'})" for kind, label in found.items())
        raise ValueError(f"effects of different {what} are not pooled: {told}; choose one")


def one_of(what: str, name: str, names: Sequence[str]) -> None:
    """Says when a name is not known. Errors: `ValueError`."""
    if name not in names:
        raise ValueError(f"there is no {what} {name!r}; write one of: {', '.join(names)}")
