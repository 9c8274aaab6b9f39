"""Tests of ranks and their shifts against R, and by enumeration."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from entact.analysis.rank import rank_sum, signed_rank, van_elteren
from entact.analysis.rank.law import midranks, rank_sum_law

# > x <- c(-31.5, -24, -18, -36, -12.5, -28, -7, -40); y <- c(-12, -16, -9, -20, -3.5, -14.2, -22)
X = pl.Series([-31.5, -24.0, -18.0, -36.0, -12.5, -28.0, -7.0, -40.0])
Y = pl.Series([-12.0, -16.0, -9.0, -20.0, -3.5, -14.2, -22.0])
# > xt <- c(5, 3, 3, 4, 1, 2, 2, 5, 3); yt <- c(2, 2, 1, 3, 1, 0, 2, 1)
XT = pl.Series([5.0, 3.0, 3.0, 4.0, 1.0, 2.0, 2.0, 5.0, 3.0])
YT = pl.Series([2.0, 2.0, 1.0, 3.0, 1.0, 0.0, 2.0, 1.0])
VALUES = st.lists(st.integers(-6, 6), min_size=1, max_size=9)


def test_the_exact_rank_sum_test_is_that_of_r() -> None:
    # copied from R output of: > wilcox.test(x, y, conf.int = TRUE)
    found = rank_sum(X, Y)
    assert found.p == pytest.approx(0.0721056721056721, abs=1e-13)
    assert (found.estimate, found.low, found.high) == pytest.approx((-11.75, -22.5, 2.0))
    assert rank_sum(X, Y, side="greater").p == pytest.approx(0.972960372960373, abs=1e-13)
    assert rank_sum(X, Y, side="less").p == pytest.approx(0.0360528360528361, abs=1e-13)


def test_with_ties_it_is_normal_as_in_r() -> None:
    # copied from R output of: > wilcox.test(xt, yt, exact = FALSE, conf.int = TRUE)
    found = rank_sum(XT, YT)
    assert found.p == pytest.approx(0.0203229002951924, abs=1e-12)
    # R's ends are those of uniroot, to 1e-4
    assert (found.estimate, found.low, found.high) == pytest.approx((2, 0, 3), abs=1e-4)


def test_the_exact_signed_rank_test_is_that_of_r() -> None:
    # copied from R output of: > wilcox.test(c(-4, -2.5, -8, 1.5, -6, -3, 0.5, -9, -7.5), conf.int = TRUE)
    found = signed_rank(pl.Series([-4.0, -2.5, -8.0, 1.5, -6.0, -3.0, 0.5, -9.0, -7.5]))
    assert found.p == pytest.approx(0.01953125, abs=1e-14)
    assert (found.estimate, found.low, found.high) == pytest.approx((-4.25, -7.5, -1.0))
    assert found.statistic == 3


def test_signed_ranks_with_ties_and_noughts_are_those_of_r() -> None:
    # copied from R output of: > wilcox.test(c(-4, -2, -2, 0, 1, -6, -3, 3, -1, -5, 0, -2), conf.int = TRUE)
    found = signed_rank(pl.Series([-4, -2, -2, 0, 1, -6, -3, 3, -1, -5, 0, -2]))
    assert found.p == pytest.approx(0.0518654147914673, abs=1e-12)
    assert (found.estimate, found.low, found.high) == pytest.approx((-2, -4, 0), abs=1e-4)
    assert "2 without a difference left out" in found.notes


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 5), (6, 4)])
def test_the_law_of_the_rank_sum_is_that_of_all_orders(m: int, n: int) -> None:
    seen = [sum(chosen) - m * (m - 1) // 2 for chosen in combinations(range(m + n), m)]
    assert rank_sum_law(m, n) == pytest.approx(np.bincount(seen, minlength=m * n + 1) / len(seen))


@given(VALUES, VALUES)
def test_the_other_way_round_is_the_negative(one: list[int], two: list[int]) -> None:
    ahead = rank_sum(pl.Series(one, dtype=pl.Float64), pl.Series(two, dtype=pl.Float64))
    back = rank_sum(pl.Series(two, dtype=pl.Float64), pl.Series(one, dtype=pl.Float64))
    assert ahead.estimate == pytest.approx(-(back.estimate or 0.0))
    if ahead.low is None or ahead.high is None:
        assert (back.low, back.high, len(set(one)), len(set(two))) == (None, None, 1, 1)
    else:
        assert (ahead.low, ahead.high) == (
            pytest.approx(-(back.high or 0.0)),
            pytest.approx(-(back.low or 0.0)),
        )
    assert ahead.p == (None if back.p is None else pytest.approx(back.p, abs=1e-12))


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30))
def test_midranks_are_scipys(values: list[float]) -> None:
    assert midranks(np.array(values)) == pytest.approx(stats.rankdata(values))


def test_one_stratum_is_the_rank_sum_test_without_continuity() -> None:
    # copied from R output of: > wilcox.test(xt, yt, exact = FALSE, correct = FALSE)$p.value
    assert van_elteren([(XT, YT)]).p == pytest.approx(0.0178024650111872, abs=1e-13)


def test_van_elterens_moments_are_those_of_all_allocations_within_strata() -> None:
    strata = [([5.0, 3.0, 3.0], [2.0, 1.0]), ([1.0, 4.0], [0.0, 1.0, 1.0])]
    parts = []
    for first, second in strata:
        both = np.array(first + second)
        ranks = midranks(both)
        parts.append(
            [
                ranks[list(chosen)].sum() / (both.size + 1)
                for chosen in combinations(range(both.size), len(first))
            ]
        )
    seen = np.add.outer(parts[0], parts[1]).ravel()
    own = parts[0][0] + parts[1][0]
    found = van_elteren([(pl.Series(a), pl.Series(b)) for a, b in strata])
    assert found.statistic == pytest.approx((own - seen.mean()) / seen.std(), rel=1e-12)


def test_what_ranks_cannot_tell_is_stated() -> None:
    same = pl.Series([1.0, 1.0, 1.0])
    found = rank_sum(same, same)
    assert (found.estimate, found.p) == (0.0, None)
    assert "all values are equal: no test" in found.notes
    one = signed_rank(pl.Series([3.0]))
    assert (one.estimate, one.p) == (3.0, 1.0)
    assert "no interval of 95 % exists with so few" in one.notes[1]
    assert signed_rank(pl.Series([0.0, 0.0])).p is None
    with pytest.raises(ValueError, match="nobody in mdma"):
        rank_sum(pl.Series([None], dtype=pl.Float64), same, names=("mdma", "placebo"))
    with pytest.raises(ValueError, match="no stratum has both groups"):
        van_elteren([(same, pl.Series([], dtype=pl.Float64))])
