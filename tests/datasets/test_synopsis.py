from __future__ import annotations

from datetime import timedelta

import pytest

from entact.datasets import Synopsis, span, synopsis
from entact.protocol.release import Study, assumptions


@pytest.fixture(scope="module")
def told(mini: Study) -> Synopsis:
    return synopsis(mini.newest)


def test_windows_are_said_in_words(told: Synopsis) -> None:
    windows = {visit.name: visit.window for visit in told.visits}
    assert windows == {
        "screening": "opens the study",
        "preparation_1": "0 to 30 days after consent",
        "baseline": "0 to 14 days after the end of washout",
        "preparation_2": "1 to 10 days after baseline",
        "session_1": "1 to 7 days after preparation 2",
        "integration_1": "the morning after session 1",
        "integration_2": "4 to 10 days after integration 1, target 7",
        "outcome": "18 to 34 days after session 1; otherwise 8 weeks ± 1 week after baseline",
        "closing": "0 to 14 days after outcome",
    }


def test_timed_readings_stand_apart_from_what_is_done_once(told: Synopsis) -> None:
    session = next(visit for visit in told.visits if visit.name == "session_1")
    times = ("before the initial dose", "90 min after the initial dose", "at the end")
    assert session.timed == {"vital_signs": times}
    assert "vital_signs" not in session.activities
    assert session.lasts == "8 h"
    assert session.regimens == ("full", "low")


def test_every_activity_of_a_visit_has_a_title(told: Synopsis) -> None:
    used = {activity for visit in told.visits for activity in (*visit.activities, *visit.timed)}
    assert used == {*told.activities}


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
