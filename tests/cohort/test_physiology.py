"""The vital signs of a session come from the pharmacology, and only where an arm's capsules hold the drug."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.cohort import rehearse
from entact.cohort.part import ParametersError
from entact.cohort.physiology import SIGNS, Body, doses_of
from entact.cohort.scenario import load_parameters, require_fit
from entact.cohort.trial import shipped_cohort
from entact.course import read
from entact.pharmacology import Population, Regimen, simulate
from entact.protocol import Release, load_study
from entact.protocol.release import canonical

STUDY = load_study("mapp1")
DOSES, FORM = doses_of(STUDY.newest)


def body(index: int = 3, share: float = 1.0, weight: float = 71.5) -> Body:
    return Body(index, 7, weight, "female", 41.0, DOSES, FORM, share)


def test_doses_are_those_of_the_study_as_labelled() -> None:
    assert DOSES == {"low": (80.0, 40.0), "full": (120.0, 60.0)}
    assert FORM == "HCl"


def test_a_body_is_that_person_of_the_model() -> None:
    """The same as asking the model itself about the same person and doses."""
    people = Population.healthy(4, seed=7, weight="71.5 kg", sex="female", age=41)
    regimen = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="100 min")
    found = simulate(regimen, people, until="14 h", every="5 min", rtol=1e-5)
    rises = body().rises("full", 185.0, 100.0)
    for sign in SIGNS:
        values = found.values(sign)[3]
        assert rises[sign] == pytest.approx(values[37] - values[0], rel=1e-6, abs=1e-9)
        assert rises[sign] != 0.0


@settings(max_examples=10)
@given(st.integers(0, 2000), st.floats(1.0, 600.0), st.sampled_from(["low", "full"]))
def test_the_future_does_not_show_in_a_reading(index: int, minutes: float, level: str) -> None:
    """Until a supplement is absorbed a reading is the same whether it will be given or not."""
    person = body(index)
    without = person.rises(level, minutes, None)
    later = person.rises(level, minutes, minutes + 30.0)
    assert later == pytest.approx(without, rel=2e-3, abs=2e-3)


def test_more_drug_does_more_and_none_does_nothing() -> None:
    assert body(share=0.0).rises("full", 120.0, None) == dict.fromkeys(SIGNS, 0.0)
    assert body().rises("full", 0.0, None) == dict.fromkeys(SIGNS, 0.0)
    low, full = (body().rises(level, 150.0, None)["systolic"] for level in ("low", "full"))
    more = body().rises("full", 240.0, 105.0)["systolic"]
    assert 0.0 < low < full
    assert more > body().rises("full", 240.0, None)["systolic"]
    assert 0.0 < body(share=0.25).rises("full", 150.0, None)["systolic"] < full


def test_readings_of_a_rehearsal_are_raised_in_one_arm() -> None:
    trial = rehearse(STUDY, 24, seed=5)
    arms = trial.allocation.arms()
    highest: dict[str, list[float]] = {"mdma": [], "placebo": []}
    for name, lines in trial.ledgers.items():
        if not name.startswith("participant:"):
            continue
        entries = [read(line.text) for line in lines]
        numbers = [one.data["number"] for one in entries if one.kind == "randomisation"]
        signs = [
            float(one.data["systolic"].split()[0])
            for one in entries
            if one.kind == "vital_signs"
            and (one.encounter or "").startswith("session")
            and "systolic" in one.data
        ]
        if numbers and signs:
            highest[arms[numbers[0]]].append(max(signs))
    mean = {arm: sum(values) / len(values) for arm, values in highest.items()}
    assert 15.0 < mean["mdma"] - mean["placebo"] < 50.0


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ('"substance":"MDMA"', "vital_signs.drug: the model is of MDMA in one form, the products are"),
        (None, "vital_signs.drug: the model asks for the weight; give characteristics.weight"),
    ],
)
def test_what_the_model_cannot_be_asked_is_said(edit: str | None, message: str) -> None:
    release = STUDY.newest
    parameters = load_parameters(shipped_cohort("mapp1"), release=release)
    if edit is None:
        known = {name: one for name, one in parameters.characteristics.items() if name != "weight"}
        parameters = parameters.model_copy(update={"characteristics": known})
    else:
        changed = canonical(release.data).replace(edit.encode(), edit.replace("MDMA", "ketamine").encode())
        release = Release.from_text(changed)
    with pytest.raises(ParametersError) as caught:
        require_fit(parameters, release)
    assert message in str(caught.value)


def test_arms_are_named_as_in_the_study(tmp_path: Path) -> None:
    text = (
        shipped_cohort("mapp1").read_text().replace("drug: {mdma: 1.0, placebo", "drug: {mdma: 1.0, placbo")
    )
    (tmp_path / "cohort.yaml").write_text(text)
    with pytest.raises(ParametersError, match="placbo"):
        load_parameters(tmp_path / "cohort.yaml", release=STUDY.newest)
