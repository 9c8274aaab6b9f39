"""Many small symmetric matrices at once: packing, inverses, products of Kronecker kind.

Shapes end in the matrix; everything before is a batch axis. The half of a symmetric matrix is packed in
SAS's order, (0, 0), (0, 1), (1, 1), (0, 2), ..., so that a leading block comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.integer[Any]]
"""indices as narrow as they can be, because a frame has many rows"""
Flags = NDArray[np.bool_]

# Below this many matrices LAPACK's calls are cheaper than loops over elements with the batch innermost.
FEW = 48


@dataclass(frozen=True)
class Half:
    """Where the elements of a symmetric n x n matrix lie in its packed half of h = n (n + 1) / 2."""

    n: int
    row: Ints
    """(h,) row of each packed element"""
    column: Ints
    """(h,) column of each packed element"""
    place: Ints
    """(n, n) packed place of each element"""
    times: Floats
    """(h,) how often each packed element occurs: 1 on the diagonal, 2 off it"""

    def pack(self, full: Floats) -> Floats:
        """The packed half of symmetric matrices (..., n, n) as (..., h)."""
        flat = full.reshape(*full.shape[:-2], self.n * self.n)
        packed: Floats = np.take(flat, self.row * self.n + self.column, axis=-1)
        return packed

    def unpack(self, packed: Floats) -> Floats:
        """The matrices (..., n, n) of packed halves (..., h)."""
        full: Floats = np.take(packed, self.place, axis=-1)
        return full


@lru_cache(maxsize=64)
def half(n: int) -> Half:
    """The packing of symmetric n x n matrices."""
    column, row = np.tril_indices(n)
    place = np.zeros((n, n), dtype=np.int64)
    place[row, column] = place[column, row] = np.arange(row.size)
    return Half(n, row, column, place, np.where(row == column, 1.0, 2.0))


def invert(matrices: Floats) -> tuple[Floats, Floats]:
    """Inverses and log determinants of symmetric matrices; NaN where one is not positive definite.

    Args:
        matrices: (..., m, m)

    Returns:
        the inverses (..., m, m) and the log determinants (...)
    """
    m = matrices.shape[-1]
    count = int(np.prod(matrices.shape[:-2], dtype=np.int64))
    if count < FEW or m > 16:
        lower = cholesky(matrices.reshape(count, m, m))
        root = invert_lower(lower)
        inverse = np.swapaxes(root, -1, -2) @ root
        logdet = 2.0 * np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(-1)
        return inverse.reshape(matrices.shape), logdet.reshape(matrices.shape[:-2])
    return _invert_many(matrices)


def cholesky(matrices: Floats) -> Floats:
    """Lower Cholesky factors (..., n, n); NaN where a matrix is not positive definite."""
    try:
        return np.asarray(np.linalg.cholesky(matrices), dtype=np.float64)
    except np.linalg.LinAlgError:
        n = matrices.shape[-1]
        flat = matrices.reshape(-1, n, n)
        return np.stack([_cholesky_or_nan(one) for one in flat]).reshape(matrices.shape)


def _cholesky_or_nan(matrix: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)


def invert_lower(lower: Floats) -> Floats:
    """Inverses of lower triangular matrices (..., n, n), by forward substitution over rows.

    Of a few matrices by LAPACK's general inverse, whose call costs less; what it leaves above the diagonal
    is rounding.
    """
    n = lower.shape[-1]
    if lower.size < FEW * n * n and np.isfinite(lower).all():
        return np.asarray(np.tril(np.linalg.inv(lower)), dtype=np.float64)
    inverse = np.zeros_like(lower)
    for i in range(n):
        pivot = 1.0 / lower[..., i, i]
        if i:
            inverse[..., i, :i] = (
                -pivot[..., None] * np.matmul(lower[..., i, None, :i], inverse[..., :i, :i])[..., 0, :]
            )
        inverse[..., i, i] = pivot
    return inverse


def _invert_many(matrices: Floats) -> tuple[Floats, Floats]:
    """Inverses by symmetric Gauss-Jordan sweeps, the batch innermost so that every step is one vector."""
    m = matrices.shape[-1]
    lead = matrices.shape[:-2]
    work = np.ascontiguousarray(np.moveaxis(matrices.reshape(-1, m, m), 0, -1))
    logdet = np.zeros(work.shape[-1])
    bad = np.zeros(work.shape[-1], dtype=bool)
    with np.errstate(all="ignore"):
        for k in range(m):
            pivot = work[k, k].copy()
            bad |= ~(pivot > 0.0)
            logdet += np.log(pivot)
            scaled = work[k] / pivot
            column = work[:, k].copy()
            work -= column[:, None] * scaled[None]
            work[k] = scaled
            work[:, k] = -column / pivot
            work[k, k] = 1.0 / pivot
    work[..., bad] = np.nan
    logdet[bad] = np.nan
    inverse = np.moveaxis(work, -1, 0)
    inverse = 0.5 * (inverse + np.swapaxes(inverse, -1, -2))
    return inverse.reshape(matrices.shape), logdet.reshape(lead)


@lru_cache(maxsize=64)
def kronecker_places(m: int) -> tuple[Ints, Ints, Floats]:
    """Where the two products of `trace_products` lie in a flat (m, m, m, m), and how often they count."""
    grid = half(m)
    i, j = grid.row[:, None], grid.column[:, None]
    a, b = grid.row[None], grid.column[None]
    straight = (b * m + i) * m * m + (j * m + a)
    crossed = (a * m + i) * m * m + (j * m + b)
    share = 0.5 * grid.times[:, None] * grid.times[None]
    return straight, crossed, share


def trace_products(x: Floats, w: Floats) -> Floats:
    """Sum over p of tr(X_p E_k W_p E_l), symmetrised in X and W, for all unit symmetric E_k, E_l.

    E_k has ones where the k-th packed element of a symmetric m x m matrix stands.

    Args:
        x, w: (..., P, m, m), symmetric

    Returns:
        (..., h, h) with h = m (m + 1) / 2
    """
    m = x.shape[-1]
    patterns = x.shape[-3]
    lead = x.shape[:-3]
    straight, crossed, share = kronecker_places(m)
    xs = x.reshape(*lead, patterns, m * m)
    ws = w.reshape(*lead, patterns, m * m)
    outer = np.swapaxes(xs, -1, -2) @ ws
    outer = 0.5 * (outer + np.swapaxes(outer, -1, -2))
    flat = outer.reshape(*lead, m**4)
    result: Floats = share * (np.take(flat, straight, axis=-1) + np.take(flat, crossed, axis=-1))
    return result


@lru_cache(maxsize=64)
def spread_places(m: int) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    """Where the four factors of `spread` lie in a flat (m, m), and how often they count."""
    grid = half(m)
    i, j = grid.row[:, None], grid.column[:, None]
    a, b = grid.row[None], grid.column[None]
    share = 0.5 * grid.times[:, None] * grid.times[None]
    return i * m + a, j * m + b, i * m + b, j * m + a, share


def spread(w: Floats) -> Floats:
    """tr(W_p E_k W_p E_l) for W (..., P, m, m), patterns side by side: (..., h, P h)."""
    m, patterns = w.shape[-1], w.shape[-3]
    ia, jb, ib, ja, share = spread_places(m)
    flat = w.reshape(*w.shape[:-2], m * m)
    squares = np.take(flat, ia, axis=-1) * np.take(flat, jb, axis=-1)
    squares += np.take(flat, ib, axis=-1) * np.take(flat, ja, axis=-1)
    squares *= share
    side_by_side = np.swapaxes(squares, -3, -2)
    return side_by_side.reshape(*w.shape[:-3], ia.shape[0], patterns * ia.shape[0])
