"""Marginal models and counts against R, and what cannot be said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from entact.analysis.analyse import analyse
from entact.analysis.repeated import gee, negative_binomial, ordinal_gee
from entact.analysis.vocabulary import read_plan

GOLDEN = Path(__file__).parents[2] / "golden" / "repeated" / "repeated.json"  # made by repeated.R beside it


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return dict(json.loads(GOLDEN.read_text()))


@pytest.fixture(scope="module")
def frame(golden: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(golden["frame"]).with_columns(pl.col("visit").cast(pl.String))


@pytest.fixture(scope="module")
def counts(golden: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame({name: golden["counts"][name] for name in ("events", "time", "trt", "x")})


@pytest.mark.parametrize("correlation", ["independence", "exchangeable"])
@pytest.mark.parametrize("correction", ["none", "kauermann_carroll", "mancl_derouen"])
def test_estimating_equations_are_those_of_r(
    frame: pl.DataFrame, golden: dict[str, Any], correlation: Any, correction: Any
) -> None:
    found = gee(
        "y ~ arm * visit + base",
        frame,
        subject="id",
        visit="visit",
        correlation=correlation,
        correction=correction,
    )
    own = golden[correlation]
    order = [0, 1, 2, 3, 4, 5, 6]  # intercept, arm, visits, base, interactions: as model.matrix has them
    assert found.beta == pytest.approx(np.array(own["beta"])[order], abs=1e-9)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(np.array(own[correction])[order], abs=1e-9)
    if correlation == "exchangeable":
        assert found.alpha[0, 1] == pytest.approx(own["alpha"][0], abs=1e-9)


def test_whom_the_rows_belong_to_counts_and_not_their_order(frame: pl.DataFrame) -> None:
    one = gee("y ~ arm * visit + base", frame, subject="id", visit="visit")
    other = gee(
        "y ~ arm * visit + base",
        frame.sample(fraction=1.0, shuffle=True, seed=4),
        subject="id",
        visit="visit",
    )
    assert one.beta == pytest.approx(other.beta, abs=1e-9)
    assert one.covariance == pytest.approx(other.covariance, abs=1e-9)


def test_counts_are_those_of_r(counts: pl.DataFrame, golden: dict[str, Any]) -> None:
    own = golden["counts"]
    found = negative_binomial("events ~ trt + x", counts, exposure="time")
    assert found.beta == pytest.approx(own["beta"], abs=1e-7)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(own["se"], abs=1e-7)
    assert found.theta == pytest.approx(own["theta"][0], rel=1e-6)
    assert found.log_likelihood == pytest.approx(own["loglik"][0], rel=1e-9)


def test_counts_without_overdispersion_are_poissons() -> None:
    rows = pl.DataFrame({"events": [1, 2, 1, 2, 3, 2, 3, 2], "arm": ["a"] * 4 + ["b"] * 4})
    found = negative_binomial("events ~ arm", rows)
    assert np.isinf(found.theta)
    assert found.beta == pytest.approx([np.log(1.5), np.log(2.5 / 1.5)])
    assert found.covariance[1, 1] == pytest.approx(1 / 6 + 1 / 10)  # of two Poisson sums
    assert "no overdispersion: the counts are Poisson's" in found.notes


def test_words_for_repeated_and_counted_reach_their_methods(
    frame: pl.DataFrame, counts: pl.DataFrame
) -> None:
    rows = frame.rename({"id": "participant", "y": "value", "base": "baseline"}).with_columns(
        arm=pl.when(pl.col("arm") == 1).then(pl.lit("mdma")).otherwise(pl.lit("placebo"))
    )
    plan = {
        "visits": ["1", "2", "3"],
        "analyses": {
            "one": {"method": "gee", "fixed": "arm * visit + baseline", "contrast": "mdma - placebo at 3"},
            "two": {
                "method": "gee",
                "fixed": "arm * visit + baseline",
                "contrast": "placebo - mdma at 3",
                "correlation": "auto_regressive",
                "correction": "kauermann_carroll",
            },
        },
    }
    found = analyse(plan, rows)
    one = found["one"].result
    assert one is not None, found["one"].why
    fit = gee("value ~ arm * visit + baseline", rows, subject="participant", visit="visit")
    assert one[0].df == fit.clusters - 7
    assert one[0].measure == "odds ratio"
    assert found["two"].result is not None, found["two"].why
    people = counts.with_columns(
        participant=pl.int_range(pl.len()),
        arm=pl.when(pl.col("trt") == 1).then(pl.lit("mdma")).otherwise(pl.lit("placebo")),
        value=pl.col("events"),
    )
    said = {
        "method": "negative_binomial",
        "fixed": "arm + x",
        "exposure": "time",
        "contrast": "mdma - placebo",
    }
    rate = analyse({"analyses": {"one": said}}, people)["one"]
    assert rate.result is not None, rate.why
    assert rate.result[0].estimate == pytest.approx(np.exp(0.589225067467), rel=1e-6)
    assert rate.result[0].se == pytest.approx(0.571001515943, rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"events": [0, 0, 1, 2], "arm": ["a", "a", "b", "b"]}, "nobody in one group had an event"),
        ({"events": [0, 0, 0, 0], "arm": ["a", "a", "b", "b"]}, "nobody had an event"),
        ({"events": [0.5, 0, 1, 2], "arm": ["a", "a", "b", "b"]}, "whole numbers"),
    ],
)
def test_counts_that_say_nothing_say_why(rows: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        negative_binomial("events ~ arm", pl.DataFrame(rows))


def test_separated_values_have_no_odds_ratio(frame: pl.DataFrame) -> None:
    rows = frame.with_columns(y=pl.col("arm"))
    with pytest.raises(ValueError, match="separate"):
        gee("y ~ arm", rows, subject="id", visit="visit")


ORDINAL = GOLDEN.with_name("ordinal.json")  # made by ordinal.R beside it
ORDERED: dict[str, Any] = {"method": "gee", "family": "ordinal", "fixed": "arm * visit + baseline"}


@pytest.fixture(scope="module")
def ordered() -> dict[str, Any]:
    return dict(json.loads(ORDINAL.read_text()))


@pytest.fixture(scope="module")
def grades(ordered: dict[str, Any]) -> pl.DataFrame:
    """The same people with their arms by name and their categories as grades."""
    return pl.DataFrame(ordered["frame"]).select(
        participant="id",
        visit=pl.col("visit").cast(pl.String),
        arm=pl.col("arm").replace_strict({0: "placebo", 1: "mdma"}, return_dtype=pl.String),
        baseline="base",
        value="y",
    )


@pytest.mark.parametrize("correction", ["none", "kauermann_carroll", "mancl_derouen"])
def test_ordered_categories_are_those_of_r(ordered: dict[str, Any], correction: Any) -> None:
    rows = pl.DataFrame(ordered["frame"]).with_columns(pl.col("visit").cast(pl.String))
    found = ordinal_gee("y ~ arm * visit + base", rows, subject="id", visit="visit", correction=correction)
    assert found.beta == pytest.approx(ordered["beta"], abs=1e-8)
    assert found.beta[3:] == pytest.approx(ordered["polr"], abs=1e-7)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(ordered[correction], abs=1e-8)


@pytest.mark.parametrize("correction", ["none", "mancl_derouen"])
def test_one_odds_ratio_for_every_two_visits_is_as_worked_out_in_r(
    ordered: dict[str, Any], correction: Any
) -> None:
    told = json.loads(GOLDEN.with_name("ordinal_exchangeable.json").read_text())
    rows = pl.DataFrame(ordered["frame"]).with_columns(pl.col("visit").cast(pl.String))
    said: dict[str, Any] = {"subject": "id", "visit": "visit", "correction": correction}
    found = ordinal_gee("y ~ arm * visit + base", rows, correlation="exchangeable", **said)
    assert found.beta == pytest.approx(told["beta"], abs=1e-6)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(told[correction], abs=1e-6)
    assert f"working odds ratio of two visits, for every two cuts: {told['odds_ratio']:.4g}" in found.notes


def test_of_one_visit_each_there_is_nothing_to_correlate(grades: pl.DataFrame) -> None:
    said = {**ORDERED, "fixed": "arm + baseline", "contrast": "mdma - placebo"}
    once = grades.filter(visit="3").drop("visit")
    one, other = (
        analyse({"analyses": {"one": {**said, "correlation": word}}}, once)["one"].result
        for word in ("exchangeable", "independence")
    )
    assert one is not None
    assert other is not None
    assert (one[0].estimate, one[0].se) == (other[0].estimate, other[0].se)


@pytest.mark.parametrize("correction", ["none", "kauermann_carroll", "mancl_derouen"])
def test_two_categories_are_a_yes_or_no(frame: pl.DataFrame, correction: Any) -> None:
    said: dict[str, Any] = {"subject": "id", "visit": "visit", "correction": correction}
    two = ordinal_gee("y ~ arm * visit + base", frame, **said)
    one = gee("y ~ arm * visit + base", frame, correlation="independence", **said)
    assert two.beta == pytest.approx(one.beta, abs=1e-8)
    assert two.covariance == pytest.approx(one.covariance, abs=1e-8)


def test_ordered_categories_by_a_plan(ordered: dict[str, Any], grades: pl.DataFrame) -> None:
    """At visit 3 the logarithm is that of the arm and of its interaction with the visit."""
    said = {**ORDERED, "contrast": "mdma - placebo at 3"}
    names = ["none", "mild", "moderate", "severe"]
    text = grades.with_columns(pl.col("value").replace_strict(dict(enumerate(names)), return_dtype=pl.String))
    plan = {"visits": ["1", "2", "3"], "analyses": {"one": said}}
    one = analyse(plan, grades)["one"].result
    assert one is not None
    assert np.log(one[0].estimate or 0) == pytest.approx(ordered["polr"][0] + ordered["polr"][5], abs=1e-6)
    assert (one[0].df, one[0].groups[0].n) == (36 - 9, 15)
    back = analyse({**plan, "analyses": {"one": {**said, "contrast": "placebo - mdma at 3"}}}, grades)["one"]
    assert back.result is not None
    assert 1 / (back.result[0].estimate or 1) == pytest.approx(one[0].estimate)
    worded = analyse({**plan, "analyses": {"one": {**said, "categories": names}}}, text)["one"].result
    assert worded is not None
    assert (worded[0].estimate, worded[0].se, worded[0].p) == (one[0].estimate, one[0].se, one[0].p)
    assert "mdma: 0 none, 3 mild, 3 moderate, 9 severe" in worded[0].notes


@pytest.mark.parametrize(
    ("change", "said", "message"),
    [
        (pl.lit("mild"), {}, "write `categories`, the lowest first"),
        (pl.lit("mild"), {"categories": ["none", "severe"]}, "'mild' is none of the categories: none, sev"),
        (pl.lit(2), {}, "every value is of one category"),
        (pl.when(arm="mdma").then(3).otherwise(pl.col("value") % 2), {}, "separate"),
        (pl.col("value"), {"fixed": "0 + arm"}, "in the place of the intercept"),
        (pl.int_range(pl.len()), {}, "cannot tell"),
    ],
)
def test_categories_that_say_nothing_say_why(
    grades: pl.DataFrame, change: pl.Expr, said: dict[str, Any], message: str
) -> None:
    own = {**ORDERED, "contrast": "mdma - placebo at 3", **said}
    found = analyse({"analyses": {"one": own}}, grades.with_columns(value=change))["one"]
    assert found.result is None
    assert message in (found.why or "")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"family": "ordinal", "correlation": "unstructured"},
            "is independence or exchangeable, not unstruc",
        ),
        ({"family": "poisson", "categories": ["a", "b"]}, "are those of `family: ordinal`"),
    ],
)
def test_what_does_not_go_with_categories_is_refused_on_load(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_plan({"analyses": {"one": {**ORDERED, "contrast": "a - b at 1", **said}}})
