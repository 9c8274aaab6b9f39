"""REML and its two derivatives where V = sigma^2 I + sum_e Z_e (I x S_e) Z_e', from cross-products alone.

V is linear in its parameters, so that Harville's (1977) formulas hold as they stand. With P = V^-1 - V^-1 X
C X' V^-1
and D_k = dV / dtheta_k = Z E_k Z':

    d(-2 l)/d_k     = tr(P D_k) - y'P D_k P y
    d2(-2 l)/d_k d_l = -tr(P D_k P D_l) + 2 y'P D_k P D_l P y

P is only ever asked for between columns of [Z, X, y], where Woodbury's identity gives it from their
cross-products:
after one pass over the rows the cost depends on the number of effects, not of rows. What belongs to sigma^2
follows
from the rest, because V = sum theta_k D_k and P V P = P.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from entact.analysis.mixed.effects import Data, Part
from entact.analysis.mixed.inverse import Blocks, Dense, inverted
from entact.analysis.mmrm.small import Floats, half


@dataclass(frozen=True)
class Point:
    """Everything that is known at one theta."""

    theta: Floats
    value: float
    gradient: Floats
    """(K,)"""
    hessian: Floats
    """(K, K), observed"""
    expected: Floats
    """(K, K), expected"""
    gamma: Floats
    """(q,) coefficients in the conditioned basis"""
    c: Floats
    """(q, q)"""
    shrunk: Floats
    """(r,) Z' V^-1 (y - X beta): times G the predicted effects"""
    data: Data
    v_zz: Dense | Blocks
    """Z' V^-1 Z"""
    v_zx: Floats
    """(r, q) Z' V^-1 X"""
    information: Floats
    """(q, q) X' V^-1 X"""

    @property
    def slopes(self) -> Floats:
        """(K, q, q) -X' V^-1 D_k V^-1 X"""
        return -self._of_columns[0]

    @property
    def q_kl(self) -> Floats:
        """(K, K, q, q) X' V^-1 D_k V^-1 D_l V^-1 X"""
        return self._of_columns[1]

    @cached_property
    def _of_columns(self) -> tuple[Floats, Floats]:
        """X' V^-1 D_k V^-1 X and X' V^-1 D_k V^-1 D_l V^-1 X: asked for at the end of a search alone."""
        k, (r, q) = self.data.size - 1, self.v_zx.shape
        # without rows when every effect has left the model
        moved = np.array([_apply(self.data, self.v_zx, one) for one in range(k)]).reshape(k, r, q)
        turned = moved.transpose(0, 2, 1)
        double = self.v_zz.times(moved).transpose(0, 2, 1)[:, None] @ moved
        return _with_residual(self.theta, self.information, turned @ self.v_zx, double)


def evaluate(data: Data, theta: Floats, *, reml: bool) -> Point | None:
    """-2 log likelihood and its derivatives; None where V is not positive definite."""
    sigma2 = float(theta[-1])
    if not sigma2 > 0.0:
        return None
    r, q = data.z_z.shape[0], data.q
    try:
        roots: list[Floats] = [
            np.asarray(np.linalg.cholesky(own), dtype=np.float64) for own in data.matrices(theta)
        ]
        # V^-1 between [Z, X, y]
        v_zz, half_zx, factor_log = inverted(data, roots, sigma2)
        v_zx = (data.z_x - v_zz.half(half_zx)) / sigma2
        v_xx = (data.x_x - half_zx.T @ half_zx) / sigma2
        information = v_xx[:q, :q]
        c_root = np.linalg.inv(np.linalg.cholesky(information))
    except np.linalg.LinAlgError:
        return None
    c = c_root.T @ c_root
    gamma = c @ v_xx[:q, q]
    quadratic = float(v_xx[q, q] - v_xx[:q, q] @ gamma)
    logdet = (data.n - r) * np.log(sigma2) + 2.0 * factor_log
    value = logdet + quadratic - (2.0 * np.log(np.diagonal(c_root)).sum() if reml else 0.0)
    residual = v_zx[:, q] - v_zx[:, :q] @ gamma

    # Z'PZ is v_zz - fixed fixed'
    fixed = v_zx[:, :q] @ c_root.T
    traces, pairs = v_zz.traces(data, fixed if reml else fixed[:, :0])
    turned = np.array([_apply(data, residual, k) for k in range(data.size - 1)]).reshape(data.size - 1, r)
    quadratics = turned @ residual
    across = turned @ fixed
    mixed = turned @ v_zz.times(turned.T) - across @ across.T
    free = data.n - q if reml else data.n
    traces, pairs = _with_residual(theta, free, traces, pairs)
    quadratics, mixed = _with_residual(theta, quadratic, quadratics, mixed)

    return Point(
        theta,
        float(value),
        traces - quadratics,
        2.0 * mixed - pairs,
        pairs,
        gamma,
        c,
        residual,
        data,
        v_zz,
        v_zx[:, :q],
        information,
    )


def _with_residual(theta: Floats, whole: float | Floats, one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """What belongs to sigma^2 added: f(V) = sum theta_k f(D_k), and f(V, D_l) = f(D_l)."""
    k = len(theta) - 1
    sigma2, own = theta[-1], theta[:-1]
    last = (whole - np.tensordot(own, one, axes=1)) / sigma2
    ones = np.concatenate([one, np.asarray(last)[None]])
    tail = np.shape(whole)
    pairs = np.zeros((k + 1, k + 1, *tail))
    pairs[:k, :k] = two
    # f(D_k, V) = f(D_k) = sum_l theta_l f(D_k, D_l)
    column = (one - np.tensordot(two, own, axes=(1, 0))) / sigma2
    row = column if not tail else (one - np.tensordot(two, own, axes=(0, 0))) / sigma2
    pairs[:k, k], pairs[k, :k] = column, row
    pairs[k, k] = (last - np.tensordot(own, column, axes=1)) / sigma2
    return ones, pairs


def _place(data: Data, k: int) -> tuple[Part, int, int]:
    for part in data.parts:
        if k < part.parameters:
            grid = half(part.c)
            return part, int(grid.row[k]), int(grid.column[k])
        k -= part.parameters
    raise IndexError(k)


def _apply(data: Data, columns: Floats, k: int) -> Floats:
    """E_k times columns (r, ...)."""
    part, i, j = _place(data, k)
    result = np.zeros_like(columns)
    rows = part.first + np.arange(len(part.groups)) * part.c
    result[rows + i] = columns[rows + j]
    result[rows + j] = columns[rows + i]
    return result
