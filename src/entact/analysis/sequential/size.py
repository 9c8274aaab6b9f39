"""How many a design takes, and how it prints."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from entact.analysis.sample_size.comparison import Comparison
from entact.analysis.sequential.planned import Planned

_ALMOST = 1e-9  # of a participant: no reason to enrol another


@dataclass(frozen=True)
class SampleSize:
    """The size of a trial for a power.

    Attributes:
        size: of both arms together at the end, a real number; the comparison says what it counts. at: by
            look.
        expected_null, expected: size where the trial stops, on average, without any effect and with the
            planned one. inflation: against a test without looks.
    """

    design: Planned
    comparison: Comparison
    power: float
    size: float
    at: tuple[float, ...]
    expected_null: float
    expected: float
    inflation: float

    @property
    def arms(self) -> tuple[int, int]:
        """On treatment and on control, whole, those who are analysed."""
        return self._whole(self.size)

    @property
    def enrolled(self) -> tuple[int, int] | None:
        """On treatment and on control, whole, with those who leave; None where only events are known."""
        size = self.comparison.enrolled(self.size)
        return self._whole(size) if np.isfinite(size) else None

    def __str__(self) -> str:
        counted, sides = self.comparison.counted, self.design.sided
        alpha = f"{'two' if sides == 2 else 'one'}-sided alpha {sides * self.design.alpha:.4g}"
        lines = [
            f"{self.comparison.told()}; power {self.power:.4g}, {alpha}",
            f"{ceil(self.size - _ALMOST)} {counted}, {self.inflation:.4f} times a test without looks",
        ]
        if counted == "participants" and self.enrolled != self.arms:
            lines.append(f"on treatment {self.arms[0]}, on control {self.arms[1]}, analysed")
        if self.enrolled is not None:
            lines.append(f"on treatment {self.enrolled[0]}, on control {self.enrolled[1]}, enrolled")
        if len(self.at) > 1:
            at = ", ".join(f"{ceil(one - _ALMOST)}" for one in self.at)
            lines.append(
                f"looks at {at} {counted}; expected {self.expected:.1f}, without effect "
                f"{self.expected_null:.1f}"
            )
        return "\n".join(lines)

    def _whole(self, size: float) -> tuple[int, int]:
        ratio = self.comparison.ratio
        return ceil(size * ratio / (1 + ratio) - _ALMOST), ceil(size / (1 + ratio) - _ALMOST)


def sample_size(design: Planned, comparison: Comparison, power: float) -> SampleSize:
    """How many it takes for a power: those of a test without looks, times what the looks cost.

    Source: Jennison & Turnbull 2000, section 3.2 (the factor R); Wassmer & Brannath 2016, section 3.1.
    """
    inflation = design.inflation(power)
    size = comparison.fixed_size(design.alpha, power) * inflation
    drift = design.drift(power)
    return SampleSize(
        design,
        comparison,
        power,
        size,
        tuple(size * fraction for fraction in design.information),
        size * design.power(0.0).information,
        size * design.power(drift).information,
        inflation,
    )
