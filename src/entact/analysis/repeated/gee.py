"""Generalised estimating equations, with variances that hold for few participants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from entact.analysis.adjustment.logistic import separates
from entact.analysis.adjustment.model import Rows, read_rows
from entact.analysis.mmrm.columns import read_column, read_identity

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Correlation = Literal["independence", "exchangeable", "auto_regressive", "unstructured"]
CORRELATIONS: tuple[str, ...] = ("independence", "exchangeable", "auto_regressive", "unstructured")
Correction = Literal["mancl_derouen", "kauermann_carroll", "none"]
NAMED = {"mancl_derouen": "Mancl-DeRouen", "kauermann_carroll": "Kauermann-Carroll", "none": "no"}
CORRECTIONS = tuple(NAMED)
SEPARATED = (
    "covariates separate those with the event from those without: the estimating equations have no solution"
)
ITERATIONS, ENOUGH = 200, 1e-10
WIDE = 3.0  # a linear predictor that after a few steps may be on its way to infinity
FAR = 30.0  # a linear predictor beyond which a rate counts as 0 or 1, or a count as endless


@dataclass(frozen=True)
class Family:
    """How the mean follows from the linear predictor, and the variance from the mean."""

    measure: str
    mean: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    variance: Callable[[Floats], Floats]


def _logistic_slope(eta: Floats) -> Floats:
    rate: Floats = expit(eta)
    return rate * (1 - rate)


FAMILIES: dict[str, Family] = {
    "binomial": Family("odds ratio", lambda eta: expit(eta), _logistic_slope, lambda mu: mu * (1 - mu)),
    "poisson": Family("rate ratio", lambda eta: np.exp(eta), lambda eta: np.exp(eta), lambda mu: mu),
    "gaussian": Family("mean difference", lambda eta: eta, np.ones_like, np.ones_like),
}


@dataclass(frozen=True)
class Gee:
    """A fitted marginal model.

    Attributes:
        beta: (q,). covariance: (q, q), corrected as asked. alpha: working correlation of two visits, (m, m).
        scale: dispersion. clusters: participants.
    """

    rows: Rows
    beta: Floats
    covariance: Floats
    alpha: Floats
    scale: float
    clusters: int
    title: str
    notes: tuple[str, ...] = ()


def gee(
    formula: str,
    data: Any,
    *,
    subject: str,
    visit: str | None = None,
    family: str = "binomial",
    correlation: Correlation = "exchangeable",
    correction: Correction = "mancl_derouen",
) -> Gee:
    """A marginal model of repeated values by generalised estimating equations.

    Args:
        formula: value ~ terms. data: one row for each participant and visit. visit: its column, in order, for
            correlations that depend on it. family: binomial (logit), poisson (log) or gaussian.
        correction: of the robust variance, for few participants; `none` is Liang and Zeger's.
    Raises:
        ValueError: when the rows do not allow the fit; the message says why.
    Sources: Liang & Zeger 1986, Biometrika 73:13; Mancl & DeRouen 2001, Biometrics 57:126; Kauermann &
        Carroll 2001, JASA 96:1387. Equivalent to R `geepack::geeglm` with `geesmv`, moments over
        n less q.
    """
    if family not in FAMILIES:
        raise ValueError(f"a family {family!r} is not known; write one of: {', '.join(FAMILIES)}")
    if correlation not in CORRELATIONS or correction not in CORRECTIONS:
        raise ValueError(f"correlation {correlation!r} with correction {correction!r} is not known")
    rows, way = read_rows(formula, data), FAMILIES[family]
    if family == "binomial" and set(np.unique(rows.y)) - {0.0, 1.0}:
        raise ValueError("the outcome is a yes or no: true and false, or 1 and 0")
    if family == "poisson" and (rows.y < 0).any():
        raise ValueError("the outcome is a count, and one is below 0")
    who = read_identity(data, subject).codes[rows.used]
    _, cluster = np.unique(who, return_inverse=True)
    place, visits = places_of(data, visit, cluster, rows)
    n, q = rows.x.shape
    clusters = int(cluster.max()) + 1
    if clusters <= q:
        raise ValueError(f"{clusters} participants cannot tell {q} coefficients apart")
    patterns = patterns_of(cluster, place)
    beta, working = _start(rows, way), np.eye(visits)
    if family == "binomial" and np.abs(rows.x @ beta).max() > WIDE and separates(rows.x, rows.y):
        raise ValueError(SEPARATED)
    scale = 1.0
    for _ in range(ITERATIONS):
        mu, slope, sd = _moments(rows, way, beta)
        pearson = (rows.y - mu) / sd
        scale = float(pearson @ pearson) / (n - q)
        if not scale > 0:
            raise ValueError("the model fits every value without fault: no variance is left to judge by")
        working = _working(pearson, patterns, place, visits, scale, correlation, q)
        step = _step(rows, patterns, place, mu, slope, sd, working)
        beta = beta + step
        if float(np.abs(rows.x @ beta).max()) > FAR and family != "gaussian":
            raise ValueError(SEPARATED)
        if float(np.abs(step).max()) < ENOUGH * max(1.0, float(np.abs(beta).max())):
            break
    else:
        raise ValueError("the estimating equations found no solution")
    covariance = _robust(rows, way, beta, patterns, place, working, correction)
    notes = (
        *rows.notes,
        f"working correlation {correlation.replace('_', '-')}: {_told(working, correlation)}",
    )
    title = f"generalised estimating equations, {family}, {NAMED[correction]} correction"
    return Gee(rows, beta, covariance, working, scale, clusters, title, notes)


def places_of(
    data: Any, visit: str | None, cluster: NDArray[np.int64], rows: Rows
) -> tuple[NDArray[np.int64], int]:
    """The place of each row among the visits, and how many visits there are."""
    from entact.analysis.mmrm.columns import Factor

    if visit is None:
        place = np.zeros(rows.n, dtype=np.int64)
        for one in np.unique(cluster):
            own = np.flatnonzero(cluster == one)
            place[own] = np.arange(own.size)
        return place, int(place.max()) + 1
    column = read_column(data, visit)
    if not isinstance(column, Factor):
        raise ValueError(f"{visit!r} holds numbers: visits are categories here")
    codes = column.codes[rows.used].astype(np.int64)
    pairs = np.unique(np.stack([cluster, codes]), axis=1)
    if pairs.shape[1] < rows.n:
        raise ValueError("a participant has two rows at one visit, where one is meant")
    return codes, len(column.levels)


def patterns_of(cluster: Places, place: Places) -> list[Places]:
    """The rows of those who were seen at the same visits: (participants, visits) of each pattern."""
    order = np.lexsort((place, cluster))
    begins = np.flatnonzero(np.r_[True, np.diff(cluster[order]) > 0])
    found: dict[tuple[int, ...], list[Places]] = {}
    for own in np.split(order, begins[1:]):
        found.setdefault(tuple(place[own].tolist()), []).append(own)
    return [np.array(rows) for rows in found.values()]


def _start(rows: Rows, way: Family) -> Floats:
    """Independence with the canonical link, a few steps of Fisher's scoring."""
    middle = float(rows.y.mean())
    if way.measure == "odds ratio":
        middle = float(np.log((middle + 0.01) / (1.01 - middle)))
    elif way.measure == "rate ratio":
        middle = float(np.log(middle + 0.01))
    goal = np.full(rows.n, middle)
    beta: Floats = np.asarray(np.linalg.lstsq(rows.x, goal, rcond=None)[0], dtype=np.float64)
    for _ in range(4):  # nearer than this the steps of the equations themselves are as good
        mu, slope, sd = _moments(rows, way, beta)
        weight = (slope / sd) ** 2
        gram = (rows.x * weight[:, None]).T @ rows.x
        step = np.linalg.lstsq(gram, rows.x.T @ (slope / sd**2 * (rows.y - mu)), rcond=None)[0]
        beta = np.asarray(beta + step / max(1.0, float(np.abs(rows.x @ step).max()) / 3), dtype=np.float64)
    return beta


