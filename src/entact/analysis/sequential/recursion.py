"""The probability of crossing a boundary at each look, by numerical recursion over the looks.

The statistics Z₁ … Z_K of the looks are jointly normal with E(Z_k) = θ √t_k, Var(Z_k) = 1 and
Cov(Z_j, Z_k) = √(t_j / t_k), where t is the information as a fraction of the whole and θ the drift. On the
scale of the score S = Z √t increments are independent, so that the density of going on follows from that of
the look before by one convolution, done here by Gauss-Legendre quadrature on the region where the trial goes
on. The integrand is analytic there, and the error falls exponentially with the number of nodes. Panels from
which an increment cannot come are left out of the convolution, so that many close looks stay cheap.

Source: Armitage, McPherson & Rowe 1969, JRSS A 132:235; Jennison & Turnbull 2000, chapter 19, equations
19.3 to 19.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import ceil, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

REACH = 8.5  # standard deviations beyond which there is less than 2e-17
_PANEL = 32  # nodes of one panel
_SPREADS = 9.0  # standard deviations of an increment in one panel: 1e-14 is reached with as many as 11
_JUMP = 9.0  # standard deviations that no increment goes: exp(-9²/2) is 3e-18
_DENSITY = 1 / sqrt(2 * pi)
_AT_ONCE = 4 * _PANEL**2  # pairs of nodes up to which the plain convolution is the faster one


class GoingOn:
    """The trial after a look at which it went on: nodes of the score, and the density there times weights.

    Attributes:
        fraction: the information so far. scores, mass: of the nodes, one row for each panel; the panels lie
            side by side and are equally wide, or else all nodes are in one row.
    """

    def __init__(self, fraction: float, scores: Floats, mass: Floats, low: float = 0.0, width: float = 0.0):
        self.fraction = fraction
        self.scores = scores
        self.mass = mass
        self._low = low
        self._width = width

    @classmethod
    def at(cls, fraction: float, score: float) -> GoingOn:
        """A trial whose score is known; before the first look it is 0 at a fraction of 0."""
        return cls(fraction, np.array([[score]]), np.ones((1, 1)))

    @property
    def probability(self) -> float:
        """That the trial is still going on."""
        return float(self.mass.sum())

    @property
    def mirrored(self) -> GoingOn:
        """The same with the sign of the score turned round, all nodes apart."""
        return GoingOn(self.fraction, -self.scores, self.mass)

    def tilted(self, drift: float, to: float) -> GoingOn:
        """The same under another drift, from what is known under one."""
        ratio = np.exp((to - drift) * self.scores - (to * to - drift * drift) * self.fraction / 2)
        return GoingOn(self.fraction, self.scores, self.mass * ratio, self._low, self._width)

    def above(self, bound: float, fraction: float, drift: float) -> float:
        """The probability that Z at a later fraction lies above a bound, having gone on until now."""
        return float(np.vdot(self.mass, ndtr(-self._standardised(bound, fraction, drift))))

    def below(self, bound: float, fraction: float, drift: float) -> float:
        """The probability that Z at a later fraction lies below a bound, having gone on until now."""
        return float(np.vdot(self.mass, ndtr(self._standardised(bound, fraction, drift))))

    def within(self, bound: float, fraction: float, drift: float) -> float:
        """The probability that |Z| at a later fraction lies below a bound, having gone on until now."""
        near, far = (ndtr(self._standardised(side, fraction, drift)) for side in (bound, -bound))
        return float(np.vdot(self.mass, near - far))

    def tail(self, bound: float, fraction: float, drift: float) -> tuple[float, float, float]:
        """The probability that Z lies above a bound, and its first two derivatives by the bound, negated."""
        away = self._standardised(bound, fraction, drift)
        scale = sqrt(fraction / (fraction - self.fraction))
        weighted = self.mass * np.exp(away * away * -0.5)
        density = float(weighted.sum()) * _DENSITY * scale
        bend = -float(np.vdot(weighted, away)) * _DENSITY * scale**2
        return float(np.vdot(self.mass, ndtr(-away))), density, bend

    def go_on(
        self, lower: float, upper: float, fraction: float, drift: float, following: float, inner: float = 0.0
    ) -> GoingOn:
        """The trial after the look at a fraction, where Z lay between two bounds.

        Args:
            following: the standard deviation of the increment of the score after this look. inner: |Z| below
                which it stopped too.
        """
        if inner > 0:
            parts = [
                self.go_on(low, high, fraction, drift, following)
                for low, high in ((lower, -inner), (inner, upper))
            ]
            scores, mass = (
                np.concatenate([getattr(part, name).ravel() for part in parts])[None]
                for name in ("scores", "mass")
            )
            return GoingOn(fraction, scores, mass)
        root = sqrt(fraction)
        centre, spread = drift * fraction, root * REACH
        low = max(lower * root, centre - spread)
        high = min(upper * root, centre + spread)
        if not low < high:
            return GoingOn(fraction, np.zeros((1, 1)), np.zeros((1, 1)))
        step = sqrt(fraction - self.fraction)
        panels = max(1, ceil((high - low) / (min(step, following) * _SPREADS)))
        width = (high - low) / panels
        scores = low + width * _grid(panels)
        density = self._density(scores, low, width, step, drift * (fraction - self.fraction))
        return GoingOn(fraction, scores, density * (_WEIGHTS * (width / 2 * _DENSITY / step)), low, width)

    def _density(self, scores: Floats, low: float, width: float, step: float, shift: float) -> Floats:
        """The density of the score in panels of nodes after an increment, without its constant.

        With nodes at the distances a and b from the middles of two panels that are d apart, all in standard
        deviations of the increment, exp(-(d + a - b)²/2) is exp(-d²/2 - da) exp(db) exp(-(a - b)²/2), whose
        last factor is the same for all panels.
        """
        if self._width == 0 or self.mass.size * scores.size <= _AT_ONCE:
            unit = sqrt(2) * step
            away = np.subtract.outer(scores / unit, (self.scores.ravel() + shift) / unit)
            away *= away
            np.negative(away, out=away)
            plain: Floats = np.exp(away, out=away) @ self.mass.ravel()
            return plain
        panels, known = len(scores), len(self.scores)
        # How many panels, side by side, an increment can come from; one more, as they need not be in line.
        count = min(known, int((width + 2 * _JUMP * step) / self._width) + 2)
        places = np.arange(panels)[:, None]
        begin = np.floor((low - shift - _JUMP * step - self._low + width * places) / self._width)
        near = np.minimum(np.maximum(begin, 0), known - count).astype(int) + np.arange(count)
        offset = (low + width / 2 - self._low - self._width / 2 - shift) / step
        apart = offset + places * (width / step) - near * (self._width / step)
        apart = np.minimum(np.maximum(apart, -3 * _JUMP), 3 * _JUMP)[..., None]
        there, here = width / step * _HALF, self._width / step * _HALF
        kernel = np.exp((here[:, None] - there) ** 2 * -0.5)
        come = (np.exp(apart * here) * self.mass[near]) @ kernel
        found: Floats = (np.exp(apart * (apart / -2 - there)) * come).sum(axis=1)
        return found

    def _standardised(self, bound: float, fraction: float, drift: float) -> Floats:
        ahead = fraction - self.fraction
        away: Floats = (bound * sqrt(fraction) - drift * ahead - self.scores) / sqrt(ahead)
        return away


def stopping(
    fractions: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    drift: float,
    inner: Sequence[float] | None = None,
) -> tuple[Floats, Floats, Floats]:
    """The probabilities of stopping above, below, and between, at each look.

    Args:
        fractions: of the information, rising. lower, upper: bounds of Z; -inf and inf where there is none.
        drift: E(Z) at a fraction of 1. inner: |Z| below which it stops too, 0 where it does not.
    Returns:
        One for each look; nobody goes on after the last, whose bounds need not meet.
    """
    state = GoingOn.at(0.0, 0.0)
    following = increments_after(fractions)
    above, below, between = np.zeros((3, len(fractions)))
    for look, fraction in enumerate(fractions):
        within = 0.0 if inner is None else inner[look]
        above[look] = state.above(upper[look], fraction, drift)
        below[look] = state.below(lower[look], fraction, drift)
        if within > 0:
            between[look] = state.within(within, fraction, drift)
        if look + 1 < len(fractions):
            state = state.go_on(lower[look], upper[look], fraction, drift, following[look], within)
    return above, below, between


def crossing(
    fractions: Sequence[float], lower: Sequence[float], upper: Sequence[float], drift: float
) -> tuple[Floats, Floats]:
    """The probabilities of stopping above and below at each look; see `stopping`."""
    return stopping(fractions, lower, upper, drift)[:2]


def increments_after(fractions: Sequence[float]) -> list[float]:
    """For each look the standard deviation of the score's increment after it; infinite after the last."""
    return [*np.sqrt(np.diff(fractions)).tolist(), np.inf]


@cache
def _grid(panels: int) -> Floats:
    """Nodes of panels of width 1 that lie side by side from 0 on."""
    return np.asarray(np.arange(panels)[:, None] + (1 + _NODES) / 2, float)


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(_PANEL)
_HALF = _NODES / 2
