"""Events and participants for a comparison of survival."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.optimize import brentq

from entact.analysis.sample_size.comparison import Comparison, above_zero, needs_effect, ordinates


@dataclass(frozen=True)
class Survival(Comparison):
    """The hazard ratio by the log-rank test; what counts is events.

    Args:
        hazard_ratio: treatment to control. ratio: of participants, treatment to control.
        control_median: survival on control, exponential. accrual: how long participants are enrolled, evenly;
            follow_up: how long the last of them is followed. dropout_hazard: of those lost, exponential. All
            in one unit of time; without them events are counted, and nobody is enrolled.

    events = (1 + r)²/r (z_α + z_β)²/(log HR)².

    Equivalent to rpact `getSampleSizeSurvival(typeOfComputation = "Schoenfeld")`, gsDesign `nEvents`.
    Source: Schoenfeld 1981, Biometrika 68:316; participants by Lachin & Foulkes 1986, Biometrics 42:507,
    section 4.
    """

    counted = "events"

    hazard_ratio: float
    ratio: float = 1.0
    control_median: float | None = None
    accrual: float | None = None
    follow_up: float = 0.0
    dropout_hazard: float = 0.0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        above_zero("the hazard ratio", self.hazard_ratio)
        if (self.control_median is None) != (self.accrual is None):
            raise ValueError("control_median and accrual go together: from both follows who has an event")
        if self.control_median is not None and self.accrual is not None:
            above_zero("the median on control", self.control_median)
            above_zero("the accrual", self.accrual)
        if not (0 <= self.follow_up < np.inf and 0 <= self.dropout_hazard < np.inf):
            raise ValueError("follow_up and dropout_hazard are numbers from 0 on")
        self._check_arms()

    @property
    def effect(self) -> float:
        """The log hazard ratio, whatever its sign."""
        return abs(float(np.log(self.hazard_ratio)))

    def with_effect(self, effect: float) -> Self:
        """The same with another log hazard ratio."""
        return replace(self, hazard_ratio=float(np.exp(effect)))

    def fixed_size(self, alpha: float, power: float) -> float:
        """Events; see `Comparison`."""
        needs_effect(self.effect)
        above, below = ordinates(alpha, power)
        return (1 + self.ratio) ** 2 / self.ratio * ((above + below) / self.effect) ** 2

    def drift(self, alpha: float, size: float) -> float:
        """See `Comparison`; the size is a number of events."""
        above_zero("the number of events", size)
        return self.effect * float(np.sqrt(size * self.ratio)) / (1 + self.ratio)

    def enrolled(self, size: float) -> float:
        """Participants for a number of events by the end of follow-up; NaN where no times were said."""
        if self.accrual is None:
            return np.nan
        return size / self.event_probability(self.accrual + self.follow_up) / (1 - self.dropout)

    def event_probability(self, time: float) -> float:
        """The share of all participants with an event by a time since the first was enrolled.

        Raises:
            ValueError: where no times were said.
        """
        if self.control_median is None or self.accrual is None:
            raise ValueError("without control_median and accrual nobody knows who has an event, and when")
        control = np.log(2) / self.control_median
        of_treated = self._probability(control * self.hazard_ratio, time)
        return (self.ratio * of_treated + self._probability(control, time)) / (1 + self.ratio)

    def look_times(self, fractions: tuple[float, ...]) -> tuple[float, ...]:
        """When the events of each look will have happened, since the first was enrolled."""
        assert self.accrual is not None, "event_probability says what is missing"
        end = self.accrual + self.follow_up
        whole = self.event_probability(end)
        return tuple(
            float(brentq(lambda at, share=share: self.event_probability(at) - share * whole, 0.0, end))
            if share < 1
            else end
            for share in fractions
        )

    def told(self) -> str:
        """See `Comparison`."""
        return f"hazard ratio {self.hazard_ratio:g}, log-rank test"

    def _probability(self, hazard: float, time: float) -> float:
        """Of an event by a time, with entry spread evenly over the accrual."""
        assert self.accrual is not None
        leaving = hazard + self.dropout_hazard
        entered = min(time, self.accrual)
        # The mean over the entries of 1 - exp(-leaving (time - entry)).
        missed = np.exp(-leaving * (time - entered)) * -np.expm1(-leaving * entered) / leaving
        return float(hazard / leaving * (entered - missed) / self.accrual)
