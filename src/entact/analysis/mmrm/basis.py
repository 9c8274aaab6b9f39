"""The model matrix in a basis in which nothing is lost: rank, aliased columns, and the way back.

Raw cross-products lose digits when columns are large beside their spread (y + 1e6, a YEAR covariate). The fit
is therefore done on Z = sqrt(n) X R^-1 and on the residuals of ordinary least squares, with R from the
Cholesky factor of X'X where that is safe and from Householder QR where it is not. That Z is orthonormal only
to a few digits in the first case does no harm: what counts is that coefficients go back through the same R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entact.analysis.mmrm.small import Flags, Floats, Places

# Least share of a column's length that others must leave unexplained (R's lm and mmrm use the same 1e-7).
ALIASED = 1e-7
# Least squared share at which the Cholesky factor of X'X is still good to twelve digits.
SAFE = 1e-7


@dataclass(frozen=True)
class Basis:
    """How conditioned columns come from the columns of the model matrix."""

    kept: Flags
    """(columns,) False for a column that earlier ones already explain"""
    to_conditioned: Floats
    """(q, q) with z = x_kept @ to_conditioned"""
    offset: Floats
    """(q,) coefficients of ordinary least squares on the kept columns"""
    logdet: float
    """log|T'T| of T = to_conditioned^-1: what log|X'WX| gains on the way back"""
    aliases: Floats
    """(q, left out) the columns left out as combinations of the kept ones"""
    orthonormal: Floats | None
    """(n, q) the conditioned columns where they could not be formed by multiplication, unscaled by weights"""

    @property
    def q(self) -> int:
        """The rank."""
        return int(self.to_conditioned.shape[0])

    def coefficients(self, gamma: Floats) -> Floats:
        """Coefficients of the kept columns from those of the conditioned ones."""
        beta: Floats = self.offset + gamma @ self.to_conditioned.T
        return beta

    def contrasts(self, rows: Floats) -> Floats:
        """Rows l (r, columns), as rows on the conditioned coefficients (r, q)."""
        conditioned: Floats = rows[:, self.kept] @ self.to_conditioned
        return conditioned

    def estimable(self, rows: Floats) -> Flags:
        """Whether the data say anything about each row (r, columns): it must combine rows of x."""
        if self.kept.all():
            return np.ones(rows.shape[0], dtype=bool)
        implied = rows[:, self.kept] @ self.aliases
        size = np.abs(rows).max(axis=1, keepdims=True)
        ok: Flags = (np.abs(rows[:, ~self.kept] - implied) <= 1e-6 * np.maximum(size, 1e-300)).all(axis=1)
        return ok

    def estimable_part(self, rows: Floats) -> Floats:
        """Of the space that rows (r, columns) span, what the data say something about: (r' <= r, columns)."""
        if self.kept.all() or not rows.size:
            return rows
        own, implied = rows[:, ~self.kept], rows[:, self.kept] @ self.aliases
        beyond = own - implied
        beyond[np.abs(beyond) <= 1e-9 * (np.abs(own) + np.abs(rows[:, self.kept]) @ np.abs(self.aliases))] = (
            0.0
        )
        size = np.abs(beyond).max(axis=0)
        left, values, _ = np.linalg.svd(beyond / np.where(size > 0.0, size, 1.0), full_matrices=True)
        rank = int((values > 1e-6).sum())
        part: Floats = left[:, rank:].T @ rows
        return part

    def columns(self, x: Floats, rows: Places | slice) -> Floats:
        """The conditioned columns of these rows."""
        if self.orthonormal is not None:
            return self.orthonormal[rows]
        chosen = x[rows]
        if not self.kept.all():
            chosen = chosen[:, self.kept]
        product: Floats = chosen @ self.to_conditioned
        return product


def condition(x: Floats, y: Floats) -> tuple[Basis, Floats]:
    """The basis of the model matrix x (n, columns), and the residuals of y by ordinary least squares.

    Columns that earlier ones explain to within 1e-7 of their length are left out, as R does.
    """
    n, columns = x.shape
    gram = x.T @ x
    length = np.sqrt(np.diagonal(gram))
    if (length > 0.0).all():
        try:
            lower = np.linalg.cholesky(gram / np.outer(length, length))
        except np.linalg.LinAlgError:
            lower = np.zeros((columns, columns))
        if (np.diagonal(lower) ** 2 > SAFE).all():
            upper = lower.T * length
            inverse = np.linalg.inv(upper) * np.sqrt(n)
            offset, residuals = _least_squares(x, y, inverse)
            logdet = 2.0 * float(np.log(np.diagonal(upper)).sum()) - columns * np.log(n)
            whole = np.ones(columns, dtype=bool)
            return Basis(whole, inverse, offset, logdet, np.zeros((columns, 0)), None), residuals
    return _condition_carefully(x, y)


def _least_squares(x: Floats, y: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Coefficients and residuals, with one step of refinement in the conditioned basis."""
    n = x.shape[0]
    offset = inverse @ (inverse.T @ (x.T @ y)) / n
    residuals = x @ offset
    np.subtract(y, residuals, out=residuals)
    step = inverse @ (inverse.T @ (x.T @ residuals)) / n
    residuals -= x @ step
    return offset + step, residuals


def _condition_carefully(x: Floats, y: Floats) -> tuple[Basis, Floats]:
    n, columns = x.shape
    length = np.linalg.norm(x, axis=0)
    kept = length > 0.0
    scaled = x / np.where(kept, length, 1.0)
    factor: Floats = np.linalg.qr(scaled).R
    for column in range(columns):
        if not kept[column]:
            continue
        before = factor[:, :column][:, kept[:column]]
        own = factor[:, column]
        if before.shape[1]:
            q_before = np.linalg.qr(before)[0]
            own = own - q_before @ (q_before.T @ own)
            own = own - q_before @ (q_before.T @ own)
        kept[column] = np.linalg.norm(own) > ALIASED
    q, upper = np.linalg.qr(scaled[:, kept])
    orthonormal = q * np.sqrt(n)
    inverse = np.linalg.inv(upper) * np.sqrt(n) / length[kept][:, None]
    gamma = orthonormal.T @ y / n
    residuals = y - orthonormal @ gamma
    step = orthonormal.T @ residuals / n
    pivots = np.abs(np.diagonal(upper)) * length[kept]
    logdet = 2.0 * float(np.log(pivots).sum()) - int(kept.sum()) * float(np.log(n))
    aliases = inverse @ (orthonormal.T @ x[:, ~kept] / n)
    aliases[np.abs(aliases) * length[kept][:, None] <= 1e-9 * length[~kept]] = 0.0
    basis = Basis(kept, inverse, inverse @ (gamma + step), logdet, aliases, orthonormal)
    return basis, residuals - orthonormal @ step
