"""Sufficient statistics of a trial: cross-products of [x, y] per pattern of visits seen.

A pattern with few participants costs more as cross-products than as rows; those keep their rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from entact.analysis.mmrm.basis import Basis
from entact.analysis.mmrm.small import Flags, Floats, Ints, Places, half

# Participants whose rows are multiplied at once: bounds the memory, not the result.
AT_ONCE = 2048
# A pattern with fewer participants than this share of m (q + 1) costs less as rows than as cross-products.
RARE = 0.5
# Multiplications of an evaluation with all patterns as cross-products up to which rows are never worth it.
SMALL = 1e6


@dataclass(frozen=True)
class Rows:
    """Participants of rare patterns, sorted by sheet and pattern; unseen visits are rows of zeros."""

    z: Floats
    """(N, m, q + 1)"""
    sheet: Ints
    """(N,)"""
    pattern: Ints
    """(N,) place among all patterns"""
    first_pattern: int
    sheets: int
    patterns: int
    """how many patterns are kept as rows"""

    def times(self, w: Floats) -> Floats:
        """W_i z_i: (N, m, q + 1)."""
        product: Floats = w[self.sheet, self.pattern] @ self.z
        return product

    def by_pattern(self, each: Floats) -> Floats:
        """Sums of (N, m, m) over the participants of each pattern: (S, P, m, m)."""
        total = np.zeros((self.sheets, self.patterns, *each.shape[1:]))
        key = self.sheet * self.patterns + self.pattern - self.first_pattern
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        total.reshape(-1, *each.shape[1:])[key[starts]] = np.add.reduceat(each, starts, axis=0)
        return total

    def outer_by_sheet(self, whitened: Floats, shape: tuple[int, ...]) -> Floats:
        """Sums of z' W E_k W z over participants, packed: (S, h, Q)."""
        n, m, q1 = whitened.shape
        grid, pairs = half(m), half(q1)
        flat = whitened.reshape(n, m * q1)
        result = np.zeros(shape)
        for sheet in range(self.sheets):
            own = flat[self.sheet == sheet] if self.sheets > 1 else flat
            blocks = (own.T @ own).reshape(m, q1, m, q1)[grid.row, :, grid.column, :]
            packed = pairs.pack(blocks) + blocks[:, pairs.column, pairs.row]
            result[sheet] = 0.5 * grid.times[:, None] * packed
        return result


@dataclass(frozen=True)
class Moments:
    """What the likelihood needs to know of the data. Batch axes, if any, lead `count` and `products`."""

    m: int
    q: int
    seen: Flags
    """(S, P, m) visits seen in each pattern"""
    count: Floats
    """(..., S, P) participants"""
    products: Floats
    """(..., S, P1, h, Q) cross-products, halves packed, of the first P1 patterns"""
    rows: Rows | None
    """the participants of the other patterns"""

    @property
    def summed(self) -> int:
        """How many patterns have cross-products, P1."""
        return int(self.products.shape[-3])

    @property
    def observations(self) -> Floats:
        """(...) how many values were seen."""
        total: Floats = (self.count * self.seen.sum(-1)).sum((-1, -2))
        return total


@dataclass(frozen=True)
class Layout:
    """Which row of the data belongs to which participant, visit, sheet and pattern."""

    order: Places
    """(n,) rows sorted by sheet, pattern, participant, visit"""
    participant: Places
    """(n,) participant of each row, as a place in `sheet` and `pattern`"""
    visit: Places
    """(n,) visit of each row"""
    sheet: Ints
    """(N,) sheet of each participant"""
    pattern: Ints
    """(N,) pattern of each participant within its sheet"""
    seen: Flags
    """(S, P, m)"""

    @property
    def participants(self) -> int:
        return self.sheet.size


def lay_out(participant: Places, visit: Places, sheet: Ints, m: int) -> Layout:
    """Patterns of visits seen and the order of rows in which each is one block.

    Args:
        participant, visit: (n,) places of each row, no pair twice
        sheet: (N,) sheet of each participant
        m: visits on the grid
    """
    count = sheet.size
    seen_by = np.zeros((count, m), dtype=bool)
    seen_by[participant, visit] = True
    # patterns with most visits first, so that print-outs begin with the complete one
    patterns, code = _distinct_patterns(seen_by)
    sheets = int(sheet.max()) + 1
    if sheets > 1 and _sheets_own_patterns(sheet, code):
        seen = np.zeros((sheets, 1, m), dtype=bool)
        seen[sheet, 0] = seen_by
        code = np.zeros(count, dtype=np.int64)
    else:
        seen = np.broadcast_to(patterns, (sheets, *patterns.shape))
    narrow: type[np.integer[Any]] = np.int32 if count * m < 2**31 else np.int64
    first: Places = np.empty(count, dtype=narrow)
    first[np.argsort(sheet * seen.shape[1] + code, kind="stable")] = np.arange(0, count * m, m)
    order: Places = np.argsort(first[participant] + visit, kind="stable").astype(narrow)
    return Layout(order, participant, visit, sheet, code, seen)


