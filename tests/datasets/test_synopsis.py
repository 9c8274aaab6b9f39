from __future__ import annotations

from datetime import timedelta

import pytest

from entact.datasets import Synopsis, span, synopsis
from entact.protocol.release import Study, assumptions
from entact.protocol.words import activities


@pytest.fixture(scope="module")
def told(mini: Study) -> Synopsis:
    return synopsis(mini.newest)


def test_the_schedule_is_the_one_that_every_page_shows(told: Synopsis, mini: Study) -> None:
    assert told.schedule == activities(mini.newest)
    windows = {visit.name: visit.when for visit in told.schedule.visits}
    assert windows["baseline"] == "within 14 days of the end of the washout"
    session = next(visit for visit in told.schedule.visits if visit.name == "session_1")
    assert len(session.marks["vital_signs"]) == 3


def test_limits_on_vital_signs_are_those_of_the_rules(told: Synopsis) -> None:
    found = {(one.sign, one.relation, one.value, one.of, one.name) for one in told.limits}
    assert found == {
        ("systolic", "<=", 140.0, "gate", "initial_dose"),
        ("diastolic", "<=", 90.0, "gate", "initial_dose"),
        ("systolic", "<=", 160.0, "gate", "supplement"),
        ("systolic", ">=", 180.0, "alert", "hypertension"),
        ("diastolic", ">=", 110.0, "alert", "hypertension"),
    }


def test_a_dose_says_its_salt_and_assumptions_are_all_there(told: Synopsis, mini: Study) -> None:
    given = "2 × 60 mg, optional supplement 1 × 60 mg 90 to 120 min later (MDMA hydrochloride)"
    assert told.regimens["full"] == given
    assert [(one.path, one.text) for one in told.assumptions] == assumptions(mini.newest)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(minutes=90), "90 min"),
        (timedelta(hours=8), "8 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=21), "21 days"),
        (timedelta(hours=36), "36 h"),
    ],
)
def test_lengths_of_time(length: timedelta, said: str) -> None:
    assert span(length) == said


def test_weeks_are_said_where_they_are_asked_for() -> None:
    assert span(timedelta(weeks=18), in_weeks=True) == "18 weeks"
    assert span(timedelta(days=10), in_weeks=True) == "10 days"
