"""Agreement with R 4.2.2, mmrm 0.3.18, emmeans 1.8.4-1 at the optimum (`polished`): 1e-8, p 1e-6.

Each fit is, in R: mmrm(<formula>, data = fev_data, <args>), formula and args as in the golden file; then
summary(fit), emmeans(fit, ~ ARMCD | AVISIT), pairs(..., reverse = TRUE), df_md(fit, L).
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.analysis.mmrm.golden import error, fev, fit_as, frame, load, r_name

from entact.analysis.mmrm import KenwardRoger, Satterthwaite, mmrm

FITS = load("fev_results")


@pytest.mark.parametrize("name", FITS)
def test_a_fit_agrees_with_r(name: str) -> None:
    golden = FITS[name]
    theirs = golden["polished"]
    fit = fit_as(golden)
    assert fit.decrement <= 1e-16
    ours = fit.coefficients
    names = [r_name(term) for term in ours.labels["term"]]
    at = [names.index(r_name(row["term"])) for row in theirs["coefficients"]]

    def column(rows: list[dict[str, float]], key: str) -> list[float]:
        return [row[key] for row in rows]

    rows = theirs["coefficients"]
    assert error(ours.estimate[at], column(rows, "est")) < 1e-8
    assert error(ours.se[at], column(rows, "se")) < 1e-8
    assert error(ours.df[at], column(rows, "df")) < 1e-8
    assert error(ours.p[at], column(rows, "p")) < 1e-6
    assert error(ours.low[at], column(theirs["conf_int_95"], "lower")) < 1e-7
    assert error(fit.coefficient_covariance[np.ix_(at, at)], theirs["beta_vcov"]) < 1e-6
    assert np.abs(fit.coefficient_covariance[np.ix_(at, at)] - theirs["beta_vcov"]).max() < 1e-9
    assert error(fit.deviance, theirs["m2_log_lik"]) < 1e-12
    assert error([fit.aic, fit.aicc, fit.bic], [theirs["AIC"], theirs["AICc"], theirs["BIC"]]) < 1e-12
    if not name.startswith("sp"):
        varcor = theirs["varcor"] if isinstance(theirs["varcor"], dict) else {"": theirs["varcor"]}
        assert list(varcor) == list(fit.covariance)
        for group, v in varcor.items():
            assert error(fit.covariance[group], v) < 1e-8
    for weights, suffix in (("equal", ""), ("proportional", "_proportional")):
        means = fit.lsmeans("ARMCD", by="AVISIT", weights=weights)  # type: ignore[arg-type]
        golden_means = theirs["lsmeans" + suffix]
        assert means.labels["ARMCD"] == column(golden_means, "ARMCD")
        assert means.labels["AVISIT"] == column(golden_means, "AVISIT")
        mine = {"emmean": means.estimate, "SE": means.se, "df": means.df, "upper.CL": means.high}
        for key, values in mine.items():
            assert error(values, column(golden_means, key)) < 1e-8
        contrasts = means.contrast("TRT - PBO")
        golden_contrasts = theirs["contrasts" + suffix]
        mine = {"estimate": contrasts.estimate, "SE": contrasts.se, "df": contrasts.df}
        for key, values in mine.items():
            assert error(values, column(golden_contrasts, key)) < 1e-8
    for test in ("F_interaction", "F_race"):
        if test in theirs:
            wanted = [r_name(term) for term in theirs[test]["terms"]]
            joint = fit.joint_test([ours.labels["term"][names.index(term)] for term in wanted])
            assert joint.numerator_df == theirs[test]["num_df"]
            assert error([joint.f, joint.df], [theirs[test]["f_stat"], theirs[test]["denom_df"]]) < 1e-8
            assert error(joint.p, theirs[test]["p_val"]) < 1e-6


@pytest.mark.parametrize("name", [name for name in FITS if name.endswith("_reml_satterthwaite")])
def test_what_r_returns_by_default_is_near(name: str) -> None:
    # R mmrm's own optimiser stops at a gradient of 1e-2
    rows = FITS[name]["default"]["coefficients"]
    ours = fit_as(FITS[name]).coefficients
    names = [r_name(term) for term in ours.labels["term"]]
    at = [names.index(r_name(row["term"])) for row in rows]
    assert error(ours.se[at], [row["se"] for row in rows]) < 1e-3
    assert error(ours.df[at], [row["df"] for row in rows]) < 1e-3


def test_trials_of_ninety_agree_with_r() -> None:
    # mmrm(CHG ~ BASE + ARM * AVISIT + us(AVISIT | USUBJID)), contrast MDMA - PBO at the last visit
    trials = frame("trials_200").with_columns(pl.col("ARM").cast(pl.Enum(["PBO", "MDMA"])))
    for golden in load("trials_200_results"):
        data = trials.filter(pl.col("TRIAL") == golden["trial"])
        for key, freedom in (
            ("satterthwaite", Satterthwaite()),
            ("kr", KenwardRoger(convention="mmrm")),
            ("krl", KenwardRoger()),
        ):
            fit = mmrm("CHG ~ BASE + ARM * AVISIT", data, subject="USUBJID", visit="AVISIT", df=freedom)
            last = fit.lsmeans("ARM", by="AVISIT").at(AVISIT="V03").contrast("MDMA - PBO")
            theirs = golden[key]
            assert error(last.estimate[0], theirs["est"]) < 1e-8
            assert error(last.se[0], theirs["se"]) < 1e-8
            assert error(last.df[0], theirs["df"]) < 1e-8
            assert error(last.p[0], theirs["p"]) < 1e-6
            assert error(fit.deviance, golden["m2_log_lik"]) < 1e-11


def test_an_unstructured_covariance_makes_kenward_roger_linear() -> None:
    data = frame("trials_200").filter(pl.col("TRIAL") == 1)
    both = [
        mmrm("CHG ~ BASE + ARM * AVISIT", data, subject="USUBJID", visit="AVISIT", df=freedom).coefficients.se
        for freedom in (KenwardRoger(), KenwardRoger(linear=True))
    ]
    assert error(*both) < 1e-14


def test_residuals_and_fitted_agree_with_r() -> None:
    # residuals(fit, type = ...), fitted(fit) of the default fit, which stops short of the optimum
    golden = load("fev_residuals")
    fit = mmrm("FEV1 ~ RACE + SEX + ARMCD * AVISIT", fev(), subject="USUBJID", visit="AVISIT")
    assert [row + 1 for row in fit.rows_used] == golden["rows_used"]
    assert error(fit.fitted, golden["fitted"]) < 2e-5
    for ours, theirs in (("response", "response"), ("pearson", "pearson"), ("normalised", "normalized")):
        assert np.abs(fit.residuals(ours) - golden[theirs]).max() < 2e-3  # type: ignore[arg-type]


def test_predictions_agree_with_r() -> None:
    # predict(fit, newdata = fev_data) of the default fit: X beta for every row
    golden = load("fev_residuals")
    fit = mmrm("FEV1 ~ RACE + SEX + ARMCD * AVISIT", fev(), subject="USUBJID", visit="AVISIT")
    assert error(fit.predict(fev())["estimate"], golden["predict_conditional_all_rows"]) < 2e-5
