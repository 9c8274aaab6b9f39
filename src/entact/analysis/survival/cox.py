"""Proportional hazards by Cox's partial likelihood, with Efron's way of ties, and strata."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from entact.analysis.binary.arms import tail, z_of
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group, Side
from entact.analysis.survival.times import Flags, Floats

ITERATIONS = 50
FAR = 12.0  # logarithm of a hazard ratio beyond which it has no finite value


@public
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
    if np.linalg.matrix_rank(information) < x.shape[1]:
        raise ValueError(
            "those at risk at the events do not differ in arm, or in a covariate: nothing tells its hazard"
        )
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
    for one in np.unique(strata):
        own = np.flatnonzero(strata == one)
        own = own[np.argsort(time[own], kind="stable")]
        t, d, z = time[own], event[own], x[own]
        eta = z @ beta
        w = np.exp(eta)
        moments, place, many = np.unique(t[d], return_inverse=True, return_counts=True)
        if not moments.size:
            continue
        products = np.einsum("n,nq,nr->nqr", w, z, z)
        start = np.searchsorted(t, moments, side="left")
        risk = [_from_the_end(part)[start] for part in (w, w[:, None] * z, products)]
        now = [_by_place(part[d], place, moments.size) for part in (w, w[:, None] * z, products)]
        # of k tied events the first finds all of the others at risk, the last one hardly any
        at = np.repeat(np.arange(moments.size), many)
        share = (np.arange(at.size) - np.repeat(np.cumsum(many) - many, many)) / many[at]
        s0 = risk[0][at] - share * now[0][at]
        mean = (risk[1][at] - share[:, None] * now[1][at]) / s0[:, None]
        square = (risk[2][at] - share[:, None, None] * now[2][at]) / s0[:, None, None]
        value += float(eta[d].sum() - np.log(s0).sum())
        gradient += z[d].sum(0) - mean.sum(0)
        information += square.sum(0) - mean.T @ mean
    return value, gradient, information


def _from_the_end(values: Floats) -> Floats:
    """Sums of each row and all that follow."""
    summed: Floats = np.cumsum(values[::-1], axis=0)[::-1]
    return summed


def _by_place(values: Floats, place: NDArray[np.int64], size: int) -> Floats:
    """Sums of rows by their place."""
    summed = np.zeros((size, *values.shape[1:]))
    np.add.at(summed, place.reshape(-1), values)
    return summed
