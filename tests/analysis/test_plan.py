"""The difference that a plan asks for, against R's mixed model and in what a plan can get wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from entact.analysis.plan import model_difference

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
