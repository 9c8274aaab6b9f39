"""A yes on a checklist is answered by an event that it can be about, and by no other."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.conftest import Story

from entact.course.findings import findings
from entact.course.fold import fold
from entact.protocol.load import load_study
from entact.protocol.release import Release, Study, canonical


def with_checklist() -> Study:
    """The small study with a checklist at its session and at the visits after it."""
    data = copy.deepcopy(dict(load_study("tests/studies/mini/study.yaml").newest.data))
    data["adverse_events"]["checklists"] = {"asked": {"title": "Asked", "terms": ["nausea", "euphoria"]}}
    for visit in data["schedule"]:
        if visit["visit"] in ("session_1", "integration_1", "closing"):
            visit["do"] = [*visit["do"], "asked"]
    return Study("mini", (Release.from_text(canonical(data)),))


STUDY = with_checklist()


def story() -> Story:
    """The whole story; the checklist is answered with no wherever it is asked."""
    told = Story(STUDY).whole()
    for day, encounter in ((12, "session_1#1"), (13, "integration_1#1"), (20, "integration_2#1")):
        ask(told, day, encounter, nausea=False, minute=495 if day == 12 else 40)
    ask(told, 45, "closing#1", nausea=False)
    return told


def ask(told: Story, day: float, encounter: str, *, nausea: bool, minute: float = 40) -> Any:
    """One asking: it replaces an earlier one of the same encounter in the story."""
    told.entries = [
        one for one in told.entries if not (one.data.get("form") == "asked" and one.encounter == encounter)
    ]
    items = {"nausea": nausea, "euphoria": False}
    return told.form("asked", items, day=day, minute=minute, encounter=encounter)


def event(told: Story, day: float, **data: Any) -> Any:
    return told.write("adverse_event", {"term": "nausea", **data}, day=day, minute=30)


def found(told: Story) -> list[str]:
    seen = findings(fold(told.study, told.entries), told.at(60))
    return [one.entry for one in seen if one.holds and one.rule == "event_not_entered"]


def test_a_no_needs_no_event_and_a_yes_does() -> None:
    told = story()
    assert found(told) == []
    yes = ask(told, 45, "closing#1", nausea=True)
    assert found(told) == [yes.id]


@pytest.mark.parametrize(
    ("day", "data", "answered"),
    [
        (12, {"onset": "2026-03-14T10:00:00-06:00"}, True),  # still there
        (12, {"onset": "2026-03-14", "resolved": "2026-03-15"}, False),  # ended weeks before
        (12, {"onset": "2026-03-14", "outcome": "resolved"}, False),
        (12, {"onset": "2026-03-14", "outcome": "ongoing"}, True),
        (25, {"onset": "2026-03-27", "resolved": "2026-03-28"}, True),  # it began since it was asked last
        (25, {"onset": "2026-03", "resolved": "2026-03"}, False),  # it may have been before that
        (25, {"resolved": "2026-04-15"}, True),
        (44, {"onset": "2026-04-15", "resolved": "2026-04-15"}, True),  # the day before
        (46, {"onset": "2026-04-16T09:30:00-06:00"}, True),  # entered within a day
        (47, {"onset": "2026-04-16T09:30:00-06:00"}, False),
        (46, {"onset": "2026-04-17"}, False),  # it began after it was asked for
        (45, {"onset": "2026-04-16T15:00:00-06:00"}, False),
        (45, {"onset": "2026-04-16"}, True),
        (45, {"onset": "soon"}, True),
    ],
)
def test_an_event_answers_for_what_it_can_be_about(day: float, data: dict[str, Any], answered: bool) -> None:
    told = story()
    event(told, day, **data)
    yes = ask(told, 45, "closing#1", nausea=True)
    assert found(told) == ([] if answered else [yes.id])


def test_what_ended_before_it_was_ever_asked_for_answers_nothing() -> None:
    told = story()
    event(told, 1, onset="2026-03-03", resolved="2026-03-04")
    yes = ask(told, 12, "session_1#1", nausea=True, minute=495)
    assert found(told) == [yes.id]


def test_an_end_is_taken_from_the_update_that_says_so() -> None:
    told = story()
    begun = event(told, 12, onset="2026-03-14")
    ask(told, 45, "closing#1", nausea=True)
    assert found(told) == []
    told.write("adverse_event", {"outcome": "resolved"}, day=14, about=begun.id)
    assert len(found(told)) == 1
    told.write("adverse_event", {"outcome": "ongoing"}, day=30, about=begun.id)  # it was not over after all
    assert found(told) == []


def test_another_event_and_one_that_was_withdrawn_answer_nothing() -> None:
    told = story()
    told.write("adverse_event", {"term": "euphoria"}, day=44)
    withdrawn = event(told, 44)
    yes = ask(told, 45, "closing#1", nausea=True)
    assert found(told) == []
    told.void(withdrawn, day=46)
    assert found(told) == [yes.id]


@given(st.integers(0, 40), st.integers(0, 20))
def test_what_was_over_two_days_before_a_visit_and_begun_before_the_last_asking(
    begun: int, lasts: int
) -> None:
    """An event answers the last yes exactly if it had not ended by the day before, or began after day 20."""
    told = story()
    onset, resolved = told.at(begun, 30).date(), told.at(begun + lasts, 30).date()
    event(told, begun, onset=str(onset), resolved=str(resolved))
    ask(told, 45, "closing#1", nausea=True)
    answered = begun + lasts >= 44 or begun > 20
    assert bool(found(told)) is not answered
