"""Polars or pandas in: what a frame states is kept, what it does not hold is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from entact.analysis.frame import numbers, read_frame, read_values, sort_groups


def test_a_category_keeps_its_order_and_a_nan_is_missing() -> None:
    read = read_values(pd.Series(pd.Categorical(["b", None, "a"], categories=["b", "a", "c"])))
    assert read.dtype == pl.Enum(["b", "a", "c"])
    assert read.to_list() == ["b", None, "a"]
    for values in (
        np.array([1.0, np.nan]),
        [1.0, float("nan")],
        pl.Series([1.0, float("nan")]),
        pd.Series([1.0, np.nan]),
    ):
        assert read_values(values).to_list() == [1.0, None]
    assert read_values(pd.Series([True, None], dtype="boolean")).to_list() == [True, None]
    assert read_values(pd.Series([2**60 + 1, None], dtype="Int64")).to_list() == [2**60 + 1, None]


def test_what_a_frame_does_not_hold_is_named() -> None:
    frame = pl.DataFrame({"a": [1], "b": ["x"]})
    assert read_frame(frame, ["b", "a", "b"]).columns == ["b", "a"]
    with pytest.raises(ValueError, match="no column 'c'"):
        read_frame(frame, ["c"])
    for other in (frame.lazy(), {"a": [1]}, None):
        with pytest.raises(TypeError, match="DataFrame is needed"):
            read_frame(other, ["a"])
    with pytest.raises(ValueError, match=r"b is String; only numbers"):
        numbers(frame["b"], "b")
    with pytest.raises(TypeError, match="a column of values is needed"):
        read_values("text")
    with pytest.raises(ValueError, match="values of several kinds"):
        read_values(pd.Series([1, "ND"], dtype=object))


def test_groups_are_sorted_by_the_numbers_in_them() -> None:
    frame = pl.DataFrame({"arm": ["b", "a", "a", "b"], "visit": ["week 12", "week 12", "week 2", None]})
    rows = sort_groups(frame, ["arm", "visit"]).rows()
    assert rows == [("a", "week 2"), ("a", "week 12"), ("b", None), ("b", "week 12")]
