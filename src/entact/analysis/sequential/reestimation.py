"""Sample sizes that are set anew at a look, without harm to the error rate.

Stages are combined with weights that were fixed before (the inverse normal method), so that the second stage
may be made larger whatever the first one showed.

Source: Cui, Hung & Wang 1999, Biometrics 55:853; Lehmacher & Wassmer 1999, Biometrics 55:1286;
Mehta & Pocock 2011, Statistics in Medicine 30:3267 (promising zone).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from entact.analysis.sample_size.means import Means
from entact.analysis.sequential.design import GroupSequential
from entact.analysis.sequential.recursion import REACH
from entact.analysis.sequential.size import SampleSize

Floats = NDArray[np.float64]
_PANELS, _PANEL = 40, 48
_ALMOST = 1e-9


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

    def conventional_critical(self, z1: Floats | float, size: Floats | float) -> Floats:
        """What the statistic of all participants, weighted as they are, has to reach to keep the error rate.

        Where this is no more than the design's last critical value, the conventional test may be used.

        Args:
            size: of the second stage, per arm.
        Source: Gao, Ware & Mehta 2008, Journal of Biopharmaceutical Statistics 18:1184, equation 6.
        """
        z, more = np.asarray(z1, float), np.asarray(size, float)
        reached = np.sqrt(self.first) * z + np.sqrt(more) * self._critical(z)
        return np.asarray(reached / np.sqrt(self.first + more))

    def allows_conventional(self, z1: Floats | float) -> NDArray[np.bool_]:
        """Whether the conventional test keeps the error rate with the second stage that follows a statistic.

        It does where the conditional power at what was seen is at least a half (Chen, DeMets & Lan 2004,
        Statistics in Medicine 23:1023), and somewhat below it where the second stage cannot grow without end
        (Mehta & Pocock 2011). It must hold for every statistic after which the stage grows, or the weighted
        test is used.
        """
        last = self.design.boundaries().upper[1]
        critical = self.conventional_critical(z1, self.second_stage(z1))
        return np.asarray(critical <= last + _ALMOST)

    def conventional_from(self) -> float:
        """The least conditional power from which on the conventional test may be used, up to `most`.

        The zone of a trial that is to be analysed conventionally begins there or higher.
        """
        last, (first, second) = self.design.boundaries().upper[1], self.weights
        # conventional_critical is straight in the statistic: it lies below `last` from where they meet.
        slope = float(np.sqrt(self.first) - np.sqrt(self.most) * first / second)
        gap = last * float(np.sqrt(self.first + self.most) - np.sqrt(self.most) / second)
        if abs(slope) <= _ALMOST * float(np.sqrt(self.first)):
            return 0.0  # the second stage is what its weight says, and both tests are one
        if slope > 0:
            raise ValueError("the second stage is smaller than its weight: use the weighted test")
        return float(self.conditional_power(gap / slope, self.second))

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
        """The statistic with a conditional power, which is Φ of a straight line."""
        first, second = self.weights
        last = self.design.boundaries().upper[1]
        return float((ndtri(level) + last / second) / (np.sqrt(size / self.first) + first / second))


def _panels(cuts: list[float]) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL)
    edges = np.unique(np.concatenate([np.linspace(a, b, _PANELS + 1) for a, b in pairwise(cuts)]))
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()


def blinded_size(
    design: GroupSequential, planned: Means, values: Floats, power: float | None = None
) -> SampleSize:
    """The size anew, with the standard deviation of outcomes whose arms nobody knows.

    Args:
        planned: whose difference stays, and is taken out of the spread. values: of both arms together.
    Source: Gould & Shih 1992, Communications in Statistics A 21:2833; Kieser & Friede 2003.
    """
    seen = blinded_sd(values, planned.difference, planned.ratio)
    return design.sample_size(replace(planned, sd=seen, control_sd=None), power)


def blinded_sd(values: Floats, assumed_difference: float = 0.0, ratio: float = 1.0) -> float:
    """The standard deviation within arms, from outcomes whose arms nobody knows.

    Args:
        values: of both arms together. assumed_difference: between the arms; 0 leaves the pooled one, which
            is a little too large where there is an effect. ratio: of the arms' participants.
    Raises:
        ValueError: with fewer than two values, or where the difference explains more than there is.
    Source: Kieser & Friede 2003, Statistics in Medicine 22:3571; Zucker et al. 1999 (adjusted estimator).
    """
    known = np.asarray(values, float)
    if known.size < 2 or not np.all(np.isfinite(known)):
        raise ValueError("it takes two values at least, all of them numbers")
    count = known.size
    between = ratio / (1 + ratio) ** 2 * assumed_difference**2
    variance = float(known.var(ddof=1)) - count / (count - 1) * between
    if variance <= 0:
        raise ValueError(f"a difference of {assumed_difference:g} explains more than all of the variance")
    return float(np.sqrt(variance))
