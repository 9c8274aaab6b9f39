from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.analysis.binary import LogWald, Pair, Wald, difference, number_needed, ratio
from entact.analysis.binary.ratio import Kind

COUNTS = st.integers(2, 50).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_walds_ratios_are_those_of_metafor() -> None:
    # copied from R output of metafor 3.8-1:
    # > s <- summary(escalc(measure = "RR", ai = 56, n1i = 70, ci = 48, n2i = 80))
    # > exp(c(s$yi, s$ci.lb, s$ci.ub))
    found = ratio(Pair.of(56, 70, 48, 80), method=LogWald())
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (1.33333333333, 1.07662642276, 1.65124851127), rel=1e-10
    )
    found = ratio(Pair.of(56, 70, 48, 80), "odds ratio", method=LogWald())
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (2.66666666667, 1.27621787054, 5.57201969607), rel=1e-10
    )


@pytest.mark.parametrize("kind", ["risk ratio", "odds ratio"])
@given(one=COUNTS, two=COUNTS)
def test_a_ratio_the_other_way_round_is_its_inverse(
    kind: Kind, one: tuple[int, int], two: tuple[int, int]
) -> None:
    ahead, back = ratio(Pair.of(*one, *two), kind), ratio(Pair.of(*two, *one), kind)
    assert ahead.low is not None
    assert back.high is not None
    assert ahead.low == pytest.approx(0.0 if back.high == inf else 1 / back.high, rel=1e-6, abs=1e-12)
    if ahead.estimate is not None and ahead.high is not None:
        assert ahead.low <= ahead.estimate * (1 + 1e-9)
        assert ahead.estimate <= ahead.high * (1 + 1e-9)


@pytest.mark.parametrize("kind", ["risk ratio", "odds ratio"])
def test_a_limit_is_where_the_test_begins_to_reject(kind: Kind) -> None:
    pair = Pair.of(30, 50, 20, 55)
    found = ratio(pair, kind)
    assert found.low is not None
    assert ratio(pair, kind, null=found.low, side="greater").p == pytest.approx(0.025, abs=1e-8)
    assert ratio(pair, kind, null=1.0).p == pytest.approx(difference_score_p(pair), abs=1e-9)


def difference_score_p(pair: Pair) -> float:
    """At one rate in both arms every score statistic is the same."""
    from entact.analysis.binary import MiettinenNurminen

    p = difference(pair, method=MiettinenNurminen()).p
    assert p is not None
    return p


def test_empty_cells_are_said() -> None:
    nobody = ratio(Pair.of(5, 10, 0, 10))
    assert (nobody.estimate, nobody.high) == (None, inf)
    assert nobody.low is not None
    assert nobody.low > 1
    assert "nobody in the second arm" in nobody.notes[0]
    both = ratio(Pair.of(0, 10, 0, 10))
    assert (both.estimate, both.low, both.high) == (None, 0.0, inf)
    wald = ratio(Pair.of(0, 10, 3, 10), method=LogWald())
    assert (wald.estimate, wald.low, wald.p) == (0.0, None, None)
    assert "score interval has one" in wald.notes[0]
    everybody = ratio(Pair.of(10, 10, 3, 10), "odds ratio")
    assert (everybody.estimate, everybody.high) == (None, inf)
    assert "everybody in the first arm" in everybody.notes[0]


def test_a_number_needed_is_one_over_the_difference() -> None:
    pair = Pair.of(56, 70, 48, 80)
    found, of = number_needed(pair, method=Wald()), difference(pair, method=Wald())
    assert found.estimate == pytest.approx(5.0)
    assert of.low is not None
    assert of.high is not None
    assert (found.low, found.high) == pytest.approx((1 / of.high, 1 / of.low))


def test_a_number_needed_whose_interval_passes_through_no_effect_says_both_pieces() -> None:
    found = number_needed(Pair.of(12, 40, 10, 40))
    assert (found.low, found.high) == (None, None)
    assert "through no effect" in found.notes[0]
    same = number_needed(Pair.of(5, 10, 5, 10))
    assert same.estimate is None
    assert "equal" in same.notes[0]
