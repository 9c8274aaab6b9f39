"""The calendar of a washout says of each medicine when it has left the body, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import Case, ask, before, codes, two_sessions

from entact.course.gates.gate import Refused
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
        (
            Medicine(medicine_class=None, psychiatric=None),
            None,
            None,
            "not said whether it is taken for a psy",
        ),
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
    other = Medicine(medicine_class="analgesic", psychiatric=False)
    assert washout_calendar([other], WASHOUT, CONSENTED).medicines == ()


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


def test_what_was_begun_and_stopped_since_does_not_count_but_what_contradicts_itself_does() -> None:
    since = Medicine(started="2026-04-03", stopped="2026-04-05")
    assert washout_end([since], WASHOUT, CONSENTED, before=date(2026, 4, 2)) == CONSENTED
    one_day = Medicine(started="2026-04-03", stopped="2026-04-03")
    assert washout_end([one_day], WASHOUT, CONSENTED, before=date(2026, 4, 2)) == CONSENTED
    mixed_up = Medicine(started="2026-04-03", stopped="2026-04-02")
    assert washout_end([mixed_up], WASHOUT, CONSENTED, before=date(2026, 4, 2)) is None


def test_on_the_first_day_without_the_medicine_the_gate_is_open() -> None:
    assert codes(ask(_case("2026-02-23"), "randomise")) == []  # 15 days before 10 March
    assert codes(ask(_case("2026-02-24"), "randomise")) == ["washout"]


BOTH = {
    "half_lives": 5,
    "stabilisation": "7 d",
    "before": ["randomisation", "initial_dose"],
    "classes": {"ssri": {"half_life": "36 h"}, "maoi": {"half_life": "12 h", "extra": "14 d"}},
}
ASKED = {"randomise": date(2026, 3, 10), "initial_dose": date(2026, 3, 16)}


def _taking(act: str, when: str = "2026-03-02T09:10:00-07:00", **data: Any) -> Case:
    """A participant who takes phenelzine, or what else is said; the baseline took place on 5 March."""
    case = before(act, Study("mini", (two_sessions(washout=BOTH),)))
    said = {"name": "phenelzine", "medicine_class": "maoi", "psychiatric": True} | data
    return case.put("medicine", "medication", when, said)


@pytest.mark.parametrize("act", list(ASKED))
@pytest.mark.parametrize(
    "started", [None, "2019", "2026", "2026-03", "2026-03-05", "2026-03-07", "soon", "UNK"]
)
def test_what_is_still_taken_closes_the_gate_whenever_it_was_begun(act: str, started: str | None) -> None:
    said = {} if started is None else {"started": started}
    assert codes(ask(_taking(act, **said), act)) == ["washout_unknown"]
    assert codes(ask(_taking(act, when="2026-03-09T10:00:00-06:00", **said), act)) == ["washout_unknown"]


@pytest.mark.parametrize("act", list(ASKED))
def test_what_cannot_have_been_begun_yet_does_not(act: str) -> None:
    assert codes(ask(_taking(act, started=str(ASKED[act] + timedelta(days=1))), act)) == []
    assert codes(ask(_taking(act, started=str(ASKED[act])), act)) == ["washout_unknown"]


@pytest.mark.parametrize("stopped", ["soon", "UNK", "2026-00", "2025-02-15xyz", "2025-13"])
def test_a_last_intake_that_is_no_date_leaves_it_unknown(stopped: str) -> None:
    answer = ask(_taking("initial_dose", started="2019", stopped=stopped), "initial_dose")
    assert isinstance(answer, Refused)
    [reason] = answer.reasons
    assert (reason.code, reason.missing) == ("washout_unknown", ("medication",))
    assert f"{stopped!r} is no date" in reason.message


def test_dates_that_contradict_each_other_leave_it_unknown() -> None:
    assert codes(ask(_taking("initial_dose", started="2020", stopped="2019"), "initial_dose")) == [
        "washout_unknown"
    ]
    ahead = _taking("initial_dose", started="2026-04-01", stopped="2026-03-01")
    assert codes(ask(ahead, "initial_dose")) == ["washout_unknown"]
    unread = _taking("initial_dose", started="soon", stopped="2019")
    assert codes(ask(unread, "initial_dose")) == ["washout_unknown"]
    again = _taking("initial_dose", started="2015", stopped="2019")
    assert codes(ask(again, "initial_dose")) == []
    again.put("again", "medication", "2026-03-12T10:00:00-06:00", {"started": "2026-03-11"}, about="medicine")
    assert codes(ask(again, "initial_dose")) == [
        "washout_unknown"
    ]  # taken up again, and nobody said until when


def test_what_nobody_called_psychiatric_or_not_counts() -> None:
    assert codes(ask(_taking("initial_dose", psychiatric=None), "initial_dose")) == ["washout_unknown"]
    other = _taking("initial_dose", medicine_class="analgesic", psychiatric=False)
    assert codes(ask(other, "initial_dose")) == []


def test_a_class_that_the_file_washes_out_counts_whatever_it_is_taken_for() -> None:
    taken = _taking("initial_dose", name="selegiline", psychiatric=False)
    assert codes(ask(taken, "initial_dose")) == ["washout_unknown"]
    taken.change("medicine", stopped="2026-03-01")
    assert codes(ask(taken, "initial_dose")) == ["washout"]
    taken.change("medicine", stopped="2026-02-01")
    assert codes(ask(taken, "initial_dose")) == []


def test_a_sealed_last_intake_is_not_shown() -> None:
    case = _taking("initial_dose", stopped="sealed:1:c2VjcmV0")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Refused)
    assert "sealed" not in answer.reasons[0].message


dates = st.dates(date(2025, 1, 1), date(2026, 12, 31)).map(str)
lengths = st.sampled_from([0, 4, 7, 10])


@given(
    started=dates,
    stopped=dates,
    known=st.tuples(lengths, lengths),
    today=st.dates(CONSENTED, date(2027, 1, 1)),
)
def test_to_know_less_never_clears_sooner(
    started: str, stopped: str, known: tuple[int, int], today: date
) -> None:
    exact = Medicine(started=started, stopped=stopped)
    vague = Medicine(started=started[: known[0]] or None, stopped=stopped[: known[1]] or None)

    def closed(medicine: Medicine) -> bool:
        end = washout_end([medicine], WASHOUT, CONSENTED, before=today + timedelta(days=1))
        return end is None or end > today

    if stopped >= started and closed(exact):
        assert closed(vague)