def _moments(rows: Rows, way: Family, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """(n,) means, slopes and standard deviations but for the scale."""
    eta = np.clip(rows.x @ beta, -FAR, FAR) if way.measure != "mean difference" else rows.x @ beta
    mu = way.mean(eta)
    return mu, way.slope(eta), np.sqrt(np.maximum(way.variance(mu), 1e-14))


def _working(
    pearson: Floats,
    patterns: list[Places],
    place: Places,
    visits: int,
    scale: float,
    correlation: str,
    q: int,
) -> Floats:
    """The working correlation (m, m) by moments; over the number of pairs less q."""
    if correlation == "independence" or visits == 1:
        return np.eye(visits)
    products, counts = np.zeros((visits, visits)), np.zeros((visits, visits))
    for own in patterns:
        at = np.ix_(place[own[0]], place[own[0]])
        products[at] += pearson[own].T @ pearson[own]
        counts[at] += len(own)
    upper = np.triu_indices(visits, 1)
    if correlation == "unstructured":
        least = np.maximum(counts - q, 1.0)
        found = products / least / scale
    else:
        if correlation == "auto_regressive":
            one = (np.arange(visits - 1), np.arange(1, visits))
        else:
            one = upper
        pairs = float(counts[one].sum()) - q
        if pairs <= 0:
            raise ValueError("too few participants have two visits to tell how these correlate")
        rho = float(products[one].sum()) / pairs / scale
        apart = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
        found = rho**apart if correlation == "auto_regressive" else np.full((visits, visits), rho)
    np.fill_diagonal(found, 1.0)
    if np.linalg.eigvalsh(found)[0] <= 1e-8:
        raise ValueError(f"the working correlation {correlation} is no correlation here; take another")
    whole: Floats = found
    return whole


def _step(
    rows: Rows,
    patterns: list[Places],
    place: Places,
    mu: Floats,
    slope: Floats,
    sd: Floats,
    working: Floats,
) -> Floats:
    bread, score = np.zeros((rows.x.shape[1],) * 2), np.zeros(rows.x.shape[1])
    for own in patterns:
        d = rows.x[own] * (slope[own] / sd[own])[..., None]
        at = place[own[0]]
        inverse = np.linalg.inv(working[np.ix_(at, at)]) @ d
        bread += (np.swapaxes(d, -1, -2) @ inverse).sum(0)
        score += np.einsum("ksq,ks->q", inverse, (rows.y[own] - mu[own]) / sd[own])
    step: Floats = np.asarray(np.linalg.solve(bread, score), dtype=np.float64)
    return step


def _robust(
    rows: Rows,
    way: Family,
    beta: Floats,
    patterns: list[Places],
    place: Places,
    working: Floats,
    correction: str,
) -> Floats:
    """The variance (q, q) of the coefficients."""
    mu, slope, sd = _moments(rows, way, beta)
    q = rows.x.shape[1]
    bread, parts = np.zeros((q, q)), []
    for own in patterns:
        at = place[own[0]]
        d = rows.x[own] * slope[own][..., None]
        spread = sd[own]
        inverse = np.linalg.inv(working[np.ix_(at, at)]) @ (d / spread[..., None]) / spread[..., None]
        bread += (np.swapaxes(d, -1, -2) @ inverse).sum(0)
        parts.append((d, inverse, rows.y[own] - mu[own]))
    return sandwich(bread, parts, correction)


def sandwich(bread: Floats, parts: list[tuple[Floats, Floats, Floats]], correction: str) -> Floats:
    """The robust variance (q, q), residuals in it corrected by each participant's leverage.

    Args:
        bread: (q, q) information. parts: of those with the same visits the slopes (k, s, q) of their s means,
            these times the inverse of their working variance, and their residuals (k, s).
    """
    inner = np.linalg.inv(bread)
    meat = np.zeros_like(bread)
    for d, inverse, rest in parts:
        own_part = np.eye(rest.shape[1]) - d @ inner @ np.swapaxes(inverse, -1, -2)
        if correction == "mancl_derouen":
            rest = np.asarray(np.linalg.solve(own_part, rest[..., None])[..., 0], dtype=np.float64)
        elif correction == "kauermann_carroll":
            rest = (_inverse_root(own_part) @ rest[..., None])[..., 0]
        score = np.einsum("ksq,ks->kq", inverse, rest)
        meat += score.T @ score
    found: Floats = np.asarray(inner @ meat @ inner, dtype=np.float64)
    return found


def _inverse_root(matrix: Floats) -> Floats:
    """One over the square roots of matrices that are no symmetric ones, by their eigenvalues."""
    values, vectors = np.linalg.eig(matrix)
    if values.real.min() <= 1e-12:
        raise ValueError("a participant has all the leverage: the Kauermann-Carroll correction has no root")
    root: Floats = np.real((vectors * values[..., None, :] ** -0.5) @ np.linalg.inv(vectors))
    return root


def _told(working: Floats, correlation: str) -> str:
    if correlation == "independence" or len(working) == 1:
        return "none"
    if correlation == "unstructured":
        return ", ".join(f"{one:.3f}" for one in working[np.triu_indices(len(working), 1)])
    return f"{working[0, 1]:.3f}"
