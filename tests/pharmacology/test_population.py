"""People: who they are follows from the seed and their place alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.pharmacology import Person, Population
from entact.pharmacology.draws import normals, uniforms
from entact.pharmacology.person import NotAPerson
from entact.pharmacology.population import OCCASION, distributions
from entact.pharmacology.quantity import NotAQuantity

seeds = st.integers(0, 2**63 - 1)


@settings(deadline=None)
@given(seeds, st.integers(1, 90), st.integers(0, 60), st.integers(0, 60), st.integers(1, 21))
def test_a_person_is_the_same_in_any_cut(seed: int, n: int, start: int, length: int, count: int) -> None:
    stop = start + length
    whole = Population.healthy(max(n, stop), seed=seed)
    part = whole.covariates(start, stop)
    for name, values in whole.covariates().items():
        np.testing.assert_array_equal(part[name], values[start:stop])
    np.testing.assert_array_equal(whole.etas(start, stop, count), whole.etas(0, stop, count)[start:])


def test_seeds_persons_and_streams_differ() -> None:
    one, other = normals(1, 2, 0, 1000, 6), normals(2, 2, 0, 1000, 6)
    assert not np.any(one == other)
    assert not np.any(one == normals(1, 1, 0, 1000, 6))
    assert len(np.unique(one)) == one.size
    assert abs(np.corrcoef(one[:-1, 0], one[1:, 0])[0, 1]) < 0.1


def test_draws_are_uniform_and_normal() -> None:
    u = uniforms(7, 1, 0, 50_000, 3)
    assert 0.0 < u.min() < u.max() < 1.0
    np.testing.assert_allclose(u.mean(0), 0.5, atol=0.006)
    z = normals(7, 1, 0, 50_000, 3)
    np.testing.assert_allclose(z.mean(0), 0.0, atol=0.02)
    np.testing.assert_allclose(z.std(0), 1.0, atol=0.02)
    np.testing.assert_allclose(np.corrcoef(z.T), np.eye(3), atol=0.02)


def test_covariates_follow_the_file() -> None:
    people = Population.healthy(50_000, seed=11).covariates()
    spread = distributions()
    assert people["female"].mean() == pytest.approx(spread["female"].value, abs=0.01)
    for sex, name in ((0.0, "weight_male"), (1.0, "weight_female")):
        weight = people["weight"][people["female"] == sex]
        assert weight.mean() == pytest.approx(spread[name].value, abs=0.3)
        assert weight.std() == pytest.approx(spread[name].sd, abs=0.3)
        assert spread[name].least <= weight.min() < weight.max() <= spread[name].most
    assert np.mean(people["activity"] == 0.0) == pytest.approx(spread["poor"].value, abs=0.005)
    assert np.mean(people["activity"] == 3.0) == pytest.approx(spread["ultrarapid"].value, abs=0.005)
    assert people["age"].min() >= 18.0


def test_every_distribution_says_where_it_is_from() -> None:
    assert all(spread.source and spread.unit for spread in distributions().values())


def test_what_is_fixed_is_so_for_everyone_and_leaves_the_rest() -> None:
    free, fixed = (
        Population.healthy(50, seed=3),
        Population.healthy(50, seed=3, weight="80 kg", cyp2d6="poor"),
    )
    assert set(fixed.covariates()["weight"]) == {80.0}
    assert set(fixed.covariates()["activity"]) == {0.0}
    np.testing.assert_array_equal(fixed.covariates()["age"], free.covariates()["age"])
    women = Population.healthy(50, seed=3, sex="female").covariates()
    assert set(women["female"]) == {1.0}


def test_a_person_is_typical() -> None:
    person = Person(weight="154 lb", sex="female", age=40, cyp2d6=1.5, medicines=["paroxetine"])
    found = {name: float(values[0]) for name, values in person.covariates().items()}
    assert found == {"weight": pytest.approx(69.85, abs=0.01), "female": 1.0, "age": 40.0, "activity": 1.5}
    assert not person.etas(0, 1, 9).any()
    assert person.medicines == ("paroxetine",)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"sex": "other"}, "known: female, male"),
        ({"age": 12}, "18 to 100"),
        ({"age": float("nan")}, "18 to 100"),
        ({"age": "30"}, "18 to 100"),
        ({"cyp2d6": "slow"}, "known: poor, intermediate, extensive, ultrarapid"),
        ({"cyp2d6": -1.0}, "0 \\(poor\\) to 6"),
        ({"cyp2d6": float("nan")}, "0 \\(poor\\) to 6"),
        ({"medicines": "paroxetine"}, "give a list"),
        ({"medicines": ["paroxetine", "paroxetine"]}, "paroxetine twice"),
    ],
)
def test_nobody_is_like_that(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(NotAPerson, match=said):
        Person(**arguments)
    with pytest.raises(NotAPerson, match=said):
        Population.healthy(3, seed=1, **arguments)


@pytest.mark.parametrize("weight", ["0 kg", "-3 kg", "70"])
def test_no_weight_is_like_that(weight: str) -> None:
    with pytest.raises(NotAQuantity):
        Person(weight=weight)
    with pytest.raises(NotAQuantity):
        Population.healthy(2, seed=1, weight=weight)


@pytest.mark.parametrize(("n", "seed"), [(0, 1), (-1, 1), (2.5, 1), (True, 1), (3, -1), (3, 2**63), (3, 1.5)])
def test_a_population_has_people_and_a_seed(n: Any, seed: Any) -> None:
    with pytest.raises(NotAPerson):
        Population.healthy(n, seed=seed)


def test_patients_are_older_heavier_and_start_within_what_trials_let_in() -> None:
    people = Population.patients(4000, seed=5).covariates()
    healthy = Population.healthy(4000, seed=5).covariates()
    assert people["age"].mean() == pytest.approx(40, abs=1)
    assert people["female"].mean() == pytest.approx(0.68, abs=0.03)
    assert people["weight"].mean() > healthy["weight"].mean() + 5
    assert people["weight"].min() >= 48
    assert people["systolic_baseline"].max() <= 140
    assert (people["systolic_baseline"] > people["diastolic_baseline"]).all()
    assert 0.4 < np.corrcoef(people["systolic_baseline"], people["diastolic_baseline"])[0, 1] < 0.9


def test_patients_too_are_the_same_in_a_population_of_any_size() -> None:
    few, many = Population.patients(7, seed=5), Population.patients(900, seed=5)
    for name, values in few.covariates().items():
        np.testing.assert_array_equal(values, many.covariates(0, 7)[name])


def test_on_an_occasion_people_differ_as_much_as_ever_and_a_person_is_alike_but_not_the_same() -> None:
    people = Population.patients(4000, seed=6)
    first, second = (people.at_occasion(number) for number in (1, 2))
    one, other = first.etas(0, 4000, 6), second.etas(0, 4000, 6)
    assert one.std(axis=0) == pytest.approx(np.ones(6), abs=0.05)
    alike = [np.corrcoef(one[:, j], other[:, j])[0, 1] for j in range(6)]
    assert alike == pytest.approx([1 - OCCASION] * 6, abs=0.05)
    np.testing.assert_array_equal(one, people.at_occasion(1).etas(0, 4000, 6))
    pressures = [who.covariates()["systolic_baseline"] for who in (first, second)]
    assert 0.5 < np.corrcoef(*pressures)[0, 1] < 0.9
    np.testing.assert_array_equal(first.covariates()["weight"], second.covariates()["weight"])


def test_a_baseline_that_is_said_is_that_of_everyone() -> None:
    people = Population.patients(5, seed=1, pressure="128/82 mmHg", heart_rate=70).covariates()
    assert set(people["systolic_baseline"]) == {128.0}
    assert set(people["heart_rate_baseline"]) == {70.0}
    for wrong in ({"pressure": "high"}, {"pressure": "80/120"}, {"heart_rate": 5}):
        with pytest.raises(NotAPerson):
            Population.healthy(5, seed=1, **wrong)
        with pytest.raises(NotAPerson):
            Person(**wrong)
    with pytest.raises(NotAPerson, match="known: healthy, patients"):
        Population(5, 1, "giants")
