"""The imputation model fitted to many weightings of the same people at once: bootstrap, jackknife.

What the likelihood needs of the data are sums over participants, so that a weighted sample is one product of
its weights with the products of each. The search is that of many trials at once.
"""

from __future__ import annotations

import numpy as np

from entact.analysis.imputation.trial import Flags, Floats, Trial
from entact.analysis.mmrm.basis import condition
from entact.analysis.mmrm.batch import search_many
from entact.analysis.mmrm.covariance import Unstructured
from entact.analysis.mmrm.moments import Moments
from entact.analysis.mmrm.newton import GOOD
from entact.analysis.mmrm.small import half
from entact.analysis.mmrm.surface import Surface

AT_ONCE = 2_500_000  # bytes of cross-products that are worked on at once


class Refit:
    """The model of a trial, ready to be fitted to any weights of its participants."""

    def __init__(self, trial: Trial, informative: Flags) -> None:
        """`informative`: (N, m) values that the model is fitted to."""
        n, m, q = trial.x.shape
        empty = [visit for place, visit in enumerate(trial.visits) if not informative[:, place].any()]
        if empty:
            raise ValueError(f"nobody has a value at {', '.join(empty)} that the imputation model may use")
        flat = trial.x[informative]
        y = trial.y[informative]
        self.basis, rest = condition(flat, y)
        if not self.basis.kept.all():
            raise ValueError(
                "the imputation model has terms that these data cannot tell apart: leave some out"
            )
        z = np.zeros((n, m, q + 1))
        z[informative, :q] = self.basis.columns(flat, slice(None))
        z[informative, q] = rest
        grid, pairs = half(m), half(q + 1)
        left, right = z[:, grid.row], z[:, grid.column]
        each = 0.5 * (
            left[..., pairs.row] * right[..., pairs.column] + left[..., pairs.column] * right[..., pairs.row]
        )
        code = informative @ (1 << np.arange(m))
        self._codes = np.unique(code[code > 0])
        self._member = [np.flatnonzero(code == one) for one in self._codes]
        self._each = [each[rows].reshape(len(rows), -1) for rows in self._member]
        self._seen = ((self._codes[:, None] >> np.arange(m)) & 1).astype(bool)[None]
        self._shape = (grid.row.size, pairs.row.size)
        self.m, self.q = m, q
        names = tuple(str(place) for place in range(m))
        self._surface = Surface(Unstructured(), names, ("",), np.zeros(1, dtype=np.int64))

    def fit(self, weights: Floats, *, reml: bool = True) -> tuple[Floats, Floats, Flags]:
        """Coefficients (T, q), covariances (T, m, m) and whether each of the weightings (T, N) converged."""
        step = max(16, AT_ONCE // (8 * self._shape[0] * self._shape[1]))
        parts = [self._fit(weights[begin : begin + step], reml) for begin in range(0, len(weights), step)]
        beta, sigma, good = (np.concatenate(part) for part in zip(*parts, strict=True))
        return beta, sigma, good

    def _fit(self, weights: Floats, reml: bool) -> tuple[Floats, Floats, Flags]:
        trials = len(weights)
        count = np.stack([weights[:, rows].sum(1) for rows in self._member], axis=-1)[:, None]
        products = np.stack(
            [weights[:, rows] @ each for rows, each in zip(self._member, self._each, strict=True)], axis=1
        ).reshape(trials, 1, len(self._member), *self._shape)
        moments = Moments(self.m, self.q, self._seen, count, products, None)
        with np.errstate(all="ignore"):  # a search that leaves the numbers has not converged, and says so
            at, decrement, _ = search_many(moments, self._surface, reml=reml)
        beta = self.basis.coefficients(at.gamma)
        return beta, half(self.m).unpack(at.theta), decrement <= GOOD
