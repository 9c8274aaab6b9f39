"""The difference that a plan asks for, against R's mixed model and in what a plan can get wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from scipy import stats

from entact.analysis.mmrm import mmrm
from entact.analysis.modelled import model_covariance, model_difference
from entact.analysis.plan import design_of
from entact.protocol.methods import key_words
from entact.protocol.study.analysis import BOUNDARIES, SPENDING, AnalysisPlan

GOLDEN = Path(__file__).parents[1] / "golden" / "mmrm"
# copied from R output of:
# > fit <- mmrm(CHG ~ BASE + ARM * AVISIT + us(AVISIT | USUBJID), method = "Kenward-Roger-Linear")
# > contrast(emmeans(fit, ~ ARM | AVISIT), "revpairwise")
TRIAL = 7


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    with gzip.open(GOLDEN / "trials_200.csv.gz") as file:
        rows = pl.read_csv(file.read())
    return rows.filter(pl.col("TRIAL") == TRIAL).select(
        participant="USUBJID",
        visit="AVISIT",
        arm="ARM",
        site=pl.lit("01"),
        baseline=pl.col("BASE").cast(pl.Float64),
        value="CHG",
    )


def test_difference_at_the_last_visit_is_that_of_r(frame: pl.DataFrame) -> None:
    with gzip.open(GOLDEN / "trials_200_results.json.gz") as file:
        golden = next(one for one in json.load(file) if one["trial"] == TRIAL)["krl"]
    found = model_difference(frame, fixed="arm * visit + baseline", contrast=("MDMA", "PBO"), at="V03")
    assert found.difference == pytest.approx(golden["est"], rel=1e-8)
    assert found.se == pytest.approx(golden["se"], rel=1e-8)
    assert found.df == pytest.approx(golden["df"], rel=1e-8)
    assert found.p == pytest.approx(golden["p"], rel=1e-6)
    assert found.low < found.difference < found.high
    assert found.participants == frame["participant"].n_unique()


def test_small_sites_are_pooled_before_the_fit(frame: pl.DataFrame) -> None:
    people = frame["participant"].unique(maintain_order=True).to_list()
    home = {person: "large" if place >= 6 else f"small{place % 3}" for place, person in enumerate(people)}
    sited = frame.with_columns(pl.col("participant").replace_strict(home).alias("site"))
    named = frame.with_columns(
        pl.col("participant")
        .replace_strict({person: "one" if site == "large" else "two" for person, site in home.items()})
        .alias("site")
    )
    fixed, contrast = "arm * visit + baseline + site", ("MDMA", "PBO")
    pooled = model_difference(sited, fixed=fixed, contrast=contrast, at="V03", pool_sites_below=4)
    by_hand = model_difference(named, fixed=fixed, contrast=contrast, at="V03")
    apart = model_difference(sited, fixed=fixed, contrast=contrast, at="V03")
    assert pooled.difference == pytest.approx(by_hand.difference, rel=1e-10)
    assert pooled.df != pytest.approx(apart.df, rel=1e-6)


def test_what_a_plan_gets_wrong_is_said(frame: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"covariance 'banded'.*known are unstructured"):
        model_difference(frame, fixed="arm", contrast=("MDMA", "PBO"), at="V03", covariance="banded")
    with pytest.raises(ValueError, match="sight"):
        model_difference(frame, fixed="arm * visit + sight", contrast=("MDMA", "PBO"), at="V03")
    with pytest.raises(ValueError, match="V09"):
        model_difference(frame, fixed="arm * visit", contrast=("MDMA", "PBO"), at="V09")
    one = frame.filter(pl.col("participant") == frame["participant"][0])
    with pytest.raises(ValueError, match="only one level"):
        model_difference(one, fixed="arm * visit", contrast=("MDMA", "PBO"), at="V03")


@pytest.mark.parametrize("covariance", key_words("covariance"))
@pytest.mark.parametrize("df", key_words("df"))
def test_every_structure_that_a_plan_may_name_is_fitted(
    frame: pl.DataFrame, covariance: str, df: str
) -> None:
    days = {"V01": 0.0, "V02": 28.0, "V03": 63.0}
    timed = frame.with_columns(pl.col("visit").replace_strict(days, default=90.0).alias("day"))
    found = model_difference(
        timed,
        fixed="arm * visit + baseline",
        contrast=("MDMA", "PBO"),
        at="V03",
        covariance=covariance,
        df=df,
    )
    assert found.low < found.difference < found.high
    assert found.fit.startswith(covariance.replace("_", " "))


def test_the_covariance_of_a_plan_is_that_of_its_model_up_to_the_visit(frame: pl.DataFrame) -> None:
    fit = mmrm("value ~ arm * visit + baseline", frame, subject="participant", visit="visit")
    visits, matrix = model_covariance(frame, fixed="arm * visit + baseline", at="V02")
    assert visits == fit.visits[:2]
    assert matrix == pytest.approx(fit.covariance[""][:2, :2], rel=1e-10)
    with pytest.raises(ValueError, match="nobody has a value at V09"):
        model_covariance(frame, fixed="arm * visit + baseline", at="V09")


def planned(tested: float, *, side: str | None = None, **interim: object) -> AnalysisPlan:
    primary = {
        "side": side,
        "endpoint": "change",
        "estimand": "de_jure",
        "set": "mitt",
        "method": "ancova",
        "alpha": tested,
    }
    looks = {"interim": {"decides": "whether to go on", **interim}} if interim else {}
    return AnalysisPlan.model_validate({"primary": primary, **looks})


def test_a_plan_without_a_look_is_the_fixed_test() -> None:
    design = design_of(planned(0.05))
    assert (design.sided, design.information) == (2, (1.0,))
    assert design.boundaries().upper == pytest.approx([stats.norm.isf(0.025)])


def test_where_a_plan_names_its_side_alpha_is_of_that_side() -> None:
    design = design_of(planned(0.025, side="less"))
    assert (design.sided, design.alpha) == (1, 0.025)
    looks = {"information": [0.5], "spending": "obrien_fleming"}
    assert (design_of(planned(0.025, side="less", **looks)).alpha) == 0.025
    futile = {**looks, "futility": "pocock", "beta": 0.2}
    assert [design_of(planned(0.05, side=side, **futile)).alpha for side in ("greater", None)] == [
        0.05,
        0.025,
    ]


def test_what_looks_spend_in_numbers_is_beside_the_alpha_of_the_end() -> None:
    design = design_of(planned(0.0499, information=0.6, alpha=0.0001))
    assert 2 * design.alpha == pytest.approx(0.05, rel=1e-12)
    assert design.boundaries().upper[0] == pytest.approx(stats.norm.isf(0.00005), abs=1e-10)
    # The end may have a little more than Bonferroni leaves, as both are of the same participants.
    assert 0.0499 < 2 * design.boundaries().nominal[1] < 0.05


@pytest.mark.parametrize("name", [*SPENDING, *BOUNDARIES])
def test_every_rule_that_a_file_may_name_makes_a_design(name: str) -> None:
    parameter = {"hwang_shih_decani": -4, "kim_demets": 3, "wang_tsiatis": 0.25}.get(name)
    rule = name if parameter is None else {name: parameter}
    design = design_of(planned(0.05, information=[0.5, 0.75], spending=rule))
    assert design.power(0.0).overall == pytest.approx(0.05, rel=1e-10)
    if name in SPENDING:
        futile = design_of(planned(0.05, information=[0.5, 0.75], spending="pocock", futility=rule, beta=0.2))
        assert (futile.sided, futile.alpha, futile.beta) == (1, 0.025, 0.2)
        assert futile.boundaries().lower is not None


def test_a_site_kept_as_a_number_is_a_category(frame: pl.DataFrame) -> None:
    people = frame["participant"].unique(maintain_order=True).to_list()
    number = pl.col("participant").replace_strict(
        {person: place % 3 + 1 for place, person in enumerate(people)}
    )
    numbered = frame.with_columns(site=number)
    text = numbered.with_columns(pl.col("site").cast(pl.String))
    asked = {"fixed": "arm * visit + baseline + site", "contrast": ("MDMA", "PBO"), "at": "V03"}
    for site in (pl.Int64, pl.Float64):
        kept = numbered.with_columns(pl.col("site").cast(site))
        assert model_difference(kept, **asked) == model_difference(text, **asked)  # type: ignore[arg-type]
        pooled = {**asked, "pool_sites_below": 25}
        assert model_difference(kept, **pooled) == model_difference(text, **pooled)  # type: ignore[arg-type]


def test_visits_are_in_the_order_of_their_days(frame: pl.DataFrame) -> None:
    words = {"V01": "first", "V02": "end", "V03": "after"}
    day = {"V01": 30.0, "V02": 60.0, "V03": 90.0}
    start = pl.col("participant").rank("dense") * 17.0
    told = frame.with_columns(
        visit=pl.col("visit").replace(words),
        day=start + pl.col("visit").replace_strict(day, return_dtype=pl.Float64),
    )
    plain = frame.with_columns(pl.col("visit").cast(pl.Enum(["V01", "V02", "V03"])))
    asked = {"fixed": "arm * visit + baseline", "contrast": ("MDMA", "PBO"), "covariance": "auto_regressive"}
    found = model_difference(told, at="after", **asked)  # type: ignore[arg-type]
    expected = model_difference(plain, at="V03", **asked)  # type: ignore[arg-type]
    assert (found.difference, found.se) == pytest.approx((expected.difference, expected.se), rel=1e-9)
    visits, matrix = model_covariance(told, fixed="arm * visit + baseline", at="end")
    assert visits == ("first", "end")
    assert matrix == pytest.approx(
        model_covariance(plain, fixed="arm * visit + baseline", at="V02")[1], rel=1e-9
    )


def test_only_participants_with_a_value_are_counted(frame: pl.DataFrame) -> None:
    person = frame["participant"][0]
    without = pl.when(pl.col("participant") == person).then(None).otherwise(pl.col("value"))
    found = model_difference(
        frame.with_columns(value=without), fixed="arm * visit + baseline", contrast=("MDMA", "PBO"), at="V03"
    )
    assert found.participants == frame["participant"].n_unique() - 1
