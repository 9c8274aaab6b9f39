"""LS-means and tests of terms against R's emmeans, where a fit at one visit is R's lm."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.analysis.mmrm.golden import error, fev

from entact.analysis.mmrm import Fit, Satterthwaite, mmrm

# R's frame in all that is quoted here:
# > d$site <- as.integer(sub("PT", "", d$USUBJID)) %% 3 + 1; v <- subset(d, AVISIT == "VIS4" & !is.na(FEV1))
SITED = fev().with_columns(site=pl.col("USUBJID").str.strip_prefix("PT").cast(pl.Int64) % 3 + 1)
LAST = SITED.filter(pl.col("AVISIT") == "VIS4")


def fit(formula: str, data: pl.DataFrame = LAST, **named: Any) -> Fit:
    return mmrm(formula, data, subject="USUBJID", visit="AVISIT", **named)


def test_sites_kept_as_numbers_give_rs_means_contrasts_and_tests() -> None:
    # copied from R output of (emmeans 1.8.4):
    # > A <- lm(FEV1 ~ ARMCD * factor(site), v); emmeans(A, ~ ARMCD); pairs(emmeans(A, ~ ARMCD), reverse =
    # TRUE)
    # > pairs(emmeans(A, ~ ARMCD, weights = "proportional"), reverse = TRUE); joint_tests(A)
    result = fit("FEV1 ~ ARMCD * C(site)")
    means = result.lsmeans("ARMCD")
    assert error(means.estimate, [47.7349833969, 52.8443394372]) < 1e-11
    assert error(means.se, [1.23554710508, 1.24687478204]) < 1e-11
    contrast = means.contrast("TRT - PBO")
    assert error([contrast.estimate[0], contrast.se[0]], [5.1093560403, 1.75535562521]) < 1e-11
    assert error(contrast.df, [128.0]) < 1e-9
    assert error(contrast.p, [0.00425442799435]) < 1e-9
    weighed = result.lsmeans("ARMCD", weights="proportional").contrast("TRT - PBO")
    assert error([weighed.estimate[0], weighed.se[0]], [5.04358040906, 1.75317869638]) < 1e-11
    by_site = result.lsmeans("ARMCD", by="site")
    assert error(by_site.estimate[2:4], [49.0787841510, 52.9684009446]) < 1e-11
    assert by_site.labels["site"] == ["1", "1", "2", "2", "3", "3"]
    tests = result.anova().to_polars()
    assert tests["term"].to_list() == ["ARMCD", "C(site)", "ARMCD:C(site)"]
    assert tests["numerator_df"].to_list() == [1, 2, 2]
    assert error(tests["p"], [0.00425442799435, 0.25776690995508, 0.68340045798455]) < 1e-9


@pytest.mark.parametrize("visits", [1, 4])
def test_sites_kept_as_numbers_or_text_are_the_same(visits: int) -> None:
    data = LAST if visits == 1 else SITED
    text = data.with_columns(pl.col("site").cast(pl.String))
    formula = "FEV1 ~ ARMCD * {} + RACE" + (" + AVISIT" if visits > 1 else "")
    for number in (
        data,
        data.with_columns(pl.col("site") * 1.0),
        data.with_columns(pl.col("site").cast(pl.UInt8)),
    ):
        ours, theirs = fit(formula.format("C(site)"), number), fit(formula.format("site"), text)
        for weights in ("equal", "proportional", "observed"):
            mine, yours = (one.lsmeans("ARMCD", weights=weights).contrast() for one in (ours, theirs))  # type: ignore[arg-type]
            assert error([mine.estimate, mine.se, mine.df], [yours.estimate, yours.se, yours.df]) < 1e-10
        for kind in ("II", "III"):
            assert (
                error(
                    [test.f for test in ours.anova(kind).tests],  # type: ignore[arg-type]
                    [test.f for test in theirs.anova(kind).tests],  # type: ignore[arg-type]
                )
                < 1e-8
            )
        assert (
            error(
                ours.predict(number)["prediction"].drop_nulls(),
                theirs.predict(text)["prediction"].drop_nulls(),
            )
            < 1e-9
        )


def test_functions_of_covariates_are_taken_at_the_mean_of_the_covariate() -> None:
    # copied from R output of:
    # > C <- lm(FEV1 ~ ARMCD * poly(FEV1_BL, 2) + log(WEIGHT) + RACE, v); emmeans(C, ~ ARMCD); pairs(...)
    means = fit("FEV1 ~ ARMCD * poly(FEV1_BL, 2) + log(WEIGHT) + RACE").lsmeans("ARMCD")
    assert error(means.estimate, [48.7617047853, 54.1762394831]) < 1e-10
    assert error(means.se, [1.48725628993, 1.61646037429]) < 1e-10
    contrast = means.contrast("TRT - PBO")
    assert error([contrast.estimate[0], contrast.se[0]], [5.4145346978, 2.19221905241]) < 1e-10


def reordered(data: pl.DataFrame, *names: str) -> pl.DataFrame:
    """The same with the levels of factors the other way round."""
    turned = [
        pl.col(name).cast(pl.String).cast(pl.Enum(list(reversed(data.schema[name].categories.to_list()))))  # type: ignore[attr-defined]
        for name in names
    ]
    return data.with_columns(turned)


def test_empty_cells_leave_what_can_be_estimated_to_be_tested() -> None:
    # copied from R output of (emmeans' joint_tests marks with "e" where non-estimability took df away):
    # > w <- subset(v, !(RACE == "White" & SEX == "Female"))
    # > joint_tests(lm(FEV1 ~ ARMCD + RACE * SEX, w)); joint_tests(lm(FEV1 ~ ARMCD * RACE * SEX, w))
    kept = LAST.filter(~((pl.col("RACE") == "White") & (pl.col("SEX") == "Female")))
    for data in (
        kept,
        reordered(kept, "RACE"),
        reordered(kept, "SEX", "ARMCD"),
        reordered(kept, "RACE", "SEX"),
    ):
        tests = {
            row["term"]: row for row in fit("FEV1 ~ ARMCD + RACE * SEX", data).anova().to_polars().to_dicts()
        }
        expected = {"ARMCD": 0.0444227209243, "RACE": 0.3139008570544, "RACE:SEX": 0.6169250651421}
        for term, p in expected.items():
            assert (tests[term]["numerator_df"], error(tests[term]["p"], p) < 1e-9) == (1, True)
        assert tests["SEX"]["numerator_df"] == 0
        tests = {
            row["term"]: row for row in fit("FEV1 ~ ARMCD * RACE * SEX", data).anova().to_polars().to_dicts()
        }
        expected = {
            "RACE": 0.4150662467685,
            "ARMCD:RACE": 0.3355337101737,
            "RACE:SEX": 0.6829637895754,
            "ARMCD:RACE:SEX": 0.7732014268734,
        }
        for term, p in expected.items():
            assert (tests[term]["numerator_df"], error(tests[term]["p"], p) < 1e-9) == (1, True)
        means = fit("FEV1 ~ ARMCD + RACE * SEX", data).lsmeans("RACE").to_polars()
        by_race = dict(zip(means["RACE"], means["estimate"], strict=True))
        assert error(by_race["Asian"], 49.5920438007) < 1e-10
        assert by_race["White"] is None


def test_an_empty_cell_of_arm_and_visit_does_not_depend_on_the_order_of_levels() -> None:
    """Without TRT at VIS1 the interaction is that of the other three visits, however levels are ordered."""
    kept = fev().filter(~((pl.col("ARMCD") == "TRT") & (pl.col("AVISIT") == "VIS1")))
    cell = pl.concat_str(pl.col("ARMCD").cast(pl.String), pl.col("AVISIT").cast(pl.String))
    for df in (None, Satterthwaite()):
        named = {} if df is None else {"df": df}
        # the same model as one mean a cell, where each hypothesis is written by hand
        cells = fit("FEV1 ~ 0 + cell", kept.with_columns(cell=cell), **named)
        place = [name.removeprefix("cell[").rstrip("]") for name in cells.coefficients.labels["term"]]
        weights = [
            {"VIS2": 1, "VIS3": -1, "VIS4": 0},
            {"VIS2": 3**-0.5, "VIS3": 3**-0.5, "VIS4": -2 * 3**-0.5},
        ]
        sign = {"TRT": 1.0, "PBO": -1.0}
        rows = np.array([[sign[name[:3]] * own.get(name[3:], 0.0) for name in place] for own in weights])
        by_hand = cells.joint_test(rows)
        assert by_hand.numerator_df == 2
        for data in (
            kept,
            reordered(kept, "ARMCD"),
            reordered(kept, "AVISIT"),
            reordered(kept, "ARMCD", "AVISIT"),
        ):
            tests = dict(
                zip(
                    *((one := fit("FEV1 ~ ARMCD * AVISIT", data, **named).anova()).terms, one.tests),
                    strict=True,
                )
            )
            found = tests["ARMCD:AVISIT"]
            assert (found.numerator_df, tests["AVISIT"].numerator_df, tests["ARMCD"].numerator_df) == (
                2,
                2,
                0,
            )
            assert error([found.f, found.df, found.p], [by_hand.f, by_hand.df, by_hand.p]) < 1e-7


def test_an_interaction_without_its_margins_is_tested_beyond_what_the_formula_has() -> None:
    """Eight cells beside an intercept differ in seven ways; within an arm, in three ways each."""
    data = fev()
    together = fit("FEV1 ~ ARMCD:AVISIT + SEX", data).anova()
    tests = dict(zip(together.terms, together.tests, strict=True))
    assert tests["ARMCD:AVISIT"].numerator_df == 7
    assert tests["ARMCD:AVISIT"].f == pytest.approx(61.6, abs=0.05)
    nested = fit("FEV1 ~ ARMCD / AVISIT + SEX", data).anova()
    assert [test.numerator_df for test in nested.tests] == [1, 1, 6]
    cell = pl.concat_str(pl.col("ARMCD").cast(pl.String), pl.col("AVISIT").cast(pl.String))
    one_way = fit("FEV1 ~ cell + SEX", data.with_columns(cell=cell)).anova()
    assert error(tests["ARMCD:AVISIT"].f, one_way.tests[0].f) < 1e-8
