"""What one look at the data has shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

_LEAST, _MOST = 1e-300, 1e150


@dataclass(frozen=True)
class Look:
    """What one look has shown.

    Args:
        estimate: of the difference, above 0 where the treatment is better. se: its standard error.
        df: degrees of freedom, where the test is Student's t (as by Kenward and Roger's method). The look is
            then judged by its p-value, which holds in small trials: a t beyond a critical z is too easy.
    """

    estimate: float
    se: float
    df: float | None = None

    def __post_init__(self) -> None:
        if not np.isfinite(self.estimate) or not (np.isfinite(self.se) and self.se > 0):
            raise ValueError(
                f"estimate {self.estimate}, standard error {self.se}: both are numbers, the second > 0"
            )
        if self.df is not None and not self.df > 0:
            raise ValueError(f"{self.df} degrees of freedom: more than 0, or leave it out")

    @classmethod
    def of_means(
        cls, n: tuple[int, int], mean: tuple[float, float], sd: tuple[float, float], *, t: bool = True
    ) -> Self:
        """Of two means with the pooled standard deviation, treatment first, where more is better.

        Raises:
            ValueError: for fewer than two participants in an arm, or where nobody differs from the others.
        """
        if min(n) < 2:
            raise ValueError(f"{n[0]} and {n[1]} participants: a standard deviation takes two in each arm")
        freedom = n[0] + n[1] - 2
        pooled = ((n[0] - 1) * sd[0] ** 2 + (n[1] - 1) * sd[1] ** 2) / freedom
        se = float(np.sqrt(pooled * (1 / n[0] + 1 / n[1])))
        return cls(mean[0] - mean[1], se, freedom if t else None)

    @classmethod
    def of_rates(cls, events: tuple[int, int], n: tuple[int, int]) -> Self:
        """Of two rates with the pooled variance, treatment first, where more events are better.

        Raises:
            ValueError: for counts that cannot be, or where all outcomes are the same.
        """
        if not all(0 <= count <= of for count, of in zip(events, n, strict=True)) or min(n) < 1:
            raise ValueError(
                f"{events[0]} of {n[0]} and {events[1]} of {n[1]}: events are among participants"
            )
        rate = (events[0] + events[1]) / (n[0] + n[1])
        if rate in (0.0, 1.0):
            raise ValueError(
                "all outcomes are the same: the variance of the difference is 0, and nothing is known"
            )
        se = float(np.sqrt(rate * (1 - rate) * (1 / n[0] + 1 / n[1])))
        return cls(events[0] / n[0] - events[1] / n[1], se)

    @classmethod
    def of_logrank(cls, z: float, events: int, ratio: float = 1.0) -> Self:
        """Of a log-rank statistic, above 0 where treatment is better: minus the log hazard ratio, about.

        Args:
            ratio: of participants, treatment to control.
        Raises:
            ValueError: without events.
        """
        if events < 1:
            raise ValueError(f"{events} events: nothing is known before the first")
        se = (1 + ratio) / float(np.sqrt(ratio * events))
        return cls(z * se, se)

    @property
    def z(self) -> float:
        """The statistic; of a t the normal one with the same p-value."""
        t = self.estimate / self.se
        if self.df is None:
            return t
        # From the tail, whose digits are not lost.
        tail = float(stdtr(self.df, -abs(t)))
        if tail > _LEAST:
            far = -float(ndtri(tail))
        else:  # Wallace 1959, Annals of Mathematical Statistics 30:1121, where a tail is too small to be told
            far = float(np.sqrt(self.df * np.log1p(min(abs(t), _MOST) ** 2 / self.df)))
            far *= (8 * self.df + 1) / (8 * self.df + 3)
        return far if t > 0 else -far

    @property
    def information(self) -> float:
        """What is known: 1 / SE²."""
        return self.se**-2

    def interval(self, level: float) -> tuple[float, float]:
        """The estimate and what lies around it.

        Args:
            level: one-sided significance on either side.
        """
        if not 0.0 < level < 0.5:
            raise ValueError(f"level is one-sided and lies between 0 and 0.5, such as 0.025, not {level!r}")
        critical = float(-ndtri(level)) if self.df is None else float(-stdtrit(self.df, level))
        return self.estimate - critical * self.se, self.estimate + critical * self.se
