"""Sample sizes for the difference of two means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from entact.analysis.sample_size.comparison import (
    Comparison,
    above_zero,
    drift_by_t,
    needs_effect,
    number,
    ordinates,
    power_by_t,
    size_by_t,
)

_LEAST = 3.0  # participants that leave a degree of freedom


@dataclass(frozen=True)
class Means(Comparison):
    """The difference of two means.

    Args:
        difference: that is planned for, in the units of the outcome. sd: within arms; control_sd: of the
            control arm, where it is another. ratio: treatment to control. dropout: share who cannot be
            analysed. t: the test is Student's t with the standard deviation estimated (equal in both arms),
            rather than the normal approximation.

    n = (1 + r)(σ₁²/r + σ₂²)(z_α + z_β)²/δ²; with t, the n at which the noncentral t has the power.

    Equivalent to rpact `getSampleSizeMeans`, gsDesign `nNormal`.
    Source: Julious 2010, Sample Sizes for Clinical Trials, equations 3.7 (normal) and 3.11 (noncentral t).
    """

    difference: float
    sd: float
    control_sd: float | None = None
    ratio: float = 1.0
    dropout: float = 0.0
    t: bool = False

    def __post_init__(self) -> None:
        number("the difference", self.difference)
        above_zero("the standard deviation", self.sd)
        if self.control_sd is not None:
            above_zero("the standard deviation of the control arm", self.control_sd)
            if self.t:
                raise ValueError(
                    "Student's t takes one standard deviation for both arms: leave out control_sd"
                )
        self._check_arms()

    @property
    def effect(self) -> float:
        """See `Comparison`."""
        return abs(self.difference)

    def with_effect(self, effect: float) -> Self:
        """See `Comparison`."""
        return replace(self, difference=effect)

    @property
    def variance(self) -> float:
        """Of the difference, times the size of both arms together."""
        control = self.sd if self.control_sd is None else self.control_sd
        return (1 + self.ratio) * (self.sd**2 / self.ratio + control**2)

    def fixed_size(self, alpha: float, power: float) -> float:
        """See `Comparison`."""
        needs_effect(self.difference)
        above, below = ordinates(alpha, power)
        size = self.variance * ((above + below) / self.difference) ** 2
        if not self.t:
            return size
        return size_by_t(lambda n: self._power(alpha, n), power, size, _LEAST)

    def drift(self, alpha: float, size: float) -> float:
        """See `Comparison`."""
        above_zero("the size", size)
        plain = self.effect * float(np.sqrt(size / self.variance))
        if not self.t or self.difference == 0:
            return plain
        if size < _LEAST:
            raise ValueError(f"{size:g} participants: Student's t takes {_LEAST:g} at least")
        return drift_by_t(alpha, self._power(alpha, size), plain)

    def told(self) -> str:
        """See `Comparison`."""
        control = "" if self.control_sd is None else f" and {self.control_sd:g}"
        test = "Student's t" if self.t else "normal approximation"
        return f"difference of means {self.difference:g}, standard deviation {self.sd:g}{control}, {test}"

    def _power(self, alpha: float, size: float) -> float:
        return power_by_t(alpha, size - 2, self.effect * float(np.sqrt(size / self.variance)))
