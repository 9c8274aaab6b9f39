"""Parameters that concentrations were simulated from are found again, and how sure one can be is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from entact.pharmacology import Person, Regimen, simulate
from entact.pharmacology.data import Data, Sample, Subject
from entact.pharmacology.fit import Fit, NotAFit, fit
from entact.pharmacology.individual import vectors
from entact.pharmacology.likelihood import changed
from entact.pharmacology.parameters import ModelError, shipped_model
from entact.pharmacology.predictive import vpc

TIMES = (1, 1.5, 2, 3, 4, 6, 8, 12, 24)
BODY = {"weight": 70.0, "female": 0.0, "age": 27.0, "activity": 2.0}
TRUTH = {"volume_r": 350.0, "absorption_rate": 1.2}


def course(values: dict[str, float]) -> np.ndarray:
    """MDMA at TIMES after 100 mg of base, by `simulate`, which the fit does not use."""
    run = simulate(
        Regimen.mdma("100 mg base"), Person(age=27), every="30 min", outputs=["mdma"], model=changed(shipped_model(), values)  # noqa: E501
    )  # fmt: skip
    return run.values("mdma")[0][[int(2 * time) for time in TIMES]]


def made(n: int, seed: int, *, differ: bool = False, error: float = 0.1) -> Data:
    rng, model = np.random.default_rng(seed), shipped_model()
    people = []
    for place in range(n):
        own = {
            name: value * np.exp(differ * model.parameters[name].sigma * rng.standard_normal())
            for name, value in TRUTH.items()
        }
        values = course(own) * (1.0 + error * rng.standard_normal(len(TIMES)))
        samples = tuple(Sample(float(t), "mdma", float(v), 0) for t, v in zip(TIMES, values, strict=True))
        people.append(Subject(f"p{place}", ((0.0, 100.0),), samples, BODY))
    return Data("made", tuple(people))


def off(found: Fit, name: str) -> float:
    """How many standard errors an estimate is from the truth."""
    return float((found[name].value - TRUTH[name]) / found[name].se)


def test_standard_errors_cover_the_truth() -> None:
    runs = [fit(made(2, seed), list(TRUTH), vary=(), additive=0.0) for seed in range(20)]
    assert all(run.converged for run in runs)
    for name in TRUTH:
        found = np.array([off(run, name) for run in runs])
        assert np.abs(found).max() < 4.5
        assert 0.65 < found.std() < 1.45
        assert np.mean(np.abs(found) < 1.96) >= 0.8


def test_a_population_is_found_again() -> None:
    found = fit(made(12, 5, differ=True), list(TRUTH), additive=0.0)
    assert found.converged
    assert max(abs(off(found, name)) for name in TRUTH) < 3.0
    assert found["proportional"].value == pytest.approx(0.1, rel=0.3)
    pooled = fit(made(12, 5, differ=True), list(TRUTH), vary=(), additive=0.0)
    assert pooled.objective > found.objective + 50.0
    residuals = found.predictions()["conditional"].to_numpy()
    assert 0.8 < residuals.std() < 1.2


def test_without_samples_a_participant_has_the_prior() -> None:
    data = made(2, 1)
    data = replace(data, subjects=(data.subjects[0], replace(data.subjects[1], samples=())))
    found = fit(data, ["volume_r"], method="map", proportional=0.1, additive=0.0)
    [own, prior] = [one for _, one in found.individuals]
    model = shipped_model()
    assert prior.value == pytest.approx(model["volume_r"])
    assert prior.se == pytest.approx(model["volume_r"] * model.parameters["volume_r"].sigma)
    assert model["volume_r"] < own.value
    assert own.se < 0.5 * prior.se


def test_bands_of_the_predictive_check_hold_data_of_the_model_and_no_other() -> None:
    found = fit(made(12, 5, differ=True), list(TRUTH), additive=0.0)
    table = vpc(found, n=100).filter(quantile=0.5)
    inside = (table["low"] <= table["observed"]) & (table["observed"] <= table["high"])
    assert inside.mean() > 0.6
    wrong = replace(found, trial=replace(found.trial, model=changed(found.model, {"volume_r": 700.0})))
    table = vpc(wrong, n=100).filter(quantile=0.5)
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).mean() < 0.5


def test_what_the_data_do_not_tell_has_no_standard_error() -> None:
    found = fit(made(1, 1), ["volume_r", "oxytocin_maximum"], additive=0.0)
    assert np.isnan(found["oxytocin_maximum"].se)
    assert not found.converged


def test_what_follows_moves_along() -> None:
    model = shipped_model()
    moved = vectors(changed(model, {"volume_r": 2 * model["volume_r"]}), {k: np.array([v]) for k, v in BODY.items()},  # noqa: E501
                    np.zeros((1, len(model.random))))  # fmt: skip
    from entact.pharmacology.variables import PER_VOLUME_S

    assert 1 / moved[0, PER_VOLUME_S] == pytest.approx(2 * model["volume_s"])


def test_what_cannot_be_fitted() -> None:
    data = made(1, 1)
    with pytest.raises(NotAFit, match="no spread between people"):
        fit(data, ["kinact"], method="map")
    with pytest.raises(ModelError, match="nearest is 'volume_r'"):
        fit(data, ["volume_rr"])
    with pytest.raises(NotAFit, match="both 0"):
        fit(data, ["volume_r"], proportional=0.0, additive=0.0)
