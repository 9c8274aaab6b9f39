"""Sets of the fitted numbers: from the covariance of the fits, in bands and in the intervals of shares."""

from __future__ import annotations

import json

import numpy as np
import pytest

from entact.pharmacology import Person, Population, Regimen, simulate
from entact.pharmacology.compare import share_interval, wilson
from entact.pharmacology.notation import Limit
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.uncertain import FILE, SETS, WITH, Uncertain, effective_number, factors

SESSION = Regimen.mdma("120 mg HCl")


def test_the_covariances_are_those_of_parameters_of_the_model() -> None:
    fits = json.loads(FILE.read_text("utf-8"))["fits"]
    names = [name for fit in fits for name in fit["parameters"]]
    assert len(set(names)) == len(names) > 25
    assert set(names) | set(WITH) <= shipped_model().parameters.keys()
    for fit in fits:
        covariance = np.array(fit["covariance"])
        assert np.linalg.eigvalsh(covariance).min() > 0
        np.testing.assert_allclose(covariance, covariance.T)


def test_the_covariances_are_of_the_fit_that_gave_the_shipped_numbers() -> None:
    for fit in json.loads(FILE.read_text("utf-8"))["fits"]:
        errors = np.sqrt(np.diag(fit["covariance"]))
        for (name, value), error in zip(fit["parameters"].items(), errors, strict=True):
            off = abs(np.log(value / shipped_model()[name]))
            assert off < max(0.03, 0.1 * error), f"{name}: fitted {value}, shipped {shipped_model()[name]}"


def test_sets_have_that_covariance_and_the_first_is_the_shipped_one() -> None:
    drawn = factors(4000)
    for fit in json.loads(FILE.read_text("utf-8"))["fits"]:
        logs = np.log([drawn[name] for name in fit["parameters"]])
        assert not logs[:, 0].any()
        expected = np.sqrt(np.diag(fit["covariance"]))
        np.testing.assert_allclose(logs.std(axis=1), expected, rtol=0.1)
    assert (drawn["systolic_beta1"] == drawn["systolic_alpha1"]).all()


def test_one_person_is_as_many_as_there_are_sets() -> None:
    run = simulate(SESSION, Uncertain(Person()), outputs=["mdma", "systolic"])
    alone = simulate(SESSION, Person(), outputs=["mdma", "systolic"])
    assert run.n == SETS
    assert run.peak("mdma")[0] == pytest.approx(alone.peak("mdma")[0], rel=1e-12)
    spread = run.peak("mdma").to_numpy()
    assert 0.01 < spread.std() / spread.mean() < 0.15
    assert np.nanstd(run.half_lives[0]) > 0
    assert "not the numbers that are assumed" in run.notes[-1]


def test_person_i_is_the_same_in_a_population_of_any_size_and_on_any_threads() -> None:
    few = simulate(SESSION, Uncertain(Population.healthy(130, seed=2)), outputs=["mdma"])
    many = simulate(SESSION, Uncertain(Population.healthy(2100, seed=2)), outputs=["mdma"], threads=2)
    np.testing.assert_array_equal(few.values("mdma"), many.values("mdma")[:130])


def test_the_interval_of_a_share_is_wider_than_that_of_the_draw_alone_and_does_not_vanish() -> None:
    limit, widths = Limit("systolic", 160.0), []
    for n in (640, 6400):
        run = simulate(SESSION, Uncertain(Population.healthy(n, seed=2)), outputs=["systolic"], until="6 h")
        low, high = share_interval(run, limit)
        drawn = wilson(run.probability_above("systolic", 160.0), n)
        assert high - low >= drawn[1] - drawn[0]
        widths.append(high - low)
    assert widths[1] > 0.4 * widths[0]  # ten times as many people: by the draw alone it would be 0.32


def test_the_variance_between_sets_is_found_where_there_is_one() -> None:
    crossed = np.repeat([0.0, 1.0], 3200)[np.random.default_rng(1).permutation(6400)]
    assert 300 < effective_number(crossed, 64) <= 6400  # none: at most a standard error of 3 %
    all_by_set = np.tile(np.repeat([0.0, 1.0], 32), 100)
    assert effective_number(all_by_set, 64) < 100
    assert effective_number(np.ones(50), 64) == 50
