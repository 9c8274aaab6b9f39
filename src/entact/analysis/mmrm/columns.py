"""Columns of a Polars or pandas frame as numbers or as codes of levels, with what is missing marked.

Levels keep the order that the frame states: an Enum's, a pandas category's, numbers and dates ascending,
that of first
appearance for a Polars Categorical; text is in alphabetical order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from entact.analysis.frame import natural
from entact.analysis.mmrm.codes import NARROW, SHORT, code_values, lookup, narrow, whole_numbers
from entact.analysis.mmrm.small import Flags, Floats, Places

# Beyond it neighbouring whole numbers are one and the same floating-point number of so many bytes.
WHOLE = {8: 2.0**53, 4: 2.0**24, 2: 2.0**11}


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
    numbers: bool = False
    """whether the levels are numbers, so that a formula may name them as such"""
    stated: bool = False
    """whether the frame states the levels, as an Enum does, so that they are meant however written"""

    @property
    def values(self) -> list[Any]:
        """The levels as they were in the frame."""
        if not self.numbers:
            return list(self.levels)
        return [int(level) if re.fullmatch(r"-?\d+", level) else float(level) for level in self.levels]

    @property
    def missing(self) -> Flags:
        flags: Flags = self.codes < 0
        return flags

    def keep(self, rows: Flags) -> Factor:
        """The same column on some rows, with the same levels."""
        return replace(self, codes=self.codes[rows])

    def without_unused(self) -> tuple[Factor, tuple[str, ...]]:
        """The factor with only levels that occur, and those that don't."""
        used = np.bincount(self.codes, minlength=len(self.levels)) > 0
        if used.all():
            return self, ()
        place = np.cumsum(used) - 1
        levels = tuple(level for level, use in zip(self.levels, used, strict=True) if use)
        unused = tuple(level for level, use in zip(self.levels, used, strict=True) if not use)
        return Factor(narrow(place[self.codes], len(levels)), levels, self.numbers, self.stated), unused


Column = Numeric | Factor


def column_names(data: Any) -> list[str]:
    """The names of a frame's columns; a TypeError where it is no frame."""
    if isinstance(data, pl.LazyFrame):
        raise TypeError("data must be a Polars or pandas DataFrame, not LazyFrame: collect() it first")
    names = getattr(data, "columns", None)
    if names is None:
        raise TypeError(f"data must be a Polars or pandas DataFrame, not {type(data).__name__}")
    return [str(name) for name in names]


def _series(data: Any, name: str) -> Any:
    if isinstance(data, pl.DataFrame) and name in data.columns:
        return data.get_column(name)
    names = column_names(data)
    times = names.count(name)
    if times == 0:
        raise ValueError(f"there is no column {name!r}; the columns are {', '.join(map(repr, names))}")
    if times > 1:
        raise ValueError(f"{times} columns are called {name!r}: rename all but one")
    # by place: a pandas name need not be text
    return data.iloc[:, names.index(name)]


def read_column(data: Any, name: str) -> Column:
    """A column of a frame; a ValueError names the column where it is of no use."""
    column = _series(data, name)
    return _from_polars(name, column) if isinstance(column, pl.Series) else _from_pandas(name, column)


def read_factor(data: Any, name: str) -> Factor:
    """A column of a frame as categories, whatever it holds; numbers become levels in ascending order."""
    column = _series(data, name)
    numbers = whole_numbers(column)
    if numbers is not None:
        distinct = numbers.drop_nulls().unique().sort()
        levels = tuple(distinct.cast(pl.String).to_list())
        codes = numbers.rank("dense").fill_null(0).to_numpy().astype(np.int64) - 1
        return Factor(narrow(codes, len(levels)), levels, numbers=True)
    return as_factor(
        _from_polars(name, column) if isinstance(column, pl.Series) else _from_pandas(name, column)
    )


def as_factor(column: Column) -> Factor:
    """The column as a factor; numbers become levels in ascending order."""
    if isinstance(column, Factor):
        return column
    values, codes = np.unique(column.values, return_inverse=True)
    missing = np.isnan(column.values)
    levels = tuple(_plain(value) for value in values[~np.isnan(values)])
    return Factor(narrow(np.where(missing, -1, codes.reshape(-1)), len(levels)), levels, numbers=True)


NUMBER = re.compile(r"\s*[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?\s*")
NO_VALUE = ("NA", "N/A", "NaN", "nan", "NULL", "null", ".")
"""text that other systems write where nothing is known"""


