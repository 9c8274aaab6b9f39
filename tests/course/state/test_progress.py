"""What a course says to the schedule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from entact.course.fold import fold
from entact.course.state.progress import progress_of, zone_of

NewStory = Callable[[], Any]


def progress(story: Any) -> Any:
    course = fold(story.study, story.entries)
    return progress_of(course, zone_of(course, story.at(0)))


def test_the_clock_is_the_sites(new_story: NewStory) -> None:
    story = new_story()
    nowhere = fold(story.study, [])
    assert zone_of(nowhere, story.at(0).astimezone(UTC)) is UTC
    story.write("screening", {"attempt": 1, "number": "S-1", "site": "haifa"})
    assert zone_of(fold(story.study, story.entries), story.at(0)) == ZoneInfo("Asia/Jerusalem")


def test_visits_and_events_are_anchors(new_story: NewStory) -> None:
    story = new_story().whole()
    anchors = progress(story).anchors
    assert anchors["consent"] == story.at(0, 1)
    assert anchors["session_1"] == story.at(12)
    assert anchors["initial"] == story.at(12, 10)
    assert anchors["enrolment"] == story.at(8, 6)
    # sertraline until 1 February: five half-lives of 36 h and 7 d, which is before the consent
    assert anchors["washout_end"] == date(2026, 3, 2)


def test_a_new_consent_does_not_move_the_first(new_story: NewStory) -> None:
    story = new_story().whole()
    story.write("consent", {"version": "2", "scopes": {"participation": True}}, day=30)
    assert progress(story).anchors["consent"] == story.at(0, 1)


def test_a_visit_missed_and_held_later(new_story: NewStory) -> None:
    story = new_story()
    story.write("encounter", {"status": "missed"}, day=3, encounter="preparation_1#1", reason="rescheduled")
    assert progress(story).missed == {"preparation_1"}
    assert "preparation_1" not in progress(story).anchors
    story.begin("preparation_1#2", day=5)
    story.begin("preparation_1#3", day=6)
    assert progress(story).anchors["preparation_1"] == story.at(5)


def test_a_medicine_still_taken_leaves_the_washout_open(new_story: NewStory) -> None:
    story = new_story()
    story.write("consent", {"version": "1", "scopes": {"participation": True}})
    medicine = story.write("medication", {"name": "fluoxetine", "medicine_class": "fluoxetine"}, day=1)
    assert "washout_end" not in progress(story).anchors
    story.write("medication", {"stopped": "2026-03-10"}, day=8, about=medicine.id)
    assert progress(story).anchors["washout_end"] == date(2026, 4, 30)  # 5 x 6 d + 14 d + 7 d


def test_what_stopped(new_story: NewStory) -> None:
    story = new_story().whole()
    assert progress(story).stopped == {}
    story.write("discontinuation", {"of": "treatment", "decided_by": "sponsor", "cause": "supply"}, day=13)
    story.write("consent", {"version": "1", "scopes": {"participation": False}}, day=14)
    story.write("death", {"date": "2026"}, day=15)
    assert progress(story).stopped == {
        "treatment": story.at(13),
        "consent": story.at(14),
        "life": story.at(15),
    }


def test_a_dose_that_was_not_taken_is_no_anchor(new_story: NewStory) -> None:
    story = new_story()
    story.write("dose", {"part": "initial", "kit": "K-1", "level": "low", "dispensed": 0, "taken": 0})
    assert "initial" not in progress(story).anchors
