"""The difference between arms averaged over everybody (g-computation): each is predicted in both arms.

Its variance has two parts: coefficients are estimated, and the covariates of these people are a sample. Ye's
counts both (and the balance of stratified randomisation); Ge's takes the covariates as fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any, Literal, Protocol

import numpy as np
import polars as pl

from entact.analysis.adjustment.model import Floats, Model
from entact.analysis.binary.arms import tail, z_of
from entact.analysis.mmrm.columns import Factor, as_factor, read_column
from entact.analysis.result import Estimate, Group, Side

Measure = Literal["difference", "risk_ratio", "odds_ratio"]


class Variance(Protocol):
    """A way to the covariance of the two means."""

    @property
    def title(self) -> str:
        """As a paper would say it."""
        ...

    def covariance(self, model: Model, arm: str, pair: tuple[int, int], data: Any) -> Floats:
        """(2, 2) of the mean of the first arm and of the second."""
        ...


@dataclass(frozen=True, slots=True)
class Ye:
    """Covariance by the influence of each participant, with the sampling of covariates.

    Attributes:
        strata: columns by which randomisation was stratified (permuted blocks, minimisation); the variance is
            then that under this randomisation.
    Source: Ye, Bannick, Yi & Shao 2023, Statistical Theory and Related Fields 7:159; Bannick et al. 2023.
        Equivalent to R `RobinCar2::vcovG` and `beeca::estimate_varcov(method = "Ye")`.
    """

    strata: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        beside = f", randomised within {', '.join(self.strata)}" if self.strata else ""
        return f"variance of Ye and others{beside}"

    def covariance(self, model: Model, arm: str, pair: tuple[int, int], data: Any) -> Floats:
        rows = model.rows
        codes, y, n = rows.factor(arm).codes, rows.y, rows.n
        predicted = np.column_stack([model.mean(rows.at(arm, level) @ model.beta) for level in pair])
        of_predictions = np.cov(predicted, rowvar=False)
        own = [codes == level for level in pair]
        if min(int(one.sum()) for one in own) < 2:
            raise ValueError("a variance needs at least two participants in each arm")
        share = np.array([one.mean() for one in own])
        with_y = np.array([[_covariance(y[one], predicted[one, k]) for k in (0, 1)] for one in own])
        found = with_y + with_y.T - of_predictions
        for k, one in enumerate(own):
            spread = float(y[one].var(ddof=1)) + of_predictions[k, k] - 2 * with_y[k, k]
            found[k, k] += spread / share[k]
        if self.strata:
            found -= self._balanced(model, own, share, data)
        covariance: Floats = found / n
        return covariance

    def _balanced(self, model: Model, own: list[Any], share: Floats, data: Any) -> Floats:
        """What randomisation within strata takes away: residuals that strata explain."""
        used, key = model.rows.used, np.zeros(model.rows.n, dtype=np.int64)
        for name in self.strata:
            factor = as_factor(read_column(data, name)).keep(used)
            if bool((factor.codes < 0).any()):
                raise ValueError(f"the stratum {name!r} is missing for somebody in the model")
            key = key * len(factor.levels) + factor.codes
        omega = np.diag(share) - np.outer(share, share)
        taken = np.zeros((2, 2))
        residual = model.residual
        for stratum in np.unique(key):
            here = key == stratum
            if any(not bool((here & one).any()) for one in own):
                raise ValueError("a stratum of randomisation has nobody of one arm: leave strata together")
            mean = np.array([residual[here & one].mean() for one in own]) / share
            taken += here.mean() * np.outer(mean, mean) * omega
        return taken


@dataclass(frozen=True, slots=True)
class Ge:
    """Covariance by the delta method, with covariates as fixed; `kind`: of the coefficients' covariance.

    Source: Ge et al. 2011, Drug Information Journal 45:481. Equivalent to `beeca::estimate_varcov("Ge")`.
    """

    kind: str = "HC3"

    @property
    def title(self) -> str:
        return f"variance of Ge and others, {self.kind}"

    def covariance(self, model: Model, arm: str, pair: tuple[int, int], data: Any) -> Floats:
        slopes = []
        for level in pair:
            x = model.rows.at(arm, level)
            slopes.append(model.slope(x @ model.beta) @ x / len(x))
        slope = np.array(slopes)
        if model.alone(slope[0] - slope[1]):
            raise ValueError(
                "one value alone determines a part of the difference, as of the only participant of a site, "
                f"so that {self.kind} knows nothing of its spread: leave levels together, or take Ye's"
            )
        found: Floats = slope @ model.sandwich(self.kind) @ slope.T
        return found


YE = Ye()
NOTHING = 1e-12
"""A standard error that is rounding alone, beside its estimate."""
FEW = 50
"""People below whom Ye's variance, which counts on many, is too small (`benchmarks/RESULTS.md`)."""


