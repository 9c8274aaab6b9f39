"""Spending functions: how much of an error rate may have been used by a fraction of the information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri


@runtime_checkable
class Spending(Protocol):
    """A function of the error rate and the information fraction."""

    def spent(self, rate: float, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """What may have been spent by each fraction: 0 at 0, the whole rate from 1 on, never falling."""


@dataclass(frozen=True)
class LanDeMetsOBrienFleming:
    """Almost nothing early: 2 - 2 Φ(z(1 - rate/2) / √t).

    Source: Lan & DeMets 1983, Biometrika 70:659, the function α₁*.
    """

    def __str__(self) -> str:
        return "O'Brien-Fleming spending (Lan & DeMets)"

    def spent(self, rate: float, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Spending`."""
        with np.errstate(divide="ignore"):
            spent: NDArray[np.float64] = 2 * ndtr(ndtri(rate / 2) / np.sqrt(np.minimum(fraction, 1.0)))
        return spent


@dataclass(frozen=True)
class LanDeMetsPocock:
    """About the same at every look: rate ln(1 + (e - 1) t).

    Source: Lan & DeMets 1983, Biometrika 70:659, the function α₂*.
    """

    def __str__(self) -> str:
        return "Pocock spending (Lan & DeMets)"

    def spent(self, rate: float, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Spending`."""
        return rate * np.log1p((np.e - 1) * np.minimum(fraction, 1.0))


@dataclass(frozen=True)
class HwangShihDeCani:
    """One parameter from late (negative) to early (positive): rate (1 - exp(-γt)) / (1 - exp(-γ)).

    Source: Hwang, Shih & De Cani 1990, Statistics in Medicine 9:1439.
    """

    gamma: float

    def __post_init__(self) -> None:
        if not abs(self.gamma) <= 700:
            raise ValueError(f"gamma is {self.gamma:g}: a number, negative to spend late, as in -4")

    def __str__(self) -> str:
        return f"Hwang-Shih-DeCani spending with gamma {self.gamma:g}"

    def spent(self, rate: float, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Spending`."""
        t = np.minimum(fraction, 1.0)
        if self.gamma == 0.0:
            return rate * t
        spent: NDArray[np.float64] = rate * np.expm1(-self.gamma * t) / np.expm1(-self.gamma)
        return spent


@dataclass(frozen=True)
class KimDeMets:
    """A power of the fraction: rate t^ρ.

    Source: Kim & DeMets 1987, Biometrika 74:149.
    """

    rho: float

    def __post_init__(self) -> None:
        if not 0 < self.rho < np.inf:
            raise ValueError(f"rho is {self.rho:g}: a power above 0 spends more the more is known")

    def __str__(self) -> str:
        return f"Kim-DeMets spending with rho {self.rho:g}"

    def spent(self, rate: float, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Spending`."""
        return rate * np.minimum(fraction, 1.0) ** self.rho


@dataclass(frozen=True)
class UserDefined:
    """A function of one's own: the share of the rate that is spent by a fraction, from 0 to 1.

    Args:
        share: of an information fraction in [0, 1].
    """

    share: Callable[[float], float]

    def __str__(self) -> str:
        return "spending by a function of one's own"

    def spent(self, rate: float, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Spending`.

        Raises:
            ValueError: where the share falls, or lies outside 0 to 1.
        """
        shares = np.array([self.share(min(float(t), 1.0)) for t in fraction], float)
        if not (np.all(np.diff(shares) >= 0) and np.all((shares >= 0) & (shares <= 1))):
            raise ValueError(f"the shares {shares.tolist()} have to rise from 0 to 1 with the information")
        return rate * shares


@dataclass(frozen=True)
class SpendingPoints:
    """Numbers of one's own: the share of the rate that is spent by some fractions, straight between them.

    Args:
        fractions: rising, between 0 and 1. shares: of the rate, spent by each, not falling; by 1 it is all.

    Equivalent to gsDesign `sfLinear`, rpact `asUser` at the planned looks.
    """

    fractions: tuple[float, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.fractions) != len(self.shares):
            raise ValueError(f"{len(self.fractions)} fractions for {len(self.shares)} shares: one for each")
        known, spent = np.array([0.0, *self.fractions, 1.0]), np.array([0.0, *self.shares, 1.0])
        if not (np.all(np.diff(known) > 0) or (known[-2] == 1.0 and np.all(np.diff(known[:-1]) > 0))):
            raise ValueError(f"the fractions {list(self.fractions)} have to rise between 0 and 1")
        if not np.all(np.diff(spent) >= 0):
            raise ValueError(f"the shares {list(self.shares)} have to rise from 0 to 1 with the information")

    def __str__(self) -> str:
        return "spending in numbers"

    def spent(self, rate: float, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Spending`."""
        known, shares = [0.0, *self.fractions], [0.0, *self.shares]
        if known[-1] < 1.0:
            known, shares = [*known, 1.0], [*shares, 1.0]
        return rate * np.interp(np.minimum(fraction, 1.0), known, shares)
