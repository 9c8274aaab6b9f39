"""Ordered categories seen repeatedly: cumulative odds by generalised estimating equations."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, logit

from entact.analysis.adjustment.logistic import separates
from entact.analysis.adjustment.model import read_rows
from entact.analysis.mmrm.columns import read_identity
from entact.analysis.repeated.association import ASSOCIATIONS, STRONGEST, Association, Pairs, next_log_odds
from entact.analysis.repeated.gee import (
    CORRECTIONS,
    ENOUGH,
    FAR,
    ITERATIONS,
    NAMED,
    SEPARATED,
    WIDE,
    Correction,
    Floats,
    Gee,
    Places,
    patterns_of,
    places_of,
    sandwich,
)

MEASURE = "odds ratio"
"""Of a value above any category."""


def ordinal_gee(
    formula: str,
    data: Any,
    *,
    subject: str,
    visit: str | None = None,
    correlation: Association = "independence",
    correction: Correction = "mancl_derouen",
) -> Gee:
    """A marginal model of repeated ordered categories: logit P(above category j) = threshold j + x beta.

    The categories of one visit have the covariance of a multinomial. What the equations take two visits for
    is a working assumption: the variance holds whatever their correlation.

    Args:
        formula: value ~ terms, the value a number that stands for its category. data: one row for each
            participant and visit. correlation: two visits taken as independent, or with one odds ratio of
            lying above any two cuts, which is estimated. correction: of the robust variance, for few
            participants.
    Returns:
        A fit whose `beta` begins with the thresholds, one fewer than there are categories, in the place of
        the intercept; the others are logarithms of the odds of a higher category.
    Raises:
        ValueError: when the rows do not allow the fit; the message says why.
    Sources: McCullagh 1980, JRSS B 42:109; Lipsitz, Kim & Zhao 1994, Statistics in Medicine 13:1149; Heagerty
        & Zeger 1996, JASA 91:1024; Mancl & DeRouen 2001. With independence equivalent in its estimates to R
        `MASS::polr` and SAS `proc genmod` with `dist=multinomial`; R `geepack::ordgee` is not, even where
        every participant has one visit.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"correction {correction!r} is not known; write one of: {', '.join(CORRECTIONS)}")
    if correlation not in ASSOCIATIONS:
        raise ValueError(
            f"correlation {correlation!r} is none of ordered categories; write {' or '.join(ASSOCIATIONS)}"
        )
    rows = read_rows(formula, data)
    if not (rows.x[:, 0] == 1).all():
        raise ValueError("thresholds stand in the place of the intercept; take '0 +' or '- 1' out of `fixed`")
    levels, codes = np.unique(rows.y, return_inverse=True)
    cuts = levels.size - 1
    if not cuts:
        raise ValueError("every value is of one category: there is nothing to compare")
    _, cluster = np.unique(read_identity(data, subject).codes[rows.used], return_inverse=True)
    place, _ = places_of(data, visit, cluster, rows)
    clusters, q = int(cluster.max()) + 1, cuts + rows.x.shape[1] - 1
    if clusters <= q:
        raise ValueError(f"{clusters} participants cannot tell {q} coefficients and thresholds apart")
    above = (codes[:, None] > np.arange(cuts)).astype(np.float64)
    thresholds = np.broadcast_to(np.eye(cuts), (rows.n, cuts, cuts))
    slopes = np.broadcast_to(rows.x[:, None, 1:], (rows.n, cuts, rows.x.shape[1] - 1))
    x: Floats = np.concatenate([thresholds, slopes], axis=2)
    beta = _solve(x, above, codes)
    patterns = patterns_of(cluster, place)
    log_odds = None
    if correlation == "exchangeable" and any(own.shape[1] > 1 for own in patterns):
        beta, log_odds = _solve_together(x, above, patterns, beta)
    bread, parts = _parts(x, above, patterns, beta, log_odds or 0.0)
    covariance = sandwich(bread, parts, correction)
    title = f"generalised estimating equations, proportional odds, {NAMED[correction]} correction"
    notes = (
        *rows.notes,
        "working correlation independence"
        if log_odds is None
        else f"working odds ratio of two visits, for every two cuts: {np.exp(log_odds):.4g}",
        "one odds ratio for every cut of the categories",
    )
    return Gee(rows, beta, covariance, np.eye(int(place.max()) + 1), 1.0, clusters, title, notes)


