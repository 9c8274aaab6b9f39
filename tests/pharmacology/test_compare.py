"""Regimens side by side, and how likely limits are crossed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.pharmacology import Person, Population, Regimen, simulate
from entact.pharmacology.compare import (
    LEVELS,
    SUPPLEMENT_TIMES,
    at_times,
    crossings,
    hours_beyond,
    share_crossing,
    simulate_each,
    wilson,
    with_covariate,
)
from entact.pharmacology.medicine import NotAMedicine
from entact.pharmacology.notation import Limit, read_limit, read_regimen
from entact.pharmacology.regimen import NotARegimen
from entact.pharmacology.simulation import NotASimulation
from entact.pharmacology.uncertain import Uncertain

PEOPLE = Population.healthy(160, seed=3)
FULL, HALF = read_regimen("120 mg HCl + 60 mg HCl @ 2 h"), read_regimen("60 mg HCl + 30 mg HCl @ 2 h")


def test_a_share_is_that_of_the_people_themselves() -> None:
    limit, low = read_limit("systolic=150"), read_limit("sodium<136")
    found = {(one.regimen, one.limit): one for one in crossings({"full": FULL}, PEOPLE, [limit, low])}
    run = simulate(FULL, Uncertain(PEOPLE))
    assert found["full", limit].probability == np.mean(run.values("systolic").max(axis=1) > 150)
    assert found["full", low].probability == np.mean(run.values("sodium").min(axis=1) < 136)
    assert (found["full", limit].unit, found["full", limit].n) == ("mmHg", 160)


def test_the_same_people_take_each_regimen() -> None:
    runs = simulate_each({"full": FULL, "half": HALF}, PEOPLE, limits=[read_limit("systolic=150")])
    assert np.all(runs["half"].peak("mdma").to_numpy() < runs["full"].peak("mdma").to_numpy())
    # A typical person's rest doesn't depend on what is swallowed: with other people it would differ.
    resting = [run.trough("oxytocin").to_numpy() for run in runs.values()]
    np.testing.assert_allclose(*resting, rtol=1e-9)
    assert runs["full"].times[-1] == 24.0


def test_regimens_of_different_length_end_together() -> None:
    runs = simulate_each({"one": FULL, "two": FULL.then("60 mg HCl", at="26 h")}, Person())
    assert {run.times[-1] for run in runs.values()} == {50.0}


def test_more_dose_and_a_blocked_enzyme_cross_more_often() -> None:
    found = crossings(
        {"full": FULL, "half": HALF}, PEOPLE, [read_limit("mdma=250")], by={"cyp2d6": ["poor", "ultrarapid"]}
    )
    share = {(one.regimen, one.level): one.probability for one in found}
    assert share["half", "everyone"] < share["full", "everyone"]
    assert share["full", "ultrarapid"] < share["full", "poor"]
    assert share["full", "ultrarapid"] <= share["full", "everyone"] <= share["full", "poor"]


def test_without_levels_a_covariate_takes_its_usual_ones() -> None:
    found = crossings(
        {"": HALF}, Population.healthy(16, seed=1), [read_limit("systolic=150")], by={"sex": ()}
    )
    assert [(one.covariate, one.level) for one in found] == [
        ("", "everyone"), ("sex", "female"), ("sex", "male"),
    ]  # fmt: skip


def test_a_medicine_without_human_data_says_so_where_it_is_a_level() -> None:
    found = crossings(
        {"": HALF},
        Population.healthy(16, seed=1),
        [read_limit("systolic=150")],
        by={"with": ["none", "mirtazapine"]},
    )
    said = {one.level: any("no human data" in note for note in one.notes) for one in found}
    assert said == {"everyone": False, "none": False, "mirtazapine": True}


@pytest.mark.parametrize("covariate", LEVELS)
def test_a_covariate_is_set_in_everyone_and_nothing_else_changes(covariate: str) -> None:
    level = LEVELS[covariate][0]
    before, after = PEOPLE.covariates(), with_covariate(PEOPLE, covariate, level).covariates()
    own = {"sex": "female", "cyp2d6": "activity"}.get(covariate, covariate)
    assert np.unique(after[own]).size == 1
    # A woman's weight is drawn for a woman: it follows the sex that is set.
    same = [name for name in before if name != own and not (covariate == "sex" and name == "weight")]
    for name in same:
        np.testing.assert_array_equal(before[name], after[name])


def test_medicines_of_a_level_are_on_board() -> None:
    assert list(with_covariate(PEOPLE, "with", "paroxetine + carvedilol").medicines) == [
        "paroxetine",
        "carvedilol",
    ]
    assert list(with_covariate(PEOPLE, "with", "none").medicines) == []


@pytest.mark.parametrize(
    ("by", "fault", "said"),
    [
        (
            {"height": ["1.8 m"]},
            NotASimulation,
            "'height' is not known; known: sex, cyp2d6, weight, age, with",
        ),
        ({"with": []}, NotASimulation, "name them"),
        ({"age": ["old"]}, NotASimulation, "age 'old'"),
        ({"with": ["moclobemide"]}, NotAMedicine, "refused"),
    ],
)
def test_what_is_no_covariate_is_refused(
    by: dict[str, list[str]], fault: type[ValueError], said: str
) -> None:
    with pytest.raises(fault, match=said):
        crossings({"": HALF}, Population.healthy(8, seed=1), [read_limit("systolic=150")], by=by)


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(NotARegimen, match="no regimen"):
        simulate_each({}, Person())
    with pytest.raises(NotASimulation, match="no limit"):
        crossings({"": HALF}, PEOPLE, [])


def test_the_supplement_moves_and_the_rest_stays() -> None:
    moved = at_times(FULL.then("10 mg HCl", at="6 h"))
    assert [one.times[1] for one in moved.values()] == [1.5, 1.75, 2.0, 2.25, 2.5]
    assert len(moved) == len(SUPPLEMENT_TIMES)
    assert {(one.times[0], one.times[2]) for one in moved.values()} == {(0.0, 6.0)}
    peaks = [simulate(one, Person()).peak_time("s_mdma")[0] for one in moved.values()]
    assert peaks == sorted(peaks)
    assert peaks[0] < peaks[-1]


@pytest.mark.parametrize("time", ["0 h", "7 h"])
def test_a_supplement_keeps_its_place_among_the_doses(time: str) -> None:
    with pytest.raises(NotARegimen, match="not after"):
        at_times(FULL.then("10 mg HCl", at="6 h"), [time])


def test_a_single_dose_has_no_supplement_to_move() -> None:
    with pytest.raises(NotARegimen, match="has no supplement"):
        at_times(Regimen.mdma("120 mg HCl"))


def test_hours_below_a_limit_are_those_not_above_it() -> None:
    above, below = read_limit("sodium>138"), read_limit("sodium<138")
    run = simulate_each({"": FULL}, Person(), limits=[above, below])[""]
    there, rest = float(hours_beyond(run, above)[0]), float(hours_beyond(run, below)[0])
    assert 0 < rest < 24
    assert there + rest == pytest.approx(24.0)
    series = simulate(FULL, Person(), every="1 min")
    measured = np.mean(series.values("sodium")[0] < 138) * 24
    assert rest == pytest.approx(measured, abs=0.1)
    assert share_crossing(run, Limit("sodium", 100.0, is_above=False)) == 0.0


@given(st.integers(1, 5000), st.floats(0, 1))
def test_the_interval_of_a_share_is_wilsons(n: int, part: float) -> None:
    share = round(part * n) / n
    low, high = wilson(share, n)
    assert 0 <= low <= share <= high <= 1
    # Where it is within, each end is where the score test of that share is 1.96 (Wilson's definition).
    for end in (low, high):
        if 1e-9 < end < 1 - 1e-9:
            score = abs(share - end) / math.sqrt(end * (1 - end) / n)
            assert score == pytest.approx(1.959963984540054, rel=1e-6)
