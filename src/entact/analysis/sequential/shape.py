"""Boundaries whose shape was fixed beforehand, rather than what they may spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from entact.analysis.sequential.recursion import Floats


class Shape(Protocol):
    """Critical values of the looks, up to a constant that the error rate decides."""

    @property
    def constant(self) -> float | None:
        """The constant, where it does not depend on the error rate; None where it has to be found."""

    def critical(self, constant: float, fractions: Sequence[float]) -> Floats:
        """Critical values at fractions of the information; the last look takes what is left of alpha."""


@dataclass(frozen=True)
class WangTsiatis:
    """c t^(Δ - 1/2): Δ = 0 is O'Brien and Fleming's boundary, Δ = 1/2 is Pocock's.

    Source: Wang & Tsiatis 1987, Biometrics 43:193, equation 2.1; Jennison & Turnbull 2000, section 2.7.1.
    """

    delta: float

    def __post_init__(self) -> None:
        if not -1 <= self.delta <= 1:
            raise ValueError(f"delta is {self.delta:g}: from 0 (O'Brien-Fleming) to 0.5 (Pocock), at most 1")

    def __str__(self) -> str:
        return f"Wang-Tsiatis boundary with delta {self.delta:g}"

    @property
    def constant(self) -> float | None:
        """See `Shape`."""
        return None

    def critical(self, constant: float, fractions: Sequence[float]) -> Floats:
        """See `Shape`."""
        return np.asarray(constant * np.asarray(fractions, float) ** (self.delta - 0.5), float)


@dataclass(frozen=True)
class OBrienFleming(WangTsiatis):
    """c / √t: very high early.

    Source: O'Brien & Fleming 1979, Biometrics 35:549.
    """

    delta: float = 0.0

    def __str__(self) -> str:
        return "O'Brien-Fleming boundary"


@dataclass(frozen=True)
class Pocock(WangTsiatis):
    """The same critical value at every look.

    Source: Pocock 1977, Biometrika 64:191.
    """

    delta: float = 0.5

    def __str__(self) -> str:
        return "Pocock boundary"


@dataclass(frozen=True)
class HaybittlePeto:
    """One high value before the end, 3 by custom; the last look takes what is left of alpha.

    Source: Haybittle 1971, British Journal of Radiology 44:793; Peto et al. 1976, British Journal of Cancer
    34:585.
    """

    interim: float = 3.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.interim) and self.interim > 0):
            raise ValueError(f"the interim's critical value is {self.interim:g}: a Z above 0, 3 by custom")

    def __str__(self) -> str:
        return f"Haybittle-Peto boundary of {self.interim:g} before the end"

    @property
    def constant(self) -> float | None:
        """See `Shape`."""
        return self.interim

    def critical(self, constant: float, fractions: Sequence[float]) -> Floats:
        """See `Shape`."""
        return np.full(len(fractions), constant)
