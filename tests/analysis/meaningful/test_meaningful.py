"""Reliable changes, thresholds by an anchor, and the distribution of changes; by hand."""

from __future__ import annotations

from math import sqrt

import polars as pl
import pytest

from entact.analysis.meaningful import anchored, distribution, reliable_change


def test_a_reliable_change_is_that_of_jacobson_and_truax() -> None:
    assert reliable_change(10, 0.8) == pytest.approx(1.959964 * 10 * sqrt(0.4), rel=1e-6)
    assert reliable_change(10, 1.0) == 0
    for sd, reliability in ((0, 0.8), (10, 1.2)):
        with pytest.raises(ValueError, match="is none"):
            reliable_change(sd, reliability)


CHANGE = pl.Series([-20.0, -15.0, -12.0, -10.0, -4.0, -11.0, -3.0, 0.0, 2.0, 1.0])
BETTER = pl.Series([True] * 5 + [False] * 5)
LITTLE = pl.Series([False, False, True, True, True] + [False] * 5)


def test_an_anchor_gives_a_mean_and_the_best_limit() -> None:
    found = anchored(CHANGE, BETTER, LITTLE)
    assert found.mean.estimate == pytest.approx((-12 - 10 - 4) / 3)
    assert found.threshold == -4.0  # 5 of 5 and 4 of 5
    assert (found.sensitivity, found.specificity) == (1.0, 0.8)
    assert found.area == pytest.approx((5 + 5 + 5 + 4 + 4) / 25)  # -11 lies below two of those who are better
    with pytest.raises(ValueError, match="nobody"):
        anchored(CHANGE, pl.Series([True] * 10), LITTLE)


def test_who_was_not_seen_reaches_nothing_and_is_counted() -> None:
    rows = pl.DataFrame({"arm": ["a", "a", "a", "b"], "value": [-10.0, None, -10.0, float("nan")]})
    found = distribution(rows)
    assert found.rows() == [("a", -10.0, 2 / 3, 3)]
