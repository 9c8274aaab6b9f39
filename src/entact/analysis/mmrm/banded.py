"""Structures made of variances and a few correlations: CS, AR(1), ante-dependence, Toeplitz."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from entact.analysis.mmrm.covariance import Covariance, separate_map
from entact.analysis.mmrm.small import Flags, Floats, half


@dataclass(frozen=True)
class _Banded(Covariance):
    """V_ij = s_i s_j r(i, j), with variances s^2 (one or one a visit) and correlations built from few."""

    heterogeneous: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.heterogeneous, bool):
            raise ValueError(f"heterogeneous must be True or False, not {self.heterogeneous!r}")

    @abstractmethod
    def _correlations(self, m: int) -> int:
        """How many correlation parameters."""

    @abstractmethod
    def _correlation(self, rho: Floats, m: int) -> tuple[Floats, Floats, Floats]:
        """Packed correlations (..., h), their slopes (..., h, c) and bends (..., h, c, c)."""

    @abstractmethod
    def _correlation_names(self, visits: Sequence[str]) -> list[str]: ...

    @abstractmethod
    def _start_correlation(self, correlation: Floats) -> Floats: ...

    def _variances(self, m: int) -> int:
        return m if self.heterogeneous else 1

    def names(self, visits: Sequence[str]) -> list[str]:
        variances = [f"var({visit})" for visit in visits] if self.heterogeneous else ["var"]
        return variances + self._correlation_names(visits)

    def start(self, moments: Floats) -> Floats:
        variances = np.diagonal(moments)
        s = np.sqrt(variances)
        rho = self._start_correlation(moments / np.outer(s, s))
        first = variances if self.heterogeneous else variances.mean(keepdims=True)
        return np.concatenate([first, rho])

    def feasible(self, theta: Floats, m: int) -> Flags:
        positive = (theta[..., : self._variances(m)] > 0.0).all(-1)
        return np.asarray(np.isfinite(theta).all(-1) & positive)

    def _scale(self, theta: Floats, m: int) -> tuple[Floats, Floats, Floats]:
        """s_i s_j packed (..., h), its slopes (..., h, v) and bends (..., h, v, v) in the variances."""
        grid = half(m)
        v = self._variances(m)
        variances = theta[..., :v]
        if not self.heterogeneous:
            scale = np.repeat(variances, grid.row.size, axis=-1)
            return scale, np.ones((*scale.shape, 1)), np.zeros((*scale.shape, 1, 1))
        # ln(s_i s_j) is half the sum of two log variances: each derivative is a power a / v_k of the value.
        power = np.zeros((grid.row.size, m))
        np.add.at(power, (np.arange(grid.row.size), grid.row), 0.5)
        np.add.at(power, (np.arange(grid.row.size), grid.column), 0.5)
        s = np.sqrt(variances)
        scale = s[..., grid.row] * s[..., grid.column]
        ratio = power / variances[..., None, :]
        slope = scale[..., None] * ratio
        bend = slope[..., :, None] * ratio[..., None, :]
        diagonal = np.arange(m)
        bend[..., diagonal, diagonal] -= slope / variances[..., None, :]
        return scale, slope, bend

    def value(self, theta: Floats, m: int) -> Floats:
        v = self._variances(m)
        return self._scale(theta, m)[0] * self._correlation(theta[..., v:], m)[0]

    def slope(self, theta: Floats, m: int) -> Floats:
        v = self._variances(m)
        scale, scale_slope, _ = self._scale(theta, m)
        r, r_slope, _ = self._correlation(theta[..., v:], m)
        return np.concatenate([scale_slope * r[..., None], scale[..., None] * r_slope], axis=-1)

    def bend(self, theta: Floats, m: int) -> Floats:
        v = self._variances(m)
        scale, scale_slope, scale_bend = self._scale(theta, m)
        r, r_slope, r_bend = self._correlation(theta[..., v:], m)
        k = theta.shape[-1]
        bend = np.zeros((*scale.shape, k, k))
        bend[..., :v, :v] = scale_bend * r[..., None, None]
        mixed = scale_slope[..., :, None] * r_slope[..., None, :]
        bend[..., :v, v:] = mixed
        bend[..., v:, :v] = np.swapaxes(mixed, -1, -2)
        bend[..., v:, v:] = scale[..., None, None] * r_bend
        return bend

    def reparametrised(self, theta: Floats, m: int) -> tuple[Floats, Floats]:
        # v = exp(2 phi); rho = phi / sqrt(1 + phi^2)
        v = self._variances(m)
        variances = theta[:v]
        slope, bend = _mapped(theta[v:])
        return separate_map(np.concatenate([2.0 * variances, slope]), np.concatenate([4.0 * variances, bend]))


def _mapped(rho: Floats) -> tuple[Floats, Floats]:
    """First and second derivative of rho = phi / sqrt(1 + phi^2)."""
    rest = 1.0 - rho**2
    return rest**1.5, -3.0 * rho * rest**2


@dataclass(frozen=True)
class AutoRegressive(_Banded):
    """Correlation rho^|i - j| (SAS `type=ar(1)`, `arh(1)`; R mmrm `ar1`, `ar1h`)."""

    @property
    def title(self) -> str:
        return ("heterogeneous " if self.heterogeneous else "") + "first-order autoregressive"

    def _correlations(self, m: int) -> int:
        return 1

    def _correlation_names(self, visits: Sequence[str]) -> list[str]:
        return ["rho"]

    def _start_correlation(self, correlation: Floats) -> Floats:
        return np.diagonal(correlation, 1).mean(keepdims=True) if correlation.shape[0] > 1 else np.zeros(1)

    def _correlation(self, rho: Floats, m: int) -> tuple[Floats, Floats, Floats]:
        grid = half(m)
        lag = (grid.column - grid.row).astype(np.float64)
        slope = lag * rho ** np.maximum(lag - 1.0, 0.0)
        bend = lag * (lag - 1.0) * rho ** np.maximum(lag - 2.0, 0.0)
        return rho**lag, slope[..., None], bend[..., None, None]


@dataclass(frozen=True)
class AnteDependence(_Banded):
    """Correlation the product of those between neighbours (SAS `type=ante(1)`; R mmrm `ad`, `adh`)."""

    heterogeneous: bool = True

    @property
    def title(self) -> str:
        return ("heterogeneous " if self.heterogeneous else "") + "first-order ante-dependence"

    def _correlations(self, m: int) -> int:
        return m - 1

    def _correlation_names(self, visits: Sequence[str]) -> list[str]:
        return [f"rho({a}, {b})" for a, b in pairwise(visits)]

    def _start_correlation(self, correlation: Floats) -> Floats:
        return np.diagonal(correlation, 1).copy()

    def _correlation(self, rho: Floats, m: int) -> tuple[Floats, Floats, Floats]:
        grid = half(m)
        h, c = grid.row.size, m - 1
        step = np.arange(c)
        within = (step >= grid.row[:, None]) & (step < grid.column[:, None])
        factors = np.where(within, rho[..., None, :], 1.0)
        value = factors.prod(-1)
        slope = np.zeros((*rho.shape[:-1], h, c))
        bend = np.zeros((*rho.shape[:-1], h, c, c))
        for k in range(c):
            # products that leave a factor out, rather than quotients: a correlation may be zero
            rest = np.delete(factors, k, axis=-1)
            slope[..., k] = np.where(within[:, k], rest.prod(-1), 0.0)
            for other in range(k):
                both = np.delete(rest, other, axis=-1).prod(-1)
                bend[..., k, other] = bend[..., other, k] = np.where(
                    within[:, k] & within[:, other], both, 0.0
                )
        return value, slope, bend


@dataclass(frozen=True)
class CompoundSymmetry(_Banded):
    """One correlation between any two visits (SAS `type=cs`, `csh`; R mmrm `cs`, `csh`).

    With one variance it is V = (variance - covariance) I + covariance J, linear in its parameters as in SAS.
    """

    @property
    def title(self) -> str:
        return ("heterogeneous " if self.heterogeneous else "") + "compound symmetry"

    @property
    def linear(self) -> bool:
        return not self.heterogeneous

    @property
    def ordered(self) -> bool:
        return False

    def _correlations(self, m: int) -> int:
        return 1

    def _correlation_names(self, visits: Sequence[str]) -> list[str]:
        return ["rho" if self.heterogeneous else "cov"]

    def _start_correlation(self, correlation: Floats) -> Floats:
        off = correlation[np.triu_indices_from(correlation, 1)]
        return off.mean(keepdims=True) if off.size else np.zeros(1)

    def _correlation(self, rho: Floats, m: int) -> tuple[Floats, Floats, Floats]:
        grid = half(m)
        off = grid.row != grid.column
        value = np.where(off, rho, 1.0)
        slope = np.broadcast_to(off.astype(np.float64), value.shape)[..., None]
        return value, slope, np.zeros((*value.shape, 1, 1))

    def start(self, moments: Floats) -> Floats:
        theta = super().start(moments)
        return theta if self.heterogeneous else theta * np.array([1.0, theta[0]])

    def value(self, theta: Floats, m: int) -> Floats:
        if self.heterogeneous:
            return super().value(theta, m)
        return theta @ self._pattern(m).T

    def slope(self, theta: Floats, m: int) -> Floats:
        if self.heterogeneous:
            return super().slope(theta, m)
        pattern = self._pattern(m)
        return np.broadcast_to(pattern, (*theta.shape[:-1], *pattern.shape))

    def bend(self, theta: Floats, m: int) -> Floats:
        if self.heterogeneous:
            return super().bend(theta, m)
        return np.zeros((*theta.shape[:-1], half(m).row.size, 2, 2))

    def _pattern(self, m: int) -> Floats:
        grid = half(m)
        same = grid.row == grid.column
        return np.stack([same, ~same], axis=-1).astype(np.float64)

    def reparametrised(self, theta: Floats, m: int) -> tuple[Floats, Floats]:
        # rho = (1 + a) / (1 + exp(-phi)) - a with a = 1 / (m - 1), the least correlation there can be
        a = 1.0 / max(m - 1, 1)
        rho = theta[-1] if self.heterogeneous else theta[1] / theta[0]
        share = (rho + a) / (1.0 + a)
        slope = (1.0 + a) * share * (1.0 - share)
        bend = slope * (1.0 - 2.0 * share)
        if self.heterogeneous:
            variances = theta[:-1]
            return separate_map(np.append(2.0 * variances, slope), np.append(4.0 * variances, bend))
        return _covariances_of_correlations(theta, np.array([slope]), np.array([bend]))


def _covariances_of_correlations(theta: Floats, slope: Floats, bend: Floats) -> tuple[Floats, Floats]:
    """For theta = (v, v rho_1, v rho_2, ...): derivatives by log sd and what each rho depends on."""
    k = theta.size
    v = theta[0]
    first = np.zeros((k, k))
    second = np.zeros((k, k, k))
    index = np.arange(1, k)
    first[:, 0] = 2.0 * theta
    first[index, index] = v * slope
    second[:, 0, 0] = 4.0 * theta
    second[index, 0, index] = second[index, index, 0] = 2.0 * v * slope
    second[index, index, index] = v * bend
    return first, second


@dataclass(frozen=True)
class Toeplitz(_Banded):
    """One correlation for each lag (SAS `type=toep`, `toeph`; R mmrm `toep`, `toeph`).

    With one variance the parameters are the variance and the covariance of each lag: linear, as in SAS.
    """

    @property
    def title(self) -> str:
        return ("heterogeneous " if self.heterogeneous else "") + "Toeplitz"

    @property
    def linear(self) -> bool:
        return not self.heterogeneous

    def _correlations(self, m: int) -> int:
        return m - 1

    def _correlation_names(self, visits: Sequence[str]) -> list[str]:
        word = "rho" if self.heterogeneous else "cov"
        return [f"{word}(lag {lag})" for lag in range(1, len(visits))]

    def _start_correlation(self, correlation: Floats) -> Floats:
        m = correlation.shape[0]
        means = np.array([np.diagonal(correlation, lag).mean() for lag in range(1, m)])
        # averages of a band can leave the positive definite cone: shrink until they are in it
        while m > 1:
            trial = np.concatenate([[1.0], means])
            lag = np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
            if np.linalg.eigvalsh(trial[lag])[0] > 0.02:
                break
            means = 0.8 * means
        return means

    def _correlation(self, rho: Floats, m: int) -> tuple[Floats, Floats, Floats]:
        pattern = self._pattern(m)
        value = pattern[:, 0] + rho @ pattern[:, 1:].T
        slope = np.broadcast_to(pattern[:, 1:], (*value.shape, m - 1))
        return value, slope, np.zeros((*value.shape, m - 1, m - 1))

    def _pattern(self, m: int) -> Floats:
        grid = half(m)
        lag: Flags = (grid.column - grid.row)[:, None] == np.arange(m)
        return lag.astype(np.float64)

    def start(self, moments: Floats) -> Floats:
        theta = super().start(moments)
        if not self.heterogeneous:
            theta[1:] *= theta[0]
        return theta

    def value(self, theta: Floats, m: int) -> Floats:
        return super().value(theta, m) if self.heterogeneous else theta @ self._pattern(m).T

    def slope(self, theta: Floats, m: int) -> Floats:
        if self.heterogeneous:
            return super().slope(theta, m)
        pattern = self._pattern(m)
        return np.broadcast_to(pattern, (*theta.shape[:-1], *pattern.shape))

    def bend(self, theta: Floats, m: int) -> Floats:
        if self.heterogeneous:
            return super().bend(theta, m)
        return np.zeros((*theta.shape[:-1], half(m).row.size, m, m))

    def reparametrised(self, theta: Floats, m: int) -> tuple[Floats, Floats]:
        if self.heterogeneous:
            return super().reparametrised(theta, m)
        return _covariances_of_correlations(theta, *_mapped(theta[1:] / theta[0]))
