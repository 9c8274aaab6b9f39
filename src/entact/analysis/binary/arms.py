"""Two arms and how many in each had an event: what every method for shares starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl
from scipy.special import ndtr, ndtri

from entact.analysis.frame import public
from entact.analysis.level import check_level
from entact.analysis.result import SIDES, Group, Side


@dataclass(frozen=True, slots=True)
class Arm:
    """Participants with an event among `n`.

    Raises:
        ValueError: unless 0 <= events <= n and n > 0.
    """

    events: int
    n: int
    name: str = ""

    def __post_init__(self) -> None:
        called = f"arm {self.name!r}" if self.name else "an arm"
        if self.n < 1:
            raise ValueError(f"nobody in {called} has a value: two shares need somebody in both")
        if not 0 <= self.events <= self.n:
            raise ValueError(f"{self.events} events among {self.n} in {called}: they go from 0 to n")

    @property
    def share(self) -> float:
        """Events over n."""
        return self.events / self.n


@dataclass(frozen=True, slots=True)
class Pair:
    """The two arms compared, the first with the second."""

    first: Arm
    second: Arm

    @classmethod
    def of(cls, events_1: int, n_1: int, events_2: int, n_2: int) -> Pair:
        """From four counts."""
        return cls(Arm(events_1, n_1), Arm(events_2, n_2))

    @property
    def n(self) -> int:
        """Participants in both."""
        return self.first.n + self.second.n

    @property
    def events(self) -> int:
        """Events in both."""
        return self.first.events + self.second.events

    @property
    def swapped(self) -> Pair:
        """The second compared with the first."""
        return Pair(self.second, self.first)


@public
def count(first: pl.Series, second: pl.Series, names: tuple[str, str] = ("", "")) -> Pair:
    """The two arms from their values, true and false or 1 and 0; unknown ones count in neither.

    Raises:
        ValueError: for another value, or an arm without any.
    """
    arms = []
    for values, name in zip((first, second), names, strict=True):
        known = values.drop_nulls()
        if known.dtype != pl.Boolean:
            strange = [
                one for one in known.unique(maintain_order=True).to_list() if one not in (0, 1, 0.0, 1.0)
            ]
            if strange:
                raise ValueError(f"{strange[0]!r} is no yes or no; a share is of true and false, or 1 and 0")
        arms.append(Arm(int(known.cast(pl.Int64).sum()), len(known), name))
    return Pair(*arms)


def groups(pair: Pair) -> tuple[Group, ...]:
    """The two arms as groups of a result."""
    names = (pair.first.name or "first", pair.second.name or "second")
    return tuple(
        Group(name, arm.n, events=arm.events, share=arm.share)
        for name, arm in zip(names, (pair.first, pair.second), strict=True)
    )


def pooled_groups(pairs: Iterable[Pair]) -> tuple[Group, ...]:
    """The arms of all strata together as groups of a result."""
    many = list(pairs)
    whole = []
    for arms in ([pair.first for pair in many], [pair.second for pair in many]):
        whole.append(Arm(sum(arm.events for arm in arms), sum(arm.n for arm in arms), arms[0].name))
    return groups(Pair(*whole))


def z_of(level: float) -> float:
    """The normal quantile of a two-sided level; a ValueError for none."""
    check_level(level)
    return float(ndtri(0.5 + level / 2))


def tail(z: float, side: Side) -> float:
    """p of a standardised distance: of both sides, or of that on which it is greater or less."""
    require_side(side)
    if side == "two_sided":
        return float(2 * ndtr(-abs(z)))
    return float(ndtr(-z if side == "greater" else z))


def require_side(side: Any) -> None:
    """A ValueError for a side that is none."""
    if side not in SIDES:
        raise ValueError(f"side {side!r} is none; write one of: {', '.join(SIDES)}")