def _distinct_patterns(seen_by: Flags) -> tuple[Flags, Ints]:
    m = seen_by.shape[1]
    if m <= 52:
        key = seen_by @ 2.0 ** np.arange(m - 1, -1, -1)
        _, first, code = np.unique(-key, return_index=True, return_inverse=True)
    else:
        _, first, code = np.unique(~seen_by, axis=0, return_index=True, return_inverse=True)
    return seen_by[first], code.reshape(-1)


def _sheets_own_patterns(sheet: Ints, code: Ints) -> bool:
    """Whether no sheet has two patterns, as with coordinates that each participant has for himself."""
    pairs = np.unique(sheet * (int(code.max()) + 1) + code)
    return pairs.size == int(sheet.max()) + 1 and pairs.size > 8


def common(size: Ints, visits: Ints, q1: int) -> Flags:
    """(P,) which patterns have enough participants (S, P) that cross-products cost less than their rows.

    With products kept whenever sheets are many, rows are needed only on a common grid.
    """
    h, products = half(int(visits.max())).row.size, half(q1).row.size
    if float(size.size) * h * products * (h + 2) <= SMALL:
        return np.ones(size.shape[1], dtype=bool)
    flags: Flags = ~((size < RARE * visits * q1).all(0) & (size.shape[1] > 1))
    return flags


def gather(layout: Layout, x: Floats, residuals: Floats, root_weight: Floats | None, basis: Basis) -> Moments:
    """One pass over the rows: cross-products of common patterns, rows of rare ones.

    Args:
        x: (n, columns) model matrix
        residuals: (n,) of y
        root_weight: (n,) square roots of the weights
    """
    sheets, patterns, m = layout.seen.shape
    q1 = basis.q + 1
    size = np.bincount(layout.sheet * patterns + layout.pattern, minlength=sheets * patterns)
    size = size.reshape(sheets, patterns)
    visits = layout.seen.sum(-1)
    rare = ~common(size, visits, q1)
    # common patterns first
    rank = np.argsort(rare, kind="stable")
    place = np.empty_like(rank)
    place[rank] = np.arange(patterns)
    first_rare = int((~rare).sum())
    if first_rare == 0:
        first_rare, rare = 0, rare
    if first_rare == patterns and layout.order.size <= AT_ONCE:
        products = _gather_all(layout, _columns(layout.order, x, residuals, root_weight, basis), size)
        return Moments(m, basis.q, layout.seen[:, rank], size[:, rank].astype(np.float64), products, None)
    grid, pairs = half(m), half(q1)
    products = np.zeros((sheets, first_rare, grid.row.size, pairs.row.size))
    kept_z: list[Floats] = []
    kept_sheet: list[Ints] = []
    kept_pattern: list[Ints] = []
    start = 0
    for sheet in range(sheets):
        for pattern in range(patterns):
            n_p, m_p = int(size[sheet, pattern]), int(visits[sheet, pattern])
            stop = start + n_p * m_p
            rows = layout.order[start:stop]
            start = stop
            if n_p == 0 or m_p == 0:
                continue
            at = np.flatnonzero(layout.seen[sheet, pattern])
            if rare[pattern]:
                z = np.zeros((n_p, m, q1))
                z[:, at] = _columns(rows, x, residuals, root_weight, basis).reshape(n_p, m_p, q1)
                kept_z.append(z)
                kept_sheet.append(np.full(n_p, sheet))
                kept_pattern.append(np.full(n_p, place[pattern]))
                continue
            total = np.zeros((m_p * q1, m_p * q1))
            for begin in range(0, n_p, AT_ONCE):
                some = rows[begin * m_p : min(begin + AT_ONCE, n_p) * m_p]
                flat = _columns(some, x, residuals, root_weight, basis).reshape(-1, m_p * q1)
                total += flat.T @ flat
            own = half(m_p)
            blocks = total.reshape(m_p, q1, m_p, q1)[own.row, :, own.column, :]
            packed = 0.5 * (blocks[:, pairs.row, pairs.column] + blocks[:, pairs.column, pairs.row])
            products[sheet, place[pattern], grid.place[at[own.row], at[own.column]]] = packed
    rows_kept = None
    if kept_z:
        order = np.lexsort((np.concatenate(kept_pattern), np.concatenate(kept_sheet)))
        rows_kept = Rows(
            np.concatenate(kept_z)[order],
            np.concatenate(kept_sheet)[order],
            np.concatenate(kept_pattern)[order],
            first_rare,
            sheets,
            patterns - first_rare,
        )
    return Moments(m, basis.q, layout.seen[:, rank], size[:, rank].astype(np.float64), products, rows_kept)


