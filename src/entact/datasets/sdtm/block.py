"""Many rows of one participant, put together from pieces: what a form says of all its rows is there once.

A dataset of questionnaires has some hundred rows for a visit, and of the thirty values of a row all but
three are those of the form as it was filled in, of the item, or of an answer that others gave as well. A row
is then a number for each piece, and columns are made of pieces, not of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from entact.datasets.sdtm.guide import Variable

Places = NDArray[np.uint32]
ENTRIES: Final = "entries"  # beside the variables of a part: the entries that each row came from, one a line


@dataclass(frozen=True, slots=True)
class Piece:
    """What several rows say alike: `said`, variable -> value, and which of them each row says."""

    said: Sequence[Mapping[str, Any]]
    of: Places


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one dataset in their order; no variable is of two pieces.

    Attributes:
        own: variable -> a value for each row. entries: those behind rows. of: which of them each row has.
    """

    height: int
    pieces: tuple[Piece, ...]
    own: Mapping[str, Sequence[Any] | NDArray[Any]]
    entries: Sequence[tuple[str, ...]]
    of: Places

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row by itself."""
        parts = [([*map(dict, one.said)], one.of.tolist()) for one in self.pieces]
        own = {
            name: values.tolist() if isinstance(values, np.ndarray) else values
            for name, values in self.own.items()
        }
        for place in range(self.height):
            row: dict[str, Any] = {}
            for said, of in parts:
                row.update(said[of[place]])
            for name, values in own.items():
                row[name] = values[place]
            yield row

    def sources(self) -> Iterator[tuple[str, ...]]:
        """The entries that each row came from."""
        return (self.entries[place] for place in self.of.tolist())


def series(variable: Variable, said: Sequence[Any] | NDArray[Any]) -> pl.Series:
    """A column: numbers as Float64, the rest as text; null is missing.

    Args:
        said: of each row; an array has no missing numbers.
    """
    if isinstance(said, np.ndarray):
        return pl.Series(variable.name, said).cast(kind_of(variable))
    first = next(iter(said), None)
    if first.__class__ is str and said.count(first) == len(said):  # as of study, domain and much else
        return pl.Series(variable.name, [first or None], dtype=kind_of(variable)).new_from_index(0, len(said))
    if said.count(None) == len(said):
        return nothing(variable, len(said))
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


def nothing(variable: Variable, count: int) -> pl.Series:
    """So many rows in which nothing is said."""
    return pl.Series(variable.name, [None], dtype=kind_of(variable)).new_from_index(0, count)


def kind_of(variable: Variable) -> type[pl.DataType]:
    """The type of a column."""
    return pl.Float64 if variable.numeric else pl.String
