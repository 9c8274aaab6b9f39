"""Hypotheses with their p values, as they were and adjusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Each hypothesis with its p, and the least level of the family at which it is rejected.

    Attributes:
        method: as a paper would say it. alpha: of the family.
    """

    method: str
    p: Mapping[str, float]
    adjusted: Mapping[str, float]
    alpha: float = 0.05

    @property
    def rejected(self) -> tuple[str, ...]:
        """Which are rejected at `alpha`."""
        return tuple(name for name, value in self.adjusted.items() if value <= self.alpha)

    def to_polars(self) -> pl.DataFrame:
        """One row a hypothesis: hypothesis, p, adjusted, rejected."""
        names = list(self.p)
        return pl.DataFrame(
            {
                "hypothesis": names,
                "p": [self.p[name] for name in names],
                "adjusted": [self.adjusted[name] for name in names],
                "rejected": [name in self.rejected for name in names],
            }
        )

    def __str__(self) -> str:
        lines = [f"{self.method}, alpha {self.alpha:g}"]
        for name, value in self.adjusted.items():
            said = "rejected" if name in self.rejected else "not rejected"
            lines.append(f"{name}: p {self.p[name]:.4g}, adjusted {value:.4g}, {said}")
        return "\n".join(lines)


def checked(p: Mapping[str, float]) -> dict[str, float]:
    """The p values; a ValueError where there is none, or one that is no probability."""
    if not p:
        raise ValueError("there is no hypothesis; name at least one with its p")
    for name, value in p.items():
        if not 0 <= value <= 1:
            raise ValueError(f"p of {name} is {value:g}; it lies between 0 and 1")
    return {name: float(value) for name, value in p.items()}
