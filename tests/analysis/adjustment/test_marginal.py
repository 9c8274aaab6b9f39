"""Marginal effects against R's beeca and RobinCar2, logistic models against R's glm and the definition."""

from __future__ import annotations

import gzip
from math import exp
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from entact.analysis.adjustment import Ge, Ye, linear, logistic, standardise
from entact.analysis.adjustment.marginal import Measure

GOLDEN = Path(__file__).parents[2] / "golden" / "mmrm" / "fev_data.csv.gz"
PAIR = ("TRT", "PBO")
FORMULA = "resp ~ ARMCD + FEV1_BL + SEX"


@pytest.fixture(scope="module")
def last() -> pl.DataFrame:
    """> d <- subset(fev_data, AVISIT == "VIS4" & !is.na(FEV1)); d$resp <- as.integer(d$FEV1 > 50)"""
    with gzip.open(GOLDEN) as file:
        rows = pl.read_csv(file.read())
    rows = rows.filter(pl.col("AVISIT") == "VIS4", pl.col("FEV1").is_not_null())
    return rows.with_columns(resp=(pl.col("FEV1") > 50).cast(pl.Int64))


def test_a_logistic_model_is_that_of_r(last: pl.DataFrame) -> None:
    # copied from R output of: > coef(summary(glm(resp ~ ARMCD + FEV1_BL + SEX, binomial, d)))[, 1:2]
    found = logistic(FORMULA, last)
    by_name = dict(
        zip(found.rows.design.names, zip(found.beta, np.sqrt(np.diag(found.bread)), strict=True), strict=True)
    )
    assert by_name["Intercept"][0] + by_name["ARMCD[T.TRT]"][0] == pytest.approx(
        -2.17047957663647 + 1.14235793708721
    )
    assert by_name["ARMCD[T.TRT]"] == pytest.approx((1.14235793708721, 0.366661605234393), rel=1e-7)
    assert by_name["FEV1_BL"] == pytest.approx((0.0402752069904063, 0.0205108800241382), rel=1e-7)
    assert by_name["SEX[T.Male]"] == pytest.approx((0.0813624664772807, 0.365056968450127), rel=1e-7)


@pytest.mark.parametrize(
    ("variance", "treated", "control", "both"),
    # copied from R output of beeca 0.2.0:
    # > o <- predict_counterfactuals(fit, trt = "ARMCD") |> average_predictions()
    # > estimate_varcov(o, method = "Ge", type = "HC0")$robust_varcov, and so on
    [
        (Ge("HC0"), 0.00327485155894251, 0.00341087405263551, 4.54085317884401e-06),
        (Ge("HC3"), 0.00349234215024261, 0.00361309406213416, 4.82132525499466e-06),
        (Ge("model"), 0.00332801251332806, 0.00337184342059315, -8.6356887238325e-07),
        (Ye(), 0.00338951006548778, 0.00352538968412007, 4.92634255955997e-05),
        (Ye(("SEX",)), 0.00338359021515349, 0.00351953297840458, 4.33857374663247e-05),
    ],
)
def test_the_covariance_of_the_two_means_is_that_of_beeca(
    last: pl.DataFrame, variance: Ge | Ye, treated: float, control: float, both: float
) -> None:
    model = logistic(FORMULA, last)
    found = variance.covariance(model, "ARMCD", (1, 0), last)
    assert found[0, 0] == pytest.approx(treated, rel=1e-8)
    assert found[1, 1] == pytest.approx(control, rel=1e-8)
    assert found[0, 1] == pytest.approx(both, rel=1e-6)


@pytest.mark.parametrize(
    ("measure", "estimate", "se"),
    # > apply_contrast(estimate_varcov(o, method = "Ye"), contrast = "diff", reference = "PBO")
    # and with "logrr" and "logor"
    [
        ("difference", 0.269411440917754, 0.0825613281047286),
        ("risk_ratio", exp(0.543304894921622), 0.181911821623399),
        ("odds_ratio", exp(1.10523829414326), 0.356170626692296),
    ],
)
def test_marginal_measures_are_those_of_beeca(
    last: pl.DataFrame, measure: Measure, estimate: float, se: float
) -> None:
    found = standardise(logistic(FORMULA, last), last, PAIR, arm="ARMCD", measure=measure)
    assert (found.estimate, found.se) == (pytest.approx(estimate, rel=1e-8), pytest.approx(se, rel=1e-8))
    assert [group.name for group in found.groups] == ["TRT", "PBO"]


def test_a_linear_model_with_interactions_is_standardised_as_in_robincar2(last: pl.DataFrame) -> None:
    # copied from R output of vcovG of RobinCar2 0.2.3.9000 on lm(FEV1 ~ ARMCD * (FEV1_BL + SEX), d)
    model = linear("FEV1 ~ ARMCD * (FEV1_BL + SEX)", last)
    found = standardise(model, last, PAIR, arm="ARMCD")
    assert found.estimate == pytest.approx(4.8159298650302, rel=1e-10)
    assert found.se == pytest.approx(1.7160465514474, rel=1e-10)
    # and on lm(FEV1 ~ ARMCD + FEV1_BL, d), randomised in blocks within SEX
    model = linear("FEV1 ~ ARMCD + FEV1_BL", last)
    found = standardise(model, last, PAIR, arm="ARMCD", variance=Ye(("SEX",)))
    assert found.estimate == pytest.approx(4.8256441496533, rel=1e-10)
    assert found.se == pytest.approx(1.7159670795323, rel=1e-10)


