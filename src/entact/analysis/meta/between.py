"""The variance between trials, by the usual estimators, and what follows from it by weighted least squares.

With `W = diag(1 / (v + τ²))` and `P = W - WX(X'WX)⁻¹X'W`, everything here is a trace or a quadratic form of
P, so that nothing larger than a coefficient-by-coefficient matrix is made. Estimators that maximise a
likelihood or solve an equation are solved by bracketing, to the last digits, not by a fixed number of scoring
steps; the likelihood is looked at over its whole range first, because it can have two maxima.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Between = Literal["fixed", "REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS"]
ESTIMATORS: Final[tuple[str, ...]] = get_args(Between)
Vector = NDArray[np.float64]

_GRID: Final = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 25)])
_OUTWEIGHS: Final = 0.99
_TOLERANCE: Final = 4 * np.finfo(float).eps


@dataclass(frozen=True, slots=True)
class Weighted:
    """Weighted least squares at one τ².

    Attributes:
        beta: coefficients. inverse: (X'WX)⁻¹, their covariance. residuals: y - Xβ. weights: 1 / (v + τ²).
        q: y'Py, the weighted sum of squared residuals.
    """

    beta: Vector
    inverse: Vector
    residuals: Vector
    weights: Vector
    q: float


def weighted(y: Vector, v: Vector, x: Vector, tau2: float) -> Weighted:
    """Weighted least squares at a τ²."""
    w = 1 / (v + tau2)
    if x.shape[1] == 1:  # a mean alone: a tenth of the time
        # About the most precise trial: its residual keeps its digits, however much it outweighs the others.
        centre = y[int(np.argmax(w))]
        away = y - centre
        one = 1 / float(w.sum())
        mean = one * float(w @ away)
        residuals = away - mean
        return Weighted(
            np.array([centre + mean]), np.array([[one]]), residuals, w, float(w @ (residuals * residuals))
        )
    # By QR, which keeps the digits of a moderator far from 0, such as a year.
    root = np.sqrt(w)
    q, r = np.linalg.qr(x * root[:, None])
    back = np.linalg.inv(r)
    inverse, beta = back @ back.T, back @ (q.T @ (y * root))
    residuals = y - x @ beta
    return Weighted(beta, inverse, residuals, w, float(w @ (residuals * residuals)))


def estimate_tau2(y: Vector, v: Vector, x: Vector, method: Between) -> tuple[float, float]:
    """τ² and its standard error, by one method.

    Args:
        y: estimates, (k,). v: their variances, (k,). x: design, (k, p) with p < k; of one column, ones.
    Sources: DL DerSimonian & Laird 1986, Controlled Clinical Trials 7:177, eq. 8; HE Hedges 1983,
        Psychological Bulletin 93:388; HS Hunter & Schmidt 1990; SJ Sidik & Jonkman 2005, Applied Statistics
        54:367, with their start Σ(y - ȳ)²/k; PM Paule & Mandel 1982, J Res Natl Bur Stand 87:377; EB Morris
        1983, JASA 78:47 (whose root is that of PM); ML, REML Raudenbush 2009; all with moderators and the
        errors of τ² as in Viechtbauer, López-López, Sánchez-Meca & Marín-Martínez 2015, Psychological Methods
        20:360, Table 1.
    """
    k, p = x.shape
    df = k - p
    match method:
        case "fixed":
            return 0.0, 0.0
        case "DL":
            at = weighted(y, v, x, 0.0)
            trace, square = traces(at, x)
            tau2 = max(0.0, (at.q - df) / trace)
            return tau2, float(np.sqrt(2 * df + 4 * tau2 * trace + 2 * tau2**2 * square) / trace)
        case "HS":
            at = weighted(y, v, x, 0.0)
            trace, square = traces(at, x)
            total = float(at.weights.sum())
            tau2 = max(0.0, (at.q - k) / total)
            return tau2, float(np.sqrt(2 * df + 4 * tau2 * trace + 2 * tau2**2 * square) / total)
        case "HE":
            plain = np.eye(k) - x @ np.linalg.solve(x.T @ x, x.T)
            pv = plain * v
            tau2 = max(0.0, float(y @ plain @ y - np.trace(pv)) / df)
            square = float(np.sum(pv * pv.T))
            return tau2, float(np.sqrt(2 * square + 4 * tau2 * np.trace(pv) + 2 * tau2**2 * df) / df)
        case "SJ":
            start = float(np.mean((y - y.mean()) ** 2))
            if start == 0:
                return 0.0, 0.0
            at = weighted(y, v, x, start)
            tau2 = start * at.q / df
            whole = _projection(at, x)
            pv = whole * v
            spread = np.sum(pv * pv.T) + 2 * tau2 * np.sum(pv * whole) + tau2**2 * np.sum(whole * whole)
            return tau2, float(start / df * np.sqrt(2 * spread))
        case "PM" | "EB":
            tau2 = q_root(y, v, x, float(df))
            total = float(np.sum(1 / (v + tau2)))
            return tau2, float(np.sqrt(2 * k**2 / df) / total)
        case "ML" | "REML":
            tau2 = _most_likely(y, v, x, restricted=method == "REML")
            at = weighted(y, v, x, tau2)
            information = traces(at, x)[1] if method == "REML" else float(at.weights @ at.weights)
            return tau2, float(np.sqrt(2 / information))
        case _:
            raise ValueError(f"there is no estimator {method!r} of τ²; write one of: {', '.join(ESTIMATORS)}")


def q_root(y: Vector, v: Vector, x: Vector, wanted: float) -> float:
    """The τ² at which y'Py, which falls as τ² grows, is what is wanted; 0 where it is less already at 0."""
    if weighted(y, v, x, 0.0).q <= wanted:
        return 0.0
    plain = weighted(y, np.ones_like(v), x, 0.0).q
    high = plain / wanted  # y'Py < RSS / τ²
    while weighted(y, v, x, high).q > wanted:  # only by rounding
        high *= 2
    return _root(lambda tau2: weighted(y, v, x, tau2).q - wanted, 0.0, high)


def log_likelihood(y: Vector, v: Vector, x: Vector, tau2: float, *, restricted: bool) -> float:
    """The (restricted) log-likelihood, with all its constants, as metafor prints it.

    Source: Viechtbauer 2005, J Educ Behav Stat 30:261; the constant log|X'X| / 2 of Harville 1974, Biometrika
        61:383.
    """
    k, p = x.shape
    at = weighted(y, v, x, tau2)
    value = float(np.log(at.weights).sum()) - at.q - (k - p if restricted else k) * np.log(2 * np.pi)
    if restricted:
        value += np.linalg.slogdet(x.T @ x)[1] + np.linalg.slogdet(at.inverse)[1]
    return float(value / 2)


def _most_likely(y: Vector, v: Vector, x: Vector, *, restricted: bool) -> float:
    """The τ² of the highest (restricted) likelihood."""
    k, p = x.shape
    rss = weighted(y, np.ones_like(v), x, 0.0).q

    def score(tau2: float) -> float:
        at = weighted(y, v, x, tau2)
        pull = at.weights * at.residuals
        return float(pull @ pull) - (traces(at, x)[0] if restricted else float(at.weights.sum()))

    top = 4 * rss / (k - p) + float(v.max())
    grid = top * _GRID
    w = 1 / (v + grid[:, None])
    if p == 1:
        xwx = w.sum(1)
        away = y - y[int(np.argmin(v))]
        middle = (w @ away) / xwx
        misfit, log_det = (w * (away - middle[:, None]) ** 2).sum(1), np.log(xwx)
    else:
        squares = (w @ (x[:, :, None] * x[:, None, :]).reshape(k, p * p)).reshape(-1, p, p)
        xwy = w @ (x * y[:, None])
        beta = np.linalg.solve(squares, xwy[..., None])[..., 0]
        misfit = (w * (y - beta @ x.T) ** 2).sum(1)
        log_det = np.linalg.slogdet(squares)[1]
    values = np.log(w).sum(1) - misfit
    if restricted:
        values -= log_det
    best = int(np.argmax(values))
    low = grid[max(best - 1, 0)]
    high = grid[min(best + 1, len(grid) - 1)]
    if low == 0 and score(0.0) <= 0:
        # The likelihood falls at 0: 0 itself is the answer, or there is a maximum above it.
        if best == 0 or score(float(grid[best])) <= 0:
            return 0.0
        low = grid[best]
    return _root(score, float(low), float(high))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    at_low, at_high = function(low), function(high)
    if at_low * at_high >= 0:
        return low if abs(at_low) <= abs(at_high) else high
    return float(brentq(function, low, high, xtol=1e-15 * high, rtol=_TOLERANCE))


def traces(at: Weighted, x: Vector) -> tuple[float, float]:
    """tr(P) and tr(PP)."""
    w = at.weights
    if x.shape[1] == 1:
        total, squares = float(w.sum()), w * w
        if float(w.max()) < _OUTWEIGHS * total:
            s2, s3 = float(w @ w) / total, float(squares @ w) / total
            return total - s2, s2 * total - 2 * s3 + s2 * s2
        # Where one trial outweighs all others such differences have no digits left: sums of what is positive.
        own = w * _others(w)
        trace = float(own.sum()) / total
        return trace, (float(own @ own) + float(squares @ _others(squares))) / total**2
    second = at.inverse @ ((x.T * w**2) @ x)
    third = at.inverse @ ((x.T * w**3) @ x)
    trace = float(w.sum() - np.trace(second))
    return trace, float(w @ w - 2 * np.trace(third) + np.sum(second * second.T))


def _others(values: Vector) -> Vector:
    """For each value the sum of all others, without subtracting."""
    before, after = np.cumsum(values), np.cumsum(values[::-1])[::-1]
    told = np.zeros_like(values)
    told[1:] += before[:-1]
    told[:-1] += after[1:]
    return told


def _projection(at: Weighted, x: Vector) -> Vector:
    """P in full."""
    wx = x * at.weights[:, None]
    return np.diag(at.weights) - wx @ at.inverse @ wx.T
