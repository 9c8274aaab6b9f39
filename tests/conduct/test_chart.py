"""Vital signs as a drawing, and how values read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conduct.record import MINI
from tests.course.conftest import Story

from entact.conduct.chart import draw_session
from entact.conduct.words import duration, plainly, span, value, words
from entact.course import fold
from entact.course.state.dose import DoseState
from entact.course.state.form import Answers
from entact.protocol import Study, load_study
from entact.protocol.study import Span

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def reading(minute: float, **items: Any) -> Answers:
    at = BEGIN + timedelta(minutes=minute)
    read = load_study(MINI).newest.forms["vitals"].read(items)
    kept = "session_1#1", None, 1, at, "t", "therapist", "done", items, read.values, {}, read.beyond
    return Answers("e", "vitals", *kept)


def dose(minute: float, taken: int = 2) -> DoseState:
    at = BEGIN + timedelta(minutes=minute)
    return DoseState("d", "session_1", "session_1#1", "initial", "K", "low", 2, taken, 0, 0, "taken", at)


def test_time_runs_from_the_initial_dose() -> None:
    chart = draw_session([reading(0, systolic="120 mm[Hg]"), reading(120, systolic="160 mm[Hg]")], [dose(60)])
    assert chart is not None
    (curve,) = chart.curves
    assert [mark.text for mark in chart.columns] == ["−1:00", "−0:30", "0:00", "0:30", "1:00"]
    assert curve.points[0] == (chart.left, chart.bottom)
    assert curve.points[-1] == (chart.right, chart.top)
    assert chart.doses[0].at == pytest.approx((chart.left + chart.right) / 2)
    assert chart.summary == "Systolic 120 to 160, over the time since the initial dose"


def test_without_a_visible_dose_time_runs_from_the_first_reading() -> None:
    chart = draw_session([reading(0, heart_rate="70 /min"), reading(60, heart_rate="90 /min")], [])
    assert chart is not None
    assert (chart.doses, chart.unit) == ((), "hours since the first reading")


@pytest.mark.parametrize(
    "readings",
    [
        [],
        [reading(0, systolic="120 mm[Hg]", diastolic="80 mm[Hg]")],
        [
            reading(0, systolic={"missing": "refused"}),
            reading(9, systolic="sealed:1:x"),
            reading(9, systolic="high"),
        ],
        [reading(0, systolic="120 mm[Hg]"), reading(9, systolic=True)],
    ],
)
def test_too_few_readings_are_not_drawn(readings: list[Answers]) -> None:
    assert draw_session(readings, [dose(0)]) is None


@given(
    st.lists(st.tuples(st.integers(0, 3000), *[st.integers(0, 400)] * 2), min_size=1, max_size=12),
    st.lists(st.integers(-300, 3000), max_size=3),
)
def test_everything_lies_within_the_drawing(values: list[tuple[int, int, int]], doses: list[int]) -> None:
    readings = [reading(at, systolic=f"{a} mm[Hg]", heart_rate=f"{b} /min") for at, a, b in values]
    chart = draw_session(readings, [dose(at) for at in doses])
    if chart is None:
        assert len({at for at, _, _ in values}) < 2
        return
    for curve in chart.curves:
        for across, down in curve.points:
            assert chart.left <= across <= chart.right
            assert chart.top <= down <= chart.bottom
    assert 1 <= len(chart.columns) <= 14


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (True, "yes"),
        (None, "–"),
        ({"missing": "not_asked"}, "not asked"),
        ("sealed:1:abc", "sealed"),
        ("148 mm[Hg]", "148 mmHg"),
        ("37.40 Cel", "37.40 °C"),
        ("partly_taken", "partly taken"),
        ("2019-04", "2019-04"),
        (["life_threatening", "hospital"], "life threatening, hospital"),
        ([], "none"),
        ("Great Expectations", "Great Expectations"),
        ("0012", "0012"),
        (1.25, "1.25"),
    ],
)
def test_values_read_as_they_were_entered(answer: Any, said: str) -> None:
    assert value(answer) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2 .. 14 d", "2 d to 2 wk"),
        ("1 h 30 min .. 2 h", "1 h 30 min to 2 h"),
        ("next morning", "next morning"),
        ("0 .. 30 d", "0 to 30 d"),
    ],
)
def test_windows_read_as_words(text: str, said: str) -> None:
    assert span(Span.parse(text)) == said


def test_names_read_as_words() -> None:
    assert words("call_1_day_2") == "Call 1 day 2"
    assert duration(timedelta(days=-3)) == "−3 d"


def test_a_story_of_any_session_can_be_drawn(study: Study) -> None:
    story = Story(study)
    story.session(day=12)
    course = fold(study, story.entries)
    chart = draw_session(course.vitals, course.doses)
    assert chart is not None
    assert [curve.name for curve in chart.curves] == ["heart_rate", "diastolic", "systolic"][
        ::-1
    ] or chart.curves


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("integration_1 by 2026-12-04", "Integration 1 by 4 Dec 2026"),
        ("integration_1#2 at 2026-03-02T10:30:00-07:00", "Integration 1 (2) at 2 Mar 2026, 17:30"),
        ("a birth of 2026-13-40", "a birth of 2026-13-40"),
        ("integration_12 is no visit", "integration_12 is no visit"),
    ],
)  # fmt: skip
def test_a_finding_reads_as_people_write(message: str, said: str) -> None:
    visits = load_study(MINI).newest.visits
    assert plainly(message, visits, UTC) == said
