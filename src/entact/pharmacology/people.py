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


def factors_of(who: People, start: int, stop: int) -> dict[str, Array]:
    """What numbers of the model are multiplied by in people who have their own sets of them; else nothing."""
    own = getattr(who, "factors", None)
    found: dict[str, Array] = {} if own is None else own(start, stop)
    return found


class Some:
    """Some of the people, as people."""

    def __init__(self, who: People, start: int, stop: int) -> None:
        self.who, self.start, self.stop = who, start, stop

    @property
    def n(self) -> int:
        """How many."""
        return self.stop - self.start

    @property
    def medicines(self) -> Sequence[str]:
        """What is on board."""
        return self.who.medicines

    def covariates(self, start: int, stop: int) -> dict[str, Array]:
        """Covariates of the persons from start to stop."""
        return self.who.covariates(self.start + start, self.start + stop)

    def factors(self, start: int, stop: int) -> dict[str, Array]:
        """What numbers of the model are multiplied by, where people have their own sets of them."""
        return factors_of(self.who, self.start + start, self.start + stop)

    def etas(self, start: int, stop: int, count: int) -> Array:
        """Standard normal deviations, persons x parameters."""
        return self.who.etas(self.start + start, self.start + stop, count)
