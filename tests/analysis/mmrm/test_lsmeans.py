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


def test_any_combination_of_means_and_a_trend_over_doses() -> None:
    # copied from R output of:
    # > A <- lm(FEV1 ~ RACE + SEX + ARMCD, v)
    # > contrast(emmeans(A, ~ RACE), list(avg = c(1, 1, 1) / 3, trend = c(-1, 0, 1)))
    means = fit("FEV1 ~ RACE + SEX + ARMCD").lsmeans("RACE")
    found = means.combine({"avg": [1 / 3, 1 / 3, 1 / 3], "trend": [-1, 0, 1]})
    assert found.labels == {"combination": ["avg", "trend"]}
    assert error(found.estimate, [50.59316511, 5.68577051]) < 1e-9
    assert error(found.se, [0.8507552877, 2.1997016187]) < 1e-9
    doses = {"Asian": 0.0, "Black or African American": 40.0, "White": 80.0}
    slope = means.trend(doses)
    assert error(slope.estimate, [5.68577051 / 80.0]) < 1e-9
    assert error(slope.p, [1.085566946e-02]) < 1e-8
    chosen = means.contrast({"White": 1.0, "Asian": -0.5, "Black or African American": -0.5})
    assert chosen.labels["contrast"] == ["1 × White − 0.5 × Asian − 0.5 × Black or African American"]
    by_hand = means.combine({"": [-0.5, -0.5, 1.0]})
    assert error([chosen.estimate, chosen.se], [by_hand.estimate, by_hand.se]) < 1e-12
    with pytest.raises(ValueError, match="RACE has no level 'Blue'"):
        means.contrast({"Blue": 1.0})
    with pytest.raises(ValueError, match="'White' has none"):
        means.trend({"Asian": 0.0, "Black or African American": 40.0})
    with pytest.raises(ValueError, match="needs 3 numbers"):
        means.combine({"avg": [1, 2]})


def test_an_average_over_visits_is_the_mean_of_the_rows() -> None:
    means = fit("FEV1 ~ RACE + SEX + ARMCD * AVISIT", fev()).lsmeans("ARMCD", by="AVISIT")
    averaged = means.average("AVISIT")
    assert averaged.labels == {"ARMCD": ["PBO", "TRT"]}
    by_hand = means.combine({"PBO": [0.25, 0] * 4, "TRT": [0, 0.25] * 4})
    assert (
        error([averaged.estimate, averaged.se, averaged.df], [by_hand.estimate, by_hand.se, by_hand.df])
        < 1e-12
    )
    late = means.average("AVISIT", {"VIS3": 1.0, "VIS4": 3.0}).contrast("TRT - PBO")
    by_hand = means.combine({"": [0, 0, 0, 0, -0.25, 0.25, -0.75, 0.75]})
    assert error([late.estimate, late.se, late.df], [by_hand.estimate, by_hand.se, by_hand.df]) < 1e-12
    with pytest.raises(ValueError, match="'AVISIT' has no level 'VIS9'; the levels are VIS1"):
        means.average("AVISIT", {"VIS9": 1.0})
    with pytest.raises(ValueError, match="'SEX' is not a factor these"):
        means.average("SEX")


def test_participants_with_a_value_stand_beside_each_mean() -> None:
    result = fit("FEV1 ~ RACE + SEX + ARMCD * AVISIT", fev())
    counted = fev().drop_nulls("FEV1").group_by("ARMCD", "AVISIT").len()
    expected = {(arm, visit): n for arm, visit, n in counted.iter_rows()}
    table = result.lsmeans("ARMCD", by="AVISIT").to_polars()
    assert table.columns[:4] == ["ARMCD", "AVISIT", "n", "estimate"]
    for arm, visit, n in table.select("ARMCD", "AVISIT", "n").iter_rows():
        assert n == expected[arm, visit]
    people = fev().drop_nulls("FEV1").group_by("ARMCD").agg(pl.col("USUBJID").n_unique()).sort("ARMCD")
    assert list(result.lsmeans("ARMCD").n) == people["USUBJID"].to_list()
    late = fev().drop_nulls("FEV1").filter(pl.col("AVISIT").cast(pl.String).is_in(["VIS3", "VIS4"]))
    people = late.group_by("ARMCD").agg(pl.col("USUBJID").n_unique()).sort("ARMCD")
    averaged = result.lsmeans("ARMCD", by="AVISIT").average("AVISIT", {"VIS3": 1, "VIS4": 1})
    assert list(averaged.n) == people["USUBJID"].to_list()


