"""A part of a dataset as it waits: what several rows say alike is there once, with a number for each row.

So little is written, read again and looked through: of ten thousand rows of a questionnaire there are some
hundred different results. Rows are put together only where somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import chain, repeat
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from entact.datasets.sdtm.block import ENTRIES, Block, Places, nothing, series
from entact.datasets.sdtm.guide import Variable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Coded:
    """Columns that many rows say alike: `said`, their values once each, and which of them each row says."""

    said: pl.DataFrame
    of: Places

    def rows(self, names: Sequence[str]) -> pl.DataFrame:
        """Some of the columns, row by row."""
        chosen = self.said.select(names)
        if chosen.height == 1:
            return pl.DataFrame([one.new_from_index(0, len(self.of)) for one in chosen])
        return chosen[self.of]


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a dataset, in their order; a column of which no row says anything need not be there.

    Attributes:
        coded: columns that rows have in common; all that is said is of some row. own: a value for each row.
    """

    height: int
    coded: tuple[Coded, ...]
    own: pl.DataFrame

    def rows(self, names: Sequence[str], variables: Mapping[str, Variable]) -> pl.DataFrame:
        """Some columns, row by row, and `entries` where it is named."""
        found = {one.name: one for one in self.own.select([name for name in names if name in self.own])}
        for several in self.coded:
            wanted = [name for name in names if name in several.said]
            if wanted:
                found |= {one.name: one for one in several.rows(wanted)}
        return pl.DataFrame(
            [found[name] if name in found else nothing(variables[name], self.height) for name in names]
        )

    def different(self, names: Sequence[str]) -> pl.DataFrame:
        """What rows say in these columns together, in the order in which it is first said.

        Once each, where rows have all of them in common; those of which nothing is said are left out.
        """
        if any(name in self.own for name in names):
            frames = (self.own, *(one.said for one in self.coded))
            return self.rows([name for name in names if any(name in one for one in frames)], {})
        asked = [(one, wanted) for one in self.coded if (wanted := [n for n in names if n in one.said])]
        key = np.zeros(self.height, np.uint64)
        for one, _ in asked:
            key = key * np.uint64(one.said.height) + one.of
        _, first = np.unique(key, return_index=True)
        first.sort()
        found = [one.said.select(wanted)[one.of[first]] for one, wanted in asked]
        return pl.concat(found, how="horizontal") if found else pl.DataFrame()


def part_of_blocks(blocks: Sequence[Block], variables: Mapping[str, Variable]) -> Part:
    """The rows of blocks of one dataset, one after another.

    Raises:
        ValueError: when something is said that the guide has no variable for.
    """
    coded = []
    for pieces in zip(*(one.pieces for one in blocks), strict=True):
        said, of = _used(*_joined([one.said for one in pieces], [one.of for one in pieces]))
        names = dict.fromkeys(chain.from_iterable(said))
        columns = [series(_known(name, variables), list(map(dict.get, said, repeat(name)))) for name in names]
        if columns:
            coded.append(Coded(pl.DataFrame(columns), of))
    entries, of = _used(*_joined([one.entries for one in blocks], [one.of for one in blocks]))
    behind = pl.DataFrame({ENTRIES: list(map("\n".join, entries))}, schema={ENTRIES: pl.String})
    own = []
    for name in dict.fromkeys(name for one in blocks for name in one.own):
        kind = _known(name, variables)
        said_of = (
            series(kind, one.own[name]) if name in one.own else nothing(kind, one.height) for one in blocks
        )
        own.append(pl.concat(said_of))
    return Part(sum(one.height for one in blocks), (*coded, Coded(behind, of)), pl.DataFrame(own))


def part_of_rows(frame: pl.DataFrame) -> Part:
    """Rows that have nothing in common."""
    said = [one for one in frame if one.null_count() < frame.height or one.name == ENTRIES]
    return Part(frame.height, (), pl.DataFrame(said))


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """Columns as they lie on a disk: their names, values, and of each row the place of what it says."""

    names: list[str]
    table: bytes
    of: bytes = b""
    width: int = 0  # bytes of a place


class _KeptPart(msgspec.Struct, array_like=True, gc=False):
    height: int
    coded: list[_Kept]
    own: _Kept


_READ: Final = msgspec.msgpack.Decoder(_KeptPart)


def packed(part: Part) -> bytes:
    """A part as it lies on a disk, or goes to another process."""
    coded = []
    for one in part.coded:
        of = _narrow(one.of, one.said.height)
        coded.append(_Kept(one.said.columns, _table(one.said), of.tobytes(), of.itemsize))
    own = _Kept(part.own.columns, _table(part.own))
    return msgspec.msgpack.encode(_KeptPart(part.height, coded, own))


def unpacked(raw: bytes, names: Sequence[str] | None = None) -> Part:
    """A part again; only what of it some columns need, where they are named."""
    kept = _READ.decode(raw)
    wanted = None if names is None else {*names}
    found = [
        Coded(_read(one, wanted), np.frombuffer(one.of, f"u{one.width}").astype(np.uint32))
        for one in kept.coded
        if wanted is None or not wanted.isdisjoint(one.names)
    ]
    return Part(kept.height, tuple(found), _read(kept.own, wanted))


def _table(frame: pl.DataFrame) -> bytes:
    raw = BytesIO()
    frame.write_ipc_stream(raw, compression="lz4")
    return raw.getvalue()


def _read(kept: _Kept, wanted: set[str] | None) -> pl.DataFrame:
    chosen = kept.names if wanted is None else [name for name in kept.names if name in wanted]
    return pl.read_ipc_stream(kept.table, columns=chosen) if chosen else pl.DataFrame()


def _narrow(of: Places, count: int) -> NDArray[np.unsignedinteger[Any]]:
    """Places in as few bytes as so many need."""
    return of.astype(np.min_scalar_type(max(count - 1, 0)))


def _used(said: list[T], of: Places) -> tuple[list[T], Places]:
    """What some row says, and which of it each row says."""
    is_used = np.zeros(len(said), np.bool_)
    is_used[of] = True
    if is_used.all():
        return said, of
    place = np.cumsum(is_used, dtype=np.uint32) - np.uint32(1)
    return [one for one, used in zip(said, is_used.tolist(), strict=True) if used], place[of]


def _known(name: str, variables: Mapping[str, Variable]) -> Variable:
    if name not in variables:
        raise ValueError(f"there is no variable {name}")
    return variables[name]


def _joined(said: Sequence[Sequence[T]], of: Sequence[Places]) -> tuple[list[T], Places]:
    """What blocks say in one list, and which of it each row says; what several share is there once."""
    found: list[T] = []
    begins: dict[int, int] = {}
    places = []
    for one, which in zip(said, of, strict=True):
        begin = begins.get(id(one))
        if begin is None:
            begin = begins[id(one)] = len(found)
            found.extend(one)
        places.append(which + np.uint32(begin) if begin else which)
    return found, np.concatenate(places) if len(places) > 1 else places[0]
