"""Degrees of freedom by Satterthwaite's method, for one row and for several.

One row l (Giesbrecht & Burns 1985): 2 (l'Cl)^2 / (h' w h), h_k = d(l'Cl)/dtheta_k = -l' C P_k C l.
Several rows (Fai & Cornelius 1996): the eigenvectors of L C L' give independent single rows, each with its
own degrees of freedom nu_i; with E = sum over nu_i > 2 of nu_i / (nu_i - 2) F has 2 E / (E - r).
"""

from __future__ import annotations

import numpy as np

from entact.analysis.mmrm.small import Floats


def freedom(rows: Floats, c: Floats, slopes: Floats, w: Floats) -> Floats:
    """Degrees of freedom (..., r) of each row (..., r, q) on its own.

    Args:
        c: (..., q, q) model-based covariance
        slopes: (..., K, q, q) P_k
        w: (..., K, K) covariance of theta
    """
    lc = rows @ c
    variance = (lc * rows).sum(-1)
    h = -((lc[..., None, :, :] @ slopes) * lc[..., None, :, :]).sum(-1)
    spread = (h * (w @ h)).sum(-2)
    df: Floats = 2.0 * variance**2 / spread
    return df


def f_test(rows: Floats, c: Floats, slopes: Floats, w: Floats, estimate: Floats) -> tuple[float, float]:
    """F statistic and denominator degrees of freedom of L beta = 0, for rows (r, q) and L beta (r,)."""
    r = rows.shape[0]
    values, vectors = np.linalg.eigh(rows @ c @ rows.T)
    turned = vectors.T @ rows
    t2 = (vectors.T @ estimate) ** 2 / values
    nu = freedom(turned, c, slopes, w)
    return float(t2.sum()) / r, joint_freedom(nu)


def joint_freedom(nu: Floats) -> float:
    """Degrees of freedom of an F statistic made of independent t statistics with these."""
    r = nu.size
    if np.ptp(nu) < 1e-8 * nu.mean():
        return float(nu.mean())
    e = float((nu[nu > 2.0] / (nu[nu > 2.0] - 2.0)).sum())
    return 2.0 * e / (e - r) if e > r else 2.0
