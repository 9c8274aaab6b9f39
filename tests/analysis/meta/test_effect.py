"""Effects of single trials: against metafor's escalc, against simulation, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.meta.golden import METAFOR, MORE, agrees, bcg, catheters

from entact.analysis import Summary
from entact.analysis import standardised_difference as described
from entact.analysis.meta import (
    Counts,
    Effect,
    Means,
    baseline_standardised,
    from_counts,
    hedges_factor,
    mean_difference,
    standardised_mean_difference,
)

MEASURES = ("RR", "OR", "RD")


def strokes() -> list[tuple[Means, Means]]:
    """Lengths of stay after stroke: metafor's dat.normand1999."""
    data = METAFOR["normand1999_data"]
    one = zip(data["n1i"], data["m1i"], data["sd1i"], strict=True)
    two = zip(data["n2i"], data["m2i"], data["sd2i"], strict=True)
    return [(Means(*first), Means(*second)) for first, second in zip(one, two, strict=True)]


def test_mean_differences_are_those_of_metafor() -> None:
    # > escalc(measure="MD", m1i=m1i, sd1i=sd1i, n1i=n1i, m2i=m2i, sd2i=sd2i, n2i=n2i, data=dat.normand1999)
    found = [mean_difference(*pair) for pair in strokes()]
    agrees([one.estimate for one in found], METAFOR["normand1999_MD"]["yi"], 1e-13)
    agrees([one.variance for one in found], METAFOR["normand1999_MD"]["vi"], 1e-13)


def test_standardised_mean_differences_are_those_of_metafor() -> None:
    # > escalc(measure="SMD", …): Hedges g with the exact factor, variance 1/n1 + 1/n2 + g²/(2(n1 + n2))
    found = [standardised_mean_difference(*pair) for pair in strokes()]
    agrees([one.estimate for one in found], METAFOR["normand1999_SMD"]["yi"], 1e-12)
    agrees([one.variance for one in found], METAFOR["normand1999_SMD"]["vi"], 1e-12)
    assert all(
        one.size == pytest.approx(math.sqrt(1 / a.n + 1 / b.n))
        for one, (a, b) in zip(found, strokes(), strict=True)
    )


@pytest.mark.parametrize("measure", MEASURES)
def test_counts_are_those_of_metafor(measure: str) -> None:
    # > escalc(measure="RR", ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg), and "OR", "RD"
    found = [from_counts(one.first, one.second, measure) for one in bcg()]
    agrees([one.estimate for one in found], METAFOR[f"bcg_{measure}"]["yi"], 1e-12)
    agrees([one.variance for one in found], METAFOR[f"bcg_{measure}"]["vi"], 1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_half_is_added_where_a_cell_is_zero_and_only_there(measure: str) -> None:
    # > escalc(measure=…, ai=ai, n1i=n1i, ci=ci, n2i=n2i, data=dat.nielweise2007)
    found = [from_counts(one.first, one.second, measure) for one in catheters()]
    agrees([one.estimate for one in found], MORE["escalc"][measure]["yi"], 1e-11)
    agrees([one.variance for one in found], MORE["escalc"][measure]["vi"], 1e-11)
    zero = [0 in (one.first.events, one.second.events) for one in catheters()]
    assert [bool(one.note) for one in found] == zero


def test_the_factor_of_hedges_is_exact() -> None:
    # Γ(m/2) / (√(m/2) Γ((m - 1)/2)) for m = 2 is Γ(1) / Γ(1/2) = 1/√π, and for large m 1 - 3/(4m - 1)
    assert hedges_factor(2) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-14)
    assert hedges_factor(1e7) == pytest.approx(1 - 3 / (4e7 - 1), rel=1e-13)
    assert hedges_factor(300.0001) == pytest.approx(hedges_factor(300), rel=1e-8)


def test_hedges_g_is_that_of_the_other_half_of_the_room() -> None:
    one, two = Summary(42, 19.6, 13.61), Summary(37, 29.9, 12.77)
    own = standardised_mean_difference(Means(42, 19.6, 13.61), Means(37, 29.9, 12.77))
    assert own.estimate == pytest.approx(described(one, two, measure="hedges").difference, rel=1e-12)


