"""What of a design its verbs ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from entact.analysis.sequential.boundaries import Boundaries, Rule


@dataclass(frozen=True)
class Power:
    """What a design does under one effect.

    Attributes:
        drift: the effect times the root of the whole information. efficacy, futility: probability of stopping
            so at each look; in a two-sided design efficacy is either side, and `wrong_side` the part of it
            that points away from the effect.
        information: expected, as a fraction of the whole.
    """

    drift: float
    efficacy: tuple[float, ...]
    futility: tuple[float, ...]
    wrong_side: float
    information: float

    @property
    def overall(self) -> float:
        """The probability of efficacy at any look."""
        return sum(self.efficacy)

    def __str__(self) -> str:
        looks = enumerate(zip(self.efficacy, self.futility, strict=True), start=1)
        by_look = ", ".join(
            f"{100 * won:.2f} % at look {look}" + (f" (futility {100 * lost:.2f} %)" if lost else "")
            for look, (won, lost) in looks
        )
        return (
            f"power {100 * self.overall:.2f} % at a drift of {self.drift:.4f}: efficacy {by_look};"
            f" expected information {100 * self.information:.1f} %"
        )


class Planned(Protocol):
    """A design, as far as its verbs need to know it."""

    @property
    def information(self) -> tuple[float, ...]:
        """Fractions at the looks."""

    @property
    def alpha(self) -> float:
        """Error rate of one tail."""

    @property
    def sided(self) -> int:
        """1 or 2."""

    @property
    def beta(self) -> float:
        """Type II error rate, for which sizes are planned."""

    @property
    def binding(self) -> bool:
        """Whether the efficacy bounds rely on stopping for futility."""

    @property
    def rule(self) -> Rule:
        """What decides critical values."""

    def boundaries(self) -> Boundaries:
        """As planned."""

    def boundaries_at(self, fractions: Sequence[float], *, final: bool) -> Boundaries:
        """At the information that was really there."""

    def floors(self) -> Sequence[float]:
        """The bounds of Z below which it stops, by look."""

    def drift(self, power: float | None = None) -> float:
        """The drift at which the design has a power."""

    def inflation(self, power: float | None = None) -> float:
        """How much more information it takes than a test without looks."""

    def power(self, effect: float) -> Power:
        """What the design does under a drift."""
