"""Structures of the covariance between a participant's visits, as functions of their parameters.

Each gives the packed half of V(theta), its first and second derivatives. The parameters are those of SAS
PROC MIXED (variances, covariances or correlations, ranges), because the second-order Kenward-Roger adjustment
depends on them; `reparametrised` gives the map to R mmrm's parameters for the same reason.
Leading axes of theta are batch axes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from entact.analysis.mmrm.small import Flags, Floats, half


@dataclass(frozen=True)
class Covariance(ABC):
    """What a structure must say about itself."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The name in print."""

    @property
    def linear(self) -> bool:
        """Whether V is linear in its parameters, so that all second derivatives vanish."""
        return False

    @property
    def ordered(self) -> bool:
        """Whether the order of the visits matters."""
        return True

    @abstractmethod
    def names(self, visits: Sequence[str]) -> list[str]:
        """The names of the parameters for these visits."""

    @abstractmethod
    def start(self, moments: Floats) -> Floats:
        """Starting values from the (m, m) residual cross-products, which are positive definite."""

    @abstractmethod
    def value(self, theta: Floats, m: int) -> Floats:
        """The packed half of V: (..., K) to (..., h)."""

    @abstractmethod
    def slope(self, theta: Floats, m: int) -> Floats:
        """dV/dtheta: (..., h, K)."""

    @abstractmethod
    def bend(self, theta: Floats, m: int) -> Floats:
        """Second derivatives of V: (..., h, K, K)."""

    @abstractmethod
    def reparametrised(self, theta: Floats, m: int) -> tuple[Floats, Floats]:
        """dtheta/dphi (K, K) and its second derivatives (K, K, K), phi being R mmrm's parameters."""

    def degenerate(self, theta: Floats) -> str | None:
        """Why parameters (groups, K) are no estimate although the search ended there, or None."""
        return None

    def feasible(self, theta: Floats, m: int) -> Flags:
        """Whether V can be formed at all (...); that it is positive definite is found by factoring it."""
        return np.asarray(np.isfinite(theta).all(-1))


@dataclass(frozen=True)
class Unstructured(Covariance):
    """Every variance and covariance free (SAS `type=un`, R mmrm `us`)."""

    @property
    def title(self) -> str:
        return "unstructured"

    @property
    def linear(self) -> bool:
        return True

    @property
    def ordered(self) -> bool:
        return False

    def names(self, visits: Sequence[str]) -> list[str]:
        grid = half(len(visits))
        pairs = zip(grid.row, grid.column, strict=True)
        return [f"var({visits[i]})" if i == j else f"cov({visits[i]}, {visits[j]})" for i, j in pairs]

    def start(self, moments: Floats) -> Floats:
        return half(moments.shape[-1]).pack(moments)

    def value(self, theta: Floats, m: int) -> Floats:
        return theta

    def slope(self, theta: Floats, m: int) -> Floats:
        h = half(m).row.size
        return np.broadcast_to(np.eye(h), (*theta.shape[:-1], h, h))

    def bend(self, theta: Floats, m: int) -> Floats:
        h = half(m).row.size
        return np.zeros((*theta.shape[:-1], h, h, h))

    def reparametrised(self, theta: Floats, m: int) -> tuple[Floats, Floats]:
        # V = L L', L = diag(exp(phi_1..m)) times a unit lower triangle filled by rows with phi_(m+1)...
        grid = half(m)
        lower = np.linalg.cholesky(grid.unpack(theta))
        below = [(i, j) for i in range(m) for j in range(i)]
        size = m + len(below)
        first = np.zeros((size, m, m))
        second = np.zeros((size, size, m, m))
        for a in range(m):
            first[a, a] = second[a, a, a] = lower[a]
        for b, (i, j) in enumerate(below, start=m):
            first[b, i, j] = second[b, i, i, j] = second[i, b, i, j] = lower[i, i]
        d1 = first @ lower.T
        d1 = grid.pack(d1 + np.swapaxes(d1, -1, -2)).T
        d2 = second @ lower.T + first[:, None] @ np.swapaxes(first, -1, -2)[None]
        d2 = np.moveaxis(grid.pack(d2 + np.swapaxes(d2, -1, -2)), -1, 0)
        return d1, d2


def separate_map(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Derivatives of a map in which every parameter depends on its own counterpart alone."""
    k = first.size
    bends = np.zeros((k, k, k))
    index = np.arange(k)
    bends[index, index, index] = second
    return np.diag(first), bends
