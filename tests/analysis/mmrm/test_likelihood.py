"""The likelihood against its definition with dense matrices, and every derivative against differences."""

from __future__ import annotations

import numpy as np
import pytest
from tests.analysis.mmrm.golden import STRUCTURES, error, fev

from entact.analysis.mmrm import Satterthwaite, mmrm
from entact.analysis.mmrm.estimates import adjust
from entact.analysis.mmrm.likelihood import evaluate, evaluate_any
from entact.analysis.mmrm.single import evaluate_single

FORMULA = "FEV1 ~ RACE + ARMCD * AVISIT"


def fitted(name: str, by: str | None = None):  # type: ignore[no-untyped-def]
    return mmrm(
        FORMULA,
        fev(),
        subject="USUBJID",
        visit="AVISIT",
        covariance=STRUCTURES[name],
        by=by,
        df=Satterthwaite(),
    )


def dense(fit, theta: np.ndarray, *, reml: bool) -> float:  # type: ignore[no-untyped-def, type-arg]
    """-2 log likelihood by one covariance matrix of all values (Laird & Ware 1982; Harville 1977)."""
    model = fit.model
    observations = model.observations
    v = model.surface.matrices(theta)
    same = observations.participant[:, None] == observations.participant[None]
    sheet = model.layout.sheet[observations.participant]
    whole = np.where(same, v[sheet[:, None], observations.visit[:, None], observations.visit[None]], 0.0)
    inverse = np.linalg.inv(whole)
    x, y = observations.x, observations.y
    information = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    value = np.linalg.slogdet(whole)[1] + residual @ inverse @ residual + y.size * np.log(2 * np.pi)
    if reml:
        value += np.linalg.slogdet(information)[1] - x.shape[1] * np.log(2 * np.pi)
    return float(value)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("reml", [True, False])
def test_the_likelihood_is_its_definition(name: str, reml: bool) -> None:
    fit = fitted(name)
    theta = fit.model.theta * np.linspace(0.93, 1.06, fit.model.theta.size)
    at = evaluate(fit.model.moments, fit.model.surface, theta, reml=reml)
    constant = (fit.model.n - (fit.model.q if reml else 0)) * np.log(2 * np.pi)
    ours = float(at.value) + constant + (fit.model.basis.logdet if reml else 0.0)
    assert error(ours, dense(fit, theta, reml=reml)) < 1e-11


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("by", [None, "ARMCD"])
def test_derivatives_are_those_of_differences(name: str, reml: bool, by: str | None) -> None:
    fit = fitted(name, by)
    surface, moments = fit.model.surface, fit.model.moments
    theta = fit.model.theta * np.linspace(0.95, 1.04, fit.model.theta.size)
    at = evaluate(moments, surface, theta, reml=reml)
    gradient, hessian = np.zeros_like(at.gradient), np.zeros_like(at.hessian)
    for k in range(theta.size):
        step = np.zeros_like(theta)
        step[k] = 1e-5 * max(abs(theta[k]), 0.1)
        up = evaluate(moments, surface, theta + step, reml=reml)
        down = evaluate(moments, surface, theta - step, reml=reml)
        gradient[k] = (up.value - down.value) / (2 * step[k])
        hessian[k] = (up.gradient - down.gradient) / (2 * step[k])
    scale = np.sqrt(np.diagonal(at.hessian).clip(min=1e-12))
    assert np.abs((gradient - at.gradient) / scale).max() < 1e-5
    assert np.abs((hessian - at.hessian) / np.outer(scale, scale)).max() < 1e-5


def test_the_short_way_is_the_long_way() -> None:
    """A free V of all participants is evaluated in fewer calls; every part of it is the same."""
    model = fitted("us").model
    theta = model.theta * np.linspace(0.93, 1.06, model.theta.size)
    short = evaluate_single(model.moments, theta)
    long = evaluate_any(model.moments, model.surface, theta, reml=True)
    assert short is not None
    assert vars(short).keys() == vars(long).keys()
    for part, value in vars(long).items():
        assert np.shape(getattr(short, part)) == np.shape(value)
        assert np.abs(getattr(short, part) - value).max() < 1e-13 * np.abs(value).max()
    outside = theta.copy()
    outside[1] = 1e4  # a covariance beyond its variances
    assert evaluate_single(model.moments, outside) is None
    assert not np.isfinite(evaluate(model.moments, model.surface, outside, reml=True).value)


def test_multiplicity_is_rs() -> None:
    # p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), method)
    p = np.array([0.01, 0.02, 0.03, 0.04, 0.05])
    assert error(adjust(p, "holm"), [0.05, 0.08, 0.09, 0.09, 0.09]) < 1e-12
    assert error(adjust(p, "hochberg"), [0.05] * 5) < 1e-12
    assert error(adjust(p, "benjamini-hochberg"), [0.05] * 5) < 1e-12
    assert error(adjust(p, "bonferroni"), [0.05, 0.10, 0.15, 0.20, 0.25]) < 1e-12
    assert error(adjust(np.array([0.01, np.nan, 0.02]), "bonferroni")[[0, 2]], [0.02, 0.04]) < 1e-12


def test_observed_weights_average_over_the_rows_as_they_are() -> None:
    fit = mmrm(
        "FEV1 ~ FEV1_BL * ARMCD + RACE * AVISIT + ARMCD:AVISIT",
        fev(),
        subject="USUBJID",
        visit="AVISIT",
    )
    mean = fit.lsmeans("ARMCD", by="AVISIT", weights="observed")
    used = fev()[fit.rows_used.tolist()]
    set_to = used.with_columns(ARMCD=used["ARMCD"].clone().replace({"PBO": "TRT"}))
    treated = fit.predict(
        set_to.with_columns(AVISIT=used["AVISIT"].replace({f"VIS{i}": "VIS4" for i in (1, 2, 3)})),
        conditional=False,
    )
    assert error(mean.estimate[-1], treated["estimate"].mean()) < 1e-12
