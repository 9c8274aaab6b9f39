"""The calendar of a washout says of each medicine when it has left the body, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import Case, ask, before, codes, two_sessions

from entact.course.schedule.washout import washout_calendar, washout_end
from entact.protocol.release import Study
from entact.protocol.study import Washout

CONSENTED = date(2026, 3, 2)
WASHOUT = Washout.model_validate(
    {
        "half_lives": 5,
        "stabilisation": "7 d",
        "classes": {
            "ssri": {"half_life": "36 h"},
            "maoi": {"half_life": "12 h", "extra": "14 d", "stabilisation": "0"},
            "fluoxetine": {"half_life": "10 d", "half_lives": 4},
        },
    },
    strict=True,
)


@dataclass(frozen=True)
class Medicine:
    name: str | None = "x"
    medicine_class: str | None = "ssri"
    started: str | None = "2020"
    stopped: str | None = "2026-03-10"
    psychiatric: bool | None = True


@pytest.mark.parametrize(
    ("medicine", "days", "until", "why"),
    [
        (Medicine(), 15, date(2026, 3, 25), "5 half-lives of 36 h, 7 d to become stable: 15 days"),
        (
            Medicine(medicine_class="maoi"),
            17,
            date(2026, 3, 27),
            "5 half-lives of 12 h, 14 d more for its class: 17",
        ),
        (Medicine(medicine_class="fluoxetine"), 47, date(2026, 4, 26), "4 half-lives of 10 d"),
        (Medicine(stopped="2026-03"), 15, date(2026, 4, 15), "last taken on 2026-03-31"),
        (Medicine(stopped=None), 15, None, "it is still taken"),
        (Medicine(medicine_class=None), None, None, "its class is not recorded"),
        (Medicine(medicine_class="herbal"), None, None, "no half-life of the class 'herbal'"),
    ],
)
def test_each_medicine_has_its_days_and_reasons(
    medicine: Medicine, days: int | None, until: date | None, why: str
) -> None:
    calendar = washout_calendar([medicine], WASHOUT, CONSENTED)
    (row,) = calendar.medicines
    assert (row.days, row.until) == (days, until)
    assert why in row.why
    assert calendar.end == until


def test_the_last_one_decides_and_one_unknown_leaves_all_unknown() -> None:
    two = [Medicine(), Medicine(medicine_class="fluoxetine")]
    assert washout_calendar(two, WASHOUT, CONSENTED).end == date(2026, 4, 26)
    assert washout_calendar([*two, Medicine(stopped=None)], WASHOUT, CONSENTED).end is None
    assert washout_calendar([Medicine(psychiatric=False)], WASHOUT, CONSENTED).medicines == ()


@given(days=st.integers(0, 400), later=st.integers(1, 60))
def test_who_stops_later_is_washed_out_as_much_later(days: int, later: int) -> None:
    first = CONSENTED + timedelta(days=days)
    ends = [
        washout_end([Medicine(stopped=str(first + timedelta(days=more)))], WASHOUT, CONSENTED)
        for more in (0, later)
    ]
    assert ends[0] is not None
    assert ends[1] == ends[0] + timedelta(days=later)


def _case(stopped: str | None, kind: str | None = "ssri") -> Case:
    washout = {
        "half_lives": 5,
        "stabilisation": "7 d",
        "before": ["randomisation"],
        "classes": {"ssri": {"half_life": "36 h"}},
    }
    case = before("randomise", Study("mini", (two_sessions(washout=washout),)))
    data = {"name": "x", "medicine_class": kind, "started": "2020", "stopped": stopped, "psychiatric": True}
    when = "2026-03-02T09:10:00-07:00"
    return case.put("medicine", "medication", when, {k: v for k, v in data.items() if v is not None})


def test_a_medicine_not_yet_washed_out_closes_the_gate_that_the_study_names() -> None:
    assert codes(ask(_case("2026-01-20"), "randomise")) == []
    # The baseline took place: what was begun before it still counts.
    assert codes(ask(_case("2026-02-27"), "randomise")) == ["washout"]
    assert codes(ask(_case(None), "randomise")) == ["washout_unknown"]
    assert codes(ask(_case("2026-01-20", "herbal"), "randomise")) == ["washout_unknown"]


def test_what_is_begun_on_the_day_of_the_visit_counted_from_the_washout_no_longer_counts() -> None:
    begun = Medicine(started="2026-04-01", stopped=None)
    assert washout_end([begun], WASHOUT, CONSENTED, before=date(2026, 4, 1)) == CONSENTED
    assert washout_end([begun], WASHOUT, CONSENTED, before=date(2026, 4, 2)) is None


def test_on_the_first_day_without_the_medicine_the_gate_is_open() -> None:
    assert codes(ask(_case("2026-02-23"), "randomise")) == []  # 15 days before 10 March
    assert codes(ask(_case("2026-02-24"), "randomise")) == ["washout"]
