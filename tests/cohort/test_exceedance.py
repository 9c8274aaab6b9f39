"""How often a study's alert limits are crossed: by its own sessions, arms and readings."""

from __future__ import annotations

import numpy as np
import pytest
from tests.cohort.rehearsals import template

import entact
from entact.cohort.exceedance import Exceedance, NotAsked, _limits, _most, exceedance, in_words
from entact.pharmacology import Population, Regimen, simulate
from entact.pharmacology.uncertain import Uncertain

PEOPLE = Population.patients(128, seed=3)


@pytest.fixture(scope="module")
def found() -> Exceedance:
    return exceedance(entact.load_study("mapp1").newest, PEOPLE)


def test_it_is_what_the_model_says_of_the_studys_own_session(found: Exceedance) -> None:
    [row] = [
        row
        for row in found.rows
        if (row.session, row.regimen, row.arm, row.group, row.alert)
        == ("session_2", "full", "mdma", "everyone", "blood_pressure")
    ]
    run = simulate(
        Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="105 min"), Uncertain(PEOPLE.at_occasion(2)),
        until="8 h", every="5 min", outputs=["systolic", "diastolic"],
    )  # fmt: skip
    systolic, diastolic = np.round(run.values("systolic")), np.round(run.values("diastolic"))
    beyond = (systolic >= 180) | (diastolic >= 110)
    assert row.ever == beyond.any(axis=1).mean()
    assert row.seen["as in the study"] == beyond[:, [0, 18, 96]].any(axis=1).mean()  # before, 90 min, end
    assert row.low <= row.ever <= row.high


def test_what_is_beyond_what_was_studied_is_said_once_of_all_sessions(found: Exceedance) -> None:
    outside = [note.partition(":")[0] for note in found.notes if note.startswith("Outside")]
    assert outside
    assert len(set(outside)) == len(outside)
    assert _most(["A: 3 of 9 people.", "B.", "A: 12 of 9 people.", "A: 4 of 9 people."]) == [
        "A: 12 of 9 people.",
        "B.",
    ]


def test_more_readings_see_more_and_none_sees_what_is_not_there(found: Exceedance) -> None:
    for row in found.rows:
        dense = [row.seen[f"every {apart} min"] for apart in (60, 30, 15)]
        assert dense == sorted(dense)
        assert max(row.seen.values()) <= row.ever


def test_sessions_arms_and_groups_are_apart(found: Exceedance) -> None:
    assert {row.session for row in found.rows} == {"session_1", "session_2", "session_3"}
    assert {row.arm for row in found.rows} == {"mdma", "placebo"}
    of_session_2 = {row.regimen for row in found.rows if row.session == "session_2" and row.arm == "mdma"}
    assert of_session_2 == {"full", "low"}
    placebo = [row for row in found.rows if row.arm == "placebo"]
    assert all(row.ever == 0.0 for row in placebo)
    women, men = (
        sum(
            row.n
            for row in found.rows
            if row.group == group and row.session == "session_1" and row.arm == "mdma"
        )
        for group in ("women", "men")
    )
    assert women + men == 3 * PEOPLE.n
    assert set(found.silent) >= {"suicidality", "pregnancy"}
    assert any(
        "session_2, full: blood_pressure is crossed in" in said for said in in_words(found, found.rows)
    )


def test_a_limit_is_read_with_its_unit_and_what_else_is_spoken_of_is_left_alone() -> None:
    release = entact.load_study("mapp1").newest
    assert _limits(release, "vitals.systolic >= 180.0 || vitals.diastolic >= 110.0") == (
        (("systolic", ">=", 180.0),),
        (("diastolic", ">=", 110.0),),
    )
    assert _limits(release, "vitals.heart_rate > 120.0 && vitals.temperature >= 38.5") == (
        (("heart_rate", ">", 120.0), ("temperature", ">=", 38.5)),
    )
    for other in (
        "labs.sodium < 130.0",
        "vitals.systolic >= 180.0 && given('initial')",
        "!drug_screen.negative",
    ):
        assert _limits(release, other) == ()


def test_a_study_of_another_drug_is_refused_with_the_reason() -> None:
    with pytest.raises(NotAsked, match=r"model is of MDMA|no alert compares vital signs"):
        exceedance(template({"substance: MDMA": "substance: psilocybin"}).newest, PEOPLE)
