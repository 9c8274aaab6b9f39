"""Sample sizes for the difference of two rates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from entact.analysis.sample_size.comparison import Comparison, above_zero, needs_effect, ordinates


@dataclass(frozen=True)
class Rates(Comparison):
    """The difference of two rates, tested with the pooled variance.

    Args:
        treatment, control: rates that are planned for, between 0 and 1. ratio: treatment to control.
            dropout: share who cannot be analysed.

    n₁ = (z_α √(π̄(1 - π̄)(1 + r)) + z_β √(π₁(1 - π₁) + r π₂(1 - π₂)))²/δ², with π̄ the rate of both arms.

    Equivalent to rpact `getSampleSizeRates`, gsDesign `nBinomial`.
    Source: Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions, equation 4.14, without
    continuity correction; for unequal arms 4.18.
    """

    treatment: float
    control: float
    ratio: float = 1.0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name, rate in (("treatment", self.treatment), ("control", self.control)):
            if not 0 <= rate <= 1:
                raise ValueError(f"the rate on {name} is {rate:g}: it lies between 0 and 1")
        self._check_arms()
        if not 0 < self._pooled < 1:
            raise ValueError(f"both rates are {self.control:g}: outcomes that never differ show nothing")

    @property
    def effect(self) -> float:
        """See `Comparison`."""
        return abs(self.treatment - self.control)

    def with_effect(self, effect: float) -> Self:
        """The same control arm, and a treatment arm that differs from it by so much."""
        return replace(self, treatment=self.control + effect)

    @property
    def _pooled(self) -> float:
        return (self.ratio * self.treatment + self.control) / (1 + self.ratio)

    def _spreads(self) -> tuple[float, float]:
        """Standard deviations of the difference, without any and with the planned one, times √n₁."""
        one, two, both = self.treatment, self.control, self._pooled
        none = np.sqrt(both * (1 - both) * (1 + self.ratio))
        return float(none), float(np.sqrt(one * (1 - one) + self.ratio * two * (1 - two)))

    def fixed_size(self, alpha: float, power: float) -> float:
        """See `Comparison`."""
        needs_effect(self.effect)
        above, below = ordinates(alpha, power)
        none, some = self._spreads()
        treated = ((above * none + below * some) / self.effect) ** 2
        return treated * (1 + self.ratio) / self.ratio

    def drift(self, alpha: float, size: float) -> float:
        """See `Comparison`."""
        above_zero("the size", size)
        if self.effect == 0:
            return 0.0
        above, _ = ordinates(alpha, 0.5 + alpha / 2)
        none, some = self._spreads()
        if some == 0:  # outcomes without any variance: certain, from the size on at which it can be seen
            some = np.finfo(float).tiny ** 0.25
        treated = size * self.ratio / (1 + self.ratio)
        return min(above + (self.effect * float(np.sqrt(treated)) - above * none) / some, _SURE)

    def told(self) -> str:
        """See `Comparison`."""
        return f"rates {self.treatment:g} and {self.control:g}, pooled variance"


_SURE = 40.0
