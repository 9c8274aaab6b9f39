"""Reports on the whole study: they wait at home, are entered as sent, and one that is late is said to be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.conduct.people import signed_in
from tests.conduct.record import blinded_study, keep, telling_story
from tests.conduct.test_today import tasks

from entact import store
from entact.cli.record import late_reports
from entact.course import Entry, read
from entact.course.entry import SYSTEM
from entact.protocol import Study

HALF_YEARLY = {"title": "Numbers treated", "every": "26 wk", "to": "the authority"}
DAY = timedelta(days=182)


def _owing(data: dict[str, Any]) -> None:
    data["periodic_reports"] = {"half_yearly": HALF_YEARLY}


@pytest.fixture
def owing(database: str) -> Study:
    """A study that owes reports, of whose newest entry it is 2026-05-01."""
    study = blinded_study(_owing)
    keep(study, telling_story(study))
    return study


def enrolled(study: Study, day: date) -> None:
    """The first place was taken on a day."""
    at = f"{day}T12:00:00-07:00"
    data = {"ledger": f"participant:{1:032x}", "site": "denver", "population": "patient"}
    entry = Entry(
        id=f"enrolled {day}",
        ledger="study:mini",
        kind="enrolled",
        release=study.newest.id,
        environment="rehearsal",
        occurred_at=at,
        recorded_at=at,
        by="coordinator-1",
        role="coordinator",
        data=data,
    )
    store.append(entry, received_at="2026-05-01T12:00:00+00:00", authenticated=SYSTEM)


def reports() -> list[Entry]:
    entries = (read(line.text) for line in store.lines("study:mini"))
    return [one for one in entries if one.kind == "periodic_report"]


def told(role: str) -> list[str]:
    page = signed_in(role).get("/").content.decode()
    return [one for one in tasks(page) if "Numbers treated" in one]


def test_one_that_is_due_within_a_month_waits_at_home_of_who_may_send_it(owing: Study) -> None:
    enrolled(owing, date(2026, 5, 20) - DAY)
    (task,) = told("monitor")
    assert "Numbers treated, number 1, to the authority: not sent" in task
    assert "due by 20 May 2026" in task
    assert told("rater") == []
    assert late_reports() == []


def test_one_that_was_missed_is_said_to_be_and_entered_as_sent_late(owing: Study) -> None:
    enrolled(owing, date(2026, 4, 20) - DAY)
    (task,) = told("monitor")
    assert "was due by 20 Apr 2026" in task
    assert late_reports() == ["Numbers treated, number 1, was due by 2026-04-20 and was not sent"]
    browser = signed_in("monitor")
    assert "overdue" in browser.get("/reports/").content.decode()
    said = {"which": "half_yearly~1", "sent": "2026-04-29", "receipt": "EC 17/26"}
    assert browser.post("/reports/", said).status_code == 302
    (report,) = reports()
    assert report.data == {"report": "half_yearly", "number": 1, "sent": "2026-04-29", "receipt": "EC 17/26"}
    assert (report.role, report.authenticated.who) == ("monitor", report.by)
    page = browser.get("/reports/").content.decode()
    assert "EC 17/26" in page
    assert " late" in page
    assert told("monitor") == []
    assert late_reports()[0].endswith("and was sent on 2026-04-29")


@pytest.mark.parametrize(
    "said",
    [
        {"which": "half_yearly~3", "sent": "2026-04-29"},
        {"which": "half_yearly~one", "sent": "2026-04-29"},
        {"which": "yearly~1", "sent": "2026-04-29"},
        {"which": "half_yearly~1", "sent": "2026-04"},
        {"which": "half_yearly~1", "sent": "2027-04-29"},
        {"which": "half_yearly~1", "sent": "yesterday"},
        {"which": "half_yearly~1", "sent": "2026-04-29", "receipt": "x" * 81},
        {"which": "half_yearly~1", "sent": "2026-04-29", "receipt": "a\0b"},
        {},
    ],
)
def test_what_cannot_be_is_told_and_nothing_kept(owing: Study, said: dict[str, str]) -> None:
    enrolled(owing, date(2026, 4, 20) - DAY)
    answer = signed_in("monitor").post("/reports/", said)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert reports() == []


def test_before_anybody_is_enrolled_nothing_is_owed(owing: Study) -> None:
    assert "nobody is enrolled yet" in signed_in("monitor").get("/reports/").content.decode()
    assert told("monitor") == []


def test_a_study_without_reports_says_so(study: Study, database: str) -> None:
    keep(study, telling_story(study))
    browser = signed_in("monitor")
    assert "plans no report at intervals" in browser.get("/reports/").content.decode()
    assert "/reports/" not in browser.get("/").content.decode()
