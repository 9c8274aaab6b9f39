"""Adjusted means against R's lm, emmeans and sandwich; changes and effect sizes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from entact.analysis.binary import Arm, ClopperPearson, Wilson, share
from entact.analysis.continuous import adjusted_difference, ancova, effect_size, paired_t
from entact.analysis.continuous.ancova import Spread, Weights
from entact.analysis.continuous.effect_size import baseline_effect_size

GOLDEN = Path(__file__).parents[2] / "golden" / "mmrm" / "fev_data.csv.gz"
PAIR = ("TRT", "PBO")
MAIN = "FEV1 ~ ARMCD + FEV1_BL + SEX + RACE"


@pytest.fixture(scope="module")
def last() -> pl.DataFrame:
    """> d <- subset(fev_data, AVISIT == "VIS4" & !is.na(FEV1))"""
    with gzip.open(GOLDEN) as file:
        rows = pl.read_csv(file.read())
    return rows.filter(pl.col("AVISIT") == "VIS4", pl.col("FEV1").is_not_null())


@pytest.mark.parametrize(
    ("weights", "control", "treated", "se"),
    # copied from R output of:
    # > emmeans(lm(FEV1 ~ ARMCD + FEV1_BL + SEX + RACE, d), ~ ARMCD, weights = "equal")
    # and weights = "proportional"
    [
        ("equal", 48.6334529353142, 52.5328827516753, 1.18002005272133),
        ("proportional", 48.2283774047835, 52.1278072211447, 1.18497755911011),
    ],
)
def test_adjusted_means_are_those_of_emmeans(
    last: pl.DataFrame, weights: Weights, control: float, treated: float, se: float
) -> None:
    difference, first, second = ancova(MAIN, last, PAIR, arm="ARMCD", weights=weights)
    assert (first.estimate, second.estimate) == pytest.approx((treated, control), rel=1e-10)
    assert first.se == pytest.approx(se, rel=1e-9)
    # > contrast(emmeans(...), list(c(-1, 1)))
    assert difference.estimate == pytest.approx(3.89942981636115, rel=1e-9)
    assert (difference.se, difference.df) == (pytest.approx(1.68634656796523, rel=1e-9), 128)
    assert difference.statistic == pytest.approx(2.31235375363338, rel=1e-9)


@pytest.mark.parametrize(
    ("variance", "se"),
    # copied from R output of: > sqrt(vcovHC(fit, type = "HC0")["ARMCDTRT", "ARMCDTRT"]), HC2, HC3
    [("HC0", 1.68892881182076), ("HC2", 1.72885209327093), ("HC3", 1.76982765531997)],
)
def test_robust_standard_errors_are_those_of_sandwich(
    last: pl.DataFrame, variance: Spread, se: float
) -> None:
    difference, *_ = ancova(MAIN, last, PAIR, arm="ARMCD", variance=variance)
    assert difference.se == pytest.approx(se, rel=1e-8)
    assert variance in difference.method


def test_arms_may_respond_differently_to_a_covariate(last: pl.DataFrame) -> None:
    # copied from R output of emmeans on lm(FEV1 ~ ARMCD * FEV1_BL + SEX + RACE, d), contrast c(-1, 1)
    difference, *_ = ancova("FEV1 ~ ARMCD * FEV1_BL + SEX + RACE", last, PAIR, arm="ARMCD")
    assert difference.estimate == pytest.approx(3.91500007136056, rel=1e-9)
    assert difference.se == pytest.approx(1.69164760299945, rel=1e-9)


def test_a_margin_is_tested_on_its_side(last: pl.DataFrame) -> None:
    both = ancova(MAIN, last, PAIR, arm="ARMCD", null=-2.0)[0]
    one = ancova(MAIN, last, PAIR, arm="ARMCD", null=-2.0, side="greater")[0]
    assert one.p == pytest.approx((both.p or 0) / 2)
    assert "at most −2" in str(one)


def test_what_cannot_be_estimated_says_why(last: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="only one level"):
        ancova("FEV1 ~ ARMCD", last.filter(pl.col("ARMCD") == "TRT"), PAIR, arm="ARMCD")
    with pytest.raises(ValueError, match="variance 'HC9'"):
        ancova("FEV1 ~ ARMCD", last, PAIR, arm="ARMCD", variance="HC9")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="MDMA"):
        ancova("FEV1 ~ ARMCD", last, ("MDMA", "PBO"), arm="ARMCD")


def test_a_change_is_tested_as_by_r() -> None:
    # copied from R output of: > t.test(c(-4, -2.5, -8, 1.5, -6, -3, 0.5, -9, -7.5))
    found = paired_t(pl.Series([-4.0, -2.5, -8.0, 1.5, -6.0, -3.0, 0.5, -9.0, -7.5]))
    assert found.p == pytest.approx(0.00925929160666626, rel=1e-10)
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (-4.22222222222222, -7.07970827422279, -1.36473617022165), rel=1e-10
    )


def test_a_change_that_is_the_same_for_all_has_no_test() -> None:
    found = paired_t(pl.Series([-3.0, -3.0, -3.0]))
    assert (found.estimate, found.p) == (-3.0, None)
    with pytest.raises(ValueError, match="at least two changes; all has 1"):
        paired_t(pl.Series([1.0, None]))


def test_the_unit_of_an_effect_size_is_named() -> None:
    one, two = pl.Series([-12.0, -20.0, -9.0, -15.0]), pl.Series([-4.0, -8.0, 1.0, -6.0])
    found = effect_size(one, two, kind="cohen", sd_of="changes")
    assert "pooled SD of changes" in found.method
    base = (pl.Series([40.0, 52.0, 35.0, 45.0]), pl.Series([41.0, 50.0, 38.0, 44.0]))
    other = baseline_effect_size((one, two), base)
    assert "SD at baseline" in other.method
    assert other.estimate is not None
    assert other.estimate < 0


@pytest.mark.parametrize(
    ("events", "n", "null", "p"),
    # copied from R output of: > binom.test(7, 9, p = 0.5)$p.value; binom.test(2, 18, p = 0.3)$p.value
    [(7, 9, 0.5, 0.1796875), (2, 18, 0.3, 0.119538090734199)],
)
def test_a_share_is_tested_as_by_r(events: int, n: int, null: float, p: float) -> None:
    assert share(Arm(events, n), null=null).p == pytest.approx(p, rel=1e-10)


def test_a_share_has_its_interval_by_name() -> None:
    # > binom.test(2, 18, p = 0.3, alternative = "less")$p.value
    assert share(Arm(2, 18), null=0.3, side="less").p == pytest.approx(0.0599522067475602, rel=1e-10)
    exact, score = share(Arm(0, 18), method=ClopperPearson()), share(Arm(0, 18), method=Wilson())
    assert (exact.low, score.low) == (0.0, 0.0)
    assert exact.high == pytest.approx(0.1853, abs=1e-4)
    assert score.high == pytest.approx(0.1759, abs=1e-4)
    assert share(Arm(18, 18), null=0.5, side="less").p == 1.0


@pytest.mark.parametrize(
    "fixed",
    [
        "arm",
        "x + arm",
        "arm + x + I(x**2)",
        "arm + site + x",
        "0 + arm + x",
        "arm * x",
        "arm * site",
        "arm + x + y",
    ],
)
def test_the_difference_alone_is_that_beside_the_means(fixed: str) -> None:
    """y is twice x: a column that others explain."""
    rng = np.random.default_rng(1)
    rows = pl.DataFrame(
        {
            "arm": rng.choice(["a", "b", "c"], 60),
            "site": rng.choice(["s", "t", "u"], 60),
            "x": rng.normal(size=60),
            "value": rng.normal(size=60) * 3,
        }
    ).with_columns(y=2 * pl.col("x"))
    whole = ancova(f"value ~ {fixed}", rows, ("b", "c"), level=0.9)[0]
    alone = adjusted_difference(f"value ~ {fixed}", rows, ("b", "c"), level=0.9)
    for name in ("estimate", "low", "high", "se", "df", "statistic", "p"):
        assert getattr(alone, name) == pytest.approx(getattr(whole, name), rel=1e-9, abs=1e-12)
    assert (alone.method, alone.notes, alone.label) == (whole.method, whole.notes, whole.label)
    assert alone.groups == whole.groups


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.lit(4.0).alias("value"), "without any residual"),
        (pl.lit("b").alias("arm"), "only one level"),
        (pl.col("arm").replace("c", "d"), r"levels: b, d"),
    ],
)
def test_what_has_no_difference_says_why(change: pl.Expr, message: str) -> None:
    rows = pl.DataFrame({"arm": ["b", "c", "d"] * 4, "value": [float(n * n % 7) for n in range(12)]})
    with pytest.raises(ValueError, match=message):
        adjusted_difference("value ~ arm", rows.with_columns(change), ("b", "c"))


@pytest.mark.parametrize("variance", ["HC0", "HC2", "HC3"])
def test_who_is_alone_in_a_site_lends_no_false_certainty(last: pl.DataFrame, variance: Spread) -> None:
    """Its residual is 0. R's vcovHC has NaN for HC2 and HC3, and takes it for known by HC0.

    The difference of arms does not hang on it, and is that of everybody else.
    """
    rows = last.with_columns(site=pl.Series([f"s{n % 3}" for n in range(len(last) - 1)] + ["alone"]))
    formula = "FEV1 ~ ARMCD + FEV1_BL + site"
    apart, treated, control = ancova(formula, rows, PAIR, arm="ARMCD", variance=variance)
    others, *_ = ancova(formula, rows[:-1], PAIR, arm="ARMCD", variance=variance)
    assert (apart.estimate, apart.se) == pytest.approx((others.estimate, others.se))
    for one in (treated, control):
        assert (one.se, one.low, one.high) == (None, None, None)
        assert "one value alone determines a part of it" in one.notes[0]
    site = pl.Series([f"s{n % 3}" for n in range(len(last) - 2)] + ["alone"] * 2)
    arms = pl.Series([*last["ARMCD"][:-2], *PAIR])
    with pytest.raises(ValueError, match="one value alone determines a part of it"):
        ancova(
            "FEV1 ~ ARMCD * site",
            last.with_columns(site=site, ARMCD=arms),
            PAIR,
            arm="ARMCD",
            variance=variance,
        )


def test_the_interval_in_units_of_the_baseline_is_wide_enough_where_values_spread_afterwards() -> None:
    """Who may take part narrows the baseline: SD 6 there, 9 of changes. Morris's variance held in 0.88."""
    draw = np.random.default_rng(11)
    held = 0
    for _ in range(400):
        change = [draw.normal(mean, 9.0, 20) for mean in (-12.0, -6.0)]
        base = [draw.normal(44.0, 6.0, 20) for _ in range(2)]
        one = baseline_effect_size(
            (pl.Series(change[0]), pl.Series(change[1])), (pl.Series(base[0]), pl.Series(base[1]))
        )
        assert one.low is not None
        assert one.high is not None
        held += one.low <= -1.0 <= one.high
    assert held / 400 == pytest.approx(0.95, abs=0.03)  # seeded; its Monte Carlo error is 0.011


def test_the_effect_size_in_units_of_the_baseline_by_hand() -> None:
    """> x <- c(-12, -3, -20, -8, -15); y <- c(-2, -9, 1, -4)
    > bx <- c(40, 52, 35, 45, 47); by <- c(41, 50, 38, 44)
    > s <- sqrt((4 * var(bx) + 3 * var(by)) / 7); j <- gamma(3.5) / (sqrt(3.5) * gamma(3))
    > d <- (mean(x) - mean(y)) / s; v <- var(x) / 5 + var(y) / 4
    > c(j * d, j * sqrt(v / s^2 + d^2 / 14), t.test(x, y)$parameter)
    """
    change = (pl.Series([-12.0, -3.0, -20.0, -8.0, -15.0]), pl.Series([-2.0, -9.0, 1.0, -4.0]))
    base = (pl.Series([40.0, 52.0, 35.0, 45.0, 47.0]), pl.Series([41.0, 50.0, 38.0, 44.0]))
    found = baseline_effect_size(change, base)
    assert (found.estimate, found.se, found.df) == pytest.approx(
        (-1.204945606136016, 0.623423187980197, 6.796765091150237)
    )
