"""Empirical covariance of the coefficients, participants as clusters, and its degrees of freedom.

With X*_i = L_i^-1 X_i, e*_i = L_i^-1 (y_i - X_i beta), V_i = L_i L_i', H_i = X*_i C X*_i':

    C { sum_i X*_i' A_i e*_i e*_i' A_i' X*_i } C

A_i = I (CR0: Liang & Zeger 1986), (I - H_i)^-1/2 (CR2: Bell & McCaffrey 2002), (I - H_i)^-1 (CR3, the
jackknife: Mancl & DeRouen 2001). Degrees of freedom of l'beta (Bell & McCaffrey 2002, V as working
covariance): with p_i = A_i' X*_i C l and G_ij = p_i' (delta_ij I - X*_i C X*_j') p_j they are tr(G)^2 /
tr(G^2).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from entact.analysis.mmrm.model import Model
from entact.analysis.mmrm.small import Flags, Floats

Kind = Literal["CR0", "CR2", "CR3"]
NONE_LEFT = 1e-9
"""What leverage leaves of a residual, at which it leaves nothing."""
ALONE = 1e-6
"""The part of an estimate, in its standard errors, from which it hangs on such a residual."""


class Sandwich:
    """The empirical covariance, and what its degrees of freedom need of every participant."""

    def __init__(self, model: Model, kind: Kind) -> None:
        c = model.c
        scores: list[Floats] = []
        own: list[Floats] = []
        for block in model.blocks():
            x, e = model.whitened(block)
            ax, ae = _adjusted(x, e, c, kind)
            scores.append(np.einsum("nmq,nm->nq", x, ae))
            own.append(ax)
        score = np.concatenate(scores)
        self.covariance: Floats = c @ (score.T @ score) @ c
        """(q, q) in the conditioned basis"""
        self._adjusted = own
        self._whole = np.concatenate([_whole(model.whitened(block)[0], c) for block in model.blocks()])
        self._c = c
        self._whitened = [model.whitened(block)[0] for block in model.blocks()]

    def alone(self, rows: Floats) -> Flags:
        """Whether each row (r, q) hangs on what one participant alone determines, whose residual is 0.

        Nothing is known of the spread there, and the covariance would count it as none. R's `vcovHC` has NaN.
        """
        reach: Floats = np.abs(rows @ self._c @ self._whole.T)
        size = np.sqrt(((rows @ self._c) * rows).sum(-1))
        found: Flags = (reach > ALONE * size[:, None]).any(-1)
        return found

    def freedom(self, rows: Floats) -> Floats:
        """Degrees of freedom of each row (r, q)."""
        result = []
        root = np.linalg.cholesky(self._c)
        for row in rows:
            direction = self._c @ row
            size, turned = [], []
            for ax, x in zip(self._adjusted, self._whitened, strict=True):
                p = ax @ direction
                size.append((p * p).sum(-1))
                turned.append(np.einsum("nmq,nm->nq", x, p) @ root)
            d, b = np.concatenate(size), np.concatenate(turned)
            own = (b * b).sum(-1)
            gram = b.T @ b
            trace = float(d.sum() - own.sum())
            squares = float((d * d).sum() - 2.0 * (d * own).sum() + (gram * gram).sum())
            result.append(trace * trace / squares)
        return np.array(result)


def _whole(x: Floats, c: Floats) -> Floats:
    """(…, q) X*_i' u of each direction u of a participant's values in which leverage is 1."""
    values, vectors = np.linalg.eigh(np.eye(x.shape[1]) - x @ c @ np.swapaxes(x, -1, -2))
    block, place = np.nonzero(values <= NONE_LEFT)
    found: Floats = np.einsum("kmq,km->kq", x[block], vectors[block, :, place])
    return found


def _adjusted(x: Floats, e: Floats, c: Floats, kind: Kind) -> tuple[Floats, Floats]:
    """A_i X*_i and A_i e*_i: A_i is symmetric in all three."""
    if kind == "CR0":
        return x, e
    leverage = x @ c @ np.swapaxes(x, -1, -2)
    values, vectors = np.linalg.eigh(np.eye(x.shape[1]) - leverage)
    power = -0.5 if kind == "CR2" else -1.0
    # a participant alone in estimating some coefficient has leverage 1: nothing of him is left to adjust
    factor = np.where(values > NONE_LEFT, np.maximum(values, NONE_LEFT) ** power, 0.0)
    a = (vectors * factor[:, None, :]) @ np.swapaxes(vectors, -1, -2)
    return a @ x, (a @ e[..., None])[..., 0]
