"""Differences of shares against other people's numbers, and laws that hold for all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.analysis.binary import Arm, MiettinenNurminen, Newcombe, Pair, Wald, difference
from entact.analysis.binary.score import difference_rates

COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    # copied from R output of metalite.ae 0.1.3:
    # > rate_compare_sum(n0, n1, x0, x1, test = "two.sided", eps = 1e-13, bisection = 1000)
    [
        ((56, 70, 48, 80), 0.05282971324584, 0.33817294001585),
        ((9, 10, 3, 10), 0.17002501642441, 0.84064954394335),
        ((0, 12, 3, 15), -0.4568901218794, 0.0727217280505),
        ((5, 56, 0, 29), -0.0325965617435, 0.1933309766909),
        ((7, 10, 7, 10), -0.39311003667, 0.39311003667),
        ((34, 90, 20, 95), 0.0361183099610, 0.2949345700390),
    ],
)
def test_the_score_interval_is_that_of_miettinen_and_nurminen(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = difference(Pair.of(*counts), method=MiettinenNurminen())
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_the_score_test_is_that_of_metalite() -> None:
    found = difference(Pair.of(34, 90, 20, 95), method=MiettinenNurminen())
    assert found.statistic == pytest.approx(2.4941890248104, abs=1e-10)
    assert found.p == pytest.approx(0.0126245294369, abs=1e-10)


@pytest.mark.parametrize(
    ("counts", "low", "high"),  # Newcombe 1998, table II, method 6 (Miettinen-Nurminen)
    [((56, 70, 48, 80), 0.0528, 0.3382), ((9, 10, 3, 10), 0.1700, 0.8406), ((0, 10, 0, 20), -0.1658, 0.2844)],
)
def test_published_score_intervals(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    found = difference(Pair.of(*counts), method=MiettinenNurminen())
    assert (round(found.low or 0, 4), round(found.high or 0, 4)) == (low, high)


def test_walds_interval_is_that_of_r() -> None:
    # copied from R output of: > prop.test(c(56, 48), c(70, 80), correct = FALSE)$conf.int
    found = difference(Pair.of(56, 70, 48, 80), method=Wald())
    assert (found.low, found.high) == pytest.approx((0.057504899149, 0.342495100851), abs=1e-10)


@given(COUNTS, COUNTS, st.floats(-0.95, 0.95))
def test_the_rates_under_a_difference_are_the_likeliest(
    one: tuple[int, int], two: tuple[int, int], delta: float
) -> None:
    pair = Pair.of(*one, *two)
    first, second = difference_rates(pair, delta)
    assert first - second == pytest.approx(delta)
    assert -1e-12 <= second <= 1 + 1e-12
    assert -1e-12 <= first <= 1 + 1e-12

    def likelihood(rate: float) -> float:
        with np.errstate(divide="ignore"):
            logs = [
                count * np.log(value) if count else 0.0
                for count, value in (
                    (one[0], rate + delta),
                    (one[1] - one[0], 1 - rate - delta),
                    (two[0], rate),
                    (two[1] - two[0], 1 - rate),
                )
            ]
        return float(sum(logs))

    grid = np.linspace(max(0.0, -delta), min(1.0, 1.0 - delta), 103)[1:-1]
    assert likelihood(min(max(second, grid[0]), grid[-1])) >= max(likelihood(float(r)) for r in grid) - 1e-6


@given(COUNTS, COUNTS, st.sampled_from([Wald(), Newcombe(), MiettinenNurminen()]))
def test_the_other_way_round_is_the_negative(
    one: tuple[int, int], two: tuple[int, int], method: Wald | Newcombe | MiettinenNurminen
) -> None:
    ahead = difference(Pair.of(*one, *two), method=method)
    back = difference(Pair.of(*two, *one), method=method)
    if ahead.low is None or back.high is None:
        assert ahead.low is ahead.high is back.low is back.high is None
        assert isinstance(method, Wald)
        assert all(events in (0, n) for events, n in (one, two))
        return
    assert ahead.low == pytest.approx(-back.high, abs=1e-8)
    assert ahead.low - 1e-9 <= (ahead.estimate or 0.0) <= (ahead.high or 0.0) + 1e-9


def test_an_interval_holds_what_its_test_does_not_reject() -> None:
    pair = Pair.of(40, 60, 30, 61)
    found = difference(pair, method=MiettinenNurminen(), level=0.95)
    assert found.low is not None
    at_end = difference(pair, method=MiettinenNurminen(), null=found.low, side="greater")
    assert at_end.p == pytest.approx(0.025, abs=1e-9)


def test_a_margin_is_tested_and_printed() -> None:
    found = difference(Pair.of(80, 100, 82, 100), method=MiettinenNurminen(), null=-0.15, side="greater")
    assert found.p is not None
    assert found.p < 0.025
    assert "at most −0.15" in str(found)


def test_no_variance_is_no_test_and_says_so() -> None:
    found = difference(Pair.of(10, 10, 0, 10), method=Wald())
    assert (found.estimate, found.low, found.high, found.p) == (1.0, None, None, None)
    assert found.notes == ("neither share varies: Wald's standard error is nought, no interval and no test",)
    score = difference(Pair.of(0, 10, 0, 10), method=MiettinenNurminen())
    assert (score.estimate, score.p) == (0.0, 1.0)


def test_an_empty_arm_and_a_null_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="nobody in arm 'mdma'"):
        Arm(0, 0, "mdma")
    with pytest.raises(ValueError, match="between -1 and 1"):
        difference(Pair.of(1, 2, 1, 2), null=10.0)
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        difference(Pair.of(1, 2, 1, 2), method=Wald(), level=95)
