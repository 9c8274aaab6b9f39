"""What a trial with looks has shown: decisions, p-values, estimates and intervals that know of the looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from scipy.optimize import brentq

from entact.analysis.sequential.boundaries import Boundaries, Overspent
from entact.analysis.sequential.combination import Combined
from entact.analysis.sequential.look import Look
from entact.analysis.sequential.planned import Planned
from entact.analysis.sequential.recursion import crossing

_WIDEST = 12.0  # standard deviations around what was seen, beyond which no drift is looked for
_FAR = 40.0
_LEAST_P = 1e-14
_LEAST_STEP = 1e-6


@dataclass(frozen=True)
class SequentialEstimate:
    """The result of a trial, as far as it has come.

    Attributes:
        looks: as they were. boundaries: at the information that was really there.
        stopped: the look at which it stopped, from 1 on, None while it goes on. decision: at the last look:
            `efficacy`, `futility`, `continue`, or `not rejected` at the end.
        repeated_p, repeated_interval: valid at every look, however it goes on; p of one tail, interval of
            1 - 2 alpha.
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

    def __str__(self) -> str:
        lines = []
        for place, (look, upper) in enumerate(zip(self.looks, self.boundaries.upper, strict=True), start=1):
            low, high = self.repeated_interval[place - 1]
            lines.append(
                f"look {place}, {100 * self.boundaries.information[place - 1]:.4g} % of the information:"
                f" Z {look.z:.4f} against {upper:.4f}, repeated p {self.repeated_p[place - 1]:.4g},"
                f" interval {low:.4g} to {high:.4g}"
            )
        if self.stopped is None or self.p is None or self.interval is None:
            return "\n".join([*lines, "continue"])
        return "\n".join(
            [
                *lines,
                f"{self.decision} at look {self.stopped}: median-unbiased estimate {self.estimate:.4g},"
                f" {self.interval[0]:.4g} to {self.interval[1]:.4g}, one-sided p {self.p:.4g}",
            ]
        )


def analyse(
    design: Planned, looks: Sequence[Look], maximum: float, *, final: bool = False
) -> SequentialEstimate:
    """What the looks so far have shown, with boundaries at the information that they really had.

    Args:
        looks: in order, each on all data so far. maximum: the whole information that was planned, 1 / SE².
        final: no further look will come: the last spends what is left of alpha, whatever its information.
    Raises:
        ValueError: where there is no look, the information does not rise, or a look goes on beyond the end.

    Source: Lan & DeMets 1983; Fairbanks & Madsen 1982 (stage-wise ordering); Jennison & Turnbull 1989
    (repeated intervals); Jennison & Turnbull 2000, sections 8.2 to 8.5 and 9.2.
    """
    if not (np.isfinite(maximum) and maximum > 0):
        raise ValueError(f"the planned information is {maximum}: a number above 0, 1 / SE² at the end")
    fractions = [look.information / maximum for look in looks]
    if np.any(np.diff([0.0, *fractions]) < _LEAST_STEP):
        raise ValueError(
            f"the information has to rise from look to look, by {_LEAST_STEP:g} of the whole at least;"
            f" it was {fractions} of the whole"
        )
    return _shown(design, looks, fractions, final)


def analyse_stages(design: Planned, stages: Sequence[Look], *, final: bool = False) -> SequentialEstimate:
    """What stages have shown whose sizes may have depended on what was seen, by the inverse normal method.

    The stages' statistics are combined with the weights that the planned information gives them, whatever
    they turned out to be.

    Args:
        stages: in order, each on its own participants alone.
        final: the last of them is the end, although fewer stages than planned were done.
    Raises:
        ValueError: where there is no stage, or there are more than planned.

    Equivalent to rpact `getDesignInverseNormal`, `getAnalysisResults`.
    Source: Lehmacher & Wassmer 1999, Biometrics 55:1286, equation 3; Cui, Hung & Wang 1999, Biometrics
    55:853.
    """
    if len(stages) > len(design.information):
        raise ValueError(
            f"{len(stages)} stages, but {len(design.information)} were planned, with their weights"
        )
    fractions = design.information[: len(stages)]
    looks: list[Look] = [Combined.of(stages[:last], fractions[:last]) for last in range(1, len(stages) + 1)]
    if looks:
        looks[0] = stages[0]
    return _shown(design, looks, fractions, final)


