"""Proportional hazards by Cox's partial likelihood, with Efron's way of ties, and strata."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from entact.analysis.binary.arms import tail, z_of
from entact.analysis.result import Estimate, Group, Side
from entact.analysis.survival.times import Flags, Floats

ITERATIONS = 50
FAR = 12.0  # logarithm of a hazard ratio beyond which it has no finite value


def hazard_ratio(
    time: Floats,
    event: Flags,
    x: Floats,
    *,
    stratum: NDArray[np.int64] | None = None,
    names: tuple[str, str] = ("first", "second"),
    level: float = 0.95,
    null: float = 1.0,
    side: Side = "two_sided",
    model: str = "",
) -> Estimate:
    """The hazard of the first group over that of the second.

    Args:
        time, event: (n,). x: (n, q), whose first column is 1 for the first group, the others covariates.
        stratum: (n,) within which the baseline hazard is one. model: what the covariates are, in words.
    Raises:
        ValueError: when nobody had the event, or columns cannot be told apart.
    Sources: Cox 1972; Efron 1977. Equivalent to R `coxph`.
    """
    strata = np.zeros(time.size, dtype=np.int64) if stratum is None else stratum
    first = x[:, 0] == 1
    groups = tuple(
        Group(name, int(own.sum()), events=int((event & own).sum()))
        for name, own in zip(names, (first, ~first), strict=True)
    )
    method = "Cox proportional hazards, Efron's ties" + (f", {model}" if model else "")
    if not event.any():
        raise ValueError("nobody had the event: there is no hazard")
    empty = [group.name for group in groups if group.events == 0]
    if empty:
        note = f"nobody in {empty[0]} had the event: the hazard ratio has no finite value"
        return Estimate("hazard ratio", method, None, level=level, groups=groups, notes=(note,))
    centred = x - x.mean(0)
    if np.linalg.matrix_rank(centred) < x.shape[1]:
        raise ValueError("covariates of the hazards cannot be told apart: leave some out")
    beta = np.zeros(x.shape[1])
    value, gradient, information = _likelihood(time, event, centred, strata, beta)
    for _ in range(ITERATIONS):
        step = np.linalg.solve(information, gradient)
        if float(gradient @ step) < 1e-16:
            break
        share = 1.0
        while share > 1e-8:
            new = _likelihood(time, event, centred, strata, beta + share * step)
            if new[0] >= value - 1e-12 * abs(value):
                break
            share /= 2
        beta = beta + share * step
        value, gradient, information = new
        if abs(float(beta[0])) > FAR:
            note = "one group has the event always before the other: the hazard ratio has no finite value"
            return Estimate("hazard ratio", method, None, level=level, groups=groups, notes=(note,))
    se = sqrt(float(np.linalg.inv(information)[0, 0]))
    at, z = float(beta[0]), z_of(level)
    score = (at - log(null)) / se
    return Estimate(
        "hazard ratio",
        method,
        exp(at),
        exp(at - z * se),
        exp(at + z * se),
        level,
        se=se,
        statistic=score,
        p=tail(score, side),
        null=null,
        side=side,
        groups=groups,
        notes=("SE is of the logarithm",),
    )


def _likelihood(
    time: Floats, event: Flags, x: Floats, strata: NDArray[np.int64], beta: Floats
) -> tuple[float, Floats, Floats]:
    """Partial log likelihood, its gradient (q,) and information (q, q)."""
    q = x.shape[1]
    value, gradient, information = 0.0, np.zeros(q), np.zeros((q, q))
    eta = x @ beta
    weight = np.exp(eta)
    for one in np.unique(strata):
        own = strata == one
        t, d, z, w, e = time[own], event[own], x[own], weight[own], eta[own]
        for moment in np.unique(t[d]):
            risk, now = t >= moment, (t == moment) & d
            s0, s1 = float(w[risk].sum()), w[risk] @ z[risk]
            s2 = (z[risk] * w[risk, None]).T @ z[risk]
            d0, d1 = float(w[now].sum()), w[now] @ z[now]
            d2 = (z[now] * w[now, None]).T @ z[now]
            many = int(now.sum())
            value += float(e[now].sum())
            gradient += z[now].sum(0)
            for k in range(many):
                share = k / many
                n0, n1, n2 = s0 - share * d0, s1 - share * d1, s2 - share * d2
                mean = n1 / n0
                value -= log(n0)
                gradient -= mean
                information += n2 / n0 - np.outer(mean, mean)
    return value, gradient, information
