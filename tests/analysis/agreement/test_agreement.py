"""Agreement and reliability against published tables, R's factanal, and numeric derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.analysis.agreement import FORMS, alpha, icc, kappa, omega
from entact.analysis.agreement.kappa import Weights
from entact.analysis.agreement.reliability import one_factor

# Shrout & Fleiss 1979, table 2: six targets, four judges (assumption: as remembered)
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


@pytest.mark.parametrize(
    ("form", "at", "low", "high"),
    # assumption, from memory: the correlations of Shrout & Fleiss 1979, table 4; intervals as R psych's
    [
        ("1,1", 0.17, -0.13, 0.72),
        ("2,1", 0.29, 0.02, 0.76),
        ("3,1", 0.71, 0.34, 0.95),
        ("1,k", 0.44, -0.88, 0.91),
        ("2,k", 0.62, 0.07, 0.93),
        ("3,k", 0.91, 0.68, 0.99),
    ],
)
def test_the_six_forms_are_those_of_shrout_and_fleiss(form: str, at: float, low: float, high: float) -> None:
    found = icc(RATINGS, form)
    assert (found.estimate, found.low, found.high) == pytest.approx((at, low, high), abs=0.0051)
    assert FORMS[form] in found.notes


# > library(psych)  # R 4.2.2, psych 2.2.9
# > x <- matrix(c(9,2,5,8, 6,1,3,2, 8,4,6,8, 7,1,2,6, 10,5,6,9, 6,2,4,7), ncol=4, byrow=TRUE)
# > print(format(ICC(x, lmer=FALSE)$results, digits=10))
@pytest.mark.parametrize(
    ("form", "at", "f", "p", "low", "high"),
    [
        ("1,1", 0.1657417684, 1.794678492, 0.1647688083446, -0.13293232487, 0.7225600623),
        ("2,1", 0.2897637795, 11.027247956, 0.0001345665165, 0.01878651337, 0.7610843696),
        ("3,1", 0.7148407148, 11.027247956, 0.0001345665165, 0.34246476503, 0.9458582600),
        ("1,k", 0.4427971337, 1.794678492, 0.1647688083446, -0.88444215524, 0.9124154203),
        ("2,k", 0.6200505476, 11.027247956, 0.0001345665165, 0.07113681530, 0.9272320402),
        ("3,k", 0.9093155424, 11.027247956, 0.0001345665165, 0.67567471382, 0.9858916782),
    ],
)
def test_the_six_forms_are_those_of_psych(
    form: str, at: float, f: float, p: float, low: float, high: float
) -> None:
    found = icc(RATINGS, form)
    assert (found.estimate, found.statistic, found.p) == pytest.approx((at, f, p), rel=1e-9)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-8)


def test_targets_without_all_ratings_are_left_out_and_said() -> None:
    found = icc([*RATINGS, [1.0, np.nan, 2.0, 3.0]], "2,1")
    assert found.estimate == pytest.approx(icc(RATINGS, "2,1").estimate)
    assert "1 targets without all ratings left out" in found.notes


def test_what_has_no_correlation_says_why() -> None:
    assert icc([[1, 1], [2, 2], [3, 3]], "3,1").estimate == 1.0
    with pytest.raises(ValueError, match="do not vary"):
        icc([[1, 1], [1, 1]], "1,1")
    with pytest.raises(ValueError, match="form '4,1'"):
        icc(RATINGS, "4,1")
    with pytest.raises(ValueError, match="at least two"):
        icc([[1, 2]], "1,1")


TABLE = [[44, 5, 1], [7, 20, 3], [9, 5, 6]]


def _pairs() -> tuple[list[int], list[int]]:
    first = [a for a, row in enumerate(TABLE) for b, n in enumerate(row) for _ in range(n)]
    second = [b for row in TABLE for b, n in enumerate(row) for _ in range(n)]
    return first, second


# > tab <- matrix(c(44,5,1, 7,20,3, 9,5,6), ncol=3, byrow=TRUE); k <- cohen.kappa(tab)
# > print(k$confid, digits=10); print(sqrt(k$var.kappa), digits=12); print(k$weighted.kappa, digits=12)
# > w <- 1 - abs(outer(1:3, 1:3, "-")) / 2; print(cohen.kappa(tab, w=w)$weighted.kappa, digits=12)
# The variance of a weighted kappa is not psych's: the next test holds it to the delta method.
def test_kappa_is_that_of_psych() -> None:
    plain = kappa(*_pairs())
    assert (plain.estimate, plain.low, plain.high, plain.se) == pytest.approx(
        (0.4915254237, 0.3501582012, 0.6328926462, 0.0721274592933), rel=1e-9
    )
    assert kappa(*_pairs(), weights="linear").estimate == pytest.approx(0.473684210526, rel=1e-11)
    assert kappa(*_pairs(), weights="quadratic").estimate == pytest.approx(0.454545454545, rel=1e-11)


def _kappa(share: np.ndarray, weight: np.ndarray) -> float:
    chance = float(share.sum(1) @ weight @ share.sum(0))
    return float(((weight * share).sum() - chance) / (1 - chance))


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_the_variance_of_kappa_is_that_of_the_delta_method(weights: Weights) -> None:
    first, second = _pairs()
    found = kappa(first, second, weights=weights)
    away = np.abs(np.subtract.outer(np.arange(3), np.arange(3))) / 2
    weight = {"none": np.eye(3), "linear": 1 - away, "quadratic": 1 - away**2}[weights]
    share = np.array(TABLE) / 100
    slope = np.zeros((3, 3))
    for a in range(3):
        for b in range(3):
            moved = np.zeros((3, 3))
            moved[a, b] = 1e-6
            slope[a, b] = (_kappa(share + moved, weight) - _kappa(share - moved, weight)) / 2e-6
    variance = ((share * slope**2).sum() - (share * slope).sum() ** 2) / 100
    assert found.estimate == pytest.approx(_kappa(share, weight), rel=1e-12)
    assert found.se == pytest.approx(np.sqrt(variance), rel=1e-5)


def test_kappa_of_a_published_table() -> None:
    # assumption, from memory: Fleiss, Levin & Paik 2003, table 18.1 as shares, n = 100: kappa 0.676, SE
    # 0.088, under chance 0.076
    table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    first = [a for a, row in enumerate(table) for n in row for _ in range(n)]
    second = [b for row in table for b, n in enumerate(row) for _ in range(n)]
    found = kappa(first, second)
    assert found.estimate == pytest.approx(0.676, abs=5e-4)
    assert found.se == pytest.approx(0.088, abs=5e-4)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_kappa_is_at_most_one_and_never_no_number(pairs: list[tuple[int, int]]) -> None:
    found = kappa([a for a, _ in pairs], [b for _, b in pairs], weights="quadratic")
    assert found.estimate is None or found.estimate <= 1 + 1e-12


def test_kappa_says_what_it_cannot_tell() -> None:
    assert kappa(["a", "a"], ["a", "a"]).estimate is None
    alike = kappa(["a", None, "b"], ["a", "b", "b"])
    assert alike.notes == (
        "1 targets without both ratings left out",
        "the ratings leave kappa no standard error: no interval",
    )
    assert (alike.estimate, alike.low, alike.se) == (1.0, None, None)
    with pytest.raises(ValueError, match="'c' is none of the categories"):
        kappa(["a", "c"], ["a", "b"], categories=["a", "b"])
    with pytest.raises(ValueError, match="no target was rated by both"):
        kappa([None], ["a"])


# > i <- 1:40; it <- sapply(1:5, function(j) ((i * 13) %% 17) * (3 + j) + ((i * (7 + 3 * j)) %% (11 + j)) * 6)
PLACE = np.arange(1, 41)
ITEMS = np.column_stack(
    [((PLACE * 13) % 17) * (3 + j) + ((PLACE * (7 + 3 * j)) % (11 + j)) * 6 for j in range(1, 6)]
)


def test_alpha_and_omega_are_those_of_r() -> None:
    # copied from R output of: > k / (k - 1) * (1 - sum(diag(cov(it))) / sum(cov(it)))
    assert alpha(ITEMS).estimate == pytest.approx(0.892970035663786, rel=1e-12)
    # > fa <- factanal(it, 1, control = list(opt = list(factr = 1e-4, pgtol = 1e-12))); fa$loadings[, 1]
    loadings, _ = one_factor(np.corrcoef(ITEMS, rowvar=False))
    assert loadings == pytest.approx(
        [0.693827382, 0.991473544, 0.789577359, 0.826016872, 0.837446159], abs=1e-5
    )
    # > sum(l * sd)^2 / (sum(l * sd)^2 + sum(fa$uniquenesses * sd^2))
    assert omega(ITEMS).estimate == pytest.approx(0.908592254381164, abs=1e-6)


def test_alphas_interval_holds_it_and_narrows() -> None:
    found, more = alpha(ITEMS), alpha(np.vstack([ITEMS] * 4))
    assert found.low is not None
    assert found.high is not None
    assert more.low is not None
    # > 1 - (1 - a) * qf(c(.975, .025), 39, 39 * 4)  # Feldt, Woodruff & Salih 1987
    assert (found.low, found.high) == pytest.approx((0.82978223664036, 0.9376300118512), rel=1e-10)
    assert more.low > found.low


def test_an_interval_of_omega_needs_a_seed_and_repeats_itself() -> None:
    one, other = (omega(ITEMS, samples=40, seed=3) for _ in range(2))
    assert (one.low, one.high) == (other.low, other.high)
    with pytest.raises(ValueError, match="give it a seed"):
        omega(ITEMS, samples=40)


def test_the_interval_of_omega_is_that_of_lavaan() -> None:
    # copied from R output of:
    # > m <- cfa("F =~ NA*V1 + a*V1 + b*V2 + c*V3 + d*V4 + e*V5; F ~~ 1*F; V1 ~~ p*V1; V2 ~~ q*V2; V3 ~~ r*V3;
    # V4 ~~ s*V4; V5 ~~ t*V5; omega := (a + b + c + d + e)^2 / ((a + b + c + d + e)^2 + p + q + r + s + t)",
    # as.data.frame(it)); parameterEstimates(m)
    found = omega(ITEMS)
    assert found.se == pytest.approx(0.02353717731, rel=1e-6)
    assert (found.low, found.high) == pytest.approx((0.86246022814, 0.95472426781), rel=1e-7)
    whole = np.column_stack([np.arange(9.0), np.arange(9.0) * 2, [3, 1, 2, 5, 4, 7, 5, 9, 8]])
    alone = omega(whole + np.random.default_rng(1).normal(0, 1e-6, whole.shape))
    assert (alone.low, alone.high) == (None, None)
    assert "an item is all of the factor's" in alone.notes[0]


def test_items_that_say_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="item 2 is the same for everybody"):
        alpha([[1, 2], [2, 2], [3, 2]])
    with pytest.raises(ValueError, match="2 items: a factor needs"):
        omega([[1, 2], [2, 1], [3, 5]])
    with pytest.raises(ValueError, match="needs at least three"):
        alpha([[1, 2], [2, np.nan]])
