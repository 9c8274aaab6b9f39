"""The rows of one dataset while they are gathered: in memory, or in parts that wait elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, Protocol

import polars as pl

from entact.datasets.sdtm.block import ENTRIES, Block, series
from entact.datasets.sdtm.guide import Domain, Variable, domain
from entact.datasets.sdtm.part import Part, packed, part_of_blocks, part_of_rows
from entact.datasets.sdtm.summary import Summary, summary_of

PART: Final = 5_000  # rows in memory, where there is a spool
_BLOCKS: Final = 4  # times as many of those in blocks, which are smaller

_OBSERVED = ("Interventions", "Events", "Findings", "Findings About")


@dataclass(frozen=True, slots=True)
class Packed:
    """A part of a dataset as it waits, with its height, and what descriptions are made of."""

    raw: bytes
    height: int
    summary: Summary


def pack(part: Part, said: Domain) -> Packed:
    """A part as it waits, and goes to another process.

    Args:
        said: the domain that its rows are of.
    """
    return Packed(packed(part), part.height, summary_of(part, said))


class Spool(Protocol):
    """Where parts of datasets wait until all participants were added."""

    def keep(self, dataset: str, part: Packed) -> None:
        """Keeps the next part of a dataset."""
        ...

    def parts(self, dataset: str, names: Sequence[str]) -> Iterator[Part]:
        """What was kept of it, part by part; only what of them some columns need."""
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
        self._summary = Summary()  # of what waits elsewhere
        self._gathered: tuple[int, Summary, Part | None] = (-1, self._summary, None)

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

    def rest(self) -> Part | None:
        """The rows that are in memory, and the table's no longer; None where there are none."""
        if not self._in_memory:
            return None
        found = self._whole()
        self._forget()
        return found

    def plain(self, part: Part) -> pl.DataFrame:
        """A part that is so small that it goes on as rows, to be put together with others."""
        return part.rows([*self.domain.variables, ENTRIES], self.domain.variables)

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
        known = self.domain.variables
        used = self.summary.used
        used |= {name for name, one in known.items() if one.core in ("Req", "Exp")}
        used |= {f"{name[:-3]}DY" for name in used if name.endswith("DTC")}  # a date has its study day
        if self.domain.name == "CO":  # of a visit: what it is related to is empty, and checkers look for it
            used |= {"RDOMAIN", "IDVAR", "IDVARVAL"}
        if self.domain.observation_class in _OBSERVED:
            used.add("EPOCH")
        return [one for name, one in known.items() if name in used]

    @property
    def summary(self) -> Summary:
        """What descriptions of the dataset are made of."""
        return self._gather()[0]

    def frame(self) -> pl.DataFrame:
        """The rows as a frame: numbers as Float64, the rest as text; null is missing."""
        return pl.concat(self.parts())

    def parts(self, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in order, part by part; of some variables alone where they are named."""
        chosen = [one.name for one in self.variables] if names is None else names
        return (part.rows(chosen, self.domain.variables) for part in self.pieces(chosen))

    def pieces(self, names: Sequence[str]) -> Iterator[Part]:
        """The same as parts are kept, with what of them some variables, or `entries`, need."""
        known = self._gather()[1]
        if known is not None:
            yield known
        else:
            assert self._spool is not None
            yield from self._spool.parts(self.domain.name, names)

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
            self._keep(pack(part_of_rows(pl.concat(self._coming)), self.domain), spool)
            self._coming = []
        if not self._in_memory:
            return
        self._keep(pack(self._whole(), self.domain), spool)
        self._forget()

    def _forget(self) -> None:
        """Lets go of the rows in memory."""
        self._rows, self._entries, self._blocks, self._in_blocks = [], [], [], 0

    def _whole(self) -> Part:
        """The rows in memory with the entries that they came from."""
        if self._blocks:
            return part_of_blocks(self._blocks, self.domain.variables)
        columns = [
            series(self.domain.variables[name], list(map(dict.get, self._rows, repeat(name))))
            for name in self._said
        ]
        behind = pl.Series(ENTRIES, list(map("\n".join, self._entries)), dtype=pl.String)
        return part_of_rows(pl.DataFrame([*columns, behind]))

    def _keep(self, part: Packed, spool: Spool) -> None:
        self._summary.join(part.summary)
        spool.keep(self.domain.name, part)
        self._spooled += part.height

    def _gather(self) -> tuple[Summary, Part | None]:
        """What descriptions are made of, and the rows where they are in memory; once for as many rows."""
        if self._gathered[0] != self.height:
            if self._spooled or self._coming:
                assert self._spool is not None
                self._send(self._spool)
                self._gathered = self.height, self._summary, None
            else:
                whole = self._whole()
                self._gathered = self.height, summary_of(whole, self.domain), whole
        return self._gathered[1:]
