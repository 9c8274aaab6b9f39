"""Strata against metalite.ae, metafor and base R."""

from __future__ import annotations

import pytest

from entact.analysis.binary import (
    Pair,
    Stratum,
    cochran_test,
    mantel_haenszel_difference,
    mantel_haenszel_ratio,
    stratified_difference,
)
from entact.analysis.binary.stratified import Weights

# > x1 <- c(12, 8, 5, 0); n1 <- c(20, 15, 18, 4); x0 <- c(6, 7, 2, 1); n0 <- c(19, 16, 17, 5)
STRATA = [
    Stratum("a", Pair.of(12, 20, 6, 19)),
    Stratum("b", Pair.of(8, 15, 7, 16)),
    Stratum("c", Pair.of(5, 18, 2, 17)),
    Stratum("d", Pair.of(0, 4, 1, 5)),
]


@pytest.mark.parametrize(
    ("weights", "at", "z", "p", "low", "high"),
    # copied from R output of metalite.ae 0.1.3:
    # > rate_compare_sum(n0, n1, x0, x1, strata = 1:4, weight = "cmh", test = "two.sided", eps = 1e-13,
    # +                  bisection = 1000)
    [
        (
            "mantel_haenszel",
            *(0.1569991876316, 1.7982287313263, 0.0721407682936, -0.0141127386290, 0.3232060445434),
        ),
        (
            "sample_size",
            *(0.1566633247636, 1.7951709937159, 0.0726264603994, -0.0143683792110, 0.3228745925192),
        ),
    ],
)
def test_the_stratified_score_interval(
    weights: Weights, at: float, z: float, p: float, low: float, high: float
) -> None:
    found = stratified_difference(STRATA, weights=weights)
    assert found.estimate == pytest.approx(at, abs=1e-10)
    assert (found.statistic, found.p) == pytest.approx((z, p), abs=1e-9)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert [group.n for group in found.groups] == [57, 57]


def test_mantel_and_haenszel_are_those_of_metafor() -> None:
    # copied from R output of metafor 3.8-1: > rma.mh(measure = "RD", ai = x1, n1i = n1, ci = x0, n2i = n0)
    found = mantel_haenszel_difference(STRATA)
    assert found.estimate == pytest.approx(0.1569991876316, abs=1e-10)
    assert found.se == pytest.approx(0.0852599920671, abs=1e-10)
    assert (found.low, found.high) == pytest.approx((-0.0101073261420, 0.3241057014052), abs=1e-10)
    assert found.p == pytest.approx(0.0655604926502, abs=1e-9)
    assert mantel_haenszel_ratio(STRATA).se == pytest.approx(0.4159865901054, abs=1e-10)


def test_cochrans_test_is_that_of_r() -> None:
    # copied from R output of:
    # > mantelhaen.test(array(rbind(x1, n1 - x1, x0, n0 - x0), c(2, 2, 4)), correct = FALSE)
    found = cochran_test(STRATA)
    assert (found.statistic, found.df, found.p) == pytest.approx(
        (3.2336265701674, 1, 0.0721407682936), abs=1e-10
    )
    interval = (2.1170390274557, 0.9367860973242, 4.7842877435655)
    assert (found.estimate, found.low, found.high) == pytest.approx(interval, abs=1e-9)
    # > mantelhaen.test(..., correct = TRUE)
    assert cochran_test(STRATA, correct=True).p == pytest.approx(0.110279761093, abs=1e-10)


def test_without_strata_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="no stratum has both arms"):
        stratified_difference([])
    with pytest.raises(ValueError, match="weights 'size'"):
        stratified_difference(STRATA, weights="size")  # type: ignore[arg-type]
