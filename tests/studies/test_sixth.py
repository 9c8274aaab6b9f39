"""A sixth study, written with the template, docs and error messages alone: short, whole, rehearsed."""

from __future__ import annotations

from pathlib import Path

import pytest

import entact
from entact.cohort import Trial
from entact.course import Course, read
from entact.protocol import Release, load_study

PATH = Path(__file__).with_name("sixth") / "study.yaml"


@pytest.fixture(scope="module")
def release() -> Release:
    return load_study(PATH).newest


@pytest.fixture(scope="module")
def trial() -> Trial:
    return entact.rehearse(load_study(PATH), participants=4, seed=2)


@pytest.fixture(scope="module")
def courses(trial: Trial) -> list[Course]:
    """Those who were randomised."""
    ledgers = [lines for name, lines in trial.ledgers.items() if name.startswith("participant:")]
    courses = [entact.fold(trial.study, [read(line.text) for line in lines]) for lines in ledgers]
    return [course for course in courses if course.randomisation is not None]


def test_it_is_what_was_asked_for_in_less_than_150_lines(release: Release) -> None:
    assert len(PATH.read_text().splitlines()) < 150
    assert len(release.file.arms) == 2
    (regimen,) = release.file.regimens.values()
    assert (regimen.initial.count, regimen.initial.strength, release.file.doses) == (2, "50 mg", 1)
    assert sum(visit.kind == "integration" for visit in release.visits.values()) == 4
    asked = [name for name, visit in release.visits.items() if "pcl5" in visit.do and name.startswith("week")]
    assert asked == ["week_1", "week_4", "week_12"]


def test_everybody_has_one_session_and_answers_at_every_time(courses: list[Course]) -> None:
    assert len(courses) == 4
    for course in courses:
        assert [dose.part for dose in course.doses] == ["initial"]
        times = [
            encounter.partition("#")[0] for form, encounter in course.forms if form == "pcl5" and encounter
        ]
        assert {"screening", "baseline", "week_12"} <= set(times)
    weeks = {encounter for course in courses for form, encounter in course.forms if form == "pcl5"}
    assert {"week_1#1", "week_4#1"} <= weeks


def test_the_rehearsal_finds_nothing_about_the_study(trial: Trial) -> None:
    assert trial.randomised == 4
    assert list(trial.findings) == []
