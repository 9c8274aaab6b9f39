"""Two to four trials: a Bayesian random-effects model with a half-normal prior on τ, by quadrature.

With so few trials the data hardly speak of τ: an estimate is often 0, and Hartung-Knapp's interval is then
either too narrow or, with its t quantile of one degree of freedom, useless. A weak prior that says what
differences between trials are to be expected is the honest alternative; its scale is an assumption, and is
printed as one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from entact.analysis.meta.between import Vector
from entact.analysis.meta.effect import Effect
from entact.analysis.meta.pooled import arrays, check

SCALE: Final = 0.5
"""of the half-normal prior of τ, for effects without a unit (SMD, log ratios)"""
_PANELS: Final = np.concatenate([[0.0], np.geomspace(1e-7, 1.0, 36)])
_X, _W = np.polynomial.legendre.leggauss(16)
_WIDEST: Final = 10.0
"""scales beyond which a half-normal distribution has 1e-22 of its mass"""


@dataclass(frozen=True)
class Posterior:
    """What is believed of the mean effect and of τ.

    Attributes:
        effects, scale, level: of which, by which prior. mean, sd, median, low, high: of the mean effect; the
            interval is central. below: the probability that it is below 0. tau_median, tau_low, tau_high: of
            τ.
        prediction: central interval of the effect of another trial. prior: in words.
    """

    effects: tuple[Effect, ...]
    scale: float
    level: float
    mean: float
    sd: float
    median: float
    low: float
    high: float
    below: float
    tau_median: float
    tau_low: float
    tau_high: float
    prediction: tuple[float, float]
    prior: str


def bayes(
    effects: Sequence[Effect],
    *,
    scale: float = SCALE,
    mean_prior: tuple[float, float] | None = None,
    level: float = 0.95,
) -> Posterior:
    """The posterior of the mean effect, with a half-normal prior on τ.

    Args:
        scale: of the half-normal, in the unit of the effects: a τ of 0.5 for standardised mean differences or
            log odds ratios is a large difference between trials. For mean differences say one in their unit.
        mean_prior: mean and SD of a normal prior on the mean effect; None for a uniform one.
    Raises:
        ValueError: for no effects, a scale that is not above 0, or a mean difference with the scale left as
            it is.
    Sources: Röver 2020, Journal of Statistical Software 93(6) (the marginal of τ, the mixture for the mean);
        the prior for few trials: Friede, Röver, Wandel & Neuenschwander 2017, Biometrical Journal 59:658; its
        scale: Röver et al. 2021, Research Synthesis Methods 12:448. Equivalent to R bayesmeta
        `bayesmeta(y, sigma, tau.prior=function(t) dhalfnormal(t, scale=…), interval.type="central")`.
    """
    check(effects, "REML", None, level)
    if not (isfinite(scale) and scale > 0):
        raise ValueError(f"the scale of the prior is {scale}: it is a finite number above 0")
    if effects[0].measure == "MD" and scale == SCALE:
        raise ValueError("mean differences have a unit: say the scale of the prior of τ in it")
    if mean_prior is not None and not (all(map(isfinite, mean_prior)) and mean_prior[1] > 0):
        raise ValueError(f"the prior of the mean is {mean_prior}: its mean and its SD, above 0")
    y, v, _ = arrays(effects)
    top = _WIDEST * scale
    tau, weights = _nodes(0.0, top)
    shift = float(_log_density(tau, y, v, scale, mean_prior)[0].max())

    def density(at: Vector) -> Vector:
        told: Vector = np.exp(_log_density(at, y, v, scale, mean_prior)[0] - shift)
        return told

    mass = weights * density(tau)
    whole = float(mass.sum())
    mass = mass / whole
    _, middle, spread = _log_density(tau, y, v, scale, mean_prior)
    mean = float(mass @ middle)
    sd = sqrt(float(mass @ (spread + (middle - mean) ** 2)))
    tail = (1 - level) / 2

    def below(value: float, variances: Vector) -> float:
        return float(mass @ ndtr((value - middle) / np.sqrt(variances)))

    def mean_at(share: float, variances: Vector) -> float:
        reach = 40 * float(np.sqrt(variances).max()) + 10 * sd
        return _root(lambda value: below(value, variances) - share, mean - reach, mean + reach)

    def tau_below(value: float) -> float:
        nodes, own = _nodes(0.0, value)
        return float(own @ density(nodes)) / whole

    def tau_at(share: float) -> float:
        return _root(lambda value: tau_below(value) - share, 0.0, top)

    wider = spread + tau**2
    unit = "" if mean_prior is None else f", mean normal ({mean_prior[0]:g}, {mean_prior[1]:g})"
    return Posterior(
        effects=tuple(effects),
        scale=scale,
        level=level,
        mean=mean,
        sd=sd,
        median=mean_at(0.5, spread),
        low=mean_at(tail, spread),
        high=mean_at(1 - tail, spread),
        below=below(0.0, spread),
        tau_median=tau_at(0.5),
        tau_low=tau_at(tail),
        tau_high=tau_at(1 - tail),
        prediction=(mean_at(tail, wider), mean_at(1 - tail, wider)),
        prior=f"τ half-normal, scale {scale:g}{unit or ', mean uniform'}",
    )


def _log_density(
    tau: Vector, y: Vector, v: Vector, scale: float, mean_prior: tuple[float, float] | None
) -> tuple[Vector, Vector, Vector]:
    """Of each τ: log posterior density up to a constant, mean and variance of the mean effect given it."""
    w = 1 / (v + tau[:, None] ** 2)
    total, pull = w.sum(1), w @ y
    base = np.log(w).sum(1) - w @ (y * y)
    if mean_prior is not None:
        centre, sd = mean_prior
        total, pull = total + 1 / sd**2, pull + centre / sd**2
    logs = (base + pull**2 / total - np.log(total)) / 2 - (tau / scale) ** 2 / 2
    return logs, pull / total, 1 / total


def _nodes(low: float, high: float) -> tuple[Vector, Vector]:
    """Gauss-Legendre points and weights on panels that grow from `low`."""
    ends = low + (high - low) * _PANELS
    half = np.diff(ends)[:, None] / 2
    points = (ends[:-1, None] + half) + half * _X
    return points.ravel(), (half * _W).ravel()


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(function, low, high, xtol=1e-14 * (high - low), rtol=1e-14))
