from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from entact.analysis import (
    Summary,
    bang,
    change_from_baseline,
    describe,
    james,
    mean_difference,
    mean_interval,
    proportion,
    risk_difference,
    score_interval,
    standardised_difference,
    summarise,
)

ONE, TWO = pl.Series([1.0, 4.0, 2.0, 7.0, 3.5]), pl.Series([2.0, 2.5, 8.0, 9.5])
VALUES = st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=3, max_size=20).filter(
    lambda values: max(values) - min(values) > 0.5
)


def test_a_column_by_hand() -> None:
    frame = pl.DataFrame({"arm": ["b", "a", "a", "a", "a"], "value": [5, 1, 2, 6, None]})
    found = describe(frame, "value", "arm").rows(named=True)
    spread = {"mean": 3.0, "sd": pytest.approx(7**0.5), "median": 2.0, "min": 1.0, "max": 6.0}
    assert found[0] == {"arm": "a", "n": 3, "missing": 1} | spread
    spread = {"mean": 5.0, "sd": None, "median": 5.0, "min": 5.0, "max": 5.0}
    assert found[1] == {"arm": "b", "n": 1, "missing": 0} | spread


def test_a_column_without_groups() -> None:
    assert describe(pl.DataFrame({"value": [1.0, 3.0]}), "value").row(0) == (2, 0, 2.0, 2**0.5, 2.0, 1.0, 3.0)


def test_columns_that_cannot_be_described_are_named() -> None:
    frame = pl.DataFrame({"arm": ["a"], "value": [1.0]})
    with pytest.raises(ValueError, match="'total'"):
        describe(frame, "total", "arm")
    with pytest.raises(ValueError, match="only numbers"):
        describe(frame, "arm")


def test_change_from_baseline_by_hand() -> None:
    frame = pl.DataFrame(
        {
            "who": ["p", "p", "p", "q", "r", "r"],
            "visit": ["start", "four", "eight", "four", "start", "four"],
            "value": [40.0, 30.0, None, 20.0, None, 10.0],
        }
    )
    found = change_from_baseline(frame, "value", subject="who", visit="visit", baseline="start")
    assert found["BASE"].to_list() == [40.0, 40.0, 40.0, None, None, None]
    assert found["CHG"].to_list() == [None, -10.0, None, None, None, None]


def test_two_baselines_are_refused() -> None:
    frame = pl.DataFrame({"who": ["p", "p"], "visit": ["start", "start"], "value": [1.0, 2.0]})
    with pytest.raises(ValueError, match="two rows at 'start'"):
        change_from_baseline(frame, "value", subject="who", visit="visit", baseline="start")


@pytest.mark.parametrize(("variances", "equal"), [("unequal", False), ("equal", True)])
@given(one=VALUES, two=VALUES)
def test_the_t_interval_is_scipys(variances: str, equal: bool, one: list[float], two: list[float]) -> None:
    theirs = stats.ttest_ind(one, two, equal_var=equal)
    interval = theirs.confidence_interval(0.9)
    found = mean_difference(pl.Series(one), pl.Series(two), variances=variances, level=0.9)  # type: ignore[arg-type]
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-8, abs=1e-8)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-8, abs=1e-12)
    assert found.df == pytest.approx(theirs.df, rel=1e-9)


def test_a_standardised_difference_by_hand() -> None:
    pooled = math.sqrt((4 * ONE.std() ** 2 + 3 * TWO.std() ** 2) / 7)  # type: ignore[operator]
    expected = (3.5 - 5.5) / pooled
    found = standardised_difference(ONE, TWO)
    assert found.difference == pytest.approx(expected)
    assert found.low < expected < found.high
    # the interval's ends are the noncentralities under which what was seen lies at 2.5 % and 97.5 %
    scale = math.sqrt(1 / 5 + 1 / 4)
    assert stats.nct.cdf(expected / scale, 7, found.low / scale) == pytest.approx(0.975, abs=1e-6)
    assert stats.nct.cdf(expected / scale, 7, found.high / scale) == pytest.approx(0.025, abs=1e-6)


def test_hedges_takes_the_bias_of_small_samples_away() -> None:
    cohen, hedges = (standardised_difference(ONE, TWO, measure=measure) for measure in ("cohen", "hedges"))  # type: ignore[arg-type]
    exact = math.gamma(7 / 2) / (math.sqrt(7 / 2) * math.gamma(6 / 2))
    assert hedges.difference == pytest.approx(cohen.difference * exact)
    assert exact == pytest.approx(1 - 3 / (4 * 7 - 1), abs=2e-3)


def test_published_d_is_by_the_sd_of_the_change() -> None:
    """Mitchell 2021, abstract: -24.4 (11.6, n = 42), -13.9 (11.5, n = 37), d = 0.91."""
    found = standardised_difference(Summary(37, -13.9, 11.5), Summary(42, -24.4, 11.6))
    assert round(found.difference, 3) == 0.909


def test_groups_too_small_or_without_spread_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two values"):
        mean_difference(pl.Series([1.0, None]), TWO)
    with pytest.raises(ValueError, match="neither group varies"):
        mean_difference(pl.Series([1.0, 1.0]), pl.Series([2.0, 2.0]))
    with pytest.raises(ValueError, match="neither group varies"):
        standardised_difference(pl.Series([1.0, 1.0]), pl.Series([2.0, 2.0]))


def test_a_summary_of_nothing_says_so() -> None:
    assert summarise(pl.Series([None, None], dtype=pl.Float64)) == Summary(0, None, None)


