"""Imputed differences against R's rbmi, pooling against its definition, and what cannot be imputed."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from entact.analysis.analyse import analyse
from entact.analysis.imputation import (
    ASSUMPTIONS,
    ApproximateBayes,
    Bayes,
    Bootstrap,
    CopyReference,
    Jackknife,
    JumpToReference,
    MissingAtRandom,
    Trial,
    imputed_difference,
    read_trial,
    tipping_point,
)
from entact.analysis.imputation.draws import bootstrap, jackknife
from entact.analysis.imputation.pool import rubin
from entact.analysis.mmrm import Residual, mmrm
from entact.analysis.vocabulary import PlanError, read_plan

GOLDEN = Path(__file__).parents[2] / "golden" / "imputation"
PAIR = ("DRUG", "PLACEBO")
FIXED = "baseline * visit + arm * visit"
VISITS = ["V1", "V2", "V3"]
REFERENCE = {"DRUG": "PLACEBO", "PLACEBO": "PLACEBO"}
NAMES = {
    "missing_at_random": "MAR",
    "jump_to_reference": "JR",
    "copy_reference": "CR",
    "copy_increments": "CIR",
    "last_mean": "LMCF",
}


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    names = {
        "PATIENT": "participant",
        "VISIT": "visit",
        "THERAPY": "arm",
        "BASVAL": "baseline",
        "CHANGE": "value",
    }
    return pl.read_csv(GOLDEN / "rbmi_synthetic_caps5.csv", null_values=["NA", ""]).rename(names)


@pytest.fixture(scope="module")
def trial(rows: pl.DataFrame) -> Trial:
    return read_trial(rows, FIXED, visits=VISITS, reference=REFERENCE)


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / "rbmi_synthetic_caps5.json").read_text())["synthetic_caps5"]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_each_assumption_gives_what_rbmi_gives(trial: Trial, golden: dict[str, Any], name: str) -> None:
    theirs = {one["parameter"]: one for one in golden[NAMES[name]]}
    for visit in VISITS:
        found = imputed_difference(trial, PAIR, visit, assumption=ASSUMPTIONS[name])
        for ours, parameter in zip(found, ("trt", "lsm_alt", "lsm_ref"), strict=True):
            own = theirs[f"{parameter}_{visit}"]
            assert ours.estimate == pytest.approx(own["est"], rel=1e-5)
            assert ours.se == pytest.approx(own["se"], rel=1e-5)
        assert found[0].p == pytest.approx(theirs[f"trt_{visit}"]["pval"], rel=2e-4)


def test_the_tipping_point_is_that_of_rbmi(trial: Trial, golden: dict[str, Any]) -> None:
    theirs = golden["tipping_point_MAR_delta_in_drug_arm"]
    deltas = [one["delta_drug"] for one in theirs]
    found = tipping_point(trial, PAIR, "V3", deltas, arm="DRUG", assumption=MissingAtRandom())
    for ours, own in zip(found, theirs, strict=True):
        assert (ours.estimate, ours.se) == pytest.approx((own["est"], own["se"]), rel=1e-5)
    assert found.title == "Tipping point: does not tip up to 20 in DRUG"
    further = tipping_point(trial, PAIR, "V3", [0, 60, 120], arm="DRUG", assumption=MissingAtRandom())
    assert further.title == "Tipping point: tips at 60 in DRUG"


@pytest.mark.parametrize("name", ["MAR", "JR"])
def test_multiple_imputation_is_near_rbmis_and_names_what_it_is(
    trial: Trial, golden: dict[str, Any], name: str
) -> None:
    theirs = next(one for one in golden[f"approxbayes_M100_{name}"] if one["parameter"] == "trt_V3")
    assumption = MissingAtRandom() if name == "MAR" else JumpToReference()
    found = imputed_difference(
        trial,
        PAIR,
        "V3",
        assumption=assumption,
        inference=ApproximateBayes(200),
        generator=np.random.default_rng(3),
    )[0]
    assert found.estimate == pytest.approx(theirs["est"], abs=0.15)  # Monte Carlo on both sides
    assert found.se == pytest.approx(theirs["se"], rel=0.05)
    assert ("conservative" in " ".join(found.notes)) == (name == "JR")
    assert found.df is not None
    assert 60 < found.df < 97


def test_the_posterior_gives_what_the_bootstrap_gives(trial: Trial) -> None:
    found = imputed_difference(
        trial,
        PAIR,
        "V3",
        assumption=MissingAtRandom(),
        inference=Bayes(60, burn_in=50, thin=5),
        generator=np.random.default_rng(3),
    )[0]
    assert found.estimate == pytest.approx(-10.346, abs=0.3)
    assert found.se == pytest.approx(2.69, rel=0.06)


def test_a_seed_gives_the_same_digits(trial: Trial) -> None:
    def once(seed: int) -> float | None:
        return imputed_difference(
            trial,
            PAIR,
            "V3",
            assumption=JumpToReference(),
            inference=Bootstrap(50),
            generator=np.random.default_rng(seed),
        )[0].se

    assert once(1) == once(1)
    assert once(1) != once(2)


def test_leaving_one_out_is_a_fit_without_them(rows: pl.DataFrame, trial: Trial) -> None:
    draws = jackknife(trial, MissingAtRandom())
    for left in (0, 37):
        others = rows.filter(pl.col("participant") != trial.people[left])
        fit = mmrm(f"value ~ {FIXED}", others, subject="participant", visit="visit", df=Residual())
        [sigma] = fit.covariance.values()
        assert draws.sigma[left + 1] == pytest.approx(sigma, rel=1e-6)


def test_a_sample_is_a_fit_to_its_people_as_often_as_they_are_in_it(rows: pl.DataFrame, trial: Trial) -> None:
    draws = bootstrap(trial, MissingAtRandom(), generator=np.random.default_rng(8), samples=2)
    parts = []
    for place, times in enumerate(draws.weights[1]):
        own = rows.filter(pl.col("participant") == trial.people[place])
        parts += [own.with_columns(participant=pl.lit(f"{place}/{copy}")) for copy in range(int(times))]
    fit = mmrm(f"value ~ {FIXED}", pl.concat(parts), subject="participant", visit="visit", df=Residual())
    [sigma] = fit.covariance.values()
    assert draws.sigma[1] == pytest.approx(sigma, rel=1e-6)


def test_where_nothing_is_missing_imputation_changes_nothing(rows: pl.DataFrame) -> None:
    whole = rows.with_columns(pl.col("value").is_null().any().over("participant").alias("gap"))
    whole = whole.filter(~pl.col("gap") & (pl.len().over("participant") == 3))
    trial = read_trial(whole, FIXED, visits=VISITS, reference=REFERENCE)
    one, other = (
        imputed_difference(trial, PAIR, "V3", assumption=assumption)[0]
        for assumption in (MissingAtRandom(), CopyReference())
    )
    assert one.estimate == pytest.approx(other.estimate, rel=1e-12)
    assert "imputed at V3: 0 of" in one.notes[0]


def test_rubins_rules_are_those_of_barnard_and_rubin() -> None:
    # the formulas of Barnard & Rubin 1999, eq. 1 to 3, done here step by step
    estimates, errors = np.array([1.0, 2, 3, 4]), np.array([1.0, 1, 2, 2])
    found = rubin(estimates, errors, 20.0)
    within, between = 2.5, 5 / 3
    total = within + 1.25 * between
    share = 1.25 * between / total
    old, seen = 3 / share**2, 21 / 23 * 20 * (1 - share)
    assert found.estimate == 2.5
    assert found.se == pytest.approx(np.sqrt(total))
    assert found.df == pytest.approx(old * seen / (old + seen))
    none = rubin(np.array([1.0, 1.0]), np.array([1.0, 1.0]), 20.0)
    assert none.df == pytest.approx(21 / 23 * 20)
    assert none.df < inf


def test_responders_come_from_imputed_scores(trial: Trial) -> None:
    found = imputed_difference(
        trial,
        PAIR,
        "V3",
        assumption=MissingAtRandom(),
        inference=ApproximateBayes(40),
        generator=np.random.default_rng(2),
        event=lambda score: score <= -10,
    )
    assert found[0].measure == "risk difference"
    assert found[0].estimate is not None
    assert found[0].estimate == pytest.approx((found[1].estimate or 0) - (found[2].estimate or 0))
    with pytest.raises(ValueError, match="a mean is no score"):
        imputed_difference(trial, PAIR, "V3", assumption=MissingAtRandom(), event=lambda score: score <= -10)


def test_who_has_no_value_at_all_is_imputed_and_counted(rows: pl.DataFrame) -> None:
    gone = rows.with_columns(
        value=pl.when(pl.col("participant") == "S001").then(None).otherwise(pl.col("value"))
    )
    trial = read_trial(gone, FIXED, visits=VISITS, reference=REFERENCE)
    assert trial.n == 100
    found = imputed_difference(trial, PAIR, "V3", assumption=JumpToReference(), inference=Jackknife())
    assert sum(group.n for group in found[0].groups) == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline": None}, "has no baseline"),
        ({"visit": "V9"}, r"visits \['V9'\] are none"),
        ({"arm": "OTHER"}, "has more than one arm"),
    ],
)
def test_what_cannot_be_imputed_names_the_person(
    rows: pl.DataFrame, change: dict[str, str | None], message: str
) -> None:
    [(column, value)] = change.items()
    where = pl.col("participant") == "S002"
    if column != "baseline":
        where &= pl.col("visit") == "V2"
    wrong = rows.with_columns(pl.when(where).then(pl.lit(value)).otherwise(pl.col(column)).alias(column))
    with pytest.raises(ValueError, match=message):
        read_trial(wrong, FIXED, visits=VISITS, reference=REFERENCE)


def test_two_rows_of_a_visit_and_a_reference_that_is_no_arm_are_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="has two rows at V1"):
        read_trial(pl.concat([rows, rows.head(1)]), FIXED, visits=VISITS, reference=REFERENCE)
    with pytest.raises(ValueError, match="'DRUG' has no reference"):
        read_trial(rows, FIXED, visits=VISITS, reference={"PLACEBO": "PLACEBO"})


def test_a_visit_that_nobody_reached_is_refused(rows: pl.DataFrame) -> None:
    empty = rows.with_columns(value=pl.when(pl.col("visit") == "V3").then(None).otherwise(pl.col("value")))
    trial = read_trial(empty, FIXED, visits=VISITS, reference=REFERENCE)
    with pytest.raises(ValueError, match="nobody has a value at V3"):
        imputed_difference(trial, PAIR, "V3", assumption=MissingAtRandom())


def test_random_numbers_need_a_seed(trial: Trial) -> None:
    with pytest.raises(ValueError, match="give it a generator"):
        imputed_difference(trial, PAIR, "V3", assumption=MissingAtRandom(), inference=Bootstrap(10))
    with pytest.raises(ValueError, match="delta is of arm 'OTHER'"):
        imputed_difference(trial, PAIR, "V3", assumption=MissingAtRandom(), delta={"OTHER": 1.0})


def test_a_plan_names_the_assumption_and_says_what_was_imputed(
    rows: pl.DataFrame, golden: dict[str, Any]
) -> None:
    said: dict[str, Any] = {
        "visits": VISITS,
        "analyses": {
            "main": {"method": "imputed", "fixed": FIXED, "assuming": "jump_to_reference"},
            "tip": {"method": "tipping_point", "fixed": FIXED, "deltas": [0, 60]},
            "many": {
                "method": "imputed",
                "fixed": FIXED,
                "inference": "approximate_bayes",
                "samples": 20,
                "seed": 4,
                "responder": {"at_most": -10},
            },
        },
    }
    for one in said["analyses"].values():
        one["contrast"] = "DRUG - PLACEBO at V3"
    found = analyse(said, rows)
    theirs = next(one for one in golden["JR"] if one["parameter"] == "trt_V3")
    assert found["main"].result is not None, found["main"].why
    assert found["main"].result[0].estimate == pytest.approx(theirs["est"], rel=1e-5)
    assert "imputed at V3: 4 of 50 in DRUG" in str(found["main"])
    assert found["tip"].result is not None
    assert "tips at 60" in found["tip"].result.title
    assert found["many"].result is not None, found["many"].why
    assert found["many"].result[0].measure == "risk difference"
    for name, message in (("seed", "write a `seed`"), ("fixed", "imputed needs 'fixed'")):
        wrong = {"analyses": {"many": {k: v for k, v in said["analyses"]["many"].items() if k != name}}}
        with pytest.raises(PlanError, match=message):
            read_plan(wrong)
