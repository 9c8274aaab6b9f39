"""Codes of values by their place among the distinct ones; whole numbers never pass through a float."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from entact.analysis.mmrm.small import Flags, Places

# Levels whose codes fit two bytes: a frame can have many factors.
NARROW = 2**15 - 1
# Rows up to which Python's dictionaries are faster than Polars' expressions.
SHORT = 4_000


def whole_numbers(series: Any) -> pl.Series | None:
    """A column of integers, exactly; None where it is none."""
    if isinstance(series, pl.Series):
        if series.dtype.is_decimal():
            return _exact(series.to_list(), series.is_null().to_numpy())
        return series if series.dtype.is_integer() else None
    if getattr(series.dtype, "kind", "") == "O" and not hasattr(series.dtype, "categories"):
        return _exact(series.to_list(), np.asarray(series.isna(), dtype=bool))
    if getattr(series.dtype, "kind", "") not in "iu" or hasattr(series.dtype, "categories"):
        return None
    if series.isna().any():
        return pl.Series(
            [None if blank else int(one) for one, blank in zip(series, series.isna(), strict=True)]
        )
    return pl.Series(np.asarray(series.to_numpy(dtype=np.uint64 if series.dtype.kind == "u" else np.int64)))


def _exact(values: Sequence[Any], blank: Flags) -> pl.Series | None:
    """Whole numbers of Python's own, which have no end; None where one is none, or beyond 38 digits."""
    known: list[int | None] = []
    for value, empty in zip(values, blank, strict=True):
        if not empty and (isinstance(value, bool) or not isinstance(value, int | Decimal) or value % 1):
            return None
        known.append(None if empty else int(value))
    if max((abs(one) for one in known if one is not None), default=0) >= 10**38:
        return None
    return pl.Series(known, dtype=pl.Int128)


def code_values(values: pl.Series) -> tuple[Places, pl.Series]:
    """Codes of strings or integers in ascending order, -1 for null, and what is distinct among them.

    Frames come sorted by participant more often than not: then each run of equal values is coded once.
    """
    if len(values) <= SHORT:
        known = values.to_list()
        distinct = sorted({value for value in known if value is not None})
        return lookup(known, distinct), pl.Series(distinct, dtype=values.dtype)
    runs = values.rle_id().to_numpy()
    if runs.size and 2 * (int(runs[-1]) + 1) <= runs.size:
        begins = np.flatnonzero(runs[1:] != runs[:-1]) + 1
        codes, labels = code_values(values.gather(np.concatenate([[0], begins])))
        return codes[runs], labels
    ranks = values.rank("dense")
    codes = (ranks.fill_null(0) if values.null_count() else ranks).to_numpy().astype(np.int32) - 1
    count = int(codes.max(initial=-1)) + 1
    first = np.zeros(count + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.size)[::-1]
    return codes, values.gather(first[:count])


def lookup(values: list[Any], levels: Sequence[Any]) -> Places:
    """Codes of values by their place among levels, -1 for None."""
    place: dict[Any, int] = {level: code for code, level in enumerate(levels)}
    place[None] = -1
    return np.fromiter(map(place.__getitem__, values), dtype=np.int32, count=len(values))


def narrow(codes: Places, levels: int) -> Places:
    """The same codes in as few bytes as so many levels need."""
    return codes.astype(np.int16 if levels <= NARROW else np.int32)
