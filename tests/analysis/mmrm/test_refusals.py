"""Data that don't allow a fit: each a clear error that names column, row or level, or a stated note."""

from __future__ import annotations

from io import StringIO

import numpy as np
import polars as pl
import pytest
from tests.analysis.mmrm.golden import error, fev
from tests.analysis.mmrm.test_laws import fit, trial

from entact.analysis.mmrm import (
    AnteDependence,
    AutoRegressive,
    BetweenWithin,
    CompoundSymmetry,
    Covariance,
    KenwardRoger,
    NotConverged,
    Satterthwaite,
    SpatialExponential,
    Toeplitz,
    TrialDesign,
    Unstructured,
    mmrm,
)

DATA = trial(11)


def with_value(row: int, column: str, value: object) -> pl.DataFrame:
    data = DATA.with_columns(pl.Series("row", range(DATA.height)))
    return data.with_columns(
        pl.when(pl.col("row") == row).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    ).drop("row")


def test_infinite_values_are_named_by_column_and_row() -> None:
    with pytest.raises(ValueError, match=r"column 'y' is infinite in row 4"):
        fit(with_value(4, "y", float("inf")))
    with pytest.raises(ValueError, match=r"column 'base' is infinite in row 7"):
        fit(with_value(7, "base", float("-inf")))


def test_missing_and_nan_are_left_out_and_counted() -> None:
    row = int(np.flatnonzero(~np.isnan(DATA["y"].to_numpy()))[0])
    missing = int(np.isnan(DATA["y"].to_numpy()).sum())
    for value in (float("nan"), None):
        result = fit(with_value(row, "y", value))
        assert result.model.n == DATA.height - missing - 1
        assert f"{missing + 1} of 120 rows left out: missing y in {missing + 1}" in result.notes


def test_a_visit_twice_is_refused_with_its_rows() -> None:
    known = DATA.drop_nans("y")
    again = pl.concat([known, known[3:4]])
    with pytest.raises(ValueError, match=rf"id 1 has 2 values at visit v2 \(rows 3, {known.height}"):
        fit(again)


def test_a_visit_without_values_is_left_out_and_noted() -> None:
    levels = pl.Enum(["screening", "v0", "v1", "v2"])
    data = DATA.with_columns(pl.col("visit").cast(levels))
    result = fit(data)
    assert result.visits == ("v0", "v1", "v2")
    assert any("screening" in note for note in result.notes)


def test_one_participant_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'id' holds one participant only"):
        fit(DATA.filter(pl.col("id") == 0).fill_nan(1.0), "y ~ week")


def test_a_frame_without_rows_or_values_is_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        fit(DATA.head(0))
    with pytest.raises(ValueError, match="no row has values in all of"):
        fit(DATA.with_columns(y=pl.lit(None, dtype=pl.Float64)))


def test_an_unknown_column_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"there is no column 'age'; the columns are 'id'"):
        fit(DATA, "y ~ age")
    with pytest.raises(ValueError, match="no column 'who'"):
        mmrm("y ~ arm", DATA, subject="who", visit="visit")


def test_what_is_no_frame_or_formula_is_refused() -> None:
    with pytest.raises(TypeError, match="not list"):
        mmrm("y ~ arm", [1, 2], subject="id", visit="visit")
    for formula in ("y", "y ~ arm + (", "y + base ~ arm", "~ arm"):
        with pytest.raises(ValueError, match="formula"):
            fit(DATA, formula)


def test_aliased_columns_are_left_out_as_in_r() -> None:
    double = DATA.with_columns((2.0 * pl.col("base") + 3.0).alias("twice"))
    result = fit(double, "y ~ base + twice + arm * visit")
    assert np.isnan(result.coefficients.estimate[result.coefficients.labels["term"].index("twice")])
    assert "not estimable beside the others: twice" in result.notes
    plain = fit(DATA)
    assert error(result.deviance, plain.deviance) < 1e-10
    ours = result.lsmeans("arm", by="visit").contrast()
    assert error(ours.se, plain.lsmeans("arm", by="visit").contrast().se) < 1e-9
    assert result.to_polars()["estimate"].null_count() == 1


def test_a_factor_with_one_level_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'arm' has only one level \(drug\)"):
        fit(DATA.filter(pl.col("arm") == "drug"))