def repeated_interval(look: Look, critical: float) -> tuple[float, float]:
    """The interval that holds at every look, with the critical value of this one."""
    return look.estimate - critical * look.se, look.estimate + critical * look.se


def _shown(
    design: Planned, looks: Sequence[Look], fractions: Sequence[float], final: bool
) -> SequentialEstimate:
    if not looks:
        raise ValueError("there is no look yet")
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
    # A look at which nothing is spent says nothing: its repeated interval is the whole line.
    intervals = [
        look.interval(level) if level > 0 else (-inf, inf)
        for look, level in zip(looks, bounds.nominal, strict=True)
    ]
    shown = SequentialEstimate(
        tuple(looks), bounds, stopped, decision, tuple(repeated), tuple(intervals), None, None, None
    )
    if stopped is None:
        return shown
    # A two-sided trial that stopped on the other side is read in the mirror.
    sign = -1.0 if design.sided == 2 and z[stopped - 1] < 0 else 1.0
    ses = [look.se for look in looks[:stopped]]
    at = _StageWise(fractions[:stopped], [*upper[: stopped - 1], sign * z[stopped - 1]], ses)
    p = at.p(0.0)
    if stopped == 1:  # nothing came before: the plain estimate and its interval
        estimate, interval = looks[0].estimate, looks[0].interval(design.alpha)
    else:
        low, high = sorted(sign * at.difference_at(level) for level in (design.alpha, 1 - design.alpha))
        estimate, interval = sign * at.difference_at(0.5), (low, high)
    return replace(shown, p=p if sign > 0 else 1 - p, estimate=estimate, interval=interval)


class _StageWise:
    """The ordering in which an earlier stop says more than a later one, and the statistic within a look.

    Futility bounds are left out of it: they need not be kept, and what is said holds either way.
    """

    def __init__(self, fractions: Sequence[float], upper: Sequence[float], ses: Sequence[float]) -> None:
        self.fractions = fractions
        self.upper = np.asarray(upper)
        self.ses = np.asarray(ses)

    def p(self, difference: float) -> float:
        """The probability of what was seen, or of more, under a difference."""
        never = [-np.inf] * len(self.fractions)
        shifted = (self.upper - difference / self.ses).tolist()
        return float(crossing(self.fractions, never, shifted, 0.0)[0].sum())

    def difference_at(self, level: float) -> float:
        """The difference under which that probability is a level."""
        known = np.isfinite(self.upper)
        seen, widest = (self.upper * self.ses)[known], _WIDEST * float(self.ses.max())
        low, high = float(seen.min()) - widest, float(seen.max()) + widest
        return float(brentq(lambda one: self.p(one) - level, low, high, xtol=1e-13 * widest, rtol=1e-13))


def _decide(
    z: Sequence[float],
    upper: Sequence[float],
    lower: tuple[float, ...] | None,
    ended: bool,
    sided: int,
) -> tuple[int | None, str]:
    for look, value in enumerate(z):
        if value >= upper[look] or (sided == 2 and value <= -upper[look]):
            return look + 1, "efficacy"
        if lower is not None and look < len(lower) and (abs(value) if sided == 2 else value) < lower[look]:
            return look + 1, "futility"
    return (len(z), "not rejected") if ended else (None, "continue")


def _repeated_p(design: Planned, fractions: Sequence[float], z: float, ended: bool) -> float:
    """The smallest alpha with which the design would have stopped for efficacy at this look."""
    shown = abs(z) if design.sided == 2 else z

    def missing(log_alpha: float) -> float:
        alpha = float(np.exp(log_alpha))
        try:
            walk = design.rule.at(alpha, fractions, ended=ended).found()
        except Overspent:
            return _FAR  # bounds that do not depend on alpha have spent more before: no value rejects
        return (min(walk.upper[-1], _FAR) if walk.spent[-1] <= alpha * (1 + 1e-9) else _FAR) - shown

    low, high = np.log(_LEAST_P), np.log(0.4999)
    if missing(high) >= 0:
        return 0.5
    if missing(low) <= 0:
        return _LEAST_P
    return float(np.exp(brentq(missing, low, high, xtol=1e-12, rtol=1e-13)))
