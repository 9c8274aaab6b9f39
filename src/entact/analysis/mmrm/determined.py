"""Whether data determine a covariance: a flat likelihood has an end too, and it means nothing."""

from __future__ import annotations

import numpy as np

from entact.analysis.mmrm.small import Flags, Floats, half

DETERMINED = 0.1
"""Degrees of freedom that every variance in the covariance must have: a t with fewer says nothing."""
SINGULAR = 1e-10
"""Least eigenvalue of a correlation matrix that is not singular."""


def determined(theta: Floats, w: Floats, m: int) -> Flags:
    """Which of many unstructured covariances are determined.

    Args:
        theta: (T, h) the covariances, packed. w: (T, h, h) inverse information of them. m: visits.
    Returns:
        (T,) whether no correlation matrix is singular, and each variance along its principal axes has as many
        degrees of freedom, 2 v² / var(v), as a t needs.
    """
    grid = half(m)
    v = grid.unpack(theta)
    good: Flags = np.asarray(np.isfinite(v).all((-2, -1)) & np.isfinite(w).all((-2, -1)), dtype=np.bool_)
    variances = np.diagonal(v, axis1=-2, axis2=-1)
    good &= (np.where(np.isfinite(variances), variances, 0.0) > 0.0).all(-1)
    safe = np.where(good[:, None, None], v, np.eye(m))
    s = np.sqrt(np.diagonal(safe, axis1=-2, axis2=-1))
    values, vectors = np.linalg.eigh(safe / (s[:, :, None] * s[:, None, :]))
    axes = vectors / s[:, :, None]
    squares = grid.times * axes[:, grid.row].swapaxes(-1, -2) * axes[:, grid.column].swapaxes(-1, -2)
    own = (squares @ np.where(good[:, None], theta, 0.0)[..., None])[..., 0]
    spread = ((squares @ np.where(good[:, None, None], w, 0.0)) * squares).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = (2.0 * own**2 / np.abs(spread)).min(-1)
    good &= definite_of(np.where(good[:, None, None], w, np.eye(w.shape[-1])))
    found: Flags = good & (values[:, 0] >= SINGULAR) & (freedom >= DETERMINED)
    return found


def definite_of(hessian: Floats) -> Flags:
    """Which of many symmetric matrices (T, K, K) are positive definite."""
    try:
        np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        flags: Flags = np.linalg.eigvalsh(hessian)[..., 0] > 0.0
        return flags
    return np.ones(len(hessian), dtype=bool)


def inverse_or_nan(hessian: Floats) -> Floats:
    """Their inverses; NaN where one is not positive definite."""
    right = definite_of(np.where(np.isfinite(hessian), hessian, 0.0))
    result: Floats = np.full_like(hessian, np.nan)
    try:
        result[right] = np.linalg.inv(hessian[right])
    except np.linalg.LinAlgError:  # definite by a rounding error
        for place in np.flatnonzero(right):
            values, vectors = np.linalg.eigh(hessian[place])
            if values[0] > SINGULAR**2 * values[-1]:
                result[place] = (vectors / values) @ vectors.T
    return result


def solve_each(matrix: Floats, right: Floats) -> tuple[Floats, Flags]:
    """Solutions (T, K) of many systems, and which there are: 0 where a matrix is singular."""
    every: Flags = np.ones(len(matrix), dtype=bool)
    try:
        step: Floats = np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0], dtype=np.float64)
        return step, every
    except np.linalg.LinAlgError:
        found: Floats = np.zeros_like(right)
        for place, one in enumerate(matrix):
            try:
                found[place] = np.linalg.solve(one, right[place])
            except np.linalg.LinAlgError:
                every[place] = False
        return found, every
