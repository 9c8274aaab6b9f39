"""A rehearsal across an amendment: approval by sites, consent given again, limits that wait for nobody."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.protocol.test_amendment import MINI, edited

from entact.cohort import Trial, rehearse
from entact.course import Course, Entry, fold, instant, read
from entact.course.findings import findings
from entact.course.releases import with_approvals
from entact.protocol import Study, load_study
from entact.protocol.load import amend


@pytest.fixture(scope="module")
def trial() -> Trial:
    """The small study with stricter limits, a later window and a telephone call in mid-study."""
    study = amend(load_study(MINI), {"1.1.yaml": edited()})
    return rehearse(study, 24, seed=11)


@pytest.fixture(scope="module")
def study(trial: Trial) -> Study:
    """The study with what the sites' ledgers say that they approved."""
    return with_approvals(trial.study, _entries(trial, "site:"))


@pytest.fixture(scope="module")
def courses(trial: Trial, study: Study) -> list[Course]:
    return [
        fold(study, [read(line.text) for line in lines])
        for name, lines in trial.ledgers.items()
        if name.startswith("participant:")
    ]


def _entries(trial: Trial, prefix: str) -> list[Entry]:
    return [
        read(line.text) for name, lines in trial.ledgers.items() if name.startswith(prefix) for line in lines
    ]


def test_the_ledgers_of_the_sites_say_what_the_rehearsal_went_by(trial: Trial, study: Study) -> None:
    assert study == trial.study
    assert {site for site, _ in study.approvals} == {"denver", "haifa"}
    assert all([id for _, id in known] == [one.id for one in study.releases] for _, known in study.approvals)
    since = [known[1][0] for _, known in study.approvals]
    assert since[0] != since[1]  # ethics boards do not decide on one day
    entered = [one for one in _entries(trial, "study:") if one.kind == "release"]
    assert [one.data["id"] for one in entered] == [release.id for release in study.releases]
    assert instant(entered[1].occurred_at) < min(since)


def test_every_stage_is_there(courses: list[Course], study: Study) -> None:
    """Some ended under the first release, some consented again, some came under the second."""
    first, second = (release.id for release in study.releases)
    seen = {
        (one.first_consent.release, one.consent.release)
        for one in courses
        if one.first_consent and one.consent
    }
    assert seen == {(first, first), (first, second), (second, second)}


@pytest.mark.requirement("R23")
def test_new_procedures_are_done_where_they_apply(courses: list[Course], study: Study) -> None:
    approved = dict(study.approvals)
    for course in courses:
        calls = [one for one in course.encounters.values() if one.visit == "telephone" and one.started]
        assert course.site is not None
        since = approved[course.site][1][0]
        assert all(one.started is not None and one.started >= since for one in calls)
        rules = {one.rule for one in findings(course, since.replace(year=2030))}
        assert rules.isdisjoint({"before_reconsent", "unknown_visit", "unknown_form", "unknown_release"})
    assert any(one.visit == "telephone" for course in courses for one in course.encounters.values())


def test_a_limit_of_the_release_in_force_at_the_site_decides(courses: list[Course], study: Study) -> None:
    strict = {"initial_dose": 0, "late": 0}
    for course in courses:
        for dose in course.doses:
            basis = next(one.entry.basis for one in course.effective if one.id == dose.entry)
            if basis is None or dose.part != "initial":
                continue
            release = study.in_force_at(course.site, instant(basis["decided_at"]))
            assert basis["release"] == release.id
            strict["late" if release is study.newest else "initial_dose"] += 1
            before = [one for one in course.vitals if one.encounter == dose.encounter and one.at <= dose.at]
            limit = 135.0 if release is study.newest else 140.0
            assert before[-1].values["systolic"] <= limit or "overridden" in basis
    assert all(strict.values())


def test_criteria_for_new_participants_touch_nobody_under_way(courses: list[Course], study: Study) -> None:
    for course in courses:
        if course.first_consent is None:
            continue
        text = course.release.criteria["adult"].criterion.rule
        came_first = course.first_consent.release == study.releases[0].id
        assert text == f"demographics.age >= {18 if came_first else 21}"


def test_consent_is_asked_once_and_in_a_visit(trial: Trial, study: Study) -> None:
    again = 0
    for name, lines in trial.ledgers.items():
        if not name.startswith("participant:"):
            continue
        given = [one for one in map(read, (line.text for line in lines)) if one.kind == "consent"]
        numbers = [study.number(one.release) for one in given if one.replaces is None]
        assert all(earlier < later for earlier, later in pairwise(numbers))
        assert all(one.encounter for one in given if one.replaces is None)
        again += len(numbers) - 1
    assert again > 0
