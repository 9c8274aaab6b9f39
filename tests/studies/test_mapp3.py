"""The study that the review of 2024 asked for: rehearsed once, and held against what was named."""

from __future__ import annotations

import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.cohort import rehearse
from entact.course.state.encounter import visit_of
from entact.protocol import load_study
from entact.protocol.requirements.compare import compare

PARTICIPANTS = 12


@pytest.fixture(scope="module")
def trial() -> Rehearsed:
    study = load_study("mapp3")
    return Rehearsed(study, rehearse(study, PARTICIPANTS, seed=3))


def test_a_rehearsal_finds_nothing_about_the_study(trial: Rehearsed) -> None:
    assert trial.trial.findings == []
    assert trial.trial.randomised == PARTICIPANTS


def test_those_at_sites_of_the_sub_study_go_home_and_are_called(trial: Rehearsed) -> None:
    sites = set(trial.study.newest.file.tracks["at_home"].sites or ())
    called = {
        course.site
        for course in trial.courses.values()
        for encounter in course.encounters
        if visit_of(encounter).startswith("evening_")
    }
    dosed = {course.site for course in trial.courses.values() if course.doses}
    assert called == sites & dosed
    assert dosed - sites


def test_a_sub_study_does_not_end_the_study_for_anybody(trial: Rehearsed) -> None:
    done = [course for course in trial.courses.values() if course.status == "completed"]
    assert any("at_home" in course.tracks for course in done)
    for course in done:
        assert any(visit_of(encounter) == "end" for encounter in course.encounters)


def test_every_arm_has_the_same_number_of_capsules_and_three_doses_are_compared() -> None:
    regimens = load_study("mapp3").newest.file.regimens
    assert {level: said.arms["low"].initial.count for level, said in regimens.items()} == {
        level: said.initial.count for level, said in regimens.items()
    }


def test_what_the_review_named_is_answered_or_said_why_not() -> None:
    found = compare("mapp3", "crl2024")
    assert {one.item.id for one in found.of("not_met")} <= {"effect_given_guess", "sensitivity"}
    assert all(one.said for one in found.of("not_decidable"))
