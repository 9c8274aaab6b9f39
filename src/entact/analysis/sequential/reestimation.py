"""Sample sizes that are set anew at a look, without harm to the error rate.

Stages are combined with weights that were fixed before (the inverse normal method), so that the second stage
may be made larger whatever the first one showed.

Source: Cui, Hung & Wang 1999, Biometrics 55:853; Lehmacher & Wassmer 1999, Biometrics 55:1286;
Mehta & Pocock 2011, Statistics in Medicine 30:3267 (promising zone).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from entact.analysis.sequential.design import GroupSequential
from entact.analysis.sequential.recursion import REACH

Floats = NDArray[np.float64]
_PANELS, _PANEL = 40, 48


@dataclass(frozen=True)
class ReestimationResult:
    """What a design with re-estimation does under one effect, per arm and by stage.

    Attributes:
        first, second: probability of rejecting at each stage. expected: participants in both arms.
    """

    effect: float
    first: float
    second: float
    expected: float

    @property
    def power(self) -> float:
        """The probability of rejecting."""
        return self.first + self.second


@dataclass(frozen=True, kw_only=True)
class PromisingZone:
    """Two stages of two equal arms; the second grows where the first was promising.

    Args:
        design: of two looks, one-sided; its fractions give the weights.
        first, second: participants an arm, as planned. most: of the second stage.
        zone: conditional power, at the effect that was seen, between which the second stage grows.
        target: conditional power to which it grows, as far as `most` lets it.
    """

    design: GroupSequential
    first: float
    second: float
    most: float
    zone: tuple[float, float] = (0.3, 0.9)
    target: float = 0.9

    def __post_init__(self) -> None:
        if len(self.design.information) != 2 or self.design.sided != 1:
            raise ValueError("a promising zone takes a one-sided design of two looks")
        if not self.first > 0 or not 0 < self.second <= self.most:
            raise ValueError(
                f"{self.first:g} and {self.second:g} an arm, at most {self.most:g}: sizes lie above 0,"
                " and the second stage may not be planned above its most"
            )
        if not 0 < self.zone[0] < self.zone[1] < 1 or not 0 < self.target < 1:
            raise ValueError(f"zone {self.zone} and target {self.target:g}: probabilities, the zone's rising")

    @property
    def weights(self) -> tuple[float, float]:
        """Of the stages' statistics; their squares sum to 1."""
        fraction = self.design.information[0]
        return float(np.sqrt(fraction)), float(np.sqrt(1 - fraction))

    def conditional_power(self, z1: Floats | float, size: Floats | float) -> Floats:
        """The probability of rejecting with a second stage of a size, if the effect is what was seen."""
        shown = np.asarray(z1) * np.sqrt(np.asarray(size) / self.first)
        return np.asarray(ndtr(shown - self._critical(np.asarray(z1, float))))

    def second_stage(self, z1: Floats | float) -> Floats:
        """Participants an arm in the second stage, after a statistic of the first."""
        z = np.asarray(z1, float)
        seen = self.conditional_power(z, self.second)
        needed = (self._critical(z) + ndtri(self.target)) / np.where(z > 0, z, np.nan)
        grown = np.clip(self.first * needed**2, self.second, self.most)
        promising = (seen >= self.zone[0]) & (seen < self.zone[1]) & (z > 0)
        return np.where(promising, np.nan_to_num(grown, nan=self.second), self.second)

    def edges(self) -> tuple[float, float, float]:
        """First-stage statistics at which the zone begins, the most is no longer needed, and it ends."""
        low, high = (self._where(level, self.second) for level in self.zone)
        return low, self._where(self.target, self.most), high

    def evaluate(self, effect: float) -> ReestimationResult:
        """What the design does under an effect, by quadrature over the first stage.

        Args:
            effect: difference of means in standard deviations.
        """
        upper = self.design.boundaries().upper
        lower = self.design.floors()[0]
        mean = effect * np.sqrt(self.first / 2)
        low, high = max(lower, mean - REACH), min(upper[0], mean + REACH)
        cuts = sorted({low, high, *(cut for cut in self.edges() if low < cut < high)})
        z, weights = _panels(cuts)
        size = self.second_stage(z)
        density = np.exp(-((z - mean) ** 2) / 2) / np.sqrt(2 * np.pi) * weights
        rejects = ndtr(effect * np.sqrt(size / 2) - self._critical(z))
        going_on = float(ndtr(upper[0] - mean) - ndtr(lower - mean))
        expected = 2 * self.first + 2 * float(density @ size) * going_on / max(float(density.sum()), 1e-300)
        return ReestimationResult(effect, float(ndtr(mean - upper[0])), float(density @ rejects), expected)

    def simulate(self, effect: float, trials: int, random: np.random.Generator) -> ReestimationResult:
        """The same by simulation of the stages' statistics."""
        upper, lower = self.design.boundaries().upper, self.design.floors()[0]
        z1 = random.normal(effect * np.sqrt(self.first / 2), 1.0, trials)
        size = self.second_stage(z1)
        z2 = random.normal(effect * np.sqrt(size / 2), 1.0)
        going_on = (z1 < upper[0]) & (z1 >= lower)
        first, second = self.weights
        rejected = going_on & (first * z1 + second * z2 >= upper[1])
        expected = 2 * (self.first + np.where(going_on, size, 0.0)).mean()
        return ReestimationResult(
            effect, float((z1 >= upper[0]).mean()), float(rejected.mean()), float(expected)
        )

    def _critical(self, z1: Floats) -> Floats:
        """What the second stage's own statistic has to reach."""
        first, second = self.weights
        return (self.design.boundaries().upper[1] - first * z1) / second

    def _where(self, level: float, size: float) -> float:
        return float(
            brentq(lambda z: float(self.conditional_power(z, size)) - level, 0.0, 2 * REACH, xtol=1e-13)
        )


def _panels(cuts: list[float]) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL)
    edges = np.unique(np.concatenate([np.linspace(a, b, _PANELS + 1) for a, b in pairwise(cuts)]))
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()


def blinded_sd(values: Floats, assumed_difference: float = 0.0) -> float:
    """The standard deviation within arms, from outcomes whose arms nobody knows.

    Args:
        values: of both arms together. assumed_difference: between the arms, of 1 : 1 allocation; 0 leaves the
            pooled one, which is a little too large where there is an effect.
    Raises:
        ValueError: with fewer than two values, or where the difference explains more than there is.
    Source: Kieser & Friede 2003, Statistics in Medicine 22:3571; Zucker et al. 1999 (adjusted estimator).
    """
    known = np.asarray(values, float)
    if known.size < 2 or not np.all(np.isfinite(known)):
        raise ValueError("it takes two values at least, all of them numbers")
    count = known.size
    variance = float(known.var(ddof=1)) - count / (4 * (count - 1)) * assumed_difference**2
    if variance <= 0:
        raise ValueError(f"a difference of {assumed_difference:g} explains more than all of the variance")
    return float(np.sqrt(variance))
