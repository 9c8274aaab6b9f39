"""What is looked at in every entry: the three times of it, against each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from entact.course.course import Course
from entact.course.entry.ledger import Ledger
from entact.course.fact import record
from entact.course.findings import findings
from entact.course.fold import fold

NewStory = Callable[[], Any]
NAME = "participant:" + "0" * 32


@pytest.mark.parametrize(
    ("envelope", "items"),
    [
        ({}, []),
        ({"occurred_at": "2031-03-02T09:00:00-07:00"}, ["occurred_at"]),  # and after its recording, too
        ({"recorded_at": "2031-03-02T09:00:00-07:00"}, ["recorded_at"]),
        (
            {"recorded_at": "2031-03-02T09:00:00-07:00", "occurred_at": "2031-03-02T09:00:00-07:00"},
            ["occurred_at"],
        ),
        ({"recorded_at": "2026-03-02T10:06:00-07:00"}, ["recorded_at"]),
        ({"recorded_at": "2026-03-02T10:05:00-07:00"}, []),
        ({"recorded_at": "2026-03-02T11:00:00-07:00", "clock_offset_ms": 3_600_000}, []),
        ({"recorded_at": "2026-03-02T10:00:00-07:00", "clock_offset_ms": -3_600_000}, ["recorded_at"]),
    ],
)
def test_nothing_arrives_before_it_happened_and_was_written_down(
    new_story: NewStory, envelope: dict[str, Any], items: list[str]
) -> None:
    story = new_story()
    entry = story.write("medication", {"psychiatric": False}, **envelope)
    ledger, course = Ledger(NAME), Course(story.study)
    received = "2026-03-02T17:00:00+00:00"  # 10:00 in Denver
    record(story.study, ledger, course, entry, received_at=received, key=bytes(32))
    for one in (course, fold(story.study, ledger.entries())):
        seen = [one for one in findings(one, story.at(1)) if one.rule == "after_arrival"]
        assert [(one.entry, one.item) for one in seen] == [(entry.id, item) for item in items]


def test_a_time_that_a_correction_moves_ahead_is_found(new_story: NewStory) -> None:
    story = new_story()
    source = story.write("medication", {"psychiatric": False})
    story.correct(source, {"occurred_at": "2031-03-02T09:00:00-07:00"}, day=0)
    ledger = Ledger(NAME)
    for entry in story.entries:
        ledger.append(entry, received_at="2026-03-02T17:00:00+00:00")
    course = fold(story.study, ledger.entries())
    assert f"after_arrival:{source.id}:occurred_at" in course.findings
