"""The probability of crossing a boundary at each look, by numerical recursion over the looks.

The statistics Z₁ … Z_K of the looks are jointly normal with E(Z_k) = θ √t_k, Var(Z_k) = 1 and
Cov(Z_j, Z_k) = √(t_j / t_k), where t is the information as a fraction of the whole and θ the drift. On the
scale of the score S = Z √t increments are independent, so that the density of going on follows from that of
the look before by one convolution, done here by Gauss-Legendre quadrature on the region where the trial goes
on. The integrand is analytic there, and the error falls exponentially with the number of nodes.

Source: Armitage, McPherson & Rowe 1969, JRSS A 132:235; Jennison & Turnbull 2000, chapter 19.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

REACH = 8.5  # standard deviations beyond which there is less than 2e-17
_PANEL = 32  # nodes of one panel
_SPREADS = 9.0  # standard deviations of an increment in one panel: 1e-14 is reached with as many as 11
_MOST = 400  # panels: increments below a thousandth of the region are as if nothing had been learned
_DENSITY = 1 / np.sqrt(2 * np.pi)


class GoingOn:
    """The trial after a look at which it went on: nodes of the score, and the density there times weights.

    Attributes:
        fraction: the information so far. scores, mass: of the nodes.
    """

    def __init__(self, fraction: float, scores: Floats, mass: Floats) -> None:
        self.fraction = fraction
        self.scores = scores
        self.mass = mass

    @classmethod
    def start(cls) -> GoingOn:
        """Before the first look: a score of 0."""
        return cls(0.0, np.zeros(1), np.ones(1))

    @property
    def probability(self) -> float:
        """That the trial is still going on."""
        return float(self.mass.sum())

    def above(self, bound: float, fraction: float, drift: float) -> float:
        """The probability that Z at a later fraction lies above a bound, having gone on until now."""
        return float(self.mass @ ndtr(-self._standardised(bound, fraction, drift)))

    def below(self, bound: float, fraction: float, drift: float) -> float:
        """The probability that Z at a later fraction lies below a bound, having gone on until now."""
        return float(self.mass @ ndtr(self._standardised(bound, fraction, drift)))

    def density(self, bound: float, fraction: float, drift: float) -> float:
        """The density of Z at a later fraction in a point, having gone on until now."""
        away = self._standardised(bound, fraction, drift)
        spread = np.sqrt((fraction - self.fraction) / fraction)
        return float(self.mass @ np.exp(-(away**2) / 2)) * float(_DENSITY / spread)

    def go_on(self, lower: float, upper: float, fraction: float, drift: float, finest: float) -> GoingOn:
        """The trial after the look at a fraction, where Z lay between two bounds.

        Args:
            finest: the smallest standard deviation of an increment of the score that is still to come.
        """
        root = np.sqrt(fraction)
        centre, spread = drift * fraction, root * REACH
        low = max(lower * root, centre - spread)
        high = min(upper * root, centre + spread)
        if not low < high:
            return GoingOn(fraction, np.zeros(1), np.zeros(1))
        step = np.sqrt(fraction - self.fraction)
        scores, weights = _nodes(low, high, min(step, finest))
        away = (scores[:, None] - self.scores[None, :] - drift * (fraction - self.fraction)) / step
        density = np.exp(-(away**2) / 2) @ self.mass * _DENSITY / step
        return GoingOn(fraction, scores, density * weights)

    def _standardised(self, bound: float, fraction: float, drift: float) -> Floats:
        ahead = fraction - self.fraction
        away: Floats = (bound * np.sqrt(fraction) - self.scores - drift * ahead) / np.sqrt(ahead)
        return away


def finest_after(fractions: Sequence[float]) -> list[float]:
    """For each look the smallest standard deviation of the increments after it; infinite after the last."""
    steps = np.sqrt(np.diff([*fractions]))
    return [float(steps[place:].min()) if place < len(steps) else np.inf for place in range(len(fractions))]


def crossing(
    fractions: Sequence[float], lower: Sequence[float], upper: Sequence[float], drift: float
) -> tuple[Floats, Floats]:
    """The probabilities of stopping above and below at each look.

    Args:
        fractions: of the information, rising. lower, upper: bounds of Z; -inf and inf where there is none.
        drift: E(Z) at a fraction of 1.
    Returns:
        Above and below, one for each look; nobody goes on after the last, whose bounds need not meet.
    """
    state = GoingOn.start()
    finest = finest_after(fractions)
    above, below = np.zeros(len(fractions)), np.zeros(len(fractions))
    for look, fraction in enumerate(fractions):
        above[look] = state.above(upper[look], fraction, drift)
        below[look] = state.below(lower[look], fraction, drift)
        if look + 1 < len(fractions):
            state = state.go_on(lower[look], upper[look], fraction, drift, finest[look])
    return above, below


def _nodes(low: float, high: float, spread: float) -> tuple[Floats, Floats]:
    """Nodes and weights between two scores, for an integrand that changes over a spread."""
    panels = min(max(2, int(np.ceil((high - low) / (spread * _SPREADS)))), _MOST)
    edges = np.linspace(low, high, panels + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + _NODES)).ravel(), (half * _WEIGHTS).ravel()


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(_PANEL)
