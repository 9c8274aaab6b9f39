"""A sixth study, written with the template, docs and error messages alone: short, whole, rehearsed."""

from __future__ import annotations

from pathlib import Path

import pytest

import entact
from entact.cohort import Trial
from entact.course import Course, read
from entact.protocol import Release, load_study
from entact.protocol.instrument import load_instrument, shipped_instruments

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


def test_every_instrument_can_be_asked_and_rehearsed(tmp_path: Path) -> None:
    """The study asks all of them at its end; whatever virtual people answer is a possible answer."""
    names = [name for name in shipped_instruments() if load_instrument(name).file.entry is None]
    more = [name for name in names if f"instrument: {name}," not in PATH.read_text()]
    text = PATH.read_text().replace(
        "forms:\n", "forms:\n" + "".join(f"  {name}: {{instrument: {name}}}\n" for name in more), 1
    )
    text = text.replace("adverse_events, guess]}", f"adverse_events, guess, {', '.join(more)}]}}")
    path = tmp_path / "study.yaml"
    path.write_text(text)
    study = load_study(path)
    trial = entact.rehearse(study, participants=2, seed=1)
    forms = [
        entry.data
        for name, lines in trial.ledgers.items()
        for entry in (read(line.text) for line in lines)
        if name.startswith("participant:") and entry.kind == "form" and entry.data.get("items")
    ]
    assert {data["form"] for data in forms} >= set(names)
    for data in forms:
        wrong = study.newest.forms[data["form"]].check(data["items"])
        assert [one for one in wrong if "possible" in one.message or "range" in one.message] == []
