"""The rows of one dataset while they are gathered: in memory, or in parts that wait elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Final, Protocol

import polars as pl

from entact.datasets.sdtm.guide import Domain, Variable, domain

PART: Final = 5_000  # rows in memory, where there is a spool
ENTRIES: Final = "entries"  # beside the variables of a part: the entries that each row came from, one a line

_OBSERVED = ("Interventions", "Events", "Findings", "Findings About")


class Spool(Protocol):
    """Where parts of datasets wait until all participants were added."""

    def keep(self, dataset: str, part: pl.DataFrame) -> None:
        """Keeps the next part of a dataset."""
        ...

    def scan(self, dataset: str) -> pl.LazyFrame:
        """All that was kept of a dataset, in order."""
        ...

    def parts(self, dataset: str, names: list[str]) -> Iterator[pl.DataFrame]:
        """Some columns of what was kept of it, part by part."""
        ...


class Table:
    """The rows of one dataset; columns are those of the guide, in its order.

    Attributes:
        rows, entries: those in memory: all of them where there is no spool. height: how many there are.
    """

    def __init__(self, name: str, said: Domain | None = None, spool: Spool | None = None) -> None:
        self.domain: Domain = said or domain(name)
        self.rows: list[dict[str, Any]] = []
        self.entries: list[tuple[str, ...]] = []
        self._spool = spool
        self._spooled = 0
        self._coming: list[pl.DataFrame] = []  # parts that were gathered elsewhere, until they are many
        self._said: dict[str, Any] = {}  # variables of which something was ever said, with the last of it
        self._known = 0  # how many of them were found in the guide
        self._used: set[str] = set()  # variables that have a value in what waits elsewhere
        self._gathered: tuple[int, list[Variable], pl.DataFrame] = (-1, [], pl.DataFrame())

    def add(self, values: dict[str, Any], entries: tuple[str, ...]) -> None:
        """Adds a row; nothing may be said that the guide has no variable for."""
        self._said.update(values)
        if len(self._said) != self._known:
            if strange := self._said.keys() - self.domain.variables.keys():
                raise ValueError(f"{self.domain.name} has no variable {', '.join(sorted(strange))}")
            self._known = len(self._said)
        self.rows.append(values)
        self.entries.append(entries)
        if self._spool is not None and len(self.rows) >= PART:
            self._send(self._spool)

    def take(self, part: pl.DataFrame) -> None:
        """Adds a part that was gathered elsewhere, as a spool was given it."""
        assert self._spool is not None
        self._coming.append(part)
        if sum(one.height for one in self._coming) >= PART:
            self._send(self._spool)

    def hand_on(self) -> None:
        """Lets the rows that are in memory wait where the others do; without a spool they stay."""
        if self._spool is not None:
            self._send(self._spool)

    @property
    def height(self) -> int:
        """The number of rows."""
        return self._spooled + len(self.rows) + sum(one.height for one in self._coming)

    @property
    def variables(self) -> list[Variable]:
        """Required and expected variables, and of the others those that some row has."""
        return self._gather()[0]

    def frame(self) -> pl.DataFrame:
        """The rows as a frame: numbers as Float64, the rest as text; null is missing."""
        return self.lazy().collect()

    def lazy(self) -> pl.LazyFrame:
        """The same, read when it is asked for."""
        if not self._spooled and not self._coming:
            return self._gather()[1].lazy()
        assert self._spool is not None
        self._send(self._spool)
        return self._spool.scan(self.domain.name).select([one.name for one in self.variables])

    def parts(self) -> Iterator[pl.DataFrame]:
        """The rows in order, part by part."""
        return self._parts([one.name for one in self.variables])

    def sources(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Of each row, part by part, some variables and the entries that it came from, one a line."""
        return self._parts([*names, ENTRIES])

    def _parts(self, names: list[str]) -> Iterator[pl.DataFrame]:
        if not self._spooled and not self._coming:
            yield self.frame().with_columns(self._sources()).select(names)
            return
        assert self._spool is not None
        self._send(self._spool)
        yield from self._spool.parts(self.domain.name, names)

    def _sources(self) -> pl.Series:
        return pl.Series(ENTRIES, list(map("\n".join, self.entries)), dtype=pl.String)

    def _send(self, spool: Spool) -> None:
        """Lets what is in memory wait elsewhere."""
        if self._coming:
            self._hand_on(pl.concat(self._coming), spool)
            self._coming = []
        if not self.rows:
            return
        self._hand_on(self._frame(self.domain.variables).with_columns(self._sources()), spool)
        self.rows, self.entries = [], []

    def _hand_on(self, part: pl.DataFrame, spool: Spool) -> None:
        self._used |= {one.name for one in part if one.name != ENTRIES and one.null_count() < part.height}
        spool.keep(self.domain.name, part)
        self._spooled += part.height

    def _gather(self) -> tuple[list[Variable], pl.DataFrame]:
        """The variables, and what is in memory of them; made once for as many rows as there are."""
        if self._coming:
            self.hand_on()
        if self._gathered[0] == self.height:
            return self._gathered[1:]
        known = self.domain.variables
        whole = self._frame(known)
        used = self._used | {one.name for one in whole if one.null_count() < whole.height}
        used |= {name for name, one in known.items() if one.core in ("Req", "Exp")}
        used |= {f"{name[:-3]}DY" for name in used if name.endswith("DTC")}  # a date has its study day
        if self.domain.name == "CO":  # of a visit: what it is related to is empty, and checkers look for it
            used |= {"RDOMAIN", "IDVAR", "IDVARVAL"}
        if self.domain.observation_class in _OBSERVED:
            used.add("EPOCH")
        names = [name for name in known if name in used]
        self._gathered = self.height, [known[name] for name in names], whole.select(names)
        return self._gathered[1:]

    def _frame(self, variables: Mapping[str, Variable]) -> pl.DataFrame:
        """The rows in memory: numbers as Float64, the rest as text; null is missing."""
        count = len(self.rows)
        return pl.DataFrame(
            [
                _series(one, list(map(dict.get, self.rows, repeat(name))))
                if name in self._said
                else _nothing(one, count)
                for name, one in variables.items()
            ]
        )


def _series(variable: Variable, said: list[Any]) -> pl.Series:
    first = next(iter(said), None)
    if first.__class__ is str and said.count(first) == len(said):  # as of study, domain and much else
        return pl.Series(variable.name, [first or None], dtype=_kind(variable)).new_from_index(0, len(said))
    if said.count(None) == len(said):
        return _nothing(variable, len(said))
    if variable.numeric:
        numbers = [None if one is None else float(one) for one in said]
        return pl.Series(variable.name, numbers, dtype=pl.Float64)
    try:
        if "" not in said:
            return pl.Series(variable.name, said, dtype=pl.String)
    except TypeError:  # there are numbers among them
        pass
    texts = [one or None if one.__class__ is str else None if one is None else str(one) for one in said]
    return pl.Series(variable.name, texts, dtype=pl.String)


def _nothing(variable: Variable, count: int) -> pl.Series:
    """So many rows in which nothing is said."""
    return pl.Series(variable.name, [None], dtype=_kind(variable)).new_from_index(0, count)


def _kind(variable: Variable) -> type[pl.DataType]:
    return pl.Float64 if variable.numeric else pl.String
