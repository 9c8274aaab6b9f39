"""Covariance that falls with the distance between visits: exponential and Gaussian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from entact.analysis.mmrm.covariance import Covariance, separate_map
from entact.analysis.mmrm.small import Flags, Floats


@dataclass(frozen=True)
class _Spatial(Covariance):
    """V_ij = variance exp(-(d_ij / range)^power), d the Euclidean distance of the coordinates."""

    power: ClassVar[float]
    coordinates: tuple[str, ...]
    """Numeric columns with the place (usually the time) of each observation."""
    distances: Floats | None = None
    """(S, h) distances on each grid of visits; set from the data, never by the caller."""

    def __init__(self, *coordinates: str, distances: Floats | None = None) -> None:
        if not coordinates:
            raise ValueError(f"{type(self).__name__} needs the column that holds the time of each visit")
        object.__setattr__(self, "coordinates", coordinates)
        object.__setattr__(self, "distances", distances)

    def at(self, distances: Floats) -> Covariance:
        """The same structure on grids of visits with these distances (S, h)."""
        return type(self)(*self.coordinates, distances=distances)

    def names(self, visits: Sequence[str]) -> list[str]:
        return ["var", "range"]

    def _distances(self) -> Floats:
        assert self.distances is not None
        return self.distances

    def start(self, moments: Floats) -> Floats:
        d = self._distances()
        apart = d[d > 0.0]
        return np.array([np.diagonal(moments).mean(), np.median(apart) if apart.size else 1.0])

    def feasible(self, theta: Floats, m: int) -> Flags:
        return np.asarray(np.isfinite(theta).all(-1) & (theta > 0.0).all(-1))

    def degenerate(self, theta: Floats) -> str | None:
        d = self._distances()
        nearest = d[d > 0.0].min(initial=np.inf)
        if (np.exp(-((nearest / theta[:, 1]) ** self.power)) < 1e-6).any():
            return "the range fell to zero: the data show no correlation that falls with distance"
        return None

    def _fall(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """exp(-(d / r)^a) and its first two derivatives in r."""
        a, r = self.power, theta[..., 1, None]
        x = (self._distances() / r) ** a
        value = np.exp(-x)
        return value, value * a * x / r, value * a * x * (a * x - a - 1.0) / r**2

    def value(self, theta: Floats, m: int) -> Floats:
        return theta[..., 0, None] * self._fall(theta)[0]

    def slope(self, theta: Floats, m: int) -> Floats:
        value, slope, _ = self._fall(theta)
        return np.stack([value, theta[..., 0, None] * slope], axis=-1)

    def bend(self, theta: Floats, m: int) -> Floats:
        _, slope, bend = self._fall(theta)
        result = np.zeros((*slope.shape, 2, 2))
        result[..., 0, 1] = result[..., 1, 0] = slope
        result[..., 1, 1] = theta[..., 0, None] * bend
        return result

    def reparametrised(self, theta: Floats, m: int) -> tuple[Floats, Floats]:
        # R mmrm: variance exp(phi_1), correlation at distance one 1 / (1 + exp(-phi_2))
        a = self.power
        variance, r = theta
        u = r**-a
        rho = np.exp(-u)
        u1, u2 = -(1.0 - rho), rho * (1.0 - rho)
        r1 = -r / (a * u) * u1
        r2 = r / (a * u**2) * (1.0 / a + 1.0) * u1**2 - r / (a * u) * u2
        return separate_map(np.array([variance, r1]), np.array([variance, r2]))


@dataclass(frozen=True, init=False)
class SpatialExponential(_Spatial):
    """V_ij = variance exp(-d_ij / range) (SAS `type=sp(exp)`, R mmrm `sp_exp`)."""

    @property
    def title(self) -> str:
        return f"spatial exponential in {', '.join(self.coordinates)}"

    power = 1.0


@dataclass(frozen=True, init=False)
class SpatialGaussian(_Spatial):
    """V_ij = variance exp(-d_ij^2 / range^2) (SAS `type=sp(gau)`, R mmrm `sp_gau`)."""

    @property
    def title(self) -> str:
        return f"spatial Gaussian in {', '.join(self.coordinates)}"

    power = 2.0