def _solve(x: Floats, above: Floats, codes: np.ndarray) -> Floats:
    """The coefficients, by Fisher's scoring from those of no effect; each step goes uphill."""
    cuts = above.shape[1]
    beta = np.zeros(x.shape[2])
    beta[:cuts] = logit(above.mean(0))
    height = _log_likelihood(x, beta, codes)
    for _ in range(ITERATIONS):
        mu, d, inverse = _moments(x, beta)
        step = np.linalg.solve(
            np.einsum("ncq,ncr->qr", d, inverse), np.einsum("ncq,nc->q", inverse, above - mu)
        )
        for _ in range(30):
            new = _log_likelihood(x, beta + step, codes)
            if new >= height - 1e-9 * abs(height):
                break
            step = step / 2
        beta, height = beta + step, new
        reach = float(np.abs(x @ beta).max())
        if reach > FAR or (reach > WIDE and _separated(x, above)):
            raise ValueError(SEPARATED)
        if float(np.abs(step).max()) < ENOUGH * max(1.0, float(np.abs(beta).max())):
            return beta
    raise ValueError("the estimating equations found no solution")


def _solve_together(x: Floats, above: Floats, patterns: list[Places], beta: Floats) -> tuple[Floats, float]:
    """The coefficients and the logarithm of the odds ratio of two visits, each given the other in turn."""
    log_odds = 0.0
    for _ in range(ITERATIONS):
        mu = expit(x @ beta)
        moved = next_log_odds(mu, above, patterns, log_odds) - log_odds
        log_odds += moved
        if abs(log_odds) > STRONGEST:
            raise ValueError(
                "the odds ratio of two visits has no finite value here; write `correlation: independence`"
            )
        bread, parts = _parts(x, above, patterns, beta, log_odds)
        step = np.linalg.solve(
            bread, sum(np.einsum("ksq,ks->q", inverse, rest) for _, inverse, rest in parts)
        )
        beta = beta + step
        if float(np.abs(x @ beta).max()) > FAR:
            raise ValueError(SEPARATED)
        if max(float(np.abs(step).max()), abs(moved)) < ENOUGH * max(1.0, float(np.abs(beta).max())):
            return beta, log_odds
    raise ValueError("the estimating equations found no solution; write `correlation: independence`")


def _parts(
    x: Floats, above: Floats, patterns: list[Places], beta: Floats, log_odds: float
) -> tuple[Floats, list[tuple[Floats, Floats, Floats]]]:
    """The information (q, q), and of each pattern slopes, these times the inverse of V, and residuals."""
    mu = expit(x @ beta)
    d = x * (mu * (1 - mu))[..., None]
    q = beta.size
    bread, parts = np.zeros((q, q)), []
    for own in patterns:
        flat = d[own].reshape(len(own), -1, q)
        variance = Pairs.of(mu[own], log_odds).covariance(mu[own])
        if log_odds and float(np.linalg.eigvalsh(variance)[:, 0].min()) <= 0:
            raise ValueError(
                "one odds ratio for every two visits and cuts is no covariance here; "
                "write `correlation: independence`"
            )
        inverse: Floats = np.asarray(np.linalg.solve(variance, flat), dtype=np.float64)
        bread += np.einsum("ksq,ksr->qr", flat, inverse)
        parts.append((flat, inverse, (above - mu)[own].reshape(len(own), -1)))
    return bread, parts


def _separated(x: Floats, above: Floats) -> bool:
    """Whether a direction takes every category apart: that of the cuts, each a yes or no, all together."""
    return separates(x.reshape(-1, x.shape[2]), above.reshape(-1))


def _log_likelihood(x: Floats, beta: Floats, codes: np.ndarray) -> float:
    mu = expit(x @ beta)
    whole = np.column_stack([np.ones(len(mu)), mu, np.zeros(len(mu))])
    place = np.arange(len(mu))
    share = whole[place, codes] - whole[place, codes + 1]
    return float(np.log(share).sum()) if (share > 0).all() else -np.inf


def _moments(x: Floats, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Means (n, cuts), their slopes (n, cuts, q), and these times the inverse of the multinomial variance."""
    mu = expit(x @ beta)
    d = x * (mu * (1 - mu))[..., None]
    lower = np.minimum(mu[:, :, None], mu[:, None, :])  # above the higher of two cuts is above both
    variance = lower - mu[:, :, None] * mu[:, None, :]
    inverse: Floats = np.asarray(np.linalg.solve(variance, d), dtype=np.float64)
    return mu, d, inverse