def check_levels(name: str, levels: Sequence[str], few: int | None) -> list[str]:
    """Notes of levels of text that may not be meant as such; a ValueError where they can't be.

    Args:
        few: more levels than this that all read as whole numbers are noted; None where numbers are expected
    """
    bare: dict[str, str] = {}
    for level in levels:
        own = level.strip()
        if not own:
            raise ValueError(f"column {name!r} holds empty text: make it missing (null), or give it a name")
        if own in bare:
            raise ValueError(f"column {name!r} has {bare[own]!r} and {level!r}, which differ in blanks alone")
        bare[own] = level
    notes = [
        f"{name}: {level!r} is text here, not a missing value"
        for level in levels
        if level.strip() in NO_VALUE
    ]
    told = [level for level in levels if level.strip() not in NO_VALUE]
    if few is not None and len(told) > 2 and all(NUMBER.fullmatch(level) for level in told):
        fractions = [level for level in told if "." in level or "," in level]
        if fractions:
            raise ValueError(
                f"column {name!r} is text, though {fractions[0]!r} and all else in it reads as a "
                f"number: make it "
                "numbers, or name its categories by words"
            )
        if len(told) > few:
            notes.append(f"{name}: text that reads as numbers, taken as {len(told)} categories")
    return notes


def order_is_clear(data: Any, name: str, levels: Sequence[str]) -> bool:
    """Whether the frame states an order of these levels, or they tell it themselves: week 04, week 08."""
    column = _series(data, name)
    kind = column.dtype
    if isinstance(column, pl.Series):
        if kind not in (pl.String, pl.Categorical):
            return True
    elif hasattr(kind, "categories"):
        stated = [str(level) for level in kind.categories]
        if kind.ordered or stated != sorted(stated):
            return True
    elif kind.kind in "biufMm":
        return True
    return _tell(tuple(levels))


@lru_cache(maxsize=64)
def _tell(levels: tuple[str, ...]) -> bool:
    """Whether levels of text in alphabetical order say by themselves that it is the order meant."""
    if len(levels) < 3 or all(len(level) == 1 for level in levels):
        return True
    alike = {re.sub(r"\d+", "#", level) for level in levels}
    return len(alike) == 1 and "#" in next(iter(alike)) and list(levels) == sorted(levels, key=natural)


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
    series = _series(data, name)
    if isinstance(series, pl.Series) and series.dtype == pl.String:
        return Identity(*code_values(series))
    whole = whole_numbers(series)
    if whole is not None:
        codes, distinct = code_values(whole)
        return Identity(codes, distinct.cast(pl.String))
    column = read_column(data, name)
    if isinstance(column, Numeric):
        values = column.values
        huge = np.flatnonzero(np.abs(np.nan_to_num(values, nan=0.0)) >= WHOLE.get(_width(series), WHOLE[8]))
        if huge.size:
            raise ValueError(
                f"{name!r} in row {int(huge[0])} (counted from 0) is {values[huge[0]]:.0f}, a "
                f"floating-point number too "
                "large to tell one participant from the next: keep identifiers as text or whole numbers"
            )
    factor = as_factor(column)
    return Identity(factor.codes.astype(np.int32), pl.Series(factor.levels, dtype=pl.String))


def _width(series: Any) -> int:
    """Bytes of the floating-point numbers that a column holds."""
    if isinstance(series, pl.Series):
        return 4 if series.dtype == pl.Float32 else 8
    return getattr(series.dtype, "itemsize", 8) if getattr(series.dtype, "kind", "O") == "f" else 8


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _physical(series: pl.Series, levels: int) -> Places:
    """The codes of an Enum, -1 for null."""
    if len(series) <= SHORT:
        return lookup(series.to_list(), series.dtype.categories.to_list())  # type: ignore[attr-defined]
    codes = series.to_physical()
    if not codes.null_count():
        return narrow(codes.to_numpy(), levels)
    kind = pl.Int16 if levels <= NARROW else pl.Int32
    signed: Places = codes.cast(kind).fill_null(-1).to_numpy()
    return signed


