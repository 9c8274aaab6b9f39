"""Whether small trials say something else than large ones, and what that may have cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit
from scipy.stats import kendalltau

from entact.analysis.meta.between import Between, Vector, estimate_tau2, weighted
from entact.analysis.meta.effect import Effect
from entact.analysis.meta.pooled import Interval, Pooled, arrays, check, pool
from entact.analysis.meta.regression import regress

FEWEST = 10
"""trials, below which the test says next to nothing (Sterne et al. 2011, BMJ 343:d4002)"""


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """Egger's test.

    Attributes:
        slope, se: of the effect on the predictor. statistic, df, p: of no slope; `df` None for the normal.
        limit, low, high: the effect of an infinitely large trial. predictor: what the slope is on, in words.
    """

    slope: float
    se: float
    statistic: float
    df: int | None
    p: float
    limit: float
    low: float
    high: float
    predictor: str


@dataclass(frozen=True)
class Filled:
    """Trim-and-fill.

    Attributes:
        estimator: of the number. missing: trials that seem to be missing. side: where they would lie.
        pooled: with those filled in. filled: the added effects, which nobody observed.
    """

    estimator: Literal["L0", "R0"]
    missing: int
    side: Literal["left", "right"]
    pooled: Pooled
    filled: tuple[Effect, ...]


def egger(
    effects: Sequence[Effect],
    *,
    model: Literal["weighted", "mixed"] = "weighted",
    level: float = 0.95,
    fewest: int = FEWEST,
) -> Asymmetry:
    """Egger's test of small-study effects.

    Args:
        model: `weighted` regression with a multiplicative error, the classical one; or the `mixed` effects
            model with REML and a normal test.
        fewest: trials that it takes; lower it only to compare with other software.
    Raises:
        ValueError: for fewer trials; for standardised mean differences whose arms are not known.

    The predictor is the standard error; of a standardised mean difference it is √(1/n₁ + 1/n₂) instead,
    because the SE of g grows with g itself, and the usual test then finds asymmetry where there is none.

    Sources: Egger et al. 1997, BMJ 315:629; Sterne & Egger 2005; for SMD Pustejovsky & Rodgers 2019, Research
        Synthesis Methods 10:57. Equivalent to metafor `regtest(model="lm")` and `regtest()`.
    """
    check(effects, "REML", None, level)
    if len(effects) < fewest:
        raise ValueError(f"{len(effects)} trials: Egger's test says next to nothing of fewer than {fewest}")
    if len(effects) < 3:
        raise ValueError("a line through fewer than three trials has no error")
    predictor, said = _predictor(effects)
    y, v, _ = arrays(effects)
    if model == "mixed":
        found = regress(effects, {"predictor": predictor.tolist()}, interval="normal", level=level)
        slope, limit = found["predictor"], found.coefficients[0]
        z = slope.estimate / slope.se
        return Asymmetry(
            slope.estimate, slope.se, z, None, slope.p, limit.estimate, limit.low, limit.high, said
        )
    if model != "weighted":
        raise ValueError(f"there is no model {model!r}; write 'weighted' or 'mixed'")
    x = np.column_stack([np.ones(len(y)), predictor])
    if np.linalg.matrix_rank(x) < 2:
        raise ValueError("all trials are equally precise: there are no small ones among them")
    at = weighted(y, v, x, 0.0)
    df = len(y) - 2
    covariance = at.inverse * at.q / df
    slope_at, se = float(at.beta[1]), sqrt(float(covariance[1, 1]))
    t = slope_at / se if se else 0.0
    reach = float(stdtrit(df, 0.5 + level / 2)) * sqrt(float(covariance[0, 0]))
    middle = float(at.beta[0])
    p = 2 * float(stdtr(df, -abs(t)))
    return Asymmetry(slope_at, se, t, df, p, middle, middle - reach, middle + reach, said)


def begg(effects: Sequence[Effect]) -> tuple[float, float]:
    """Kendall's τ between standardised effects and their variances, and its p, exact without ties.

    Source: Begg & Mazumdar 1994, Biometrics 50:1088; equivalent to metafor `ranktest`.
    """
    check(effects, "fixed", None, 0.95)
    if len(effects) < 3:
        raise ValueError(f"{len(effects)} trials: a rank correlation needs three or more")
    y, v, x = arrays(effects)
    at = weighted(y, v, x, 0.0)
    spread = v - float(at.inverse[0, 0])
    standardised = at.residuals / np.sqrt(spread)
    tied = any(len(np.unique(one)) < len(y) for one in (standardised, v))
    found = kendalltau(standardised, v, method="asymptotic" if tied else "exact")
    return float(found.statistic), float(found.pvalue)


def trim_and_fill(
    effects: Sequence[Effect],
    estimator: Literal["L0", "R0"] = "L0",
    between: Between = "REML",
    *,
    interval: Interval | None = None,
    level: float = 0.95,
) -> Filled:
    """How many trials seem to be missing on one side of the funnel, and what pooling with their mirrors
    gives.

    A sensitivity analysis, not a correction: it adds trials that nobody has done, and asymmetry has other
        causes.

    Args:
        estimator: of the number that is missing. The side is where the mixed-effects regression on the
            standard error says that small trials lack.
    Source: Duval & Tweedie 2000, Biometrics 56:455, and JASA 95:89: with ranks of |y - μ| and k trials, R0 is
        the length of the rightmost run less 1, L0 = (4T - k(k + 1)) / (2k - 1), T the ranks' sum on the
        right. Equivalent to metafor `trimfill`.
    """
    check(effects, between, interval, level)
    if estimator not in ("L0", "R0"):
        raise ValueError(f"there is no estimator {estimator!r}; write 'L0' or 'R0'")
    if len(effects) < 3:
        raise ValueError(f"{len(effects)} trials: trim-and-fill needs three or more")
    y, v, x = arrays(effects)
    side: Literal["left", "right"] = "right" if _slope(y, v, between) < 0 else "left"
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    values, variances = sign * y[order], v[order]
    k, missing, before, middle = len(y), 0, -1, 0.0
    while missing != before:
        before = missing
        kept = slice(0, k - missing)
        tau2 = estimate_tau2(values[kept], variances[kept], x[kept], between)[0]
        middle = float(weighted(values[kept], variances[kept], x[kept], tau2).beta[0])
        away = values - middle
        ranks = np.empty(k)
        ranks[np.argsort(np.abs(away), kind="stable")] = np.arange(1, k + 1)
        if estimator == "R0":
            below = ranks[away < 0]
            missing = int(k - (below.max() if len(below) else 0)) - 1
        else:
            missing = round((4 * float(ranks[away > 0].sum()) - k * (k + 1)) / (2 * k - 1))
        missing = min(max(missing, 0), k - 2)
    filled = tuple(
        replace(
            effects[int(place)],
            estimate=sign * (2 * middle - float(sign * y[place])),
            label=f"filled: {effects[int(place)].label}",
        )
        for place in order[k - missing :]
    )
    together = pool([*effects, *filled], between, interval=interval, level=level)
    return Filled(estimator, missing, side, together, filled)


def _slope(y: Vector, v: Vector, between: Between) -> float:
    x = np.column_stack([np.ones(len(y)), np.sqrt(v)])
    if np.linalg.matrix_rank(x) < 2 or len(y) < 3:
        return 0.0
    tau2 = estimate_tau2(y, v, x, between)[0]
    return float(weighted(y, v, x, tau2).beta[1])


def _predictor(effects: Sequence[Effect]) -> tuple[Vector, str]:
    if effects[0].measure != "SMD":
        return np.array([one.se for one in effects]), "standard error"
    sizes = [one.size for one in effects]
    absent = [one.label or "a trial" for one, size in zip(effects, sizes, strict=True) if size is None]
    if absent:
        raise ValueError(
            f"{', '.join(absent)}: the sizes of the arms are not known, and the SE of a standardised mean "
            "difference cannot stand for them, for it depends on the effect"
        )
    return np.array(sizes, dtype=float), "√(1/n₁ + 1/n₂)"
