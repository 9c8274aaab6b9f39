"""The rows of one dataset while they are gathered: in memory, or in parts that wait elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol

import polars as pl

from entact.datasets.sdtm.guide import Domain, Variable, domain

PART: Final = 20_000  # rows in memory, where there is a spool
ENTRIES: Final = "entries"  # beside the variables of a part: the entries that each row came from

_OBSERVED = ("Interventions", "Events", "Findings", "Findings About")


class Spool(Protocol):
    """Where parts of datasets wait until all participants were added."""

    def keep(self, dataset: str, part: pl.DataFrame) -> None:
        """Keeps the next part of a dataset."""
        ...

    def scan(self, dataset: str) -> pl.LazyFrame:
        """All that was kept of a dataset, in order."""
        ...

    def parts(self, dataset: str) -> Iterator[pl.DataFrame]:
        """What was kept of it, part by part."""
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
        self._used: set[str] = set()  # of what waits elsewhere
        self._gathered: tuple[int, list[tuple[Variable, list[Any]]]] = (-1, [])

    def add(self, values: dict[str, Any], entries: tuple[str, ...]) -> None:
        """Adds a row; nothing may be said that the guide has no variable for."""
        strange = values.keys() - self.domain.variables.keys()
        if strange:
            raise ValueError(f"{self.domain.name} has no variable {', '.join(sorted(strange))}")
        self.rows.append(values)
        self.entries.append(entries)
        if self._spool is not None and len(self.rows) >= PART:
            self._send(self._spool)

    @property
    def height(self) -> int:
        """The number of rows."""
        return self._spooled + len(self.rows)

    @property
    def variables(self) -> list[Variable]:
        """Required and expected variables, and of the others those that some row has."""
        return [one for one, _ in self._columns()]

    def frame(self) -> pl.DataFrame:
        """The rows as a frame: numbers as Float64, the rest as text; null is missing."""
        return self.lazy().collect()

    def lazy(self) -> pl.LazyFrame:
        """The same, read when it is asked for."""
        if not self._spooled:
            return pl.DataFrame([_series(one, said) for one, said in self._columns()]).lazy()
        assert self._spool is not None
        self._send(self._spool)
        return self._spool.scan(self.domain.name).select([one.name for one in self.variables])

    def parts(self) -> Iterator[tuple[pl.DataFrame, Sequence[Sequence[str]]]]:
        """The rows in order, part by part, and the entries that each of them came from."""
        if not self._spooled:
            yield self.frame(), self.entries
            return
        assert self._spool is not None
        self._send(self._spool)
        names = [one.name for one in self.variables]
        for part in self._spool.parts(self.domain.name):
            yield part.select(names), part[ENTRIES].to_list()

    def _send(self, spool: Spool) -> None:
        """Lets what is in memory wait elsewhere."""
        if not self.rows:
            return
        said = {name: [row.get(name) for row in self.rows] for name in self.domain.variables}
        part = [_series(one, said[name]) for name, one in self.domain.variables.items()]
        entries = pl.Series(ENTRIES, [list(one) for one in self.entries], dtype=pl.List(pl.String))
        spool.keep(self.domain.name, pl.DataFrame([*part, entries]))
        self._used |= {name for name, values in said.items() if values.count(None) < len(values)}
        self._spooled += len(self.rows)
        self.rows, self.entries = [], []

    def _columns(self) -> list[tuple[Variable, list[Any]]]:
        """The variables with their values in memory, gathered once for as many rows as there are."""
        if self._gathered[0] == self.height:
            return self._gathered[1]
        known = self.domain.variables
        said = {name: [row.get(name) for row in self.rows] for name in known}
        used = self._used | {
            name
            for name, one in known.items()
            if one.core in ("Req", "Exp") or said[name].count(None) < len(self.rows)
        }
        used |= {f"{name[:-3]}DY" for name in used if name.endswith("DTC")}  # a date has its study day
        if self.domain.name == "CO":  # of a visit: what it is related to is empty, and checkers look for it
            used |= {"RDOMAIN", "IDVAR", "IDVARVAL"}
        if self.domain.observation_class in _OBSERVED:
            used.add("EPOCH")
        self._gathered = self.height, [(one, said[name]) for name, one in known.items() if name in used]
        return self._gathered[1]


def _series(variable: Variable, said: list[Any]) -> pl.Series:
    if variable.numeric:
        numbers = [None if one is None else float(one) for one in said]
        return pl.Series(variable.name, numbers, dtype=pl.Float64)
    texts = [one or None if one.__class__ is str else None if one is None else str(one) for one in said]
    return pl.Series(variable.name, texts, dtype=pl.String)
