"""Critical values from spending functions: each look takes what it may, given the looks before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from entact.analysis.sequential.recursion import REACH, Floats, GoingOn, crossing, finest_after
from entact.analysis.sequential.spending import Spending

_FAR = 12.0  # a critical value that nothing crosses: 1 - Φ(12) is 2e-33
_LEAST = 1e-300


@dataclass(frozen=True)
class Boundaries:
    """When a trial stops.

    Attributes:
        information: fractions at the looks. upper: Z from which on it stops for efficacy; in a two-sided
            design it does so below -upper too. lower: Z below which it stops for futility, None without.
        spent: of the error rate of one tail, by each look.
    """

    information: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...] | None
    spent: tuple[float, ...]

    @property
    def nominal(self) -> tuple[float, ...]:
        """The one-sided significance level of each look."""
        return tuple(float(ndtr(-value)) for value in self.upper)


def efficacy(
    fractions: Sequence[float],
    spent: Floats,
    *,
    sided: int,
    lower: Sequence[float] | None = None,
    drift: float = 0.0,
) -> list[float]:
    """Critical values that spend the error rate of one tail as planned.

    Args:
        spent: of the rate, by each look. sided: 2 where Z below minus the value stops too.
        lower: binding futility bounds; the last of them is not used.
        drift: under which it is spent.
    """
    state, found = GoingOn.start(), []
    finest = finest_after(fractions)
    before = 0.0
    for look, fraction in enumerate(fractions):
        target = float(spent[look]) - before
        before = float(spent[look])
        found.append(_solve(state, fraction, drift, target))
        if look + 1 < len(fractions):
            floor = -found[-1] if sided == 2 else -np.inf if lower is None else lower[look]
            state = state.go_on(floor, found[-1], fraction, drift, finest[look])
    return found


def futility(fractions: Sequence[float], upper: Sequence[float], spent: Floats, drift: float) -> list[float]:
    """Lower bounds that spend the type II error rate under a drift; the last is not held to `upper`."""
    state, found = GoingOn.start(), []
    finest = finest_after(fractions)
    before = 0.0
    for look, fraction in enumerate(fractions):
        target = float(spent[look]) - before
        before = float(spent[look])
        found.append(-_solve(_mirrored(state), fraction, -drift, target))
        if look + 1 < len(fractions):
            state = state.go_on(min(found[-1], upper[look]), upper[look], fraction, drift, finest[look])
    return found


def drift_for(
    power: float, fractions: Sequence[float], lower: Sequence[float], upper: Sequence[float]
) -> float:
    """The drift at which the trial stops above with a probability."""

    def missing(drift: float) -> float:
        return float(crossing(fractions, lower, upper, drift)[0].sum()) - power

    return float(brentq(missing, 0.0, 2 * (_FAR + REACH), xtol=1e-13, rtol=1e-14))


def _solve(state: GoingOn, fraction: float, drift: float, target: float) -> float:
    """The value above which Z lies with a probability, having gone on until now: Newton from a safe start."""
    if target <= _LEAST:
        return _FAR
    if target >= state.probability:
        return -np.inf
    low, high = -_FAR, _FAR
    value = float(np.clip(-ndtri(min(target / max(state.probability, target), 0.999999)), low, high))
    for _ in range(100):
        error = state.above(value, fraction, drift) - target
        low, high = (value, high) if error > 0 else (low, value)
        slope = state.density(value, fraction, drift)
        # Newton on the logarithm, which is nearly straight in the tail.
        step = (
            np.log((error + target) / target) * (error + target) / slope
            if slope > 0 and error > -target
            else np.inf
        )
        proposed = value + step
        if not low < proposed < high:
            proposed = (low + high) / 2
        if abs(proposed - value) <= 2e-15 * max(1.0, abs(value)):
            return float(proposed)
        value = proposed
    return float(value)


def _mirrored(state: GoingOn) -> GoingOn:
    return GoingOn(state.fraction, -state.scores, state.mass)


def planned(spending: Spending, rate: float, fractions: Sequence[float]) -> Floats:
    """What may be spent by each look; all of it by the last, which is what remains there."""
    spent = spending.spent(rate, np.asarray(fractions, float))
    if fractions[-1] >= 1.0:
        spent[-1] = rate
    return spent
