from __future__ import annotations

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from entact.analysis import count_events, proportion, risk_difference, score_interval

COUNTS = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS.filter(lambda counts: counts[1] > 0))
def test_the_exact_interval_is_scipys(counts: tuple[int, int]) -> None:
    events, n = counts
    found, theirs = proportion(events, n), stats.binomtest(events, n).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-10)
    assert found.share == events / n


@given(COUNTS.filter(lambda counts: counts[1] > 0))
def test_the_score_interval_is_scipys(counts: tuple[int, int]) -> None:
    theirs = stats.binomtest(*counts).proportion_ci(method="wilson")
    assert score_interval(*counts) == pytest.approx((theirs.low, theirs.high), abs=1e-10)


def test_nobody_has_no_share_and_an_interval_that_says_nothing() -> None:
    found = proportion(0, 0)
    assert (found.share, found.low, found.high) == (None, 0.0, 1.0)


@pytest.mark.parametrize(
    ("counts", "low", "high"),  # Newcombe 1998, table II, method 10
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombes_own_examples(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    found = risk_difference(*counts)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert found.difference == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])


@given(COUNTS.filter(lambda counts: counts[1] > 0), COUNTS.filter(lambda counts: counts[1] > 0))
def test_the_other_way_round_is_the_negative(one: tuple[int, int], two: tuple[int, int]) -> None:
    ahead, back = risk_difference(*one, *two), risk_difference(*two, *one)
    assert (ahead.low, ahead.high) == pytest.approx((-back.high, -back.low), abs=1e-12)


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="events among"):
        proportion(*counts)


def test_a_difference_needs_somebody_in_both_groups() -> None:
    with pytest.raises(ValueError, match="both groups"):
        risk_difference(0, 0, 1, 2)


def test_unknown_is_neither_event_nor_counted() -> None:
    frame = pl.DataFrame({"arm": ["a", "a", "a", "b", None], "free": [True, False, None, True, True]})
    found = count_events(frame, "free", "arm")
    assert (found["a"].events, found["a"].n) == (1, 2)
    assert (found["b"].events, found["b"].n) == (1, 1)
    assert set(found) == {"a", "b"}


def test_a_count_is_no_event() -> None:
    """2 and 0 events in two participants are not "2 of 2"."""
    frame = pl.DataFrame({"arm": ["a", "a"], "events": [2, 0]})
    with pytest.raises(ValueError, match=r"column 'events' holds 2; an event is true or false"):
        count_events(frame, "events", "arm")
    with pytest.raises(ValueError, match="holds 'yes'"):
        count_events(pl.DataFrame({"arm": ["a", "a"], "events": ["yes", "no"]}), "events", "arm")
    with pytest.raises(ValueError, match="no column 'event'"):
        count_events(frame, "event", "arm")


def test_one_and_zero_nan_and_pandas_are_counted_right() -> None:
    expected = count_events(
        pl.DataFrame({"arm": ["a", "a", "b"], "event": [True, False, None]}), "event", "arm"
    )
    for values in ([1, 0, None], [1.0, 0.0, float("nan")]):
        assert (
            count_events(pl.DataFrame({"arm": ["a", "a", "b"], "event": values}), "event", "arm") == expected
        )
        assert (
            count_events(pd.DataFrame({"arm": ["a", "a", "b"], "event": values}), "event", "arm") == expected
        )
    nullable = pd.DataFrame({"arm": ["a", "a", "b"], "event": pd.array([True, False, None], dtype="boolean")})
    assert count_events(nullable, "event", "arm") == expected
