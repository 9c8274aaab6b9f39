"""Times as people say them; the day is asked where it is not clear, and on the night the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from entact.conduct.forms.saying import (
    Clock,
    Told,
    Untold,
    Which,
    as_kept,
    settle_times,
    tell_time,
    time_to_come,
    with_weekday,
)
from entact.course import Reason, instant
from entact.protocol import CompiledForm
from entact.protocol.study import Form, Item

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 28, 15, 30, tzinfo=BERLIN)  # a Saturday
DOSE = datetime(2026, 11, 28, 9, 5, tzinfo=BERLIN)


def told(text: str, now: datetime = NOON, dose: datetime | None = DOSE) -> object:
    found = tell_time(text, Clock(now, BERLIN, dose))
    return as_kept(found.at, BERLIN) if isinstance(found, Told) else found


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-11-28T15:30+01:00"),
        ("10 min ago", "2026-11-28T15:20+01:00"),
        ("1 h 20 min ago", "2026-11-28T14:10+01:00"),
        ("vor 10 Minuten", "2026-11-28T15:20+01:00"),
        ("2 hours ago", "2026-11-28T13:30+01:00"),
        ("dose + 6:20", "2026-11-28T15:25+01:00"),
        ("dose +90 min", "2026-11-28T10:35+01:00"),
        ("Dosis + 1 h", "2026-11-28T10:05+01:00"),
        ("14:30", "2026-11-28T14:30+01:00"),
        ("9.15 Uhr", "2026-11-28T09:15+01:00"),
        ("15:33", "2026-11-28T15:33+01:00"),  # clocks differ a little
        ("yesterday 23:50", "2026-11-27T23:50+01:00"),
        ("Fri 9:15", "2026-11-27T09:15+01:00"),
        ("Freitag 9:15", "2026-11-27T09:15+01:00"),
        ("Sat 9:15", "2026-11-28T09:15+01:00"),
        ("27 Nov 14:30", "2026-11-27T14:30+01:00"),
        ("31 Dec 14:30", "2025-12-31T14:30+01:00"),
        ("27.11. 14:30", "2026-11-27T14:30+01:00"),
        ("2026-11-27 14:30", "2026-11-27T14:30+01:00"),
        ("2026-11-27T14:30-07:00", "2026-11-27T22:30+01:00"),
    ],
)
def test_a_time_is_understood_as_people_say_it(text: str, meant: str) -> None:
    assert told(text) == meant


@pytest.mark.parametrize("text", ["soon", "25:00", "10 min", "31 Feb 10:00", "", "9", "x" * 99, "40 d ago"])
def test_what_is_no_time_is_said_so(text: str) -> None:
    assert isinstance(told(text), Untold)


def test_a_time_after_the_dose_needs_one() -> None:
    assert isinstance(told("dose + 6:40", dose=None), Untold)


def test_just_after_midnight_the_day_is_asked() -> None:
    after = datetime(2026, 11, 29, 0, 10, tzinfo=BERLIN)
    found = told("23:50", after)
    assert isinstance(found, Which)
    assert [one for _, one in found.choices] == ["2026-11-28T23:50+01:00", "2026-11-29T23:50+01:00"]
    assert found.choices[0][0].startswith("Sat 28 Nov 2026, 23:50")
    assert told("0:05", after) == "2026-11-29T00:05+01:00"
    assert told("20 min ago", after) == "2026-11-28T23:50+01:00"


def test_on_the_night_the_clocks_change_the_hour_is_asked() -> None:
    morning = datetime(2026, 10, 25, 8, 0, tzinfo=BERLIN)  # at 3:00 it became 2:00
    found = told("2:30", morning)
    assert isinstance(found, Which)
    assert [one for _, one in found.choices] == ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"]
    assert told("3:30", morning) == "2026-10-25T03:30+01:00"
    spring = datetime(2026, 3, 29, 8, 0, tzinfo=BERLIN)  # at 2:00 it became 3:00
    assert isinstance(told("today 2:30", spring), Untold)
    assert told("6 h ago", spring) == "2026-03-29T01:00+01:00"  # hours that passed, not those of the clock


def test_the_day_of_the_week_is_shown() -> None:
    assert with_weekday(NOON, BERLIN) == "Sat 28 Nov 2026, 15:30"


@given(
    st.integers(0, 2 * 365 * 24 * 60),
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_a_bare_time_is_never_one_to_come(minutes: int, hour: int, minute: int) -> None:
    now = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(BERLIN)
    found = tell_time(f"{hour}:{minute:02d}", Clock(now, BERLIN))
    if isinstance(found, Told):
        assert found.at <= now + timedelta(minutes=5)
        assert found.at.astimezone(BERLIN).date() == now.date()
        assert (found.at.astimezone(BERLIN).hour, found.at.astimezone(BERLIN).minute) == (hour, minute)
    elif isinstance(found, Which):
        assert len({instant(one) for _, one in found.choices}) >= 2


@given(st.text(max_size=80))
def test_whatever_is_said_is_answered(text: str) -> None:
    assert isinstance(tell_time(text, Clock(NOON, BERLIN)), Told | Which | Untold)


def test_a_time_in_a_row_is_understood_too_and_counts_from_when_it_was_written() -> None:
    row = {"at": Item(type="datetime"), "what": Item(type="text")}
    form = CompiledForm(
        "log", Form(items={"at": Item(type="datetime"), "seen": Item(type="rows", items=row)}), None
    )
    sent = {
        "item:at": ["10 min ago"],
        "age:item:at": ["1200"],
        "item:seen:1:at": ["10 min ago"],
        "item:seen:1:what": ["10 min ago"],
        "item:seen:2:at": ["23:50"],
        "age:item:seen:2:at": ["x"],
    }
    settled, asked = settle_times(form, sent, Clock(NOON, BERLIN))
    assert settled["item:at"] == ["2026-11-28T15:00+01:00"]
    assert settled["item:seen:1:at"] == ["2026-11-28T15:20+01:00"]
    assert settled["item:seen:1:what"] == ["10 min ago"]
    assert list(asked) == ["seen:2:at"]  # yesterday's, or today's still to come


@pytest.mark.parametrize("text", ["9999-12-31T23:59", "0001-01-01T00:00", "2026-13-01T10:00", "soon", ""])
def test_a_visit_is_booked_for_a_time_that_a_calendar_has(text: str) -> None:
    assert isinstance(time_to_come(text, BERLIN, NOON), Reason)


def test_the_day_of_the_week_is_told_in_the_language_of_the_page() -> None:
    with override("de"):
        assert with_weekday(NOON, BERLIN) == "Sa 28. Nov. 2026, 15:30"
    assert with_weekday(NOON, BERLIN) == "Sat 28 Nov 2026, 15:30"
