"""Exact tests against R and SciPy, and by their definition."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from entact.analysis.binary import Barnard, Boschloo, Fisher, Pair, exact
from entact.analysis.result import Side

COUNTS = st.integers(1, 14).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("counts", "two", "greater", "less", "odds", "low", "high"),
    # copied from R output of:
    # > f <- fisher.test(matrix(c(x1, n1 - x1, x2, n2 - x2), 2)); c(f$p.value, f$estimate, f$conf.int)
    # > fisher.test(..., alternative = "greater")$p.value; fisher.test(..., alternative = "less")$p.value
    [
        (
            (56, 70, 48, 80),
            *(0.0125211297492, 0.0063247111299, 0.9978752684504),
            *(2.6491902706414, 1.2091181500587, 6.0405614538380),
        ),
        (
            (9, 10, 3, 10),
            *(0.0197666110979, 0.00988330554894, 0.999642772089),
            *(17.2758680539, 1.38712702246, 1039.29096760),
        ),
        ((10, 10, 0, 10), 1.08250882245e-05, 5.41254411223e-06, 1.0, None, 11.1359131400, inf),
        ((0, 10, 0, 20), 1.0, 1.0, 1.0, None, 0.0, inf),
        ((0, 12, 3, 15), 0.230769230769, 1.0, 0.155555555556, 0.0, 0.0, 2.931636547744),
    ],
)
def test_fishers_test_is_that_of_r(
    counts: tuple[int, int, int, int],
    two: float,
    greater: float,
    less: float,
    odds: float | None,
    low: float,
    high: float,
) -> None:
    pair = Pair.of(*counts)
    found = exact(pair, method=Fisher())
    assert found.p == pytest.approx(two, rel=1e-9)
    assert exact(pair, side="greater").p == pytest.approx(greater, rel=1e-9)
    assert exact(pair, side="less").p == pytest.approx(less, rel=1e-9)
    # R finds these by uniroot, to 1.2e-4 of the inverse
    assert (found.estimate is None) == (odds is None)
    if odds is not None:
        assert found.estimate == pytest.approx(odds, rel=1e-3)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-2)


@given(COUNTS, COUNTS)
def test_the_limits_of_the_odds_ratio_leave_a_tail_on_each_side(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    pair = Pair.of(*one, *two)
    found = exact(pair)
    for limit, upper in ((found.low, True), (found.high, False)):
        if limit not in (0.0, inf):
            law = stats.nchypergeom_fisher(pair.n, pair.events, one[1], limit)
            share = law.sf(one[0] - 1) if upper else law.cdf(one[0])
            assert share == pytest.approx(0.025, abs=1e-7)


@settings(max_examples=8, deadline=None)
@given(COUNTS, COUNTS)
def test_scipy_finds_no_rate_that_is_worse(one: tuple[int, int], two: tuple[int, int]) -> None:
    """It tries 128 rates, and by rounding leaves out tables that are exactly as extreme."""
    pair = Pair.of(*one, *two)
    table = np.array([[one[0], two[0]], [one[1] - one[0], two[1] - two[0]]])
    if min(table.sum(0).min(), table.sum(1).min()) == 0:
        return
    assert stats.barnard_exact(table, n=128).pvalue <= Barnard().p(pair, "two_sided") + 1e-6
    theirs = stats.boschloo_exact(table, alternative="greater", n=128).pvalue
    assert theirs <= Boschloo().p(pair, "greater") + 1e-6


@settings(max_examples=10, deadline=None)
@given(COUNTS, COUNTS)
def test_barnards_p_is_the_worst_of_its_definition(one: tuple[int, int], two: tuple[int, int]) -> None:
    """Tables ordered by the square of Z as a fraction, so that ties are ties."""
    n1, n2 = one[1], two[1]

    def squared(a: int, b: int) -> Fraction:
        share = Fraction(a + b, n1 + n2)
        spread = share * (1 - share) * (Fraction(1, n1) + Fraction(1, n2))
        return (Fraction(a, n1) - Fraction(b, n2)) ** 2 / spread if spread else Fraction(0)

    own = squared(one[0], two[0])
    extreme = np.array([[squared(a, b) >= own for b in range(n2 + 1)] for a in range(n1 + 1)])
    rates = np.linspace(0.001, 0.999, 999)[:, None]
    ones = stats.binom.pmf(np.arange(n1 + 1), n1, rates)
    twos = stats.binom.pmf(np.arange(n2 + 1), n2, rates)
    worst = float(((ones @ extreme) * twos).sum(1).max())
    assert Barnard().p(Pair.of(*one, *two), "two_sided") == pytest.approx(worst, abs=1e-4)


@pytest.mark.parametrize("side", ["two_sided", "greater"])
@pytest.mark.parametrize("test", [Fisher(), Barnard(), Boschloo()])
def test_an_exact_test_keeps_its_level_whatever_the_rate(
    test: Fisher | Barnard | Boschloo, side: Side
) -> None:
    n1, n2 = 7, 9
    p = np.array([[test.p(Pair.of(a, n1, b, n2), side) for b in range(n2 + 1)] for a in range(n1 + 1)])
    for alpha in (0.05, 0.2):
        for rate in np.linspace(0.02, 0.98, 25):
            one = stats.binom.pmf(np.arange(n1 + 1), n1, rate)
            two = stats.binom.pmf(np.arange(n2 + 1), n2, rate)
            assert float(one @ (p <= alpha) @ two) <= alpha + 1e-9


@given(COUNTS, COUNTS)
@settings(max_examples=10, deadline=None)
def test_boschloos_test_is_never_weaker_than_fishers(one: tuple[int, int], two: tuple[int, int]) -> None:
    pair = Pair.of(*one, *two)
    assert Boschloo().p(pair, "two_sided") <= Fisher().p(pair, "two_sided") + 1e-9


def test_a_side_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="side 'both'"):
        exact(Pair.of(1, 2, 1, 2), side="both")  # type: ignore[arg-type]
