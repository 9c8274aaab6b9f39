"""Arms that share a control: their effects are correlated, and are pooled with the covariance that this
makes.

To count a control twice would make it look like more people than there were. To split it among the arms
wastes it. Its covariance is known, so neither is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc

from entact.analysis.meta.between import Vector
from entact.analysis.meta.effect import Counts, Effect, Means, from_counts, mean_difference
from entact.analysis.meta.effect import standardised_mean_difference as smd
from entact.analysis.meta.pooled import bounds, check, one_of

Structure = Literal["trial", "half"]


@dataclass(frozen=True)
class Arms:
    """Effects of one trial's arms against its one control, and their covariance, (arms, arms)."""

    effects: tuple[Effect, ...]
    covariance: Vector


@dataclass(frozen=True)
class Dependent:
    """What trials with several arms say together.

    Attributes:
        k, trials: how many effects, of how many trials. between: REML, ML or fixed. structure: how effects of
            one trial vary together. estimate, se, low, high, p, df, scale, floor_acted: as in `Pooled`.
        tau2: variance between trials; None for fixed. q, q_p: with k - 1 degrees of freedom.
        log_likelihood: at its highest, restricted for REML.
    """

    k: int
    trials: int
    between: str
    structure: Structure
    estimate: float
    se: float
    low: float
    high: float
    p: float
    df: int | None
    tau2: float | None
    q: float
    q_p: float | None
    scale: float | None
    floor_acted: bool
    log_likelihood: float
    notes: tuple[str, ...]


def share_control(
    arms: Sequence[Means] | Sequence[Counts],
    control: Means | Counts,
    measure: Literal["SMD", "MD", "RR", "OR", "RD"],
    *,
    labels: Sequence[str] = (),
    convention: Literal["endpoint", "change"] = "endpoint",
) -> Arms:
    """The effects of several arms against one control, and how they vary together.

    Args:
        arms, control: means, for SMD and MD, or counts. labels: of the arms.
    Raises:
        ValueError: where the measure does not fit the data.

    Sources: Gleser & Olkin 2009, in Cooper, Hedges & Valentine, The Handbook of Research Synthesis, 2nd ed.,
        eq. 19.19 (SMD: 1/n₀ + g₁g₂/(2N), with the N of all arms), and the same chapter for counts; the SD of
        an SMD is pooled of the arm and the control, as in `standardised_mean_difference`, and its variance is
        that one's.
    """
    if not arms:
        raise ValueError("there is no arm beside the control")
    names = list(labels) or [f"arm {place}" for place in range(1, len(arms) + 1)]
    if len(names) != len(arms):
        raise ValueError(f"{len(names)} labels for {len(arms)} arms: one for each")
    effects: list[Effect] = []
    for arm, name in zip(arms, names, strict=True):
        if measure in ("SMD", "MD") and isinstance(arm, Means) and isinstance(control, Means):
            effects.append(
                smd(arm, control, convention=convention, label=name)
                if measure == "SMD"
                else mean_difference(arm, control, label=name)
            )
        elif measure in ("RR", "OR", "RD") and isinstance(arm, Counts) and isinstance(control, Counts):
            effects.append(from_counts(arm, control, measure, label=name))
        else:
            raise ValueError(
                f"{name}: {measure} is made of means or of counts, the same for arms and control"
            )
    if isinstance(control, Counts) and any(one.note for one in effects):
        raise ValueError(
            "a cell is 0: a half would be added to a shared control for one arm and not for another; "
            "use `binomial_normal` on arms put together"
        )
    covariance = np.diag([one.variance for one in effects])
    total = control.n + sum(arm.n for arm in arms)
    for first in range(len(effects)):
        for second in range(first):
            one, two = effects[first], effects[second]
            common = _common(control, measure)
            if measure == "SMD":
                common += one.estimate * two.estimate / (2 * total)
            covariance[first, second] = covariance[second, first] = common
    return Arms(tuple(effects), covariance)


