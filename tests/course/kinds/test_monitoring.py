"""What monitors saw at a site, and what has become of the actions that they asked for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.course.cases import Case, before

SINCE, UNTIL = "2026-02-01T09:00:00-07:00", "2026-03-10T09:00:00-07:00"
ACTIONS = [
    {"text": "Sign the log.", "owner": "ines", "due": "2026-03-20"},
    {"text": "Count the kits.", "owner": "pia", "due": "2026-03-31"},
]
REPORT: dict[str, Any] = {
    "since": SINCE,
    "until": UNTIL,
    "text": "Two consents were looked at.",
    "tells": ["schedule", "clinical"],
    "counts": {"verified": 4},
    "deviations": ["d-1", "d-2"],
    "actions": ACTIONS,
}


def at(minute: int) -> str:
    return f"2026-03-10T09:{minute:02}:00-07:00"


def enter(case: Case, name: str, kind: str, minute: int, data: dict[str, Any], **more: Any) -> Case:
    return case.put(name, kind, at(minute), data, ledger="site:denver", by="mona", role="monitor", **more)


@pytest.fixture
def case() -> Case:
    return enter(before("randomise"), "report", "monitoring_report", 1, REPORT)


def wrong(case: Case) -> list[tuple[str, str, str]]:
    names = ("report", "action", "again")
    return [(one.rule, one.entry, one.item) for one in case.setting().problems if one.entry in names]


def test_a_report_is_kept_with_its_actions_all_open(case: Case) -> None:
    (visit,) = case.setting().site.monitored
    assert (visit.entry, visit.by, visit.at.isoformat()) == ("report", "mona", at(1))
    assert (visit.since, visit.until) == (SINCE, UNTIL)
    assert (visit.text, visit.tells) == (REPORT["text"], frozenset({"schedule", "clinical"}))
    assert (visit.counts, visit.deviations) == ({"verified": 4}, ("d-1", "d-2"))
    assert [(one.text, one.owner, one.due) for one in visit.actions] == [
        ("Sign the log.", "ines", "2026-03-20"),
        ("Count the kits.", "pia", "2026-03-31"),
    ]
    assert not any(one.is_done for one in visit.actions)
    assert wrong(case) == []


@pytest.mark.parametrize(
    "change",
    [{"since": "soon"}, {"until": "2026-03-10T09:00:00"}, {"actions": [{**ACTIONS[0], "due": "in May"}]}],
)
def test_a_report_of_no_time_is_found_and_not_followed(case: Case, change: dict[str, Any]) -> None:
    enter(case, "report", "monitoring_report", 1, REPORT | change)
    assert case.setting().site.monitored == ()
    assert wrong(case) == [("time_unreadable", "report", "since")]


def test_the_latest_word_on_an_action_counts_and_on_no_other(case: Case) -> None:
    said = {"action": 2, "status": "done", "text": "All are there."}
    enter(case, "action", "monitoring_action", 2, said, about="report")
    first, second = case.setting().site.monitored[0].actions
    assert (first.is_done, first.by, first.at) == (False, "", None)
    assert (second.is_done, second.said, second.by) == (True, "All are there.", "mona")
    assert second.at is not None
    assert second.at.isoformat() == at(2)
    enter(
        case,
        "again",
        "monitoring_action",
        3,
        {"action": 2, "status": "open", "text": "One lacks."},
        about="report",
    )
    assert [one.is_done for one in case.setting().site.monitored[0].actions] == [False, False]
    assert case.setting().site.monitored[0].actions[1].said == "One lacks."
    assert wrong(case) == []


@pytest.mark.parametrize(
    ("number", "about", "is_known"),
    [
        (0, "report", False),
        (1, "report", True),
        (2, "report", True),
        (3, "report", False),
        (1, "none", False),
    ],
)
def test_an_action_is_one_of_a_report_before(case: Case, number: int, about: str, is_known: bool) -> None:
    enter(case, "action", "monitoring_action", 2, {"action": number, "status": "done"}, about=about)
    assert wrong(case) == ([] if is_known else [("about_unknown", "action", "action")])
    assert sum(one.is_done for one in case.setting().site.monitored[0].actions) == is_known
