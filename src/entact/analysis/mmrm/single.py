"""What `likelihood.evaluate` gives, of one trial with one free V by REML, in as few calls as can be.

With so few numbers a call costs more than what it reckons. The equations, (1) to (7), are those of
`likelihood.py`; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from entact.analysis.mmrm.evaluation import Evaluation
from entact.analysis.mmrm.moments import Moments
from entact.analysis.mmrm.small import Flags, Floats, Ints, half, kronecker_places, spread_places


@dataclass(frozen=True)
class Grid:
    """What stays from step to step: where the elements of every pattern's V and of all products lie."""

    matrices: Ints
    """(P, m, m) place of each element of each pattern's V in theta, or in the 0 and 1 behind it"""
    both: Floats
    """(P, m, m) 1 where both visits are seen"""
    pack: Ints
    """(h,) place of each packed element in a flat (m, m)"""
    left: Ints
    right: Ints
    """(2, h, h) places of the factors of tr(W E_k W E_l) in a flat W"""
    share: Floats
    """(h, h)"""
    crossed: Ints
    """(2, h, h) places of the products of two flat matrices"""
    wide: Ints
    """(Q,) place of each packed element in a flat (q + 1, q + 1)"""
    below: Floats
    """(q + 1, q + 1) 1 on and below the diagonal"""
    zero_one: Floats


@lru_cache(maxsize=64)
def _grid(patterns: bytes, m: int, q1: int) -> Grid:
    """The places for these patterns of visits, (P, m) flags as bytes."""
    grid, pairs = half(m), half(q1)
    seen: Flags = np.frombuffer(patterns, dtype=np.bool_).reshape(-1, m)
    both = seen[:, :, None] & seen[:, None, :]
    beyond = grid.row.size + np.eye(m, dtype=np.int64)
    ia, jb, ib, ja, share = spread_places(m)
    straight, crossed, _ = kronecker_places(m)
    return Grid(
        np.where(both, grid.place, beyond),
        both.astype(np.float64),
        grid.row * m + grid.column,
        np.stack([ia, ib]),
        np.stack([jb, ja]),
        share,
        np.stack([straight, crossed]),
        pairs.row * q1 + pairs.column,
        np.tri(q1),
        np.array([0.0, 1.0]),
    )


def evaluate_single(moments: Moments, theta: Floats) -> Evaluation | None:
    """Everything that is known at theta (K,); None where V or M is not positive definite."""
    m, q1 = moments.m, moments.q + 1
    at, grid, pairs = _grid(moments.seen[0].tobytes(), m, q1), half(m), half(q1)
    count, products = moments.count[0], moments.products[0]
    patterns, h = count.size, theta.size
    flat_products = products.reshape(patterns * h, -1)

    v = np.concatenate((theta, at.zero_one)).take(at.matrices)
    try:
        lower = np.linalg.cholesky(v)
        w = np.linalg.inv(v)
    except np.linalg.LinAlgError:
        return None
    w *= at.both
    logdet = np.log(lower.reshape(patterns, m * m)[:, :: m + 1]).sum(1)
    flat = w.reshape(patterns, m * m)

    kernel = (flat.take(at.left, axis=1) * flat.take(at.right, axis=1)).sum(1)
    kernel *= at.share
    weights = np.empty((h + 1, patterns, h))
    weights[0] = flat.take(at.pack, axis=1) * grid.times
    weights[1:] = kernel.transpose(1, 0, 2)
    contracted = weights.reshape(h + 1, patterns * h) @ flat_products
    elements = -contracted[1:]

    try:
        root_m = np.linalg.cholesky(contracted[0].take(pairs.place))
        whitener = np.linalg.inv(root_m)
    except np.linalg.LinAlgError:
        return None
    whitener *= at.below  # the rest is rounding
    diagonal = root_m.diagonal()
    last = diagonal[-1]
    whitener[-1] *= last
    r = whitener[-1]
    information = 2.0 * np.log(diagonal[:-1]).sum()
    g = whitener.T @ whitener

    packed_g = g.ravel().take(at.wide) * pairs.times
    scores = (flat_products @ packed_g).reshape(patterns, h).take(grid.place, axis=1)
    z = w @ scores @ w
    n_w = w * count[:, None, None]
    gradient = grid.times * (n_w - z).sum(0).ravel().take(at.pack)
    outer = (2.0 * z - n_w).reshape(patterns, m * m).T @ flat
    outer += outer.T.copy()
    hessian = outer.ravel().take(at.crossed).sum(0)
    hessian *= 0.5 * at.share

    slopes = elements.take(pairs.place, axis=1).reshape(h * q1, q1)
    product = (slopes @ g).reshape(h, q1, q1)
    corner = elements @ ((r[:, None] * r).ravel().take(at.wide) * pairs.times)
    hessian -= product.reshape(h, q1 * q1) @ product.transpose(0, 2, 1).reshape(h, q1 * q1).T
    hessian += corner[:, None] * corner
    return Evaluation(
        theta,
        2.0 * (count @ logdet) + last * last + information,
        gradient,
        hessian,
        -r[:-1],
        whitener[:-1, :-1],
        information,
        np.asarray(w[None], dtype=np.float64),
        elements,
        elements[None],
    )
