"""Rare events that vary between trials: binomial-normal models, by adaptive Gauss-Hermite quadrature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import lgamma, log, pi
from typing import Final, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, gammaln

from entact.analysis.meta.between import Vector
from entact.analysis.meta.pooled import bounds
from entact.analysis.meta.rare import Rare, TwoByTwo, counts_of, names_of

Model = Literal["unconditional", "conditional"]
NODES: Final = 40
_X, _W = np.polynomial.hermite.hermgauss(NODES)
_STEPS: Final = 60
_STEP: Final = 1e-5
_NO_VARIANCE: Final = 1e-4
"""τ from which on the likelihood is told from that of τ = 0"""

Terms = Callable[[Vector], tuple[Vector, Vector, Vector]]
"""of u, (k, m): a trial's log-likelihood, its slope and its curvature along u, each (k, m)"""


def binomial_normal(
    trials: Sequence[TwoByTwo],
    model: Model = "unconditional",
    *,
    between: Literal["ML", "fixed"] = "ML",
    level: float = 0.95,
) -> Rare:
    """The odds ratio of rare events, exactly binomial, with log odds ratios that vary normally between
    trials.

    Args:
        model: `unconditional`, a logistic model with an intercept for each trial and a random treatment
            effect, half of it on either side; `conditional`, on each trial's number of events (noncentral
            hypergeometric), which has no intercepts to estimate.
        between: `ML`, or `fixed` for a common odds ratio.
    Raises:
        ValueError: where one arm has no event, or nothing but events, in all trials.

    Trials without an event, or with nothing but events, say nothing about an odds ratio and are left out, by
    name.

    Sources: Stijnen, Hamza & Özdemir 2010, Statistics in Medicine 29:3046; Jackson, Law, Stijnen,
        Viechtbauer & White 2018, Statistics in Medicine 37:1059, models 4 and 7; quadrature: Liu & Pierce
        1994, Biometrika 81:624. Equivalent to metafor `rma.glmm(measure="OR", model="UM.FS")` and `"CM.EL"`.
    """
    if model not in ("unconditional", "conditional"):
        raise ValueError(f"there is no model {model!r}; write 'unconditional' or 'conditional'")
    if between not in ("ML", "fixed"):
        raise ValueError(f"between is {between!r}; write 'ML' or 'fixed'")
    a, b, c, d = counts_of(trials)
    empty = (a + c == 0) | (b + d == 0)
    left_out = names_of(trials, empty.tolist())
    a, b, c, d = (one[~empty] for one in (a, b, c, d))
    # With no event (or nothing else) in all of one arm, the likelihood rises for ever.
    if not len(a) or 0 in ((a > 0).sum(), (b > 0).sum(), (c > 0).sum(), (d > 0).sum()):
        raise ValueError("one arm has no event in any trial, or only events: the odds ratio has no value")
    problem = _Unconditional(a, b, c, d) if model == "unconditional" else _Conditional(a, b, c, d)
    best = _maximise(problem, with_variance=False)
    tau = 0.0
    if between == "ML" and len(a) > 1:
        wider = _maximise(problem, with_variance=True)
        if abs(wider.at[-1]) > _NO_VARIANCE and wider.value > best.value:
            best, tau = wider, abs(float(wider.at[-1]))
    estimate, se = float(best.at[problem.effect]), float(best.errors[problem.effect])
    low, high, p = bounds(estimate, se, None, level)
    notes = (
        [f"{', '.join(left_out)}: no event, or nothing but events, says nothing about an odds ratio"]
        if left_out
        else []
    )
    return Rare(
        f"binomial-normal, {model}" if between == "ML" else f"binomial, {model}",
        "OR",
        estimate,
        se,
        low,
        high,
        p,
        tau**2 if between == "ML" else None,
        None,
        None,
        None,
        best.value + problem.constant,
        left_out,
        tuple(notes),
    )