def test_a_margin_is_tested_on_one_side_and_said() -> None:
    # copied from R output of:
    # > summary(contrast(emmeans(A, ~ RACE), "trt.vs.ctrl", adjust = "none"), null = -3, side = ">")
    contrast = fit("FEV1 ~ RACE + SEX + ARMCD").lsmeans("RACE").contrast("reference")
    found = contrast.against(-3.0, "greater")
    assert error(found.t, [0.6963528627, 3.9486130466]) < 1e-8
    assert error(found.p, [2.437303411e-01, 6.428754007e-05]) < 1e-7
    assert error([found.low, found.high], [contrast.low, contrast.high]) < 1e-15
    assert "t and one-sided p for > −3.000; intervals are two-sided" in str(found)
    assert error(found.p + contrast.against(-3.0, "less").p, [1.0, 1.0]) < 1e-12
    assert "two-sided p for ≠ 2.000" in str(contrast.against(2.0))
    with pytest.raises(ValueError, match="alternative must be"):
        contrast.against(-3.0, "upper")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="null must be a number"):
        contrast.against(float("nan"))


def test_marginal_standard_errors_count_that_covariates_are_a_sample() -> None:
    """Of n independent rows, g-computation's variance adds the sample variance of what is expected over n."""
    result = fit("FEV1 ~ ARMCD * FEV1_BL")
    plain = result.lsmeans("ARMCD", weights="observed")
    marginal = result.lsmeans("ARMCD", weights="observed", marginal=True)
    frame = LAST.drop_nulls("FEV1")
    beta = dict(zip(result.coefficients.labels["term"], result.coefficients.estimate, strict=True))
    base = frame["FEV1_BL"].to_numpy()
    expected = np.array([beta["FEV1_BL"] * base, (beta["FEV1_BL"] + beta["ARMCD[T.TRT]:FEV1_BL"]) * base])
    added = np.cov(expected) / base.size
    assert error(marginal.estimate, plain.estimate) < 1e-12
    assert error(marginal.se**2, plain.se**2 + np.diag(added)) < 1e-9
    [difference], [before] = marginal.contrast("TRT - PBO").se, plain.contrast("TRT - PBO").se
    assert error(difference**2, before**2 + np.array([-1, 1]) @ added @ np.array([-1, 1])) < 1e-9
    assert "marginal standard errors" in str(marginal)
    with pytest.raises(ValueError, match='are of weights="observed"'):
        result.lsmeans("ARMCD", marginal=True)


def test_decimals_pandas_and_one_row() -> None:
    result = fit("FEV1 ~ RACE + SEX + ARMCD * AVISIT", fev())
    contrast = result.lsmeans("ARMCD", by="AVISIT").contrast("TRT - PBO")
    [line] = [line for line in contrast.text(decimals=1).splitlines() if "VIS4" in line]
    assert f"{contrast.estimate[3]:.1f}  {contrast.se[3]:.1f}" in line
    with pytest.raises(ValueError, match="decimals must be a whole number"):
        contrast.text(decimals=2.5)  # type: ignore[arg-type]
    for table in (contrast, contrast.effect_sizes(), result, result.anova()):
        assert list(table.to_pandas().columns) == table.to_polars().columns
        assert len(table.to_pandas()) == len(table.to_polars())
    row = result.glance()
    assert row.height == 1
    assert row.select("values", "participants", "visits", "left_out").row(0) == (537, 197, 4, 263)
    assert row["aic"][0] == result.aic
    correlation = result.correlation[""]
    assert error(np.diagonal(correlation), np.ones(4)) < 1e-12
    v = result.covariance[""]
    assert error(correlation[0, 2], v[0, 2] / np.sqrt(v[0, 0] * v[2, 2])) < 1e-12


def test_residuals_can_be_drawn() -> None:
    import altair

    picture = fit("FEV1 ~ RACE + SEX + ARMCD * AVISIT", fev()).residual_plots()
    assert len(picture["data"]["values"]) == 537
    assert len(picture["hconcat"]) == 3
    drawn = altair.Chart.from_dict({key: value for key, value in picture.items() if key != "$schema"})
    assert drawn is not None