def test_too_few_values_are_refused() -> None:
    with pytest.raises(ValueError, match="can't estimate"):
        fit(DATA.drop_nans("y").head(5), "y ~ base + visit + week:base")


def test_an_outcome_without_residual_is_refused() -> None:
    with pytest.raises(ValueError, match="without any residual"):
        fit(DATA.with_columns(y=pl.col("base") * 2.0))


def test_visits_never_seen_together_are_refused() -> None:
    apart = DATA.filter(
        ((pl.col("id") < 20) & (pl.col("visit") != "v2")) | ((pl.col("id") >= 20) & (pl.col("visit") == "v2"))
    )
    with pytest.raises(ValueError, match="no participant has values at both v0 and v2"):
        fit(apart, "y ~ arm")
    assert fit(apart, "y ~ arm", covariance=CompoundSymmetry()).converged


def test_weights_must_be_positive_numbers() -> None:
    with pytest.raises(ValueError, match=r"weights in 'w' must be positive; row \d+"):
        fit(DATA.with_columns(w=pl.col("week") * 1.0), weights="w")
    with pytest.raises(ValueError, match="must hold numbers"):
        fit(DATA, weights="arm")


def test_a_participant_in_two_groups_is_refused() -> None:
    with pytest.raises(ValueError, match="participant 0 is in more than one group of 'visit'"):
        fit(DATA, by="visit")


def test_the_order_of_text_visits_must_be_clear_where_it_matters() -> None:
    data = DATA.with_columns(pl.col("visit").replace({"v0": "v1", "v1": "v2", "v2": "v10"}))
    with pytest.raises(ValueError, match="order of the visits in 'visit' is unclear"):
        fit(data, covariance=AutoRegressive())
    assert fit(data, covariance=Unstructured()).converged
    ordered = data.with_columns(pl.col("visit").cast(pl.Enum(["v1", "v2", "v10"])))
    expected = fit(DATA, covariance=AutoRegressive())
    assert error(fit(ordered, covariance=AutoRegressive()).deviance, expected.deviance) < 1e-12


def test_methods_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="can't go with sandwich"):
        fit(DATA, sandwich="CR2")
    with pytest.raises(ValueError, match='"CR0", "CR2" or "CR3"'):
        fit(DATA, sandwich="HC3", df=Satterthwaite())
    with pytest.raises(ValueError, match="method must be"):
        fit(DATA, method="MIVQUE0")
    with pytest.raises(ValueError, match="level must lie"):
        fit(DATA, level=95)
    with pytest.raises(ValueError, match="time of each visit"):
        SpatialExponential()


def test_a_structure_that_fails_gives_way_to_the_next_and_the_result_says_so() -> None:
    few = trial(2, participants=7, visits=6).fill_nan(None)
    few = few.with_columns(pl.col("y").fill_null(pl.lit(30.0) + pl.col("week") * pl.col("id")))
    with pytest.raises(NotConverged, match=r"no optimum was found \(unstructured: "):
        fit(few, "y ~ visit * base")
    result = fit(few, "y ~ visit * base", covariance=[Unstructured(), Toeplitz(), CompoundSymmetry()])
    assert len(result.attempts) > 1
    assert result.status.startswith("unstructured: ")
    assert "converged" in result.attempts[-1].outcome


def test_a_range_that_falls_to_zero_is_no_estimate() -> None:
    apart = DATA.with_columns(
        y=pl.col("base") + (-1.0) ** pl.col("week") * (pl.col("id") % 7) + pl.col("id") % 3
    )
    with pytest.raises(NotConverged, match="the range fell to zero"):
        fit(apart, covariance=SpatialExponential("week"))


def test_questions_about_unknown_things_name_what_there_is() -> None:
    result = fit(DATA)
    with pytest.raises(
        ValueError, match=r"'base' is not a factor of the formula; its factors are arm, visit"
    ):
        result.lsmeans("base")
    with pytest.raises(ValueError, match=r"is not 'level - level' of arm"):
        result.lsmeans("arm", by="visit").contrast("mdma - placebo")
    with pytest.raises(ValueError, match="no coefficient 'ARM'"):
        result.test({"ARM": 1.0})
    with pytest.raises(ValueError, match="which the fit does not know"):
        result.predict(DATA.with_columns(arm=pl.lit("other")))


