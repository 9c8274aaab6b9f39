"""Columns of a Polars or pandas frame as numbers or as codes of levels, with what is missing marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from entact.analysis.mmrm.small import Flags, Floats, Places

# Levels whose codes fit two bytes: a frame can have many factors.
NARROW = 2**15 - 1


@dataclass(frozen=True)
class Numeric:
    """Numbers; missing ones are NaN."""

    values: Floats

    @property
    def missing(self) -> Flags:
        return np.isnan(self.values)

    def keep(self, rows: Flags) -> Numeric:
        """The same column on some rows."""
        return Numeric(self.values[rows])


@dataclass(frozen=True)
class Factor:
    """Codes of levels; a missing one is -1."""

    codes: Places
    levels: tuple[str, ...]

    @property
    def missing(self) -> Flags:
        flags: Flags = self.codes < 0
        return flags

    def keep(self, rows: Flags) -> Factor:
        """The same column on some rows, with the same levels."""
        return Factor(self.codes[rows], self.levels)

    def without_unused(self) -> tuple[Factor, tuple[str, ...]]:
        """The factor with only levels that occur, and those that don't."""
        used = np.bincount(self.codes, minlength=len(self.levels)) > 0
        if used.all():
            return self, ()
        place = np.cumsum(used) - 1
        levels = tuple(level for level, use in zip(self.levels, used, strict=True) if use)
        unused = tuple(level for level, use in zip(self.levels, used, strict=True) if not use)
        return Factor(_narrow(place[self.codes], len(levels)), levels), unused


Column = Numeric | Factor


def column_names(data: Any) -> list[str]:
    """The names of a frame's columns; a TypeError where it is no frame."""
    names = getattr(data, "columns", None)
    if isinstance(data, pl.LazyFrame) or names is None:
        raise TypeError(f"data must be a Polars or pandas DataFrame, not {type(data).__name__}")
    return [str(name) for name in names]


def read_column(data: Any, name: str) -> Column:
    """A column of a frame; a ValueError names the column where it is of no use."""
    names = column_names(data)
    if name not in names:
        raise ValueError(f"there is no column {name!r}; the columns are {', '.join(map(repr, names))}")
    column = data[name]
    return _from_polars(name, column) if isinstance(column, pl.Series) else _from_pandas(name, column)


def as_factor(column: Column) -> Factor:
    """The column as a factor; numbers become levels in ascending order."""
    if isinstance(column, Factor):
        return column
    values, codes = np.unique(column.values, return_inverse=True)
    missing = np.isnan(column.values)
    levels = tuple(_plain(value) for value in values[~np.isnan(values)])
    return Factor(_narrow(np.where(missing, -1, codes.reshape(-1)), len(levels)), levels)


@dataclass(frozen=True)
class Identity:
    """Who a row belongs to: codes of participants, -1 where missing, and their labels, which stay packed."""

    codes: Places
    labels: pl.Series

    @property
    def missing(self) -> Flags:
        flags: Flags = self.codes < 0
        return flags

    def keep(self, rows: Flags) -> Identity:
        """The same on some rows, with only the participants who are left."""
        codes = self.codes[rows]
        used = np.bincount(codes, minlength=len(self.labels)) > 0
        if used.all():
            return Identity(codes, self.labels)
        place = (np.cumsum(used) - 1).astype(np.int32)
        return Identity(place[codes], self.labels.filter(pl.Series(used)))


def read_identity(data: Any, name: str) -> Identity:
    """The column that names participants."""
    series = data[name] if name in column_names(data) else None
    if isinstance(series, pl.Series) and series.dtype == pl.String:
        return Identity(*_code(series))
    column = read_column(data, name)
    if isinstance(column, Factor):
        return Identity(column.codes.astype(np.int32), pl.Series(column.levels, dtype=pl.String))
    values, codes = np.unique(column.values, return_inverse=True)
    known = pl.Series(values[~np.isnan(values)])
    whole = bool((known == known.floor()).all())
    labels = (known.cast(pl.Int64) if whole else known).cast(pl.String)
    return Identity(np.where(column.missing, -1, codes.reshape(-1)).astype(np.int32), labels)


def _code(text: pl.Series) -> tuple[Places, pl.Series]:
    """Codes of strings in alphabetical order, -1 for null, and the distinct strings.

    Frames come sorted by participant more often than not: then each run of equal strings is coded once.
    """
    runs = text.rle_id().to_numpy()
    if runs.size and 2 * (int(runs[-1]) + 1) <= runs.size:
        begins = np.flatnonzero(runs[1:] != runs[:-1]) + 1
        codes, labels = _code(text.gather(np.concatenate([[0], begins])))
        return codes[runs], labels
    codes = text.rank("dense").cast(pl.Int32).fill_null(0).to_numpy() - 1
    count = int(codes.max(initial=-1)) + 1
    first = np.zeros(count + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.size)[::-1]
    return codes, text.gather(first[:count])


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _narrow(codes: Places, levels: int) -> Places:
    return codes.astype(np.int16 if levels <= NARROW else np.int32)


def _physical(series: pl.Series, levels: int) -> Places:
    """The codes of an Enum, -1 for null."""
    kind = pl.Int16 if levels <= NARROW else pl.Int32
    codes: Places = series.to_physical().cast(kind).fill_null(-1).to_numpy()
    return codes


def _from_polars(name: str, series: pl.Series) -> Column:
    kind = series.dtype
    if kind.is_numeric():
        return Numeric(series.cast(pl.Float64).to_numpy())
    if kind == pl.Boolean:
        return Factor(series.cast(pl.Int32).fill_null(-1).to_numpy(), ("False", "True"))
    if isinstance(kind, pl.Enum):
        categories = tuple(kind.categories.to_list())
        return Factor(_physical(series, len(categories)), categories)
    if kind in (pl.String, pl.Categorical):
        text = series.cast(pl.String)
        levels = text.drop_nulls().unique().sort()
        return Factor(_physical(text.cast(pl.Enum(levels)), len(levels)), tuple(levels.to_list()))
    if kind.is_temporal():
        return _from_polars(name, series.cast(pl.String))
    raise ValueError(f"column {name!r} holds {kind}; numbers, text, categories or true/false are needed")


def _from_pandas(name: str, series: Any) -> Column:
    kind = series.dtype
    if hasattr(kind, "categories"):
        return Factor(
            np.asarray(series.cat.codes, dtype=np.int32), tuple(str(level) for level in kind.categories)
        )
    if kind.kind == "b":
        return Factor(np.asarray(series, dtype=np.int32), ("False", "True"))
    if kind.kind in "iuf":
        return Numeric(np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64))
    values: Sequence[Any] = series.to_list()
    blank = series.isna().to_list()
    text = [None if empty else str(value) for value, empty in zip(values, blank, strict=True)]
    return _from_polars(name, pl.Series(name, text, dtype=pl.String))