def _gather_all(layout: Layout, z: Floats, size: Ints) -> Floats:
    """Cross-products (S, P, h, Q) of a small trial, from z (n, q + 1) in the order of the layout."""
    m, q1 = layout.seen.shape[-1], z.shape[1]
    who = layout.participant[layout.order]
    new = np.ones(who.size, dtype=bool)
    np.not_equal(who[1:], who[:-1], out=new[1:])
    whole = np.zeros((layout.participants, m, q1))
    whole[np.cumsum(new) - 1, layout.visit[layout.order]] = z
    flat = whole.reshape(-1, m * q1)
    total = np.empty((size.size, m * q1, m * q1))
    start = 0
    for place, count in enumerate(size.ravel().tolist()):
        own = flat[start : start + count]
        np.matmul(own.T, own, out=total[place])
        start += count
    products: Floats = total.reshape(size.size, -1).take(_product_places(m, q1), axis=1).sum(1)
    products *= 0.5
    return products.reshape(*size.shape, *products.shape[1:])


@lru_cache(maxsize=64)
def _product_places(m: int, q1: int) -> Ints:
    """(2, h, Q) places of z_ia z_jb and z_ib z_ja in a flat (m, q + 1, m, q + 1)."""
    grid, pairs = half(m), half(q1)
    a, b = pairs.row[None], pairs.column[None]
    i, j = grid.row[:, None], grid.column[:, None]
    return np.stack([(i * q1 + a) * m * q1 + j * q1 + b, (i * q1 + b) * m * q1 + j * q1 + a])


def _columns(rows: Places, x: Floats, residuals: Floats, root_weight: Floats | None, basis: Basis) -> Floats:
    """z of these rows."""
    z = np.empty((rows.size, basis.q + 1))
    z[:, :-1] = basis.columns(x, rows)
    z[:, -1] = residuals[rows]
    if root_weight is not None:
        z *= root_weight[rows, None]
    return z


def residual_moments(moments: Moments, weights: Floats | None = None) -> Floats:
    """Mean products of residuals by pair of visits: (..., S, m, m).

    Residuals are those of ordinary least squares; with weights (..., Q), the packed G of `likelihood.py`
    counted twice off its diagonal, their expected products. Made positive definite where the pairs seen
    leave it not so: this is only where the search starts.
    """
    grid = half(moments.m)
    both = (moments.seen[..., grid.row] & moments.seen[..., grid.column]).astype(np.float64)
    number = (moments.count[..., None] * both).sum(-2)
    if weights is None:
        total = moments.products[..., -1].sum(-2)
    else:
        total = (moments.products @ weights[..., None, None, :, None])[..., 0].sum(-2)
    if moments.rows is not None:
        e = moments.rows.z[:, :, -1]
        each = e[:, grid.row] * e[:, grid.column]
        np.add.at(total, moments.rows.sheet, each)
    mean = grid.unpack(total / np.maximum(number, 1.0))
    variance = np.diagonal(mean, axis1=-2, axis2=-1)
    usual = np.maximum(variance.mean(-1, keepdims=True), np.finfo(np.float64).tiny)
    s = np.sqrt(np.where(variance > 1e-8 * usual, variance, usual))
    correlation = mean / (s[..., :, None] * s[..., None, :])
    index = np.arange(moments.m)
    correlation[..., index, index] = 1.0
    least = np.linalg.eigvalsh(correlation)[..., 0]
    # shrink towards the identity until the least eigenvalue is 0.05
    share = np.where(least < 0.05, 0.95 / np.maximum(1.0 - least, 0.95), 1.0)[..., None, None]
    correlation = share * correlation + (1.0 - share) * np.eye(moments.m)
    result: Floats = correlation * (s[..., :, None] * s[..., None, :])
    return result
