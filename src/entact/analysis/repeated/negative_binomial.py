"""Counts of events over different times: negative binomial regression by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import digamma, gammaln

from entact.analysis.adjustment.model import Rows, read_rows
from entact.analysis.mmrm.columns import Numeric, read_column

Floats = NDArray[np.float64]
ITERATIONS, ENOUGH = 200, 1e-11
NO_OVERDISPERSION = 1e7  # theta beyond which counts are Poisson's


@dataclass(frozen=True)
class NegativeBinomial:
    """A fitted model of counts: log mean, variance mu + mu² / theta.

    Attributes:
        beta: (q,). covariance: (q, q), given theta. theta: infinite where there is no overdispersion.
    """

    rows: Rows
    beta: Floats
    covariance: Floats
    theta: float
    log_likelihood: float
    notes: tuple[str, ...] = ()


def negative_binomial(formula: str, data: Any, *, exposure: str | None = None) -> NegativeBinomial:
    """A negative binomial model of counts, one row a participant.

    Args:
        exposure: column with the time at risk of each; its logarithm is the offset.
    Raises:
        ValueError: for counts that are none, or when there is no maximum; the message says why.
    Source: Lawless 1987, Canadian Journal of Statistics 15:209. Equivalent to R `MASS::glm.nb`.
    """
    rows = read_rows(formula, data)
    y, x = rows.y, rows.x
    if (y < 0).any() or (y != np.floor(y)).any():
        raise ValueError("the outcome is a count of events: whole numbers from 0 on")
    if not y.any():
        raise ValueError("nobody had an event: there is no rate to compare")
    n, q = x.shape
    if n <= q:
        raise ValueError(f"{n} participants cannot tell {q} coefficients apart")
    offset = np.zeros(n)
    if exposure is not None:
        column = read_column(data, exposure)
        if not isinstance(column, Numeric):
            raise ValueError(f"the exposure {exposure!r} holds no numbers")
        time = column.values[rows.used]
        if not (np.isfinite(time) & (time > 0)).all():
            raise ValueError(f"the exposure {exposure!r} is unknown or not above 0 for somebody")
        offset = np.log(time)
    beta = _mean(
        x,
        y,
        offset,
        np.inf,
        np.asarray(np.linalg.lstsq(x, np.full(n, np.log(y.mean())) - offset.mean(), rcond=None)[0]),
    )
    theta, notes = np.inf, rows.notes
    mu = np.exp(x @ beta + offset)
    if _dispersed(y, mu):
        for _ in range(ITERATIONS):
            new = _theta(y, mu)
            if new > NO_OVERDISPERSION:
                theta = np.inf
                break
            moved = _mean(x, y, offset, new, beta)
            close = abs(new - theta) < ENOUGH * new and float(np.abs(moved - beta).max()) < ENOUGH
            beta, theta = moved, new
            mu = np.exp(x @ beta + offset)
            if close:
                break
        else:
            raise ValueError("the negative binomial likelihood found no maximum")
    if np.isinf(theta):
        notes = (*notes, "no overdispersion: the counts are Poisson's")
        beta = _mean(x, y, offset, np.inf, beta)
        mu = np.exp(x @ beta + offset)
    gram = (x * _weight(mu, theta)[:, None]).T @ x
    covariance: Floats = np.asarray(np.linalg.inv(gram), dtype=np.float64)
    return NegativeBinomial(rows, beta, covariance, float(theta), _likelihood(y, mu, theta), notes)


def _weight(mu: Floats, theta: float) -> Floats:
    return mu if np.isinf(theta) else mu / (1 + mu / theta)


def _mean(x: Floats, y: Floats, offset: Floats, theta: float, beta: Floats) -> Floats:
    """Coefficients given theta, by Fisher's scoring with halved steps."""
    value = _likelihood(y, np.exp(x @ beta + offset), theta)
    for _ in range(ITERATIONS):
        mu = np.exp(x @ beta + offset)
        weight = _weight(mu, theta)
        gram = (x * weight[:, None]).T @ x
        try:
            step = np.linalg.solve(gram, x.T @ (weight * (y - mu) / mu))
        except np.linalg.LinAlgError:
            raise ValueError("nobody in one group had an event: its rate has no logarithm") from None
        share = 1.0
        while share > 1e-8:
            found = _likelihood(y, np.exp(np.clip(x @ (beta + share * step) + offset, -700, 700)), theta)
            if np.isfinite(found) and found >= value - 1e-12 * abs(value):
                break
            share /= 2
        beta, value = beta + share * step, found
        if float(np.abs(x @ beta).max()) > 30:
            raise ValueError("nobody in one group had an event: its rate has no logarithm")
        if float(np.abs(step).max()) < 1e-12 * max(1.0, float(np.abs(beta).max())):
            break
    done: Floats = beta
    return done


def _dispersed(y: Floats, mu: Floats) -> bool:
    """Whether the likelihood rises with overdispersion at all: its slope in 1 / theta at 0."""
    return float(((y - mu) ** 2 - y).sum()) > 0


def _theta(y: Floats, mu: Floats) -> float:
    """The maximum of the likelihood over theta given the means."""

    def slope(log: float) -> float:
        theta = float(np.exp(log))
        parts = (
            digamma(y + theta)
            - digamma(theta)
            + np.log(theta)
            + 1
            - np.log(theta + mu)
            - (y + theta) / (mu + theta)
        )
        return float(parts.sum()) * theta

    low, high = -12.0, float(np.log(NO_OVERDISPERSION)) + 0.1
    if slope(high) > 0:
        return NO_OVERDISPERSION * 2
    if slope(low) < 0:
        raise ValueError("the counts are dispersed without end: no rate describes them")
    return float(np.exp(brentq(slope, low, high, xtol=1e-13)))


def _likelihood(y: Floats, mu: Floats, theta: float) -> float:
    if np.isinf(theta):
        return float((y * np.log(mu) - mu - gammaln(y + 1)).sum())
    own = gammaln(y + theta) - gammaln(theta) - gammaln(y + 1)
    own = own + theta * np.log(theta / (theta + mu)) + y * np.log(mu / (theta + mu))
    return float(own.sum())