@given(VALUES)
def test_the_interval_of_a_mean_is_that_of_the_t_test(values: list[float]) -> None:
    found = mean_interval(pl.Series([*values, None]))
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert found is not None
    assert (found.n, found.mean) == (len(values), pytest.approx(sum(values) / len(values), abs=1e-9))
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_one_value_has_no_interval() -> None:
    assert mean_interval(pl.Series([4.0, None])) is None
    assert mean_interval(pl.Series([], dtype=pl.Float64)) is None


WITH_NAN = [1.0, 4.0, float("nan"), 2.0, None, 7.0, 3.5]


def test_a_nan_is_a_missing_value() -> None:
    frame = pl.DataFrame({"arm": ["a"] * 7, "value": WITH_NAN})
    found = describe(frame, "value", "arm").row(0, named=True)
    assert (found["n"], found["missing"], found["mean"]) == (5, 2, 3.5)
    assert summarise(pl.Series(WITH_NAN)) == summarise(ONE)
    assert mean_interval(pl.Series(WITH_NAN)) == mean_interval(ONE)
    assert mean_difference(pl.Series(WITH_NAN), TWO) == mean_difference(ONE, TWO)
    long = pl.DataFrame(
        {"who": ["p", "p", "q", "q"], "visit": ["a", "b"] * 2, "value": [1.0, 3.0, float("nan"), 2.0]}
    )
    changed = change_from_baseline(long, "value", subject="who", visit="visit", baseline="a")
    assert changed["CHG"].to_list() == [None, 2.0, None, None]
    assert changed["BASE"].to_list() == [1.0, 1.0, None, None]


def test_pandas_lists_and_arrays_do_as_well() -> None:
    arms, values = ["b", "a", "a", "a", "a", "b", "b"], WITH_NAN
    ours = pl.DataFrame({"arm": arms, "value": values})
    theirs = pd.DataFrame({"arm": arms, "value": values})
    assert describe(theirs, "value", "arm").equals(describe(ours, "value", "arm"))
    for made in (
        pd.Series(values, dtype="Float64"),
        pd.Series(values, dtype=float),
        values,
        np.array(values, dtype=float),
    ):
        assert mean_difference(made, pd.Series(TWO.to_list())) == mean_difference(ONE, TWO)
        assert standardised_difference(made, TWO) == standardised_difference(ONE, TWO)
    long = pd.DataFrame({"who": ["p", "p"], "visit": pd.Categorical(["a", "b"]), "value": [1, 3]})
    assert change_from_baseline(long, "value", subject="who", visit="visit", baseline="a")[
        "CHG"
    ].to_list() == [None, 2]


@pytest.mark.parametrize("level", [95, 0.0, 1.0, -0.5, float("nan"), "0.95", True])
@pytest.mark.parametrize(
    ("interval", "of"),
    [
        (mean_interval, [ONE]),
        (mean_difference, [ONE, TWO]),
        (standardised_difference, [ONE, TWO]),
        (proportion, [1, 4]),
        (risk_difference, [1, 4, 2, 5]),
        (score_interval, [1, 4]),
        (bang, [3, 2, 1]),
        (james, [[[3, 2], [2, 4], [1, 1]]]),
    ],
)
def test_a_level_that_is_none_is_refused(interval: Any, of: list[Any], level: Any) -> None:
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        interval(*of, level=level)


def test_a_level_in_per_cent_is_told_what_is_meant() -> None:
    with pytest.raises(ValueError, match=r"95 % is 0\.95"):
        mean_interval(ONE, level=95)


def test_words_that_choose_a_method_are_checked() -> None:
    with pytest.raises(ValueError, match='"unequal" or "equal"'):
        mean_difference(ONE, TWO, variances="welch")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='"cohen" or "hedges"'):
        standardised_difference(ONE, TWO, measure="d")  # type: ignore[arg-type]


def test_groups_with_numbers_in_their_names_are_in_the_order_of_the_numbers() -> None:
    weeks = ["week 12", "week 2", "week 4", "week 12", "week 2", "week 4"]
    frame = pl.DataFrame({"visit": weeks, "value": [1.0, 2, 3, 4, 5, 6]})
    assert describe(frame, "value", "visit")["visit"].to_list() == ["week 2", "week 4", "week 12"]
    stated = frame.with_columns(pl.col("visit").cast(pl.Enum(["week 4", "week 12", "week 2"])))
    assert describe(stated, "value", "visit")["visit"].to_list() == ["week 4", "week 12", "week 2"]
    category = pd.DataFrame(
        {"visit": pd.Categorical(weeks, ["week 4", "week 12", "week 2"]), "value": frame["value"]}
    )
    assert describe(category, "value", "visit")["visit"].to_list() == ["week 4", "week 12", "week 2"]


def test_a_change_from_what_is_no_visit_or_has_been_made_is_refused() -> None:
    frame = pl.DataFrame({"who": ["p", "p"], "visit": ["a", "b"], "value": [1.0, 3.0]})
    with pytest.raises(ValueError, match="'start' is no visit in column 'visit'; there are a, b"):
        change_from_baseline(frame, "value", subject="who", visit="visit", baseline="start")
    with pytest.raises(ValueError, match="column 'BASE' already"):
        change_from_baseline(
            frame.with_columns(BASE=pl.lit(9.0)), "value", subject="who", visit="visit", baseline="a"
        )


def test_infinite_values_and_columns_twice_are_named() -> None:
    with pytest.raises(ValueError, match="infinite in row 1"):
        summarise(pl.Series([1.0, float("inf")]))
    twice = pd.DataFrame([[1.0, 2.0]], columns=["value", "value"])
    with pytest.raises(ValueError, match="2 columns are called 'value'"):
        describe(twice, "value")
    with pytest.raises(TypeError, match="not list"):
        describe([1.0], "value")
