"""What a trial with looks has shown: decisions, p-values, estimates and intervals that know of the looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from entact.analysis.sequential.boundaries import Boundaries
from entact.analysis.sequential.planned import Planned
from entact.analysis.sequential.recursion import crossing

_WIDEST = 30.0  # drift beyond which nothing is looked for
_FAR = 40.0
_LEAST_P = 1e-14


@dataclass(frozen=True)
class Look:
    """What one look has shown: an estimate, above 0 where it is better, and its standard error."""

    estimate: float
    se: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.estimate) or not (np.isfinite(self.se) and self.se > 0):
            raise ValueError(
                f"estimate {self.estimate}, standard error {self.se}: both are numbers, the second > 0"
            )

    @property
    def z(self) -> float:
        """The statistic."""
        return self.estimate / self.se

    @property
    def information(self) -> float:
        """What is known: 1 / SE²."""
        return self.se**-2


@dataclass(frozen=True)
class SequentialEstimate:
    """The result of a trial, as far as it has come.

    Attributes:
        looks: as they were. boundaries: at the information that was really there.
        stopped: the look at which it stopped, from 1 on, None while it goes on. decision: at the last look:
            `efficacy`, `futility`, `continue`, or `not rejected` at the end.
        repeated_p, repeated_interval: valid at every look, however it goes on; two-sided 1 - 2 alpha.
        p, estimate, interval: one-sided p-value, median-unbiased estimate and interval of 1 - 2 alpha by
            stage-wise ordering, once it has stopped; None before.
    """

    looks: tuple[Look, ...]
    boundaries: Boundaries
    stopped: int | None
    decision: str
    repeated_p: tuple[float, ...]
    repeated_interval: tuple[tuple[float, float], ...]
    p: float | None
    estimate: float | None
    interval: tuple[float, float] | None


def analyse(
    design: Planned, looks: Sequence[Look], maximum: float, *, final: bool = False
) -> SequentialEstimate:
    """What the looks so far have shown, with boundaries at the information that they really had.

    Args:
        looks: in order. maximum: the whole information that was planned, 1 / SE².
        final: no further look will come: the last spends what is left of alpha, whatever its information.
    Raises:
        ValueError: where there is no look, the information does not rise, or a look goes on beyond the end.

    Source: Lan & DeMets 1983; Fairbanks & Madsen 1982 (stage-wise ordering); Jennison & Turnbull 1989
    (repeated intervals).
    """
    if not looks:
        raise ValueError("there is no look yet")
    if not (np.isfinite(maximum) and maximum > 0):
        raise ValueError(f"the planned information is {maximum}: a number above 0, 1 / SE² at the end")
    fractions = [look.information / maximum for look in looks]
    if np.any(np.diff([0.0, *fractions]) <= 0):
        raise ValueError(f"the information has to rise from look to look; it was {fractions} of the whole")
    if any(fraction >= 1 for fraction in fractions[:-1]):
        raise ValueError("a look with all of the information is the last one")
    ended = final or fractions[-1] >= 1
    bounds = design.boundaries_at(fractions, final=ended)
    upper = bounds.upper
    z = [look.z for look in looks]
    stopped, decision = _decide(z, upper, bounds.lower, ended, design.sided)
    repeated = [
        _repeated_p(design, fractions[: k + 1], z[k], ended and k + 1 == len(z)) for k in range(len(z))
    ]
    intervals = [
        (look.estimate - value * look.se, look.estimate + value * look.se)
        for look, value in zip(looks, upper, strict=True)
    ]
    shown = SequentialEstimate(
        tuple(looks), bounds, stopped, decision, tuple(repeated), tuple(intervals), None, None, None
    )
    if stopped is None:
        return shown
    at = _StageWise(fractions[:stopped], upper[: stopped - 1], z[stopped - 1])
    scale = float(np.sqrt(maximum))
    return replace(
        shown,
        p=at.p(0.0),
        estimate=at.drift_at(0.5) / scale,
        interval=(at.drift_at(design.alpha) / scale, at.drift_at(1 - design.alpha) / scale),
    )


def repeated_interval(look: Look, critical: float) -> tuple[float, float]:
    """The interval that holds at every look, with the critical value of this one."""
    return look.estimate - critical * look.se, look.estimate + critical * look.se


class _StageWise:
    """The ordering in which an earlier stop says more than a later one, and the statistic within a look.

    Futility bounds are left out of it: they need not be kept, and what is said holds either way.
    """

    def __init__(self, fractions: Sequence[float], before: Sequence[float], z: float) -> None:
        self.fractions = fractions
        self.upper = [*before, z]
        self.lower = [-np.inf] * len(fractions)

    def p(self, drift: float) -> float:
        """The probability of what was seen, or of more, under a drift."""
        above, _ = crossing(self.fractions, self.lower, self.upper, drift)
        return float(above.sum())

    def drift_at(self, level: float) -> float:
        """The drift under which that probability is a level."""
        return _root(lambda drift: self.p(drift) - level)


def _root(missing: Callable[[float], float]) -> float:
    return float(brentq(missing, -_WIDEST, _WIDEST, xtol=1e-12, rtol=1e-13))


def _decide(
    z: Sequence[float], upper: Sequence[float], lower: tuple[float, ...] | None, ended: bool, sided: int
) -> tuple[int | None, str]:
    for look, value in enumerate(z):
        if value >= upper[look] or (sided == 2 and value <= -upper[look]):
            return look + 1, "efficacy"
        if lower is not None and look < len(lower) and value < lower[look]:
            return look + 1, "futility"
    return (len(z), "not rejected") if ended else (None, "continue")


def _repeated_p(design: Planned, fractions: Sequence[float], z: float, ended: bool) -> float:
    """The smallest alpha with which the design would have stopped for efficacy at this look."""

    def missing(log_alpha: float) -> float:
        found = design.rule.at(float(np.exp(log_alpha)), fractions, ended=ended).found().upper[-1]
        return min(found, _FAR) - shown

    shown = abs(z) if design.sided == 2 else z
    low, high = np.log(_LEAST_P), np.log(0.4999)
    if missing(high) >= 0:
        return 0.5
    if missing(low) <= 0:
        return _LEAST_P
    return float(np.exp(brentq(missing, low, high, xtol=1e-12, rtol=1e-13)))