def test_a_design_must_be_whole() -> None:
    with pytest.raises(ValueError, match="one row for each id at each visit"):
        TrialDesign.of("y ~ arm", DATA.head(119), subject="id", visit="visit")
    design = TrialDesign.of("y ~ base + arm * visit", DATA, subject="id", visit="visit")
    with pytest.raises(ValueError, match=r"participant \(40\)"):
        design.fit(np.zeros((2, 39, 3)), np.ones((1, 7)))


def test_it_prints_what_a_newcomer_needs() -> None:
    result = mmrm("FEV1 ~ RACE + SEX + ARMCD * AVISIT", fev(), subject="USUBJID", visit="AVISIT")
    text = str(result)
    for words in (
        "537 values of 197 participants at 4 visits",
        "unstructured",
        "Kenward-Roger",
        "converged",
        "263 of 800 rows left out: missing FEV1 in 263",
        "95 % interval",
        "Covariance between visits",
    ):
        assert words in text
    assert "<table>" in result._repr_html_()
    means = result.lsmeans("ARMCD", by="AVISIT")
    assert "33.33" in str(means)
    contrast = means.contrast("TRT - PBO").adjusted("holm")
    assert "p adjusted over 4 tests: holm" in str(contrast)
    assert contrast.to_polars().columns == [
        "contrast",
        "AVISIT",
        "estimate",
        "se",
        "df",
        "t",
        "p",
        "low",
        "high",
    ]
    from rich.console import Console

    console = Console(width=160, record=True, file=StringIO())
    console.print(result)
    assert "ARMCD[T.TRT]" in console.export_text()


def test_effect_sizes_and_simulation() -> None:
    result = mmrm("FEV1 ~ ARMCD * AVISIT", fev(), subject="USUBJID", visit="AVISIT", df=BetweenWithin())
    contrast = result.lsmeans("ARMCD", by="AVISIT").contrast("TRT - PBO")
    sizes = contrast.effect_sizes()
    sd = np.sqrt(np.diagonal(result.covariance[""]))
    assert error(sizes.effect, contrast.estimate / sd) < 1e-12
    # R 4.2.2, of t = 4.006443744110749 and 2.8756530203208746 with 195 degrees of freedom:
    # > f <- function(t, df, p) uniroot(function(d) pt(t, df, d) - p, c(-10, 20), tol=1e-13)$root
    # > for (t in c(4.006443744110749, 2.8756530203208746))
    # +   print(c(f(t, 195, 0.975), f(t, 195, 0.025)), digits=12)
    shift = contrast.se / sd
    assert sizes.low[[0, 3]] == pytest.approx(
        np.array([2.00166267693, 0.891433618721]) * shift[[0, 3]], rel=1e-6
    )
    assert sizes.high[[0, 3]] == pytest.approx(
        np.array([6.0013436628, 4.852648906545]) * shift[[0, 3]], rel=1e-6
    )
    drawn = result.simulate(np.random.default_rng(5), 400)
    assert np.abs(drawn.mean(axis=0) - result.fitted).max() < 4.5 * sd.max() / 20.0
    first = result.model.observations.visit == 3
    assert abs(drawn[:, first].std() / np.hypot(sd[3], result.fitted[first].std()) - 1.0) < 0.03
    again = result.simulate(np.random.default_rng(5), 400)
    assert (drawn == again).all()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"df": KenwardRoger}, r"df must be one of KenwardRoger\(\), .*; write KenwardRoger\(\)"),
        ({"df": Satterthwaite}, r"write Satterthwaite\(\)"),
        ({"df": "KR"}, "df must be one of .*, not 'KR'"),
        ({"df": "Kenward-Roger"}, "df must be one of"),
        ({"df": None}, "df must be one of .*, not None"),
        ({"df": 12.0}, r"df must be one of .*, not 12\.0"),
        ({"df": CompoundSymmetry()}, "df must be one of"),
        ({"covariance": CompoundSymmetry}, r"covariance must be .*write CompoundSymmetry\(\)"),
        ({"covariance": "us"}, "covariance must be a structure"),
        ({"covariance": None}, "covariance must be a structure"),
        ({"covariance": []}, "covariance must be a structure"),
        ({"covariance": [Unstructured(), "cs"]}, "covariance must be a structure"),
        ({"method": "ML"}, "Kenward-Roger's adjustment is derived for REML .* use REML, or df=Satterthwaite"),
        ({"method": "ML", "df": KenwardRoger(linear=True)}, "derived for REML"),
        ({"method": "reml"}, "method must be"),
        ({"level": 95}, r"level must lie between 0 and 1.* 95 % is 0\.95"),
        ({"level": "0.95"}, "level must lie"),
        ({"level": float("nan")}, "level must lie"),
    ],
)
def test_what_is_no_method_is_refused_with_what_would_be_right(
    named: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit(DATA, **named)


def test_a_convention_or_choice_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match='convention must be "sas" or "mmrm"'):
        KenwardRoger(convention="SAS")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="linear must be True or False"):
        KenwardRoger(linear="no")  # type: ignore[arg-type]
    for structure in (CompoundSymmetry, AutoRegressive, Toeplitz, AnteDependence):
        with pytest.raises(ValueError, match="heterogeneous must be True or False"):
            structure(heterogeneous="no")  # type: ignore[arg-type]


