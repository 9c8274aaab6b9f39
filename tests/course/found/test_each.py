"""What each of several answers for themselves is missed of each who has not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conduct.record import blinded_study
from tests.course.conftest import Story
from tests.course.found.test_watch import require_same

from entact.course import Course, findings, fold
from entact.course.findings import new_watch
from entact.protocol import Study

VISIT = "preparation_2#1"  # at which the treatment is drawn, on day 8


@pytest.fixture(scope="module")
def study() -> Study:
    """The small study, which asks each therapist what they expect before a treatment is drawn."""

    def change(data: dict[str, Any]) -> None:
        asked = {"much": {"type": "integer", "range": "0 .. 10"}}
        data["forms"]["expects"] = {"title": "Expects", "by": "therapist", "each": True, "items": asked}
        visit = next(one for one in data["schedule"] if one["visit"] == "preparation_2")
        visit["do"] = ["expects", *visit["do"]]

    return blinded_study(change)


def story(study: Study, *answers: tuple[str, float]) -> Story:
    """Two therapists are in the room on day 12; some answer, at a minute of day 8."""
    told = Story(study).whole()
    for repeat, (person, minute) in enumerate(answers, 1):
        told.form("expects", {"much": 5}, day=8, minute=minute, by=person, encounter=VISIT, repeat=repeat)
    return told


def missing(told: Story, day: float = 60) -> list[str]:
    found = findings(fold(told.study, told.entries), told.at(day))
    return [one.item for one in found if one.holds and one.rule in ("answer_missing", "activity_missing")]


def test_each_who_was_in_the_room_has_answered(study: Study) -> None:
    assert missing(story(study, ("therapist-1", 1), ("therapist-2", 2))) == []
    assert missing(story(study, ("therapist-1", 1))) == ["expects therapist-2"]
    assert missing(story(study, ("therapist-2", 1))) == ["expects therapist-1"]


def test_where_nobody_answered_the_form_is_missed(study: Study) -> None:
    assert missing(story(study)) == ["expects"]


def test_an_answer_after_the_draw_is_none_before_it(study: Study) -> None:
    assert missing(story(study, ("therapist-1", 1), ("therapist-2", 8))) == ["expects therapist-2"]


def test_who_was_only_at_the_visit_is_asked_too(study: Study) -> None:
    told = story(study, ("therapist-1", 1), ("therapist-2", 2))
    told.form("suicidality", {"ideation": 0, "behaviour": False}, day=8, minute=3, by="tess", encounter=VISIT)
    assert missing(told) == ["expects tess"]


def test_what_is_kept_from_entry_to_entry_is_what_is_found_from_nothing(study: Study) -> None:
    told = story(study, ("therapist-1", 1), ("therapist-2", 8))
    course, watch = Course(study), new_watch()
    for entry in told.entries:
        course.add(entry)
        require_same(course, watch)
