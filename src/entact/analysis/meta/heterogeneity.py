"""Intervals of the variance between trials: by profiling Q, and by profiling the likelihood."""

from __future__ import annotations

from typing import Literal

from scipy.optimize import brentq
from scipy.special import chdtri

from entact.analysis.meta.between import Vector, log_likelihood, q_root

Method = Literal["q-profile", "profile-likelihood", "profile-restricted-likelihood"]


def q_profile(y: Vector, v: Vector, x: Vector, level: float) -> tuple[float, float]:
    """The τ² for which Q is neither too large nor too small to be χ² with k - p degrees of freedom; exact.

    Both ends are 0 where trials agree better than chance would let them.
    Source: Viechtbauer 2007, Statistics in Medicine 26:37 (Q at τ² equals the χ² quantile); Knapp,
        Biggerstaff & Hartung 2006, Biometrical Journal 48:271.
    """
    df = x.shape[0] - x.shape[1]
    tail = (1 - level) / 2
    low, high = (q_root(y, v, x, float(chdtri(df, one))) for one in (tail, 1 - tail))
    return low, high


def profile_likelihood(
    y: Vector, v: Vector, x: Vector, level: float, tau2: float, *, restricted: bool
) -> tuple[float, float]:
    """The τ² whose (restricted) log-likelihood is within half a χ² quantile of the highest.

    Args:
        tau2: at which it is highest.
    Source: Hardy & Thompson 1996, Statistics in Medicine 15:619; with the restricted likelihood
        Viechtbauer 2007.
    """
    least = log_likelihood(y, v, x, tau2, restricted=restricted) - float(chdtri(1, 1 - level)) / 2

    def above(at: float) -> float:
        return log_likelihood(y, v, x, at, restricted=restricted) - least

    low = 0.0
    if tau2 > 0 and above(0.0) < 0:
        low = float(brentq(above, 0.0, tau2, xtol=1e-15 * tau2, rtol=1e-14))
    high = max(tau2, float(v.max()))
    while above(high) > 0:
        high *= 4
    return low, float(brentq(above, tau2, high, xtol=1e-15 * high, rtol=1e-14))
