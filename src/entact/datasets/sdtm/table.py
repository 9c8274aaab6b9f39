"""The rows of one dataset while they are gathered: in memory, or in parts that wait elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import repeat
from typing import Any, Final, Protocol

import polars as pl

from entact.datasets.sdtm.block import ENTRIES, Block, columns_of, nothing, series, sources_of
from entact.datasets.sdtm.guide import Domain, Variable, domain

PART: Final = 5_000  # rows in memory, where there is a spool
_BLOCKS: Final = 4  # times as many of those in blocks, which are smaller

_OBSERVED = ("Interventions", "Events", "Findings", "Findings About")


@dataclass(frozen=True, slots=True)
class Packed:
    """A part of a dataset as it waits: as Parquet, with its height and the variables that have a value."""

    raw: bytes
    height: int
    used: frozenset[str]


def pack(part: pl.DataFrame) -> Packed:
    """A part as it waits; between processes that is a twentieth of what a frame is."""
    raw = BytesIO()
    part.write_parquet(raw, compression="lz4", statistics=False)
    used = frozenset(one.name for one in part if one.null_count() < part.height)
    return Packed(raw.getvalue(), part.height, used - {ENTRIES})


class Spool(Protocol):
    """Where parts of datasets wait until all participants were added."""

    def keep(self, dataset: str, part: Packed) -> None:
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

    They come by themselves, or in blocks; blocks are taken apart where a dataset has both, as their order is
    one.
    """

    def __init__(self, name: str, said: Domain | None = None, spool: Spool | None = None) -> None:
        self.domain: Domain = said or domain(name)
        self._rows: list[dict[str, Any]] = []
        self._entries: list[tuple[str, ...]] = []
        self._blocks: list[Block] = []
        self._in_blocks = 0
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
        if self._blocks:
            self._take_apart()
        self._rows.append(values)
        self._entries.append(entries)
        if self._spool is not None and len(self._rows) >= PART:
            self._send(self._spool)

    def add_block(self, block: Block) -> None:
        """Adds rows that are put together from pieces."""
        self._blocks.append(block)
        self._in_blocks += block.height
        if self._rows:
            self._take_apart()
        if self._spool is not None and self._in_blocks >= _BLOCKS * PART:
            self._send(self._spool)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows in memory: all of them where there is no spool."""
        return [row for one in self._blocks for row in one.rows()] if self._blocks else self._rows

    @property
    def entries(self) -> list[tuple[str, ...]]:
        """Of each of them the entries that it came from."""
        return [said for one in self._blocks for said in one.sources()] if self._blocks else self._entries

    def take(self, part: pl.DataFrame | Packed) -> None:
        """Adds a part that was gathered elsewhere; small ones wait until they are many."""
        assert self._spool is not None
        if isinstance(part, Packed):
            self._send(self._spool)
            self._keep(part, self._spool)
            return
        self._coming.append(part)
        if sum(one.height for one in self._coming) >= PART:
            self._send(self._spool)

    def rest(self) -> pl.DataFrame | None:
        """The rows that are in memory, and the table's no longer; None where there are none."""
        if not self._in_memory:
            return None
        found = self._whole()
        self._forget()
        return found

    @property
    def height(self) -> int:
        """The number of rows."""
        return self._spooled + self._in_memory + sum(one.height for one in self._coming)

    @property
    def _in_memory(self) -> int:
        return len(self._rows) + self._in_blocks

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

    def parts(self, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in order, part by part; of some variables alone where they are named."""
        return self._parts([*names] if names is not None else [one.name for one in self.variables])

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
        if self._blocks:
            return sources_of(self._blocks)
        return pl.Series(ENTRIES, list(map("\n".join, self._entries)), dtype=pl.String)

    def _take_apart(self) -> None:
        """Makes rows of the blocks."""
        for one in self._blocks:
            self._rows += one.rows()
            self._entries += one.sources()
        self._said |= dict.fromkeys(name for row in self._rows for name in row)
        self._blocks, self._in_blocks = [], 0

    def _send(self, spool: Spool) -> None:
        """Lets what is in memory wait elsewhere."""
        if self._coming:
            self._keep(pack(pl.concat(self._coming)), spool)
            self._coming = []
        if not self._in_memory:
            return
        self._keep(pack(self._whole()), spool)
        self._forget()

    def _forget(self) -> None:
        """Lets go of the rows in memory."""
        self._rows, self._entries, self._blocks, self._in_blocks = [], [], [], 0

    def _whole(self) -> pl.DataFrame:
        """The rows in memory with the entries that they came from."""
        return self._frame(self.domain.variables).with_columns(self._sources())

    def _keep(self, part: Packed, spool: Spool) -> None:
        self._used |= part.used
        spool.keep(self.domain.name, part)
        self._spooled += part.height

    def _gather(self) -> tuple[list[Variable], pl.DataFrame]:
        """The variables, and what is in memory of them; made once for as many rows as there are."""
        if self._coming:
            assert self._spool is not None
            self._send(self._spool)
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
        count = self._in_memory
        if self._blocks:
            found = columns_of(self._blocks, variables)
            return pl.DataFrame([found.get(name, nothing(one, count)) for name, one in variables.items()])
        return pl.DataFrame(
            [
                series(one, list(map(dict.get, self._rows, repeat(name))))
                if name in self._said
                else nothing(one, count)
                for name, one in variables.items()
            ]
        )
