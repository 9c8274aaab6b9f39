"""What a plan says of one person: analysis sets as rules, intercurrent events, windows of ratings."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.course.cases import MINI, Case, before, two_sessions

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.state.outcome import analysis_windows, counts_until, intercurrent_events
from entact.course.state.person import members
from entact.protocol.load import load_study
from entact.protocol.release import Study

ZONE = ZoneInfo("America/Denver")
LATER = "2026-05-01T10:00:00-06:00"
SETS = {
    "randomised": {"text": "randomised", "rule": "person.randomised"},
    "dosed": {"text": "dosed", "rule": "person.doses >= 1"},
    "mitt": {"text": "rated after a dose", "rule": "person.doses >= 1 && person.assessed_after_dose"},
    "complete": {"text": "all", "rule": "person.doses >= person.planned_doses && person.assessed_at_end"},
    "half": {"text": "half of the sessions", "rule": "person.doses * 2 == person.planned_doses"},
    "severe": {"text": "severe", "rule": "baseline.symptoms.total >= 40"},
    "women": {"text": "women", "rule": "demographics.sex == 'female'"},
}
EVENTS = {
    "stopped": {"title": "Stopped", "on": "treatment_stopped"},
    "medicine": {"title": "Begun", "on": "medicine_begun", "classes": ["ssri"]},
    "died": {"title": "Died", "on": "died"},
}
ESTIMANDS = {
    "as_assigned": {
        "title": "As assigned",
        "strategies": {
            "stopped": "hypothetical",
            "medicine": "treatment_policy",
            "died": "while_on_treatment",
        },
    },
    "whatever": {
        "title": "Whatever",
        "strategies": {"stopped": "treatment_policy", "medicine": "composite", "died": "treatment_policy"},
    },
}
WINDOWS = {"late": {"visit": "outcome", "after": "baseline", "within": "30 .. 45 d"}}


def study() -> Study:
    plan = dict(load_study(MINI).newest.data["analysis"])
    plan |= {"sets": SETS, "intercurrent": EVENTS, "estimands": ESTIMANDS, "windows": WINDOWS}
    return Study("mini", (two_sessions(analysis=plan),))


def rate(case: Case, when: str = "2026-04-14T10:00:00-06:00", total: int = 20) -> Case:
    here: dict[str, Any] = {"encounter": "outcome#1", "by": "r-1", "role": "rater"}
    case.put("outcome begins", "encounter", when, {"status": "started"}, **here)
    items = {"total": total, "diagnosis": False}
    return case.put("rated", "form", when, {"form": "symptoms", "items": items}, **here)


def sets(case: Case) -> set[str]:
    return {name for name, belongs in members(case.course(), instant(LATER)).items() if belongs}


def test_who_belongs_to_a_set_follows_from_its_rule() -> None:
    case = before("next_session", study())
    assert sets(case) == {"randomised", "dosed", "half", "severe", "women"}
    assert sets(rate(case)) == {"randomised", "dosed", "half", "severe", "women", "mitt"}
    assert sets(case.drop("initial 1")) == {"randomised", "severe", "women"}


def test_of_whom_it_is_not_known_does_not_belong() -> None:
    case = before("next_session", study()).drop("demographics")
    assert members(case.course(), instant(LATER))["women"] is None


def stop(case: Case, when: str, of: str = "treatment") -> Case:
    data = {"of": of, "decided_by": "investigator", "cause": "safety"}
    return case.put("stop", "discontinuation", when, data, by="i-1", role="investigator")


def test_intercurrent_events_are_those_of_the_plan_after_the_first_dose() -> None:
    case = stop(before("next_session", study()), "2026-03-20T10:00:00-06:00")
    medicine = {"name": "x", "medicine_class": "ssri", "started": "2026-03-25", "psychiatric": True}
    case.put("medicine", "medication", "2026-03-28T10:00:00-06:00", medicine)
    earlier = {**medicine, "started": "2020"}
    case.put("old", "medication", "2026-03-02T10:00:00-07:00", earlier)
    found = intercurrent_events(case.course(), ZONE)
    assert [(one.name, one.on, one.entry) for one in found] == [
        ("stopped", date(2026, 3, 20), "stop"),
        ("medicine", date(2026, 3, 25), "medicine"),
    ]


def test_before_any_dose_nothing_is_intercurrent() -> None:
    case = stop(before("initial_dose", study()), "2026-03-12T10:00:00-06:00")
    assert intercurrent_events(case.course(), ZONE) == []


@pytest.mark.parametrize(
    ("estimand", "of", "until"),
    [
        ("as_assigned", "treatment", date(2026, 3, 20)),
        ("as_assigned", "procedures", None),  # the plan does not name it
        ("whatever", "treatment", None),
        ("unknown", "treatment", None),
    ],
)
def test_the_strategy_says_until_when_outcomes_count(estimand: str, of: str, until: date | None) -> None:
    case = stop(before("next_session", study()), "2026-03-20T10:00:00-06:00", of)
    assert counts_until(case.course(), estimand, ZONE) == until


def test_the_first_event_that_ends_what_counts_decides() -> None:
    case = before("next_session", study())
    case.put("death", "death", "2026-04-02T10:00:00-06:00", {"date": "2026-04-01"})
    assert counts_until(case.course(), "as_assigned", ZONE) == date(2026, 4, 1)
    stop(case, "2026-03-20T10:00:00-06:00")
    assert counts_until(case.course(), "as_assigned", ZONE) == date(2026, 3, 20)


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        ("2026-04-03T10:00:00-06:00", False),
        ("2026-04-04T10:00:00-06:00", True),
        ("2026-04-19T23:00:00-06:00", True),
        ("2026-04-20T00:30:00-06:00", False),
    ],
)
def test_a_rating_counts_within_its_window_by_civil_days(when: str, inside: bool) -> None:
    case = rate(before("next_session", study()), when)
    course = case.course()
    assert analysis_windows(course, course.encounters["outcome#1"], ZONE) == {"late": inside}
    rules = {found.rule for found in findings(course, instant(LATER))}
    assert ("outside_analysis_window" in rules) is not inside
