from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from entact.analysis import (
    Summary,
    change_from_baseline,
    describe,
    mean_difference,
    mean_interval,
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