@dataclass(frozen=True)
class _Best:
    at: Vector
    value: float
    errors: Vector


class _Unconditional:
    """Parameters: an intercept for each trial, the effect, τ."""

    def __init__(self, a: Vector, b: Vector, c: Vector, d: Vector) -> None:
        self.a, self.c, self.n1, self.n2 = a, c, a + b, c + d
        self.k, self.effect = len(a), len(a)
        self.constant = float(
            sum(
                lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1)
                for n, x in (*zip(self.n1, a, strict=True), *zip(self.n2, c, strict=True))
            )
        )
        odds = (a + c + 0.5) / (b + d + 0.5)
        crude = log((a.sum() + 0.5) * (d.sum() + 0.5) / ((b.sum() + 0.5) * (c.sum() + 0.5)))
        self.start = np.concatenate([np.log(odds) - crude / 2, [crude]])

    def value(self, at: Vector, tau: float) -> tuple[float, Vector]:
        """Log-likelihood without its constant, and its gradient: intercepts, effect, τ."""
        alpha, theta = at[: self.k, None], at[self.k]

        def terms(u: Vector) -> tuple[Vector, Vector, Vector]:
            one, two = alpha + theta + tau * u / 2, alpha - tau * u / 2
            p1, p2 = expit(one), expit(two)
            n1, n2, a, c = self.n1[:, None], self.n2[:, None], self.a[:, None], self.c[:, None]
            value = a * one - n1 * np.logaddexp(0, one) + c * two - n2 * np.logaddexp(0, two)
            slope = tau / 2 * ((a - n1 * p1) - (c - n2 * p2))
            bend = -(tau**2) / 4 * (n1 * p1 * (1 - p1) + n2 * p2 * (1 - p2))
            return value, slope, bend

        logs, nodes, weights = _integrate(terms, self.k, tau)
        over_1 = self.a[:, None] - self.n1[:, None] * expit(alpha + theta + tau * nodes / 2)
        over_2 = self.c[:, None] - self.n2[:, None] * expit(alpha - tau * nodes / 2)
        first, second = (weights * over_1).sum(1), (weights * over_2).sum(1)
        spread = float((weights * nodes * (over_1 - over_2)).sum() / 2)
        return float(logs.sum()), np.concatenate([first + second, [first.sum(), spread]])


class _Conditional:
    """Parameters: the effect, τ."""

    def __init__(self, a: Vector, b: Vector, c: Vector, d: Vector) -> None:
        self.a, self.k, self.effect = a, len(a), 0
        self.constant = 0.0
        self.support: list[tuple[Vector, Vector]] = []
        self.own: list[float] = []
        for events, n1, n2, total in zip(a, a + b, c + d, a + c, strict=True):
            x = np.arange(max(0.0, total - n2), min(n1, total) + 1)
            ways = _log_choose(n1, x) + _log_choose(n2, total - x)
            ways -= ways.max()
            self.support.append((x, ways))
            self.own.append(float(ways[int(events - x[0])]))
        crude = log((a.sum() + 0.5) * (d.sum() + 0.5) / ((b.sum() + 0.5) * (c.sum() + 0.5)))
        self.start = np.array([crude])

    def value(self, at: Vector, tau: float) -> tuple[float, Vector]:
        """Log-likelihood and its gradient: effect, τ."""
        theta = float(at[0])

        def terms(u: Vector) -> tuple[Vector, Vector, Vector]:
            value, slope, bend = self._of(theta + tau * u)
            return value, tau * slope, tau**2 * bend

        logs, nodes, weights = _integrate(terms, self.k, tau)
        slope = self._of(theta + tau * nodes)[1]
        gradient = np.array([(weights * slope).sum(), (weights * slope * nodes).sum()])
        return float(logs.sum()), gradient

    def _of(self, theta: Vector) -> tuple[Vector, Vector, Vector]:
        """Of each trial's log odds ratios, (k, m): log-likelihood, slope, curvature."""
        value, slope, bend = (np.empty_like(theta) for _ in range(3))
        for place, (x, ways) in enumerate(self.support):
            logs = ways[:, None] + x[:, None] * theta[place]
            top = logs.max(0)
            mass = np.exp(logs - top)
            total = mass.sum(0)
            mean = x @ mass / total
            value[place] = self.own[place] + self.a[place] * theta[place] - top - np.log(total)
            slope[place] = self.a[place] - mean
            bend[place] = -((x[:, None] - mean) ** 2 * mass).sum(0) / total
        return value, slope, bend


