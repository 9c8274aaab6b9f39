"""Reports at intervals: due from the first enrolment on, sent once, found where they are late."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entact.course import Entry, fold_setting
from entact.course.kinds.periodic import late_periodic_reports, periodic_reports_due
from entact.course.kinds.study import release_data
from entact.course.state.setting import StudyState
from entact.protocol import Study, load_study
from entact.protocol.release import Release

REGISTER = Path(__file__).parents[2] / "studies" / "shapes" / "register"


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(REGISTER)


def entry(study: Study, name: str, kind: str, at: str, data: dict[str, Any], **more: Any) -> Entry:
    return Entry(
        id=name,
        ledger="study:register",
        kind=kind,
        release=study.newest.id,
        environment="rehearsal",
        occurred_at=at,
        recorded_at=at,
        by="m-1",
        role="medical_monitor",
        data=data,
        **more,
    )


def enrolled(study: Study, at: str = "2026-01-10T23:30:00+00:00", who: str = "a") -> Entry:
    data = {"ledger": f"participant:{who}", "site": "ghent", "population": "patient"}
    return entry(study, f"enrolled {who}", "enrolled", at, data)


def release(study: Study, at: str = "2026-01-01T09:00:00+00:00") -> Entry:
    return entry(study, "release", "release", at, release_data(study.newest))


def sent(study: Study, number: int, day: str, name: str = "", report: str = "half_yearly") -> Entry:
    data = {"report": report, "number": number, "sent": day, "receipt": "A-1"}
    return entry(study, name or f"sent {number}", "periodic_report", f"{day}T12:00:00+00:00", data)


def state(study: Study, *entries: Entry) -> StudyState:
    return fold_setting(study, entries, ()).study


def test_they_count_from_the_civil_day_of_the_first_enrolment_at_its_site(study: Study) -> None:
    known = state(study, release(study), enrolled(study, "2026-02-01T09:00:00+00:00", "b"), enrolled(study))
    due = periodic_reports_due(study.newest, known, date(2027, 1, 20))
    # 23:30 in UTC is the 11th in Ghent; 26 weeks are 182 days.
    assert [(one.number, one.due) for one in due] == [
        (1, date(2026, 7, 12)),
        (2, date(2027, 1, 10)),
        (3, date(2027, 7, 11)),
    ]
    assert periodic_reports_due(study.newest, state(study, release(study)), date(2027, 1, 20)) == []


def test_one_that_was_not_sent_by_its_day_is_found_and_one_sent_later_too(study: Study) -> None:
    known = [release(study), enrolled(study)]
    on_the_day = state(study, *known)
    assert list(late_periodic_reports(study.newest, on_the_day, date(2026, 7, 12))) == []
    (overdue,) = late_periodic_reports(study.newest, on_the_day, date(2026, 7, 13))
    assert overdue[0] == "report_overdue"
    assert "number 1, was due by 2026-07-12 and was not sent" in overdue[2]
    in_time = state(study, *known, sent(study, 1, "2026-07-12"))
    assert list(late_periodic_reports(study.newest, in_time, date(2026, 12, 1))) == []
    late = state(study, *known, sent(study, 1, "2026-07-20"))
    ((rule, one, _),) = late_periodic_reports(study.newest, late, date(2026, 12, 1))
    assert (rule, one.sent and one.sent.receipt) == ("report_late", "A-1")


def test_one_that_was_sent_ahead_is_not_asked_for_again(study: Study) -> None:
    known = state(study, release(study), enrolled(study), sent(study, 1, "2026-07-01"))
    due = periodic_reports_due(study.newest, known, date(2026, 7, 5))
    assert [(one.number, one.sent is not None) for one in due] == [(1, True), (2, False)]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"report": "yearly"}, "unknown_report"),
        ({"number": 0}, "item"),
        ({"sent": "2026-13-01"}, "item"),
    ],
)
def test_what_is_no_report_of_the_study_stops_nothing(
    study: Study, change: dict[str, Any], rule: str
) -> None:
    wrong = sent(study, 1, "2026-07-01")
    wrong = msgspec.structs.replace(wrong, data={**wrong.data, **change})
    setting = fold_setting(study, [release(study), enrolled(study), wrong], ())
    assert [one.rule for one in setting.problems] == [rule]
    assert setting.study.sent == {}


def test_the_first_word_on_a_report_counts_until_it_is_withdrawn(study: Study) -> None:
    first, again = sent(study, 1, "2026-07-01"), sent(study, 1, "2026-07-09", "again")
    setting = fold_setting(study, [release(study), enrolled(study), again, first], ())
    assert [one.rule for one in setting.problems] == ["report_sent_twice"]
    assert setting.study.sent["half_yearly", 1].sent == date(2026, 7, 1)
    gone = entry(
        study, "gone", "void", "2026-07-10T12:00:00+00:00", {}, replaces=first.id, reason="entered_in_error"
    )
    setting = fold_setting(study, [release(study), enrolled(study), again, first, gone], ())
    assert setting.study.sent["half_yearly", 1].sent == date(2026, 7, 9)


def test_what_an_amendment_brings_in_is_owed_from_then_on(study: Study) -> None:
    late = release(study, "2026-12-01T09:00:00+00:00")
    known = state(study, late, enrolled(study))
    due = periodic_reports_due(study.newest, known, date(2027, 1, 20))
    assert [one.number for one in due] == [2, 3]
    assert datetime.fromisoformat(late.occurred_at) == known.owed_since["half_yearly"]


def test_the_earliest_comes_first_and_of_a_day_in_the_order_of_their_names(study: Study) -> None:
    half_yearly = study.newest.file.periodic_reports["half_yearly"]
    rows = {
        name: half_yearly.model_copy(update={"every": timedelta(weeks=weeks)})
        for name, weeks in (("yearly", 52), ("half_yearly", 26), ("as_often", 26))
    }
    file = study.newest.file.model_copy(update={"periodic_reports": rows})
    newest = Release(study.newest.text, study.newest.data, file)
    due = periodic_reports_due(newest, state(study, release(study), enrolled(study)), date(2026, 12, 1))
    assert [(one.report, one.number, one.due) for one in due] == [
        ("as_often", 1, date(2026, 7, 12)),
        ("half_yearly", 1, date(2026, 7, 12)),
        ("as_often", 2, date(2027, 1, 10)),
        ("half_yearly", 2, date(2027, 1, 10)),
        ("yearly", 1, date(2027, 1, 10)),
    ]


@pytest.mark.parametrize(("day", "numbers"), [("2026-07-12", [1, 2]), ("2026-07-13", [2])])
def test_what_is_due_on_the_very_day_of_an_amendment_is_owed(
    study: Study, day: str, numbers: list[int]
) -> None:
    known = state(study, release(study, f"{day}T09:00:00+00:00"), enrolled(study))
    assert [one.number for one in periodic_reports_due(study.newest, known, date(2026, 8, 1))] == numbers


def test_one_is_due_no_more_often_than_once_a_day(study: Study) -> None:
    half_yearly = study.newest.file.periodic_reports["half_yearly"]
    hourly = half_yearly.model_copy(update={"every": timedelta(hours=1)})
    file = study.newest.file.model_copy(update={"periodic_reports": {"hourly": hourly}})
    known = state(study, release(study), enrolled(study))
    due = periodic_reports_due(Release(study.newest.text, study.newest.data, file), known, date(2026, 1, 12))
    assert [one.due.day for one in due] == [12, 13]
