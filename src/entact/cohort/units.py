"""People who are randomised as one: who comes with whom, and what they know of each other's numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from entact.cohort.intake import Screened, Treat
from entact.course.state.numbers import RANDOMISATION, UNIT, normal
from entact.protocol import Release
from entact.protocol.unit import first_of_unit

APART = timedelta(minutes=20)  # from one of a unit to the next, at the visit to which all come


class Units(msgspec.Struct, frozen=True):
    """How units are made up in a rehearsal.

    Attributes:
        first: the population whose people take the row. count: of each other, how many come with each.
            fewest: how many are a unit. or_alone: whether the first one may be randomised alone.
    """

    first: str
    count: Mapping[str, int]
    fewest: int
    or_alone: bool

    @staticmethod
    def of(release: Release) -> Units | None:
        """Those of a study; None where each person is randomised alone."""
        first, plan = first_of_unit(release.file), release.file.randomisation
        if first is None or plan is None or plan.unit is None:
            return None
        planned = {name: said.planned for name, said in release.file.populations.items()}
        count = {
            name: max(1, planned[name] // planned[first]) for name in plan.unit.populations if name != first
        }
        return Units(first, count, plan.unit.size[0], plan.unit.incomplete == "alone")

    @property
    def others(self) -> int:
        """How many come with whoever takes the row."""
        return sum(self.count.values())

    @property
    def names(self) -> frozenset[str]:
        """The populations of a unit."""
        return frozenset({self.first, *self.count})

    def wanted(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """How many of each population make up as many whole units as these are."""
        units = max(1, sum(wanted[name] for name in self.names) // (1 + self.others))
        return {self.first: units} | {name: units * count for name, count in self.count.items()}

    def beside(self, population: str) -> list[str]:
        """The populations of those who come with somebody, one for each of them."""
        if population != self.first:
            return []
        return [name for name, count in self.count.items() for _ in range(count)]

    def is_enough(self, unit: Sequence[Screened]) -> bool:
        """Whether so many can be randomised."""
        return self.or_alone or len(unit) >= self.fewest or unit[0].coming.population != self.first


def together_at(unit: Sequence[Screened]) -> datetime:
    """When all of a unit can come."""
    return max(one.ready for one in unit if one.ready is not None)


def know_each_other(unit: Sequence[Treat], ledgers: Sequence[str]) -> None:
    """Lets each know what a gate asks: who is enrolled with the first, and the first one's row."""
    if not unit:
        return
    first, own = unit[0], ledgers[0]
    for other, ledger in zip(unit[1:], ledgers[1:], strict=True):
        first.known.append((UNIT, normal(f"{own}/{ledger}"), ledger))
        other.known.append((RANDOMISATION, normal(first.number or ""), own))