def _integrate(terms: Terms, k: int, tau: float) -> tuple[Vector, Vector, Vector]:
    """Each trial's log integral over a standard normal u, nodes, and their posterior weights, (k, m)."""
    if tau == 0:
        zero = np.zeros((k, 1))
        return terms(zero)[0][:, 0], zero, np.ones((k, 1))
    mode = np.zeros((k, 1))
    value, slope, bend = terms(mode)
    for _ in range(_STEPS):
        move = (slope - mode) / (1 - bend)
        here = value - mode**2 / 2
        for _ in range(_STEPS):
            trial = terms(mode + move)
            worse = trial[0] - (mode + move) ** 2 / 2 < here - 1e-12 * (1 + np.abs(here))
            if not worse.any():
                break
            move = np.where(worse, move / 2, move)
        mode = mode + move
        value, slope, bend = trial
        if np.abs(move).max() < 1e-9:
            break
    spread = np.sqrt(2 / (1 - bend))
    nodes = mode + spread * _X
    logs = terms(nodes)[0] - nodes**2 / 2 + _X**2 + np.log(_W) + np.log(spread) - log(2 * pi) / 2
    top = logs.max(1, keepdims=True)
    mass = np.exp(logs - top)
    total = mass.sum(1, keepdims=True)
    return (top + np.log(total))[:, 0], nodes, mass / total


def _maximise(problem: _Unconditional | _Conditional, *, with_variance: bool) -> _Best:
    """The highest likelihood: BFGS, then Newton with differences of the gradient until nothing moves."""

    def split(at: Vector) -> tuple[Vector, float]:
        return (at[:-1], float(at[-1])) if with_variance else (at, 0.0)

    def down(at: Vector) -> tuple[float, Vector]:
        value, gradient = problem.value(*split(at))
        return -value, -(gradient if with_variance else gradient[:-1])

    start = np.append(problem.start, 0.5) if with_variance else problem.start
    at: Vector = minimize(down, start, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 1000}).x
    hessian = _differences(down, at)
    for _ in range(5):
        try:
            move = np.linalg.solve(hessian, down(at)[1])
        except np.linalg.LinAlgError:
            break
        if not np.all(np.isfinite(move)) or down(at - move)[0] > down(at)[0] + 1e-9:
            break
        at = at - move
        if np.abs(move).max() < 1e-11:
            break
    hessian = _differences(down, at)
    return _Best(at, -down(at)[0], np.sqrt(np.maximum(np.diag(np.linalg.pinv(hessian)), 0.0)))


def _differences(function: Callable[[Vector], tuple[float, Vector]], at: Vector) -> Vector:
    """The second derivatives, by central differences of the gradient, extrapolated once."""
    columns = []
    for place in range(len(at)):
        step = np.zeros_like(at)
        step[place] = _STEP * 10 * max(1.0, abs(at[place]))
        near = (function(at + step)[1] - function(at - step)[1]) / (2 * step[place])
        far = (function(at + 2 * step)[1] - function(at - 2 * step)[1]) / (4 * step[place])
        columns.append((4 * near - far) / 3)
    whole = np.array(columns)
    told: Vector = (whole + whole.T) / 2
    return told


def _log_choose(n: float, x: Vector) -> Vector:
    told: Vector = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    return told
