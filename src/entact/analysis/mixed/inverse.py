"""V^-1 between the columns of the random effects: a dense matrix, or a block for each group.

With one effect, Z'Z has a block for each group and nothing between groups, and so has Z'V^-1 Z. What then
goes over all pairs of groups in Z'PZ is of the rank of X, and is summed without being written out: the cost
grows with the number of groups, where a dense matrix costs its cube.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entact.analysis.mixed.effects import Data
from entact.analysis.mmrm.small import Floats, half


@dataclass(frozen=True, slots=True)
class Dense:
    """Z' V^-1 Z of several effects."""

    v: Floats
    """(r, r)"""
    root: Floats
    """(r, r) H with sigma^2 Z' V^-1 Z = Z'Z - H'H"""

    def times(self, columns: Floats) -> Floats:
        """Z' V^-1 Z times columns (..., r, k)."""
        return self.v @ columns

    def half(self, columns: Floats) -> Floats:
        """H' times columns (r, k)."""
        return self.root.T @ columns

    def traces(self, data: Data, fixed: Floats) -> tuple[Floats, Floats]:
        """tr(P D_k) and tr(P D_k P D_l) where Z'PZ = Z' V^-1 Z - fixed fixed', fixed (r, q)."""
        p = self.v - fixed @ fixed.T
        size = data.size - 1
        one, two = np.zeros(size), np.zeros((size, size))
        begin = 0
        for part in data.parts:
            block = slice(part.first, part.first + part.size)
            own = p[block, block].reshape(len(part.groups), part.c, len(part.groups), part.c)
            grid = half(part.c)
            summed = np.einsum("gagb->ab", own)
            one[begin : begin + part.parameters] = grid.times * summed[grid.row, grid.column]
            start = 0
            for other in data.parts:
                across = p[block, other.first : other.first + other.size]
                across = across.reshape(len(part.groups), part.c, len(other.groups), other.c)
                flat = across.transpose(1, 3, 0, 2).reshape(part.c * other.c, -1)
                s = (flat @ flat.T).reshape(part.c, other.c, part.c, other.c)
                two[begin : begin + part.parameters, start : start + other.parameters] = _pairs(s)
                start += other.parameters
            begin += part.parameters
        return one, two


@dataclass(frozen=True, slots=True)
class Blocks:
    """Z' V^-1 Z of one effect."""

    v: Floats
    """(g, c, c)"""
    root: Floats
    """(g, c, c) H of each group"""

    def times(self, columns: Floats) -> Floats:
        """Z' V^-1 Z times columns (..., r, k)."""
        *before, r, k = columns.shape
        found: Floats = (self.v @ columns.reshape(*before, len(self.v), -1, k)).reshape(*before, r, k)
        return found

    def half(self, columns: Floats) -> Floats:
        """H' times columns (r, k)."""
        own = columns.reshape(len(self.v), -1, columns.shape[1])
        found: Floats = (self.root.transpose(0, 2, 1) @ own).reshape(columns.shape)
        return found

    def traces(self, _data: Data, fixed: Floats) -> tuple[Floats, Floats]:
        """The same as of `Dense`."""
        g, c = self.v.shape[:2]
        grid, w = half(c), fixed.reshape(g, c, -1)
        taken = w @ w.transpose(0, 2, 1)
        within = self.v - taken
        one = grid.times * within.sum(axis=0)[grid.row, grid.column]
        inside, off = within.reshape(g, -1), taken.reshape(g, -1)
        # [a, c, b, d], over pairs of groups in three parts: within a group, less what the last part has of
        # it too, and all pairs by their low rank
        s = (inside.T @ inside - off.T @ off).reshape(c, c, c, c)
        summed = np.einsum("gap,gbq->abpq", w, w).reshape(c * c, -1)
        s = s + (summed @ summed.T).reshape(c, c, c, c).transpose(0, 2, 1, 3)
        return one, _pairs(s)


def inverted(data: Data, roots: list[Floats], sigma2: float) -> tuple[Dense | Blocks, Floats, float]:
    """Z' V^-1 Z, the square root of what V takes off z_x (r, q + 1), and log |L'Z'Z L + sigma^2 I| / 2.

    Args:
        roots: L of each effect, S = L L'.
    Raises:
        LinAlgError: where V is not positive definite.
    """
    if len(data.parts) == 1:
        [part], [root] = data.parts, roots
        g, c = len(part.groups), part.c
        z_z = data.z_z.reshape(g, c, g, c)[np.arange(g), :, np.arange(g), :]
        turned = root.T @ z_z
        inner = turned @ root + sigma2 * np.eye(c)
        factor = np.linalg.cholesky(inner)
        right = np.concatenate([turned, root.T @ data.z_x.reshape(g, c, -1)], axis=2)
        found = np.linalg.solve(factor, right)
        h, half_zx = found[:, :, :c], found[:, :, c:].reshape(g * c, -1)
        log = float(np.log(np.diagonal(factor, axis1=1, axis2=2)).sum())
        return Blocks((z_z - h.transpose(0, 2, 1) @ h) / sigma2, h), half_zx, log
    r = data.z_z.shape[0]
    turned_zz = _turned(data, roots, data.z_z)
    inner = _turned(data, roots, turned_zz.T)
    inner[np.diag_indices(r)] += sigma2
    factor = np.linalg.cholesky(inner)
    found = np.linalg.solve(factor, np.hstack([turned_zz, _turned(data, roots, data.z_x)]))
    h = found[:, :r]
    log = float(np.log(np.diagonal(factor)).sum())
    return Dense((data.z_z - h.T @ h) / sigma2, h), found[:, r:], log


def _turned(data: Data, roots: list[Floats], columns: Floats) -> Floats:
    """(I x L') of each effect times columns (r, ...), with S = L L'."""
    result = np.empty_like(columns)
    for part, root in zip(data.parts, roots, strict=True):
        block = slice(part.first, part.first + part.size)
        own = columns[block].reshape(len(part.groups), part.c, -1)
        result[block] = (root.T @ own).reshape(part.size, -1)
    return result


def _pairs(s: Floats) -> Floats:
    """Sums over the ways in which two parameters stand in their matrices.

    Args:
        s: (a, c, b, d) the sum over groups g, h of P[ga, hc] P[gb, hd].
    """
    mine, theirs = half(s.shape[0]), half(s.shape[1])
    found = np.zeros((len(mine.row), len(theirs.row)))
    for k, (i, j) in enumerate(zip(mine.row, mine.column, strict=True)):
        for m, (u, v) in enumerate(zip(theirs.row, theirs.column, strict=True)):
            ways, others = {(i, j), (j, i)}, {(u, v), (v, u)}
            found[k, m] = sum(s[a, d, b, e] for a, b in ways for d, e in others)
    return found