def pool_dependent(
    groups: Sequence[Arms],
    between: Literal["REML", "ML", "fixed"] = "REML",
    *,
    structure: Structure = "half",
    interval: Literal["t", "normal"] = "t",
    level: float = 0.95,
) -> Dependent:
    """The mean effect where effects of one trial are correlated.

    Args:
        groups: one a trial, each with the covariance of its effects.
        structure: `trial`, effects of one trial share its whole deviation from the mean; `half`, arms vary
            too, and any two of one trial have half of τ² in common, as in a network of treatments.
        interval: `t` with trials - 1 degrees of freedom, the variance multiplied by y'Py / (k - 1) where that
            is more than 1; or normal.
    Raises:
        ValueError: without trials, for covariances that are none, or effects of two measures.
    Sources: Gleser & Olkin 2009; Higgins & Whitehead 1996, Statistics in Medicine 15:2733 (half);
        the factor: Jackson & Riley 2014, Statistics in Medicine 33:961, here with the smaller degrees of
        freedom. Equivalent to metafor `rma.mv(yi, V, random=~1|trial)` and `~arm|trial, struct="CS",
        rho=0.5`.
    """
    effects = [one for group in groups for one in group.effects]
    check(effects, between, None, level)
    one_of("structure", structure, ("trial", "half"))
    one_of("interval", interval, ("t", "normal"))
    _check_covariances(groups)
    k, trials = len(effects), len(groups)
    y = np.array([one.estimate for one in effects])
    v, shape = np.zeros((k, k)), np.zeros((k, k))
    start = 0
    for group in groups:
        block = slice(start, start + len(group.effects))
        v[block, block] = group.covariance
        shape[block, block] = 1.0 if structure == "trial" else 0.5
        start = block.stop
    if structure == "half":
        np.fill_diagonal(shape, 1.0)
    notes: list[str] = []
    tau2: float | None = None
    if between != "fixed" and trials > 1:
        tau2 = _most_likely(y, v, shape, restricted=between == "REML")
    elif between != "fixed":
        notes.append("one trial: nothing is known of the variance between trials")
    at = _Solved(y, v + (tau2 or 0.0) * shape)
    use_t = interval == "t" and trials > 1 and between != "fixed"
    df = trials - 1 if use_t else None
    raw = at.q / (k - 1) if use_t else None
    floored = raw is not None and raw < 1
    scale = None if raw is None else max(1.0, raw)
    if floored:
        notes.append("y'Py / (k - 1) is below 1: the floor acted, and 1 was used instead")
    se = sqrt(at.variance * (scale or 1.0))
    low, high, p = bounds(at.mean, se, df, level)
    q = _Solved(y, v).q
    return Dependent(
        k=k,
        trials=trials,
        between=between,
        structure=structure,
        estimate=at.mean,
        se=se,
        low=low,
        high=high,
        p=p,
        df=df,
        tau2=tau2,
        q=q,
        q_p=float(chdtrc(k - 1, q)) if k > 1 else None,
        scale=scale,
        floor_acted=floored,
        log_likelihood=at.log_likelihood(restricted=between != "ML"),
        notes=tuple(notes),
    )


class _Solved:
    """Generalised least squares of a mean, at one covariance."""

    def __init__(self, y: Vector, sigma: Vector) -> None:
        self.inverse = np.linalg.inv(sigma)
        self.log_det = float(np.linalg.slogdet(sigma)[1])
        row = self.inverse.sum(0)
        self.information = float(row.sum())
        self.variance = 1 / self.information
        self.mean = float(row @ y) * self.variance
        self.residuals = y - self.mean
        self.q = float(self.residuals @ self.inverse @ self.residuals)

    def log_likelihood(self, *, restricted: bool) -> float:
        k = len(self.residuals)
        count = k - 1 if restricted else k
        value = -count * np.log(2 * pi) - self.log_det - self.q
        if restricted:
            value += np.log(k) - np.log(self.information)
        return float(value / 2)


def _most_likely(y: Vector, v: Vector, shape: Vector, *, restricted: bool) -> float:
    """The τ² of the highest likelihood: looked for over its range, then the root of the score."""

    def score(tau2: float) -> float:
        at = _Solved(y, v + tau2 * shape)
        pull = at.inverse @ at.residuals
        trace = float(np.sum(at.inverse * shape))
        if restricted:
            row = at.inverse.sum(0)
            trace -= float(row @ shape @ row) * at.variance
        return float(pull @ shape @ pull) - trace

    top = 4 * len(y) * float(np.var(y)) + float(np.diag(v).max())
    grid: list[float] = [0.0, *np.geomspace(1e-6 * top, top, 30).tolist()]
    values = [_Solved(y, v + one * shape).log_likelihood(restricted=restricted) for one in grid]
    best = int(np.argmax(values))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if score(low) <= 0:
        return low if low == 0 else grid[best]
    return float(brentq(score, low, high, xtol=1e-15 * top, rtol=1e-14)) if score(high) < 0 else high


def _common(control: Means | Counts, measure: str) -> float:
    """What the control alone adds to the covariance of two effects against it."""
    n = control.n
    if isinstance(control, Means):
        return float(control.sd) ** 2 / n if measure == "MD" else 1 / n
    events = control.events
    match measure:
        case "RR":
            return 1 / events - 1 / n
        case "OR":
            return 1 / events + 1 / (n - events)
        case _:
            return float(events) * (n - events) / n**3


def _check_covariances(groups: Sequence[Arms]) -> None:
    for place, group in enumerate(groups, 1):
        matrix = np.asarray(group.covariance, dtype=float)
        count = len(group.effects)
        name = f"trial {place} ({group.effects[0].label or 'unnamed'})" if count else f"trial {place}"
        if not count:
            raise ValueError(f"{name}: there is no effect")
        if matrix.shape != (count, count):
            raise ValueError(
                f"{name}: the covariance is {matrix.shape}, of {count} effects ({count}, {count})"
            )
        if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=0) or np.linalg.eigvalsh(matrix)[0] <= 0:
            raise ValueError(f"{name}: this is no covariance: it is symmetric and positive definite")
