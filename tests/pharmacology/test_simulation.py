"""Laws of any simulation: cuts don't matter, nothing is negative or missing, nonsense is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.pharmacology import Person, Population, Regimen, simulate
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.quantity import NotAQuantity
from entact.pharmacology.result import NotConverged
from entact.pharmacology.simulation import CHUNK, NotASimulation, output_times
from entact.pharmacology.variables import OUTPUTS

SPLIT = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")

doses = st.integers(0, 38)  # of S-MDMA alone more than 125 mg of hydrochloride has no answer
regimens = st.builds(
    lambda first, second, after, third, kind, food, water: Regimen.mdma(
        f"{first} mg HCl", supplement=f"{second} mg HCl", after=f"{after} min", enantiomer=kind,
        food=food, water=water,
    ).then(f"{third} mg base", at="20 h"),
    doses, doses, st.integers(1, 600), doses, st.sampled_from(["racemic", "R", "S"]),
    st.sampled_from(["fasted", "fed"]), st.sampled_from(["free", "restricted"]),
)  # fmt: skip
medicines = st.lists(
    st.sampled_from(["paroxetine", "citalopram", "bupropion", "carvedilol", "clonidine", "ketanserin"]),
    unique=True,
)
people = st.builds(
    lambda seed, gene, others: Population.healthy(5, seed=seed, cyp2d6=gene, medicines=others),
    st.integers(0, 2**63 - 1), st.sampled_from([None, "poor", "intermediate", 1.3, "ultrarapid"]), medicines,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(regimens, people)
def test_nothing_is_negative_missing_or_absurd(regimen: Regimen, who: Population) -> None:
    found = simulate(regimen, who, until="48 h", every="10 min")
    for variable in OUTPUTS:
        values = found.values(variable.name)
        assert np.isfinite(values).all(), variable.name
        assert values.min() >= 0.0, variable.name
        if variable.unit == "%" or variable.name == "cyp2d6":
            assert values.max() <= (1.0 if variable.name == "cyp2d6" else 100.0) * (1 + 1e-6), variable.name
    np.testing.assert_allclose(
        found.values("mdma"), found.values("r_mdma") + found.values("s_mdma"), rtol=1e-12
    )


def test_without_a_dose_nothing_happens() -> None:
    found = simulate(Regimen.placebo(), Population.healthy(9, seed=1))
    assert not found.values("mdma").any()
    for name in ("systolic", "heart_rate", "temperature", "oxytocin", "subjective"):
        np.testing.assert_allclose(np.ptp(found.values(name), axis=1), 0.0, atol=1e-9)


def test_threads_and_chunks_change_no_bit() -> None:
    n = 2 * CHUNK + 13
    one = simulate(SPLIT, Population.healthy(n, seed=9), every="30 min")
    two = simulate(SPLIT, Population.healthy(n, seed=9), every="30 min", threads=3)
    few = simulate(SPLIT, Population.healthy(21, seed=9), every="30 min", threads=2)
    for name in ("mdma", "systolic", "sodium"):
        np.testing.assert_array_equal(one.values(name), two.values(name))
        np.testing.assert_array_equal(one.values(name)[:21], few.values(name))
    np.testing.assert_array_equal(one.statistics, two.statistics)
    np.testing.assert_array_equal(one.statistics[:, :, :21], few.statistics)
    assert len(np.unique(one.values("systolic")[:, 5])) == n


def test_the_summary_alone_is_the_summary_and_some_outputs_are_those_of_all() -> None:
    who, limits = Population.healthy(30, seed=2), {"systolic": [140.0, 160.0], "mdma": 200.0}
    whole = simulate(SPLIT, who, limits=limits)
    short = simulate(SPLIT, who, limits=limits, summary_only=True)
    assert short.raw.size == 0
    assert short.summary().equals(whole.summary())
    assert short.time_above().equals(whole.time_above())
    some = simulate(SPLIT, who, outputs=["systolic", "mdma"])
    np.testing.assert_array_equal(some.values("mdma"), whole.values("mdma"))
    np.testing.assert_array_equal(some.half_life("mdma"), whole.half_life("mdma"))


@pytest.mark.parametrize(
    ("until", "every", "expected"),
    [
        ("1 h", "15 min", [0, 0.25, 0.5, 0.75, 1.0]),
        ("1 h", "25 min", [0, 25 / 60, 50 / 60, 1.0]),
        ("10 min", "1 h", [0, 1 / 6]),
    ],
)
def test_output_times_begin_at_the_dose_and_end_at_the_end(
    until: str, every: str, expected: list[float]
) -> None:
    times = output_times(until, every)
    np.testing.assert_allclose(times, expected)
    assert times[-1] == expected[-1]
    assert output_times("24 h", "5 min").size == 289


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ({"until": "0 h"}, NotASimulation, "longer than nothing"),
        ({"every": "0 min"}, NotASimulation, "longer than nothing"),
        ({"until": "24"}, NotAQuantity, "like '2 h'"),
        ({"until": "300 d", "every": "1 min"}, NotASimulation, "take fewer"),
        ({"rtol": 0.1}, NotASimulation, "between 1e-12 and 1e-3"),
        ({"rtol": float("nan")}, NotASimulation, "between 1e-12 and 1e-3"),
        ({"threads": 0}, NotASimulation, "threads is 1 or more"),
        ({"on_failure": "hide"}, NotASimulation, "'raise' or 'flag'"),
        ({"outputs": ["sistolic"]}, NotASimulation, "'sistolic' is not known; known: r_mdma"),
        ({"outputs": []}, NotASimulation, "one or more"),
        ({"outputs": ["mdma", "mdma"]}, NotASimulation, "each once"),
        ({"limits": {"pressure": 1.0}}, NotASimulation, "'pressure'"),
        ({"limits": {"systolic": float("nan")}}, NotASimulation, "no number"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(arguments: dict[str, Any], kind: type, said: str) -> None:
    with pytest.raises(kind, match=said):
        simulate(SPLIT, Person(), **arguments)


def test_a_dose_in_place_of_a_regimen_is_refused() -> None:
    with pytest.raises(NotASimulation, match=r"Regimen\.mdma"):
        simulate("120 mg HCl", Person())  # type: ignore[arg-type]


def test_a_medicine_that_is_not_known_or_refused_is_never_taken_as_harmless() -> None:
    for name in ("moclobemide", "sugar"):
        with pytest.raises(ValueError, match=name):
            simulate(SPLIT, Person(medicines=[name]))


class Measured:
    """People of whom weight and pressure were measured: anyone with these four can be simulated."""

    n, medicines = 10, ()

    def __init__(self, weights: list[float]) -> None:
        self.weights = np.array(weights)

    def covariates(self, start: int, stop: int) -> dict[str, np.ndarray]:
        others = {"female": 1.0, "age": 30.0, "activity": 2.0, "systolic_baseline": 117.0}
        fixed = {name: np.full(stop - start, value) for name, value in others.items()}
        return {"weight": self.weights[start:stop], **fixed}

    def etas(self, start: int, stop: int, count: int) -> np.ndarray:
        return np.zeros((stop - start, count))


def test_people_may_be_brought_along_but_not_without_their_numbers() -> None:
    weights = [60.0] * 9 + [90.0]
    found = simulate(SPLIT, Measured(weights))
    np.testing.assert_allclose(found.values("systolic")[:, 0], 117.0)
    assert found.peak("mdma")[9] < found.peak("mdma")[0]
    for wrong in (float("nan"), 0.0):
        with (
            pytest.raises(NotASimulation, match="person 3: "),
            np.errstate(divide="ignore", invalid="ignore"),
        ):
            simulate(SPLIT, Measured([70.0] * 3 + [wrong] + [70.0] * 6))


def test_every_result_says_that_it_is_simulated_and_what_nobody_has_tried() -> None:
    assert "Simulated" in simulate(SPLIT, Person()).notes[0]
    assert not any("More within 24 h" in note for note in simulate(SPLIT, Person()).notes)
    more = simulate(SPLIT.then("60 mg HCl", at="4 h"), Person())
    assert any("More within 24 h" in note for note in more.notes)
    both = simulate(SPLIT, Person(medicines=["paroxetine", "carvedilol"]))
    assert any("no human data" in note for note in both.notes)
    assert "SIMULATED" in str(both)


def test_a_stiff_model_is_an_error_or_flagged() -> None:
    stiff = shipped_model().with_values({"absorption_rate": 1e8})
    with pytest.raises(NotConverged, match="2 of 2 integrations failed: 2 by too many steps"):
        simulate(SPLIT, Population.healthy(2, seed=1), model=stiff)
    found = simulate(SPLIT, Population.healthy(2, seed=1), model=stiff, on_failure="flag")
    assert list(found.failed) == [0, 1]
    assert np.isnan(found.values("mdma")).all()
    assert found.peak("mdma").is_nan().all()
    assert any("2 of 2 integrations failed" in note for note in found.notes)


def loaded(statement: str) -> set[str]:
    listing = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_room_is_light_and_a_second_start_needs_no_compiler() -> None:
    heavy = {"numba", "scipy", "polars", "ruamel.yaml", "llvmlite"}
    assert not heavy & loaded("import entact.pharmacology")
    simulate(SPLIT, Person())  # leaves the machine code behind
    start = "from entact.pharmacology import *; simulate(Regimen.mdma('100 mg HCl'), Person())"
    assert not {"numba", "scipy", "polars"} & loaded(start)