def test_a_batch_refuses_what_a_single_fit_refuses() -> None:
    design = TrialDesign.of("y ~ base + arm * visit", DATA, subject="id", visit="visit")
    outcomes, row = np.zeros((2, 40, 3)), np.ones((1, 7))
    for df in (KenwardRoger, "KR", None, BetweenWithin()):
        with pytest.raises(ValueError, match=r"df must be one of KenwardRoger\(\), Satterthwaite\(\)"):
            design.fit(outcomes, row, df=df)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="derived for REML"):
        design.fit(outcomes, row, reml=False)


def test_of_many_trials_those_that_do_not_determine_their_covariance_have_not_converged() -> None:
    design = TrialDesign.of("y ~ base + arm * visit", DATA, subject="id", visit="visit")
    rng = np.random.default_rng(3)
    outcomes = rng.standard_normal((4, 40, 3)) + rng.standard_normal((4, 40, 1))
    twin, few = outcomes.copy(), [0, 1, 20, 21, 22]
    twin[1, :, 2] = twin[1, :, 1]  # one visit is the other: singular
    twin[2, np.setdiff1d(np.arange(40), few)] = np.nan  # five people for six variances and seven means
    found, whole = (design.fit(values, np.eye(7)) for values in (twin, outcomes))
    assert whole.converged.all()
    assert found.converged.tolist() == [True, False, False, True]
    assert np.isnan(found.se[1:3]).all()
    assert np.allclose(found.se[[0, 3]], whole.se[[0, 3]], rtol=1e-9)


def test_a_covariance_that_the_data_do_not_determine_is_no_result() -> None:
    """9 values of 5 participants for 6 coefficients: -2 log likelihood is flat, an interval was ±1e155."""
    with pytest.raises(NotConverged, match=r"the data don't determine the covariance: .* flat"):
        mmrm(
            "FEV1 ~ ARMCD * AVISIT",
            fev()[11:25],
            subject="USUBJID",
            visit="AVISIT",
            covariance=CompoundSymmetry(),
        )


@pytest.mark.parametrize("structure", [CompoundSymmetry(), AutoRegressive(), Toeplitz(), AnteDependence()])
def test_a_covariance_between_visits_that_nobody_has_two_of_is_no_result(structure: Covariance) -> None:
    once = DATA.filter(pl.col("week") == pl.col("id") % 3)
    with pytest.raises(NotConverged, match="no optimum was found"):
        fit(once, "y ~ arm + base", covariance=structure)


def many_visits(participants: int, visits: int) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(participants), visits),
            "visit": np.tile(np.arange(visits), participants),
            "arm": np.repeat(np.where(np.arange(participants) % 2, "a", "b"), visits),
            "y": rng.standard_normal(participants * visits),
        }
    )


def test_what_would_not_fit_into_memory_is_refused_before() -> None:
    with pytest.raises(ValueError, match=r"200 visits with 2 coefficients would need about 4. GB"):
        fit(many_visits(30, 200), "y ~ arm", covariance=CompoundSymmetry())


def test_an_unstructured_covariance_of_more_visits_than_participants_is_refused_before() -> None:
    for visits in (40, 200):
        with pytest.raises(NotConverged, match=f"needs more than {visits} participants, and there are 30"):
            fit(many_visits(30, visits), "y ~ arm * C(visit)")
    result = fit(many_visits(9, 9), "y ~ arm", covariance=[Unstructured(), CompoundSymmetry()])
    assert result.status.startswith("unstructured: a covariance of 9 visits needs more than 9 participants")
