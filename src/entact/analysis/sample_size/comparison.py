"""What comparisons have in common: two arms, a ratio, and those who leave."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, ndtri, stdtrit


class Comparison(ABC):
    """A comparison of two arms, for which a size can be found.

    A subclass says what difference is planned for and how much is known from a participant.

    Attributes:
        counted: what the size counts, participants who are analysed or events. ratio: of the treatment arm to
            the other. dropout: share of participants who cannot be analysed.
    """

    counted = "participants"
    ratio: float
    dropout: float

    @property
    @abstractmethod
    def effect(self) -> float:
        """The planned difference, whatever its sign, on the scale on which it is tested."""

    @abstractmethod
    def with_effect(self, effect: float) -> Self:
        """The same comparison with another difference; its sign is kept."""

    @abstractmethod
    def fixed_size(self, alpha: float, power: float) -> float:
        """How many a test without looks takes in both arms together; a real number.

        Args:
            alpha: error rate of one tail.
        """

    @abstractmethod
    def drift(self, alpha: float, size: float) -> float:
        """The difference over its standard error: z(1 - alpha) + z(power) of a test without looks.

        Args:
            alpha: error rate of one tail. size: of both arms together.
        """

    @abstractmethod
    def told(self) -> str:
        """What is planned for, in words."""

    def enrolled(self, size: float) -> float:
        """How many to enrol for a size."""
        return size / (1 - self.dropout)

    def _check_arms(self) -> None:
        if not 0 < self.ratio < np.inf:
            raise ValueError(
                f"ratio is {self.ratio:g}: participants on treatment for one on control, above 0"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout:g}: a share, from 0 to below 1")


def ordinates(alpha: float, power: float) -> tuple[float, float]:
    """z(1 - alpha) and z(power), for a power above alpha."""
    if not alpha < power < 1:
        raise ValueError(f"power {power:g}: it lies between alpha, {alpha:g}, and 1")
    return float(-ndtri(alpha)), float(ndtri(power))


def size_by_t(power: Callable[[float], float], wanted: float, near: float, least: float) -> float:
    """The size at which a power that rises with it is reached; the least that the test takes, if that does.

    Args:
        near: the size by the normal approximation, which is too small.
    """
    if power(least) >= wanted:
        return least
    most = max(near, least) + 20
    while power(most) < wanted:
        most *= 1.5
    return float(brentq(lambda size: power(size) - wanted, least, most, xtol=1e-11, rtol=1e-14))


def power_by_t(alpha: float, freedom: float, drift: float) -> float:
    """The power of Student's t, whose noncentrality is the drift."""
    return float(1 - nctdtr(freedom, drift, float(stdtrit(freedom, 1 - alpha))))


def drift_by_t(alpha: float, power: float, plain: float) -> float:
    """z(1 - alpha) + z(power); the plain drift, where the power is too near to 1 to be turned round."""
    return plain if power >= 1 - 1e-12 else float(ndtri(power) - ndtri(alpha))


def needs_effect(effect: float) -> None:
    """Refuses a difference of which no number of people gives evidence."""
    if effect == 0:
        raise ValueError("the planned difference is 0: no number of participants shows that")


def number(what: str, value: float) -> None:
    """Refuses what is no number."""
    if not np.isfinite(value):
        raise ValueError(f"{what} is {value}: it has to be a number")


def above_zero(what: str, value: float) -> None:
    """Refuses what does not lie above 0."""
    if not 0 < value < np.inf:
        raise ValueError(f"{what} is {value:g}: it lies above 0")
