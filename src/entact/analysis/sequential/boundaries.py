"""Critical values from what may be spent or from a shape: each look takes its own, given the looks before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from entact.analysis.sequential.recursion import Floats, GoingOn, increments_after
from entact.analysis.sequential.root import rising_root
from entact.analysis.sequential.shape import Shape
from entact.analysis.sequential.spending import Spending

FAR = 40.0  # 1 - Φ(40) is 0
LEAST = 1e-150
_CLOSE = 1e-5  # a step after which nothing is left to find: each cubes what was missing
_TILT = 0.75  # drift to which densities are carried over from another without loss


class Overspent(ValueError):
    """Bounds before the end that spend more than there is."""


@dataclass(frozen=True)
class Boundaries:
    """When a trial stops.

    Attributes:
        information: fractions at the looks. upper: Z from which on it stops for efficacy, infinite where it
            does not; in a two-sided design it does so at -upper too. lower: Z below which it stops for
            futility, None without.
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

    def __str__(self) -> str:
        lines = []
        for place, (at, upper, spent) in enumerate(
            zip(self.information, self.upper, self.spent, strict=True)
        ):
            low = -np.inf if self.lower is None or place >= len(self.lower) else self.lower[place]
            futile = f", futility below {low:.4f}" if isfinite(low) else ""
            lines.append(
                f"look {place + 1}, {100 * at:.4g} % of the information: efficacy from {upper:.4f}{futile},"
                f" {spent:.3g} spent"
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class Rule:
    """What decides critical values: a spending function or a shape, and the looks for which it was planned.

    Args:
        spending: a function of the fraction, or a shape. information: planned fractions.
        sided: 2 where Z below minus the value stops too.
    """

    spending: Spending | Shape
    information: tuple[float, ...]
    sided: int

    def at(self, alpha: float, fractions: Sequence[float], *, ended: bool) -> Walk:
        """The walk over looks at fractions that need not be the planned ones."""
        if isinstance(self.spending, Spending):
            spent = self.spending.spent(alpha, np.asarray(fractions, float))
            if ended:
                spent[-1] = alpha
            return Walk(fractions, self.sided, spent, None)
        values = self.spending.critical(self._constant(alpha), fractions)
        return Walk(fractions, self.sided, np.full(len(fractions), alpha), values.tolist(), ended)

    def _constant(self, alpha: float) -> float:
        """With which the planned looks spend alpha."""
        shape = self.spending
        assert not isinstance(shape, Spending)
        if shape.constant is not None:
            return shape.constant
        looks = self.information

        def under(constant: float) -> float:
            upper = shape.critical(constant, looks).tolist()
            return float(ndtri(alpha) - ndtri(Walk(looks, self.sided, np.zeros(0), upper).found().spent[-1]))

        # About what looks add to Pocock's constant, and less of it the higher a boundary is at its beginning.
        added = 0.07 + 0.215 * np.log(len(looks)) if len(looks) > 1 else 0.0
        flat = float(shape.critical(1.0, (1.0,))[0] / shape.critical(1.0, (0.25,))[0])
        return rising_root(under, float(added * flat**2.75 - ndtri(alpha)), step=0.25)


class Walk:
    """From look to look under no effect, with critical values given or found on the way.

    Args:
        fractions: of the looks. spent: by each look, where critical values are to be found.
        given: critical values. last: whether the last of them is to be found after all.
    """

    def __init__(
        self,
        fractions: Sequence[float],
        sided: int,
        spent: Floats,
        given: Sequence[float] | None,
        last: bool = False,
    ):
        self.fractions = fractions
        self.upper: list[float] = []
        self.spent: list[float] = []
        self.sided, self._planned, self._given, self._last = sided, spent, given, last
        self._state = GoingOn.at(0.0, 0.0)
        self._following = increments_after(fractions)
        self._trend = Trend()

    def step(self) -> float:
        """The critical value of the next look."""
        look, before = len(self.upper), self.spent[-1] if self.spent else 0.0
        fraction, ends = self.fractions[look], look + 1 == len(self.fractions)
        if self._given is not None and not (self._last and ends):
            value = float(self._given[look])
            spent = before + self._state.above(value, fraction, 0.0)
        else:
            spent = float(self._planned[look])
            if spent < before:
                raise Overspent(
                    f"the looks before the end spend {before:.3g} of {spent:g}:"
                    " their critical values are too low"
                )
            plain = plainly(self._state, fraction, 0.0, spent - before)
            value = solve(self._state, fraction, 0.0, spent - before, self._trend.next(plain))
            self._trend.was(value, plain)
        self.upper.append(value)
        self.spent.append(spent)
        return value

    def go_on(self, lower: float = -np.inf) -> None:
        """After a look, where Z, or |Z| in a two-sided design, was not below a bound either."""
        look = len(self.upper) - 1
        self._state = went_on(
            self._state, self.sided, lower, self.upper[-1], self.fractions[look], 0.0, self._following[look]
        )

    def found(self, lower: Sequence[float] | None = None) -> Walk:
        """Itself, after all looks; `lower`: binding futility bounds for all looks but the last."""
        for look in range(len(self.fractions)):
            self.step()
            if look + 1 < len(self.fractions):
                self.go_on(-np.inf if lower is None else lower[look])
        return self


def went_on(
    state: GoingOn, sided: int, lower: float, upper: float, fraction: float, drift: float, following: float
) -> GoingOn:
    """The trial after a look at which neither efficacy nor futility stopped it."""
    if sided == 2:
        return state.go_on(-upper, upper, fraction, drift, following, min(lower, upper))
    return state.go_on(min(lower, upper), upper, fraction, drift, following)


def drift_for(
    power: float,
    fractions: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    near: float,
    inner: Sequence[float] | None = None,
) -> float:
    """The drift at which the trial stops above with a probability.

    Densities under one drift are those under another times exp((θ - θ₀)S - (θ² - θ₀²)t/2), so that one walk
    serves all drifts near it.

    Args:
        near: where to look first. lower, upper, inner: as in `recursion.stopping`.
    """
    while True:
        states = _states(fractions, lower, upper, near, inner)

        def missing(drift: float, known: Sequence[GoingOn] = states, at: float = near) -> float:
            reached = sum(
                state.tilted(at, drift).above(value, fraction, drift)
                for state, value, fraction in zip(known, upper, fractions, strict=True)
            )
            return reached - power

        low, high = near - _TILT, near + _TILT
        if missing(low) > 0:
            near = low
        elif missing(high) < 0:
            near = high
        else:
            return float(brentq(missing, low, high, xtol=1e-14, rtol=1e-14))
        if abs(near) > FAR:
            raise ValueError(f"no effect gives a power of {power:g}: the trial stops for futility before")


def _states(
    fractions: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    drift: float,
    inner: Sequence[float] | None,
) -> list[GoingOn]:
    """The trial before each look."""
    states, following = [GoingOn.at(0.0, 0.0)], increments_after(fractions)
    for look in range(len(fractions) - 1):
        within = 0.0 if inner is None else inner[look]
        states.append(
            states[-1].go_on(lower[look], upper[look], fractions[look], drift, following[look], within)
        )
    return states


def plainly(state: GoingOn, fraction: float, drift: float, target: float) -> float:
    """That value, if looking before had changed nothing."""
    return drift * sqrt(fraction) - float(ndtri(min(target / max(state.probability, target), 0.999999)))


class Trend:
    """What the values of the next look will be, about, from how far those before lay from the plain ones."""

    def __init__(self) -> None:
        self._away: list[float] = []

    def next(self, plain: float) -> float:
        """About the next value."""
        known = self._away
        if not known:
            return plain
        return plain + (2 * known[-1] - known[-2] if len(known) > 1 else known[-1])

    def was(self, value: float, plain: float) -> None:
        """The value that it was."""
        if isfinite(value):
            self._away.append(value - plain)


def solve(state: GoingOn, fraction: float, drift: float, target: float, near: float | None = None) -> float:
    """The value above which Z lies with a probability, having gone on until now: Halley from a safe start."""
    if target <= LEAST:
        return np.inf
    if target >= state.probability:
        return -np.inf
    low, high = -FAR, FAR
    value = near if near is not None and np.isfinite(near) else plainly(state, fraction, drift, target)
    for _ in range(100):
        tail, density, bend = state.tail(value, fraction, drift)
        low, high = (value, high) if tail > target else (low, value)
        # On the logarithm of the tail, which is nearly straight.
        step = 2 * FAR
        if tail > 0 and density > LEAST * tail:
            over, slope = np.log(tail / target), density / tail
            curve = slope * slope + bend / tail
            step = over / slope / max(1 + over * curve / (2 * slope * slope), 0.5)
        if abs(step) <= _CLOSE:
            return float(value + step)
        value = value + step if low < value + step < high else (low + high) / 2
    return float(value)