def test_the_variance_by_baseline_is_what_simulated_trials_have() -> None:
    # Morris 2008, eq. 25, against 40,000 simulated trials of 20 + 15: by simulation, to three errors of it.
    rng = np.random.default_rng(7)
    n1, n2, rho, delta, trials = 20, 15, 0.6, 0.8, 40_000

    def arm(n: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
        before = rng.standard_normal((trials, n))
        after = rho * before + math.sqrt(1 - rho**2) * rng.standard_normal((trials, n)) - shift
        return before, after - before

    (b1, c1), (b2, c2) = arm(n1, delta), arm(n2, 0.0)
    df = n1 + n2 - 2
    pooled = np.sqrt(((n1 - 1) * b1.var(1, ddof=1) + (n2 - 1) * b2.var(1, ddof=1)) / df)
    d = hedges_factor(df) * (c1.mean(1) - c2.mean(1)) / pooled
    assert d.mean() == pytest.approx(-delta, abs=3 * d.std() / math.sqrt(trials))
    exact = baseline_standardised(
        Means(n1, -delta * 1.0, 1.0), Means(n2, 0.0, 1.0), 1.0, 1.0, correlation=rho
    )
    # at the true effect: the estimate of this "trial" is the factor times delta
    share = exact.variance
    at_delta = d.var()
    assert at_delta == pytest.approx(share, rel=3 * math.sqrt(2 / trials) + 0.03)
    assert exact.convention == "baseline"
    assert "correlation of 0.6" in exact.note


@given(
    n=st.tuples(st.integers(2, 500), st.integers(2, 500)),
    means=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
    sds=st.tuples(st.floats(0.1, 50), st.floats(0.1, 50)),
    factor=st.floats(0.01, 100),
)
def test_a_scale_changes_a_mean_difference_and_not_a_standardised_one(
    n: tuple[int, int], means: tuple[float, float], sds: tuple[float, float], factor: float
) -> None:
    first, second = (Means(*one) for one in zip(n, means, sds, strict=True))
    other = [Means(one.n, one.mean * factor, one.sd * factor) for one in (first, second)]
    if sum(n) > 3:
        assert standardised_mean_difference(*other).estimate == pytest.approx(
            standardised_mean_difference(first, second).estimate, rel=1e-9, abs=1e-12
        )
    assert mean_difference(*other).estimate == pytest.approx(
        factor * mean_difference(first, second).estimate, rel=1e-9, abs=1e-9
    )


@given(
    a=st.integers(0, 30),
    n=st.integers(30, 60),
    c=st.integers(0, 30),
    m=st.integers(30, 60),
    kind=st.sampled_from(MEASURES),
)
def test_arms_exchanged_turn_the_sign_and_nothing_else(a: int, n: int, c: int, m: int, kind: str) -> None:
    one, two = (
        from_counts(*pair, kind) for pair in ((Counts(a, n), Counts(c, m)), (Counts(c, m), Counts(a, n)))
    )
    assert one.estimate == pytest.approx(-two.estimate, abs=1e-12)
    assert one.variance == pytest.approx(two.variance, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Effect(math.nan, 1.0, "Smith"), "Smith: the estimate is nan"),
        (lambda: Effect(0.0, 0.0), "variance is 0.0"),
        (lambda: Effect(0.0, -1.0), "variance is -1.0"),
        (lambda: Effect(0.0, math.inf), "variance is inf"),
        (lambda: Means(1, 0.0, 1.0), "two people or more"),
        (lambda: Means(True, 0.0, 1.0), "two people or more"),
        (lambda: Means(math.nan, 0.0, 1.0), "two people or more"),
        (lambda: Counts(math.inf, 4), "not a whole number"),
        (lambda: Means(10.5, 0.0, 1.0), "two people or more"),
        (lambda: Means(10, math.inf, 1.0), "mean is inf"),
        (lambda: Means(10, 0.0, 0.0), "SD is 0.0"),
        (lambda: Counts(5, 4), "5 events among 4"),
        (lambda: Counts(-1, 4), "-1 events among 4"),
        (lambda: Counts(0, 0), "somebody in the arm"),
        (lambda: Counts(1.5, 4), "not a whole number"),
        (lambda: from_counts(Counts(1, 4), Counts(1, 4), "HR"), "RR, OR or RD"),
        (lambda: standardised_mean_difference(Means(5, 0, 1), Means(5, 0, 1), convention="raw"), "endpoint"),
        (lambda: hedges_factor(1), "more than 1"),
        (
            lambda: baseline_standardised(Means(5, 0, 1), Means(5, 0, 1), 1, 1, correlation=1.0),
            "between -1 and 1",
        ),
    ],
)
def test_what_cannot_be_an_effect_is_refused_in_words(make: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()  # type: ignore[operator]
