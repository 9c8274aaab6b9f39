"""How participants get their arms, as objects that can do it again: 0 is the second arm, 1 the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

Arms = NDArray[np.int8]


class Procedure(Protocol):
    """A way to allocate two arms to people in the order in which they came."""

    @property
    def title(self) -> str:
        """As a protocol would say it."""
        ...

    def draw(self, people: pl.DataFrame, first: int, generator: np.random.Generator) -> Arms:
        """Arms of all people. `first`: how many had the first arm in truth, for procedures that fix it."""
        ...


@dataclass(frozen=True, slots=True)
class Simple:
    """A coin for each: `share` of the first arm."""

    share: float = 0.5

    @property
    def title(self) -> str:
        return f"simple randomisation, {self.share:g}"

    def draw(self, people: pl.DataFrame, first: int, generator: np.random.Generator) -> Arms:
        return (generator.random(people.height) < self.share).astype(np.int8)


@dataclass(frozen=True, slots=True)
class Complete:
    """As many of each arm as there were, in any order; within the levels of `within`."""

    within: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        beside = f" within {', '.join(self.within)}" if self.within else ""
        return f"complete randomisation{beside}"

    def draw(self, people: pl.DataFrame, first: int, generator: np.random.Generator) -> Arms:
        own = people["arm"].to_numpy().astype(np.int8)
        for rows in strata_of(people, self.within):
            own[rows] = generator.permutation(own[rows])
        return own


@dataclass(frozen=True, slots=True)
class PermutedBlocks:
    """Blocks of the sizes given, chosen alike, in the order in which people came; within each stratum anew.

    Attributes:
        ratio: of the first arm to the second; every size is a multiple of its sum.
    """

    sizes: tuple[int, ...]
    ratio: tuple[int, int] = (1, 1)
    within: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unit = sum(self.ratio)
        if not self.sizes or any(size < unit or size % unit for size in self.sizes) or min(self.ratio) < 1:
            raise ValueError(
                f"blocks of {self.sizes} at {self.ratio[0]}:{self.ratio[1]}: each is a multiple of {unit}"
            )

    @property
    def title(self) -> str:
        sizes = ", ".join(map(str, self.sizes))
        beside = f" within {', '.join(self.within)}" if self.within else ""
        return f"permuted blocks of {sizes} at {self.ratio[0]}:{self.ratio[1]}{beside}"

    def draw(self, people: pl.DataFrame, first: int, generator: np.random.Generator) -> Arms:
        arms = np.zeros(people.height, dtype=np.int8)
        for rows in strata_of(people, self.within):
            filled: list[Arms] = []
            need = len(rows)
            while need > 0:
                size = int(generator.choice(self.sizes))
                ones = size * self.ratio[0] // sum(self.ratio)
                block = np.array([1] * ones + [0] * (size - ones), dtype=np.int8)
                filled.append(generator.permutation(block))
                need -= size
            arms[rows] = np.concatenate(filled)[: len(rows)]
        return arms

    def makes(self, people: pl.DataFrame) -> bool:
        """Whether it can have made these arms in this order: each stratum in whole blocks and a rest."""
        arms = people["arm"].to_numpy().astype(np.int64)
        for rows in strata_of(people, self.within):
            ones = np.concatenate([[0], np.cumsum(arms[rows])])
            many = len(rows)
            reached = np.zeros(many + 1, dtype=bool)
            reached[0] = True
            done = many == 0
            for start in range(many):
                if not reached[start]:
                    continue
                for size in self.sizes:
                    first = size * self.ratio[0] // sum(self.ratio)
                    stop = min(start + size, many)
                    seen = ones[stop] - ones[start]
                    if start + size <= many:
                        reached[stop] |= seen == first
                    else:  # the last block is not full
                        done |= bool(seen <= first and stop - start - seen <= size - first)
            if not (done or reached[many]):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Minimisation:
    """Whoever comes gets, with chance `p`, the arm that leaves the margins of `factors` least unequal.

    Source: Pocock & Simon 1975, Biometrics 31:103 (range, equal weights).
    """

    factors: tuple[str, ...]
    p: float = 0.8

    def __post_init__(self) -> None:
        if not self.factors or not 0.5 <= self.p <= 1:
            raise ValueError("minimisation needs factors, and a chance from 0.5 to 1")

    @property
    def title(self) -> str:
        return f"minimisation over {', '.join(self.factors)}, {self.p:g}"

    def draw(self, people: pl.DataFrame, first: int, generator: np.random.Generator) -> Arms:
        codes = [people[name].cast(pl.String).rank("dense").to_numpy() for name in self.factors]
        sums = [np.zeros(int(code.max()) + 1, dtype=np.int64) for code in codes]
        chance = generator.random(people.height)
        arms = np.zeros(people.height, dtype=np.int8)
        for place in range(people.height):
            lead = sum(
                abs(own[code[place]] + 1) - abs(own[code[place]] - 1)
                for own, code in zip(sums, codes, strict=True)
            )
            likely = 0.5 if lead == 0 else self.p if lead < 0 else 1 - self.p
            arm = 1 if chance[place] < likely else 0
            arms[place] = arm
            for own, code in zip(sums, codes, strict=True):
                own[code[place]] += 1 if arm else -1
        return arms


def strata_of(people: pl.DataFrame, within: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Rows of each stratum, in order; all of them where there are none."""
    if not within:
        return [np.arange(people.height)]
    for name in within:
        if name not in people.columns:
            raise ValueError(f"the stratum {name!r} is no column; there are: {', '.join(people.columns)}")
    indexed = people.select(within).with_row_index("row of people")
    groups = indexed.group_by(within, maintain_order=True).agg(pl.col("row of people"))
    return [np.array(rows, dtype=np.int64) for rows in groups["row of people"].to_list()]