def test_without_covariates_the_difference_is_that_of_means_with_unpooled_variance(
    last: pl.DataFrame,
) -> None:
    found = standardise(linear("FEV1 ~ ARMCD", last), last, PAIR, arm="ARMCD")
    one, two = (last.filter(pl.col("ARMCD") == arm)["FEV1"].to_numpy() for arm in PAIR)
    assert found.estimate == pytest.approx(one.mean() - two.mean(), rel=1e-12)
    assert found.se == pytest.approx(
        np.sqrt(one.var(ddof=1) / one.size + two.var(ddof=1) / two.size), rel=1e-9
    )


def test_the_robust_covariance_of_least_squares_is_that_of_sandwich(last: pl.DataFrame) -> None:
    # copied from R output of:
    # > sqrt(vcovHC(lm(FEV1 ~ ARMCD + FEV1_BL + SEX + RACE, d), type = "HC3")["ARMCDTRT", "ARMCDTRT"])
    model = linear("FEV1 ~ ARMCD + FEV1_BL + SEX + RACE", last)
    place = model.rows.design.names.index("ARMCD[T.TRT]")
    assert model.beta[place] == pytest.approx(3.89942981636115, rel=1e-10)
    for kind, se in (("HC0", 1.68892881182076), ("HC2", 1.72885209327093), ("HC3", 1.76982765531997)):
        assert np.sqrt(model.sandwich(kind)[place, place]) == pytest.approx(se, rel=1e-9)
    assert np.sqrt(model.sandwich("model")[place, place]) == pytest.approx(1.68634656796523, rel=1e-9)


def test_firths_estimate_is_where_the_penalised_likelihood_is_greatest(last: pl.DataFrame) -> None:
    # copied from R output of:
    # > pl <- function(b) { eta <- X %*% b; p <- plogis(eta)
    # +   sum(y * eta - log1p(exp(eta))) + 0.5 * determinant(t(X) %*% (X * as.vector(p * (1 - p))))$modulus }
    # > nlm(function(b) -pl(b), ...)$estimate, with X of ~ ARMCD + I(FEV1_BL - 40), y = FEV1 > 58, women
    women = last.filter(pl.col("SEX") == "Female").with_columns(
        high=pl.col("FEV1") > 58, base=pl.col("FEV1_BL") - 40
    )
    found = logistic("high ~ ARMCD + base", women, fitting="firth")
    assert found.beta == pytest.approx([-2.1546339770578, 1.2398337552634, 0.0202300970028], abs=1e-6)


SEPARATED = pl.DataFrame(
    {"arm": ["a", "b"] * 10, "score": [float(n) for n in range(20)], "free": [n >= 10 for n in range(20)]}
)


def test_where_a_covariate_tells_the_outcome_firths_penalty_is_taken_and_said() -> None:
    found = logistic("free ~ arm + score", SEPARATED)
    assert "separated: fitted by Firth's penalised likelihood" in found.notes
    assert np.isfinite(found.beta).all()
    marginal = standardise(found, SEPARATED, ("a", "b"))
    assert "separated" in str(marginal)
    with pytest.raises(ValueError, match="separate those with the event"):
        logistic("free ~ arm + score", SEPARATED, fitting="maximum_likelihood")


def test_an_arm_without_any_event_is_separated_too() -> None:
    rows = SEPARATED.with_columns(free=(pl.col("arm") == "a") & (pl.col("score") % 4 == 0))
    found = logistic("free ~ arm + score", rows)
    assert found.title == "logistic model, Firth's penalty"


def test_a_strong_effect_that_is_not_separated_is_fitted_as_it_is() -> None:
    rows = SEPARATED.with_columns(free=pl.col("free") ^ (pl.col("score") == 9.0) ^ (pl.col("score") == 11.0))
    assert logistic("free ~ arm + score", rows).title == "logistic model"


@pytest.mark.parametrize(
    ("formula", "rows", "message"),
    [
        ("score ~ arm", SEPARATED, "true and false, or 1 and 0"),
        ("free ~ arm + nothing", SEPARATED, "no column 'nothing'"),
        ("free ~ arm", SEPARATED.filter(pl.col("arm") == "a"), "only one level"),
        ("free ~ arm", SEPARATED.with_columns(free=pl.lit(None, dtype=pl.Boolean)), "no row has values"),
        ("free ~ arm + score", SEPARATED.head(2), "cannot tell 3 coefficients apart|cannot tell 2"),
    ],
)
def test_what_cannot_be_fitted_says_why(formula: str, rows: pl.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        logistic(formula, rows)


def test_all_responders_are_a_clear_error_or_a_stated_result() -> None:
    rows = SEPARATED.with_columns(free=pl.lit(True))
    found = standardise(logistic("free ~ arm", rows), rows, ("a", "b"))
    assert found.estimate == pytest.approx(0.0, abs=1e-12)
    assert "Firth" in str(found)


def test_a_cell_of_one_person_has_no_robust_spread(last: pl.DataFrame) -> None:
    """Its residual is 0, and HC3 would divide it by 0; where the difference does not hang on it it stands."""
    site = pl.Series([f"s{n % 3}" for n in range(len(last) - 2)] + ["alone"] * 2)
    rows = last.with_columns(site=site, ARMCD=pl.Series([*last["ARMCD"][:-2], *PAIR]))
    with pytest.raises(ValueError, match="one value alone determines a part of the difference"):
        standardise(linear("FEV1 ~ ARMCD * site", rows), rows, PAIR, arm="ARMCD", variance=Ge())
    some = last.with_columns(site=pl.Series([f"s{n % 3}" for n in range(len(last) - 1)] + ["alone"]))
    found, others = (
        standardise(linear("FEV1 ~ ARMCD + site", own), own, PAIR, arm="ARMCD", variance=Ge())
        for own in (some, some[:-1])
    )
    assert (found.estimate, found.se) == pytest.approx((others.estimate, others.se))
