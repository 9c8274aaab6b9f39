"""What healthy adults have, and a neutral cohort that has it whatever a study file calls a limit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cohort.rehearsals import CALM, Rehearsed, template

from entact.cohort import rehearse
from entact.cohort.physiology import doses_of, drug_of
from entact.cohort.scenario import load_parameters
from entact.cohort.suitable import Suitable
from entact.cohort.usual import usual
from entact.protocol.study import Item

DANFORTH = {  # 75 to 125 mg, as the study of autistic adults gave (F116)
    "strengths: [40 mg]": "strengths: [25 mg]",
    "single: {initial: 2 x 40 mg, assumption: dose}": (
        "single: {initial: 3 x 25 mg}\n  more: {initial: 5 x 25 mg}"
    ),
    "regimen: single": "regimen: more or single",
}


def highest(rehearsed: Rehearsed) -> dict[str, list[float]]:
    """Arm -> the highest systolic pressure of each participant in a session."""
    arms = rehearsed.trial.allocation.arms()
    found: dict[str, list[float]] = {}
    for course in rehearsed.randomised.values():
        signs = [
            float(one.values["systolic"])
            for one in course.vitals
            if (one.encounter or "").startswith("session") and one.values["systolic"] is not None
        ]
        if signs:
            found.setdefault(arms[course.randomisation.number], []).append(max(signs))
    return found


@pytest.mark.parametrize(
    ("name", "unit", "mean"),
    [
        ("systolic", "mm[Hg]", 119.0),
        ("sbp", "kPa", 15.865),
        ("pulse", "/min", 70.0),
        ("temperature", "[degF]", 97.88),
        ("height", "m", 1.71),
        ("age", "", 42.0),
    ],
)
def test_a_measurement_is_known_by_its_name_in_the_unit_of_the_item(
    name: str, unit: str, mean: float
) -> None:
    known = usual(name, Item(type="decimal", unit=unit))
    assert known is not None
    assert known.mean == pytest.approx(mean, abs=0.01)
    assert known.least < known.mean < known.most


def test_a_number_of_an_unknown_name_or_unit_is_nobody_s_measurement() -> None:
    assert usual("systolic", Item(type="decimal", unit="m")) is None
    assert usual("mood", Item(type="integer", range="0 .. 10")) is None
    assert usual("temperature", Item(type="choice", of=["high", "low"])) is None


@settings(max_examples=12)
@given(st.integers(55, 275), st.booleans(), st.sampled_from(["alerts", "gates"]))
def test_no_limit_of_a_gate_or_alert_moves_anybody_s_pressure(limit: int, above: bool, where: str) -> None:
    old = "vitals.systolic >= 180.0" if where == "alerts" else "vitals.systolic <= 140.0"
    release = template(CALM | {old: f"vitals.systolic {'>=' if above else '<='} {limit}.0"}).newest
    sign = load_parameters(None, release=release).vital_signs.signs["systolic"]
    assert (sign.resting.mean, sign.resting.sd) == (119.0, 9.0)
    assert sign.limits[1] > 300


def test_criteria_choose_people_and_only_among_those_that_there_are() -> None:
    """Whoever asks for the old gets them; whoever asks for the impossible gets nobody."""
    old = template({"rule: participant.age >= 18": "rule: participant.age >= 60"}).newest
    free = Suitable(old).freedom("participant", "age")
    assert free.mean is not None
    assert free.mean - 3 * free.sd + 0.5 >= 60
    nobody = template({"rule: participant.age >= 18": "rule: participant.age >= 97"}).newest
    assert Suitable(nobody).freedom("participant", "age").mean == 42.0


def test_whoever_asks_is_told_the_same_of_a_body_and_the_model_too() -> None:
    release = template(
        {"      age: {type": "      weight: {type: decimal, unit: kg, range: 30 .. 250}\n      age: {type"}
    ).newest
    parameters = load_parameters(None, release=release)
    assert parameters.answers["participant"]["weight"].characteristic == "weight"
    assert parameters.answers["participant"]["sex"].characteristic == "sex"
    assert {"age", "weight", "sex"} <= set(parameters.characteristics)


def test_a_limit_is_tried_against_pressure_that_the_drug_has_raised() -> None:
    rehearsed = Rehearsed(study := template(DANFORTH), rehearse(study, 16, seed=2))
    peaks = highest(rehearsed)
    mean = {arm: sum(values) / len(values) for arm, values in peaks.items()}
    assert 118 < mean["placebo"] < 134
    assert 15 < mean["mdma"] - mean["placebo"] < 45
    assert rehearsed.trial.findings == []


def test_arms_hold_what_the_file_says_of_them() -> None:
    low = template(
        {
            "[40 mg]": "[40 mg, 5 mg]",
            "2 x 40 mg, assumption: dose": "2 x 40 mg, arms: {placebo: {initial: 2 x 5 mg}}",
            "placebo: {title: Placebo with therapy, role: placebo}": (
                "placebo: {title: Low dose, role: active_comparator}"
            ),
        }
    ).newest
    assert doses_of(low, "placebo")[0] == {"single": (10.0, 0.0)}
    assert doses_of(low, "mdma")[0] == {"single": (80.0, 0.0)}
    assert drug_of(low, low.file.arms) == {"mdma": 1.0, "placebo": 1.0}
    assert drug_of(template({}).newest, ["mdma", "placebo"]) == {"mdma": 1.0, "placebo": 0.0}
    assert drug_of(template({"substance: MDMA": "substance: psilocybin"}).newest, ["mdma"]) == {}


NOBODY_SETS_IT_ASIDE = {",\n         override: investigator + second person}": "}"}

SLIPS = {
    "an alert that everybody raises": (
        {"when: vitals.systolic >= 180.0 ||": "when: vitals.systolic >= 80.0 ||"},
        "alert blood_pressure",
        "was raised for 12 of 12 participants",
    ),
    "an alert that everybody on the drug raises": (
        {"when: vitals.systolic >= 180.0 ||": "when: vitals.systolic >= 126.0 ||"},
        "alert blood_pressure",
        "of MDMA with therapy",
    ),
    "a gate that nobody passes": (
        NOBODY_SETS_IT_ASIDE | {"vitals.systolic <= 140.0": "vitals.systolic <= 64.0"},
        "gate initial_dose",
        "Blood pressure too high.",
    ),
    "a gate that few pass": (
        NOBODY_SETS_IT_ASIDE | {"vitals.systolic <= 140.0": "vitals.systolic <= 108.0"},
        "gate initial_dose at session_1",
        "of 12 participants, most often: Blood pressure too high.",
    ),
    "a range that nobody is in": (
        {
            "range: 50 .. 280}": "range: 5 .. 100}",
            "vitals.systolic <= 140.0": "vitals.systolic <= 90.0",
            "vitals.systolic >= 180.0": "vitals.systolic >= 95.0",
        },
        "item vitals.systolic",
        "numbers were outside its range, 5 .. 100",
    ),
    "a criterion that nobody meets": (
        {"rule: participant.age >= 18": "rule: participant.age >= 96"},
        "eligibility",
        "most often against them: 18 years or older",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_the_pen_is_found_and_nothing_beside_it(slip: str) -> None:
    changes, about, said = SLIPS[slip]
    (finding,) = rehearse(template(CALM | changes), 12, seed=4).findings
    assert finding.about == about
    assert said in finding.message


def test_readings_of_a_sign_called_otherwise_and_in_another_unit_are_raised_too() -> None:
    changes = {
        'systolic:    {type: decimal, unit: "mm[Hg]", range: 50 .. 280}': (
            "sbp: {type: decimal, unit: kPa, range: 5 .. 40}"
        ),
        "vitals.systolic <= 140.0": "vitals.sbp <= 18.6",
        "vitals.systolic >= 180.0": "vitals.sbp >= 24.0",
    }
    rehearsed = Rehearsed(study := template(CALM | changes), rehearse(study, 8, seed=2))
    arms = rehearsed.trial.allocation.arms()
    top: dict[str, list[float]] = {}
    for course in rehearsed.randomised.values():
        signs = [float(one.values["sbp"]) for one in course.vitals if one.values["sbp"] is not None]
        if signs:
            top.setdefault(arms[course.randomisation.number], []).append(max(signs))
    mean = {arm: sum(values) / len(values) for arm, values in top.items()}
    assert 15.0 < mean["placebo"] < 18.0
    assert mean["mdma"] - mean["placebo"] > 1.0


def test_what_else_is_asked_with_vital_signs_is_answered(tmp_path: Path) -> None:
    changes = {
        "      temperature: {type: decimal": "      position: {type: choice, of: [lying, sitting]}\n"
        "      temperature: {type: decimal"
    }
    rehearsed = Rehearsed(study := template(changes), rehearse(study, 2, seed=2))
    readings = [one for course in rehearsed.courses.values() for one in course.vitals]
    assert {one.values["position"] for one in readings} <= {"lying", "sitting"}