def standardise(
    model: Model,
    data: Any,
    contrast: tuple[str, str],
    *,
    arm: str = "arm",
    measure: Measure = "difference",
    variance: Variance = YE,
    level: float = 0.95,
    null: float | None = None,
    side: Side = "two_sided",
) -> Estimate:
    """The marginal (unconditional) effect of the first arm against the second, adjusted for covariates.

    Args:
        model: of `linear` or `logistic`, whose formula names the arm, with or without interactions.
        data: the frame it was fitted to. measure: of the two means. variance: Ye() or Ge().
        null, side: what is tested: 0 of a difference and 1 of a ratio unless said.
    Raises:
        ValueError: when an arm is none, or the measure has no value here.
    Source: FDA 2023, Adjusting for covariates in randomized clinical trials; Freedman 2008.
    """
    factor = model.rows.factor(arm)
    pair = _places(factor, contrast, arm)
    means = np.array([float(model.mean(model.rows.at(arm, k) @ model.beta).mean()) for k in pair])
    covariance = variance.covariance(model, arm, pair, data)
    known = {"difference": 0.0, "risk_ratio": 1.0, "odds_ratio": 1.0}
    if measure not in known:
        raise ValueError(f"measure {measure!r} is none; write one of: {', '.join(known)}")
    null = known[measure] if null is None else null
    z = z_of(level)
    notes = [*model.notes, "marginal: averaged over the covariates of everybody"]
    if isinstance(variance, Ye) and model.rows.n < FEW:
        notes.append(
            f"{model.rows.n} people are few for this variance: of 20 its interval at 0.95 holds in "
            "0.84 to 0.94 of trials, and Ge's by HC3 in 0.94 to 0.98"
        )
    if measure == "difference":
        at, slope = float(means[0] - means[1]), np.array([1.0, -1.0])
    else:
        if not (means.min() > 0 and (measure == "risk_ratio" or means.max() < 1)):
            raise ValueError(
                f"a mean of {means.min():g} or {means.max():g} leaves no {measure.replace('_', ' ')}"
            )
        odds = means / (1 - means) if measure == "odds_ratio" else means
        at = log(odds[0] / odds[1])
        slope = np.array([1.0, -1.0]) / (means * (1 - means) if measure == "odds_ratio" else means)
        notes.append("SE is of the logarithm")
    against = null if measure == "difference" else log(null)
    still = [
        name for name, k in zip(contrast, pair, strict=True) if not np.ptp(model.rows.y[factor.codes == k])
    ]
    se: float | None = None
    score: float | None = None
    low: float | None = None
    high: float | None = None
    if still:  # what is left of a standard error would be that of the predictions alone
        notes.append(
            f"nobody in {still[0]} differs in the outcome: no standard error, no interval and no test"
        )
    elif (spread := sqrt(max(float(slope @ covariance @ slope), 0.0))) <= NOTHING * max(1.0, abs(at)):
        notes.append("the model explains the outcome without a residual: no interval and no test")
    else:
        se, score, low, high = spread, (at - against) / spread, at - z * spread, at + z * spread
    if measure != "difference":
        at = exp(at)
        low, high = (None if one is None else exp(one) for one in (low, high))
    return Estimate(
        f"marginal {'difference' if measure == 'difference' else measure.replace('_', ' ')}",
        f"standardised {model.title}, {model.rows.formula}; {variance.title}",
        at,
        low,
        high,
        level,
        se=se,
        statistic=score,
        p=None if score is None else tail(score, side),
        null=None if score is None else null,
        side=side,
        groups=tuple(_group(model, arm, k, name) for k, name in zip(pair, contrast, strict=True)),
        notes=tuple(notes),
    )


def _places(factor: Factor, contrast: Sequence[str], arm: str) -> tuple[int, int]:
    for name in contrast:
        if name not in factor.levels:
            raise ValueError(f"{arm} has no level {name!r}; it has: {', '.join(factor.levels)}")
    return factor.levels.index(contrast[0]), factor.levels.index(contrast[1])


def _group(model: Model, arm: str, level: int, name: str) -> Group:
    own = model.rows.y[model.rows.factor(arm).codes == level]
    values = pl.Series(own)
    mean, sd = values.mean(), values.std()
    return Group(
        name,
        own.size,
        mean=mean if isinstance(mean, float) else None,
        sd=sd if isinstance(sd, float) else None,
    )


def _covariance(one: Floats, two: Floats) -> float:
    return float(((one - one.mean()) * (two - two.mean())).sum() / (one.size - 1))