def _from_polars(name: str, series: pl.Series) -> Column:
    kind = series.dtype
    if isinstance(kind, pl.Enum):
        categories = tuple(kind.categories.to_list())
        return Factor(_physical(series, len(categories)), categories, stated=True)
    named = isinstance(kind, pl.String)
    if named or isinstance(kind, pl.Categorical):
        text = series if named else series.cast(pl.String)
        if len(text) <= SHORT:
            known = text.to_list()
            seen = [value for value in dict.fromkeys(known) if value is not None]
            ordered = sorted(seen) if named else seen
            return Factor(lookup(known, ordered), tuple(ordered))
        # a Categorical has no order of its own; it keeps that in which its values first appear
        levels = text.drop_nulls().unique(maintain_order=True)
        levels = levels.sort() if named else levels
        return Factor(_physical(text.cast(pl.Enum(levels)), len(levels)), tuple(levels.to_list()))
    if isinstance(kind, pl.Float64) and not series.null_count():
        return Numeric(series.to_numpy())
    if kind.is_numeric() or isinstance(kind, pl.Null):
        return Numeric(series.cast(pl.Float64).to_numpy())
    if isinstance(kind, pl.Boolean):
        return Factor(series.cast(pl.Int32).fill_null(-1).to_numpy(), ("False", "True"))
    if kind.is_temporal():
        distinct = series.drop_nulls().unique().sort()
        codes = series.rank("dense").fill_null(0).to_numpy().astype(np.int64) - 1
        return Factor(narrow(codes, len(distinct)), tuple(str(value) for value in distinct.to_list()))
    raise ValueError(f"column {name!r} holds {kind}; numbers, text, categories or true/false are needed")


def _from_pandas(name: str, series: Any) -> Column:
    kind = series.dtype
    letter = getattr(kind, "kind", "O")
    if hasattr(kind, "categories"):
        levels = tuple(str(level) for level in kind.categories)
        if len(set(levels)) < len(levels):
            raise ValueError(
                f"column {name!r} has categories that read alike, such as 1 and '1': make them differ"
            )
        return Factor(np.asarray(series.cat.codes, dtype=np.int32), levels)
    if letter == "b":
        blank = np.asarray(series.isna(), dtype=bool)
        codes = np.where(blank, -1, np.asarray(series.fillna(False), dtype=np.int32))
        return Factor(codes.astype(np.int32), ("False", "True"))
    if letter in "iuf":
        return Numeric(np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64))
    if letter in "mM":
        codes, distinct = series.factorize(sort=True)
        return Factor(narrow(np.asarray(codes), len(distinct)), tuple(str(value) for value in distinct))
    if letter == "c":
        raise ValueError(
            f"column {name!r} holds complex numbers; numbers, text, categories or true/false are needed"
        )
    return _from_objects(name, series.to_list(), np.asarray(series.isna(), dtype=bool))


def _from_objects(name: str, values: Sequence[Any], blank: Flags) -> Column:
    """Values of any type, as pandas keeps text (and all that it did not understand)."""
    present = [value for value, empty in zip(values, blank, strict=True) if not empty]
    kinds = {_sort(value) for value in present}
    if len(kinds) > 1 or "other" in kinds:
        first = {
            _sort(value): place for place, value in reversed(list(enumerate(values))) if not blank[place]
        }
        told = ", ".join(f"{values[place]!r} in row {place}" for place in first.values())
        raise ValueError(
            f"column {name!r} holds values of several kinds or of none that can be used ({told}, "
            f"counted from 0): "
            "numbers, text, categories or true/false are needed"
        )
    if kinds == {"number"}:
        return Numeric(
            np.array([np.nan if empty else float(value) for value, empty in zip(values, blank, strict=True)])
        )
    if kinds == {"date"}:
        distinct = sorted(set(present))
        place_of = {value: place for place, value in enumerate(distinct)}
        codes = np.array(
            [-1 if empty else place_of[value] for value, empty in zip(values, blank, strict=True)]
        )
        return Factor(narrow(codes, len(distinct)), tuple(map(str, distinct)))
    if kinds == {"truth"}:
        truths = [-1 if empty else int(value) for value, empty in zip(values, blank, strict=True)]
        return Factor(np.array(truths, dtype=np.int32), ("False", "True"))
    text = [None if empty else str(value) for value, empty in zip(values, blank, strict=True)]
    return _from_polars(name, pl.Series(name, text, dtype=pl.String))


def _sort(value: Any) -> str:
    from datetime import date, time, timedelta

    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "truth"
    if isinstance(value, int | float | Decimal | np.number):
        return "number"
    return "date" if isinstance(value, date | time | timedelta) else "other"
