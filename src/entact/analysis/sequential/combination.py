"""Stages whose sizes may have depended on what was seen, combined with weights that were fixed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from entact.analysis.sequential.look import Look

_WIDEST = 60.0  # standard errors beyond which no interval reaches


@dataclass(frozen=True)
class Combined(Look):
    """Stages as one look, by the inverse normal method.

    Attributes:
        stages: each on its own participants. weights: their squares sum to 1.

    Source: Lehmacher & Wassmer 1999, Biometrics 55:1286, equation 3; interval by equation 6.
    """

    stages: tuple[Look, ...] = field(default=())
    weights: tuple[float, ...] = field(default=())

    @classmethod
    def of(cls, stages: Sequence[Look], fractions: Sequence[float]) -> Self:
        """With the weights that belong to the planned information, as fractions of it by each stage."""
        parts = np.sqrt(np.diff([0.0, *fractions]))
        weights = parts / np.sqrt(np.sum(parts**2))
        se = 1 / float(weights @ [1 / stage.se for stage in stages])
        known = cls(0.0, se, None, tuple(stages), tuple(weights.tolist()))
        return replace(known, estimate=known._where(0.0))

    @property
    def z(self) -> float:
        """The combined statistic."""
        return self._shifted(0.0)

    def interval(self, level: float) -> tuple[float, float]:
        """Differences that the combined test does not reject.

        Args:
            level: one-sided significance on either side.
        """
        if not 0.0 < level < 0.5:
            raise ValueError(f"level is one-sided and lies between 0 and 0.5, such as 0.025, not {level!r}")
        critical = float(-ndtri(level))
        if not np.isfinite(critical):
            return -np.inf, np.inf
        return self._where(critical), self._where(-critical)

    def _shifted(self, difference: float) -> float:
        """The combined statistic against a difference rather than none."""
        parts = (replace(stage, estimate=stage.estimate - difference).z for stage in self.stages)
        return sum(weight * z for weight, z in zip(self.weights, parts, strict=True))

    def _where(self, value: float) -> float:
        """The difference against which the combined statistic is a value."""
        estimates = [stage.estimate for stage in self.stages]
        widest = (_WIDEST + abs(value)) * max(stage.se for stage in self.stages)
        if all(stage.df is None for stage in self.stages):  # a straight line
            zero = sum(w * one.z for w, one in zip(self.weights, self.stages, strict=True))
            return (zero - value) * self.se
        low, high = min(estimates) - widest, max(estimates) + widest
        for _ in range(60):  # few degrees of freedom reach very far
            if self._shifted(low) > value > self._shifted(high):
                break
            low, high = 2 * low - high, 2 * high - low
        found = brentq(lambda one: self._shifted(one) - value, low, high, xtol=1e-12 * widest, rtol=1e-13)
        return float(found)
