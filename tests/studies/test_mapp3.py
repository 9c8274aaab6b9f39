"""The study that the review of 2024 asked for: rehearsed once, and held against what was named."""

from __future__ import annotations

import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.cohort import rehearse
from entact.course.state.encounter import visit_of
from entact.datasets.collected import collected
from entact.protocol import load_study
from entact.protocol.requirements.compare import compare, read_list

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


def test_what_the_study_plans_was_collected_in_nearly_every_session(trial: Rehearsed) -> None:
    release, wanted = trial.study.newest, read_list("crl2024")
    found = {one.planned.item: one for one in collected(release, wanted, trial.courses.values())}
    dosed = [{visit_of(dose.encounter) for dose in course.doses} for course in trial.courses.values()]
    sessions = sum(map(len, dosed))
    assert {"impairment", "laboratory_sessions", "blood_pressure_dense", "adherence"} <= found.keys()
    for one in found.values():
        assert one.sessions.total() == sessions
        assert one.collected.total() >= 0.6 * sessions
        assert one.sessions.keys() == {course.site for course in trial.courses.values() if course.doses}


def test_a_session_without_a_measure_is_missed_at_its_site(trial: Rehearsed) -> None:
    release, wanted = trial.study.newest, read_list("crl2024")
    course = next(one for one in trial.courses.values() if len(one.answers.get("impairment", [])) >= 3)
    whole = {one.planned.item: one.collected.total() for one in collected(release, wanted, [course])}
    kept = course.answers["impairment"]
    first = kept[0].encounter
    try:
        course.answers["impairment"] = [one for one in kept if one.encounter != first]
        less = {one.planned.item: one.collected.total() for one in collected(release, wanted, [course])}
    finally:
        course.answers["impairment"] = kept
    assert less == whole | {"impairment": whole["impairment"] - 1}


def test_every_arm_has_the_same_number_of_capsules_and_three_doses_are_compared() -> None:
    regimens = load_study("mapp3").newest.file.regimens
    assert {level: said.arms["low"].initial.count for level, said in regimens.items()} == {
        level: said.initial.count for level, said in regimens.items()
    }


def test_what_the_review_named_is_answered_or_said_why_not() -> None:
    found = compare("mapp3", "crl2024")
    assert {one.item.id for one in found.of("not_met")} <= {"effect_given_guess"}
    assert all(one.said for one in found.of("not_decidable"))
