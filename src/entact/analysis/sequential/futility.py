"""Futility bounds that spend the type II error rate, and the effect under which they do.

In a one-sided design a trial stops where Z lies below a bound; in a two-sided one where |Z| does, in an inner
wedge. Whether these bounds and the critical values meet at the last look decides the effect.

Source: Pampallona, Tsiatis & Kim 2001, Drug Information Journal 35:1113 (spending of beta); two-sided:
Jennison & Turnbull 2000, section 5.2, and the convention of rpact, see `wedge_spent`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import brentq

from entact.analysis.sequential.boundaries import FAR, LEAST, Trend, Walk, plainly, solve, went_on
from entact.analysis.sequential.recursion import Floats, GoingOn, increments_after
from entact.analysis.sequential.root import rising_root

_BEND = 0.14  # by how much, a look, the gap of the last bounds bends over the drift, in e-foldings
_NEAR_ENOUGH = 1e-13  # as in `root`


class FutilityWalk:
    """From look to look under an effect, with futility bounds that spend the type II error rate.

    Args:
        spent: of beta, by each look. drift: under which it is spent. near: what the bounds will be, about.
    """

    def __init__(
        self,
        fractions: Sequence[float],
        sided: int,
        spent: Floats,
        drift: float,
        near: Sequence[float] | None = None,
    ):
        self.fractions = fractions
        self.lower: list[float] = []
        self._sided, self._spent, self._drift, self._near = sided, spent, drift, near
        self._state = GoingOn.at(0.0, 0.0)
        self._following = increments_after(fractions)
        self._trend = Trend()

    def step(self, upper: float) -> float:
        """The bound of the next look, not held to its critical value, with which the walk goes on."""
        look = len(self.lower)
        target = float(self._spent[look]) - (float(self._spent[look - 1]) if look else 0.0)
        fraction = self.fractions[look]
        if self._sided == 2:
            bound = _inner(self._state, fraction, self._drift, target)
        else:
            mirrored = self._state.mirrored
            plain = plainly(mirrored, fraction, -self._drift, target)
            near = self._trend.next(plain) if self._near is None else -self._near[look]
            bound = -solve(mirrored, fraction, -self._drift, target, near)
            self._trend.was(-bound, plain)
        self.lower.append(bound)
        if look + 1 < len(self.fractions):
            self._state = went_on(
                self._state, self._sided, bound, upper, fraction, self._drift, self._following[look]
            )
        return bound


def with_futility(
    walk: Walk, spent: Floats, drift: float, *, binding: bool, near: Sequence[float] | None = None
) -> tuple[list[float], Walk]:
    """Futility bounds that spend beta under a drift, beside critical values; these rely on them if binding.

    Args:
        walk: not begun. spent: of beta, by each look. near: what the bounds will be, about.
    Returns:
        Lower bounds, the last of which is not held to the critical value, and the walk after all looks.
    """
    lower = FutilityWalk(walk.fractions, walk.sided, spent, drift, near)
    for look in range(len(walk.fractions)):
        bound = lower.step(walk.step())
        if look + 1 < len(walk.fractions):
            walk.go_on(bound if binding else -np.inf)
    return lower.lower, walk


def futility(walk: Walk, spent: Floats, drift: float, near: Sequence[float] | None = None) -> list[float]:
    """Futility bounds that spend beta under a drift, beside a walk that is done and does not rely on them."""
    lower = FutilityWalk(walk.fractions, walk.sided, spent, drift, near)
    return [lower.step(value) for value in walk.upper]


def wedge_spent(spent: Floats, one_sided: Sequence[float], beta: float) -> Floats:
    """What a two-sided design spends of beta, which has a wedge only where a one-sided bound lies above 0.

    A bound of |Z| below which hardly anybody falls would be no reason to stop. Where the futility bound of
    the one-sided design lies at or below 0, nothing is spent; before the first wedge the function is begun
    anew, so that it still ends at beta.

    Args:
        spent: by each look. one_sided: futility bounds of the one-sided design, for all looks but the last.
    Source: rpact `getDesignGroupSequential(sided = 2, typeBetaSpending = …)`, with its `betaAdjustment`.
    """
    there = [*(bound > 0 for bound in one_sided), True]
    first = there.index(True)
    before = float(spent[first - 1]) if first else 0.0
    found = (
        np.maximum(spent - before, 0.0) * (beta / (beta - before)) if before < beta else np.zeros(len(spent))
    )
    for look, own in enumerate(there):
        if not own:
            found[look] = found[look - 1] if look else 0.0
    found[-1] = beta
    return np.asarray(found, float)


HALF = np.array([0.5])


def cost(looks: int, alpha: float, beta: float, *, binding: bool) -> float:
    """What looks add to the drift, to a tenth: where to look for it first.

    Args:
        alpha, beta: the shares that are spent by half of the information.
    """
    futile, more = (0.4, 0.13) if binding else (0.65, 0.17)
    early = futile * (beta - 0.12) + 0.46 * (alpha - 0.06)
    return (1 - 0.9 / looks) * early + more * (1 - 1.8 / looks)


class Meeting:
    """Bounds under one drift after another, until the last ones meet.

    Args:
        bounds: lower ones and the walk with the critical values, under a drift; from what lower ones will be,
            about. looks: how many.
    """

    def __init__(
        self, bounds: Callable[[float, Sequence[float] | None], tuple[list[float], Walk]], looks: int
    ) -> None:
        self._bounds, self._looks = bounds, looks
        self._tried: list[tuple[float, Floats]] = []

    def drift(self, near: float) -> float:
        """The drift under which they meet. Errors: `ValueError`, where there is none."""
        return rising_root(self._gap, near, step=0.5, slope=1 + 0.07 * self._looks)

    def found(self, drift: float) -> tuple[list[float], list[float], list[float]]:
        """Futility bounds, critical values and what they spend, by look."""
        last = self._tried[-3:]
        apart = np.array([drift - one for one, _ in last])
        held = all(np.all(self._lower(values)[:-1] <= self._upper(values)[:-1]) for _, values in last)
        if len(last) < 3 or abs(np.prod(apart)) > _NEAR_ENOUGH or not held:
            values = self._values(drift)
        else:
            values = _between(drift, last)
        lower, upper, spent = values.reshape(3, -1).tolist()
        return lower, upper, spent

    def _gap(self, drift: float) -> float:
        """How far the last futility bound lies above the last critical value, bent nearly straight."""
        values = self._values(drift)
        gap = float(self._lower(values)[-1] - self._upper(values)[-1])
        bend = _BEND * self._looks
        return float(-np.expm1(min(-bend * gap, 700.0)) / bend)

    def _values(self, drift: float) -> Floats:
        near = self._lower(_between(drift, self._tried[-3:])).tolist() if self._tried else None
        lower, walk = self._bounds(drift, near)
        values = np.array([*lower, *walk.upper, *walk.spent])
        self._tried.append((drift, values))
        return values

    def _lower(self, values: Floats) -> Floats:
        return values[: self._looks]

    def _upper(self, values: Floats) -> Floats:
        return values[self._looks : 2 * self._looks]


def _between(drift: float, known: Sequence[tuple[float, Floats]]) -> Floats:
    """Values at a drift, by the polynomial through those at others; as they were last where not finite."""
    drifts, last = [one for one, _ in known], known[-1][1]
    found = last.copy()
    for one, values in known[:-1]:
        share = np.prod([(drift - other) / (one - other) for other in drifts if other != one])
        with np.errstate(invalid="ignore"):
            found += share * (values - last)
    return np.where(np.isfinite(found), found, last)


def _inner(state: GoingOn, fraction: float, drift: float, target: float) -> float:
    """The bound below which |Z| lies with a probability, having gone on until now."""
    if target <= LEAST:
        return -np.inf
    if target >= state.probability:
        return np.inf
    return float(
        brentq(lambda bound: state.within(bound, fraction, drift) - target, 0.0, FAR, xtol=1e-14, rtol=1e-14)
    )
