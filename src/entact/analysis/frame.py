"""Polars or pandas in: columns of either as Polars series, a float NaN as what it is, a missing value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import polars as pl

from entact.analysis.level import check_level

Given = ParamSpec("Given")
Found = TypeVar("Found")


def public(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """A method that anybody may call: takes pandas as it takes Polars, and refuses a level that is none."""

    @wraps(function)
    def called(*given: Given.args, **named: Given.kwargs) -> Found:
        if "level" in named:
            check_level(named["level"])
        taken = {name: in_polars(value) for name, value in named.items()}
        return cast(Any, function)(*map(in_polars, given), **taken)  # type: ignore[no-any-return]

    return called


def in_polars(value: Any) -> Any:
    """A pandas frame or series as one of Polars, also within a list or tuple; anything else as it is."""
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        made = [in_polars(one) for one in value]
        return value if all(a is b for a, b in zip(made, value, strict=True)) else type(value)(made)
    if type(value).__module__.split(".")[0] != "pandas":
        return value
    if hasattr(value, "columns"):
        return read_frame(value, [str(name) for name in value.columns])
    return (
        read_values(value).alias("" if value.name is None else str(value.name))
        if hasattr(value, "isna")
        else value
    )


def read_frame(data: Any, names: Sequence[str]) -> pl.DataFrame:
    """These columns of a Polars or pandas DataFrame, in this order, missing values as null.

    Args:
        data: the frame. names: of columns; each once.
    Raises:
        ValueError: when a column is not there, or there twice. TypeError: when it is no frame.
    """
    there = None if isinstance(data, pl.LazyFrame) else getattr(data, "columns", None)
    if there is None:
        raise TypeError(f"a Polars or pandas DataFrame is needed, not {type(data).__name__}")
    known = [str(name) for name in there]
    columns = []
    for name in dict.fromkeys(names):
        if known.count(name) != 1:
            problem = "no column" if name not in known else f"{known.count(name)} columns are called"
            raise ValueError(f"{problem} {name!r}; there are {known}")
        own = data[name] if isinstance(data, pl.DataFrame) else data.iloc[:, known.index(name)]
        columns.append(read_values(own).alias(name))
    return pl.DataFrame(columns)


def read_values(values: Any) -> pl.Series:
    """One column: a Polars or pandas series, an array or a list; missing values (NaN too) as null.

    A pandas category becomes an Enum, which keeps its order.
    """
    if isinstance(values, pl.Series):
        return without_nan(values)
    kind: Any = getattr(values, "dtype", None)
    if hasattr(kind, "categories"):
        levels = [str(level) for level in kind.categories]
        codes = np.asarray(values.cat.codes)
        return pl.Series([None if code < 0 else levels[code] for code in codes], dtype=pl.Enum(levels))
    if hasattr(values, "isna"):
        pairs = zip(values.to_list(), values.isna().to_list(), strict=True)
        return _plain([None if blank else value for value, blank in pairs])
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"a column of values is needed, not {values!r}")
    return _plain(list(values))


def _plain(values: list[Any]) -> pl.Series:
    try:
        made = pl.Series(values)
    except (TypeError, pl.exceptions.PolarsError) as problem:
        raise ValueError(f"a column holds values of several kinds: {problem}") from problem
    return made.fill_nan(None) if made.dtype.is_float() else made


def numbers(values: Any, what: str) -> pl.Series:
    """A column of numbers as floats; a ValueError says what it is where it holds none, or an infinite one."""
    column = read_values(values)
    if column.dtype == pl.Null:
        return column.cast(pl.Float64)
    if not column.dtype.is_numeric():
        raise ValueError(f"{what} is {column.dtype}; only numbers have a mean")
    made = column.cast(pl.Float64)
    infinite = np.isinf(made.to_numpy())
    if infinite.any():
        raise ValueError(
            f"{what} is infinite in row {int(infinite.argmax())} (counted from 0): "
            "correct it or make it missing"
        )
    return made


def without_nan(column: pl.Series) -> pl.Series:
    """A column with NaN as null; the same one where it has none."""
    if column.dtype.is_float() and int(np.isnan(column.to_numpy()).sum()) > column.null_count():
        return column.fill_nan(None)
    return column


# An expression of Polars costs 0.1 ms and more, however few the rows: its engine plans it, and hands it to
# threads. What an analysis of a trial does a hundred times goes column by column instead.


def keep(rows: pl.DataFrame, wanted: pl.Series | np.ndarray) -> pl.DataFrame:
    """The rows for which this is true, and neither false nor null."""
    mask = wanted if isinstance(wanted, pl.Series) else pl.Series(wanted, dtype=pl.Boolean)
    return pl.DataFrame([column.filter(mask) for column in rows.get_columns()])


def put(rows: pl.DataFrame, *columns: pl.Series) -> pl.DataFrame:
    """The rows with these columns, in the place of one that has the same name, else behind the others."""
    own = {column.name: column for column in rows.get_columns()}
    return pl.DataFrame(list((own | {column.name: column for column in columns}).values()))


def known(rows: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """The rows in which none of these columns is null."""
    for name in names:
        if rows[name].null_count():
            rows = keep(rows, rows[name].is_not_null())
    return rows


def of_arm(rows: pl.DataFrame, arm: str) -> pl.DataFrame:
    """The rows of one arm."""
    return keep(rows, rows["arm"].cast(pl.String) == arm)


def sort_groups(frame: pl.DataFrame, groups: Sequence[str]) -> pl.DataFrame:
    """Rows by group: an Enum in its order, text with the numbers in it by size (week 2 before week 12)."""
    return frame[np.lexsort(_places(frame, groups)[::-1])] if groups else frame


def cut_groups(frame: pl.DataFrame, groups: Sequence[str]) -> list[tuple[tuple[Any, ...], pl.DataFrame]]:
    """The rows of each combination of groups that there is, in the order of `sort_groups`."""
    if frame.is_empty():
        return []
    places = np.array(_places(frame, groups))
    order = np.lexsort(places[::-1])
    places, frame = places[:, order], frame[order]
    starts = [0, *(np.flatnonzero((places[:, 1:] != places[:, :-1]).any(axis=0)) + 1).tolist()]
    return [
        (tuple(frame[name][start] for name in groups), frame[start:stop])
        for start, stop in zip(starts, [*starts[1:], len(frame)], strict=True)
    ]


def _places(frame: pl.DataFrame, groups: Sequence[str]) -> list[np.ndarray]:
    """Of each column of groups the place of each row's level among all; -1 for null."""
    places = []
    for name in groups:
        column = frame[name]
        if column.dtype in (pl.String, pl.Categorical):
            text = column.cast(pl.String).to_list()
            levels = sorted({one for one in text if one is not None}, key=natural)
            place = {None: -1, **{level: at for at, level in enumerate(levels)}}
            places.append(np.array([place[one] for one in text], dtype=np.int64))
            continue
        coded = column.to_physical() if isinstance(column.dtype, pl.Enum) else column.rank("dense")
        places.append(coded.cast(pl.Int64).fill_null(-1).to_numpy())
    return places


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts numbers within text by their size."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def held(kind: pl.DataType) -> str:
    """What a column of this kind holds, in words."""
    if kind in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    if kind == pl.Boolean:
        return "true and false"
    if kind == pl.Null:
        return "nothing"
    if kind.is_temporal():
        return "dates or times"
    return "numbers" if kind.is_numeric() else str(kind)


def as_categories(rows: pl.DataFrame, *names: str) -> pl.DataFrame:
    """These columns as categories, of what is in them, by alphabet: an arm called 0.5 is no number."""
    made = []
    for name in names:
        text = rows[name].cast(pl.String)
        levels = sorted({one for one in text.to_list() if one is not None})
        made.append(text.cast(pl.Enum(levels)))
    return put(rows, *made)
