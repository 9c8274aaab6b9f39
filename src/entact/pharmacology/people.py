"""Who can be simulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class People(Protocol):
    """Who is simulated: a `Person`, a `Population`, or anything else with these."""

    @property
    def n(self) -> int:
        """How many."""

    @property
    def medicines(self) -> Sequence[str]:
        """What is on board."""

    def covariates(self, start: int, stop: int) -> dict[str, Array]:
        """Covariates of the persons from start to stop."""

    def etas(self, start: int, stop: int, count: int) -> Array:
        """Standard normal deviations, persons x parameters."""
