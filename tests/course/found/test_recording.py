"""A recording that began without the participant's consent to it is found."""

from __future__ import annotations

from typing import Any

import pytest
from tests.course.conftest import Story

from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.found.recording import agrees_to_recording
from entact.protocol.load import load_study

STUDY = load_study("tests/studies/mini/study.yaml")


def test_only_a_recording_without_consent_is_found_and_not_its_hash() -> None:
    story = Story(STUDY).whole()
    session: dict[str, Any] = {"day": 12, "encounter": "session_1#1"}
    begun = story.write("session_note", {"what": "recording", "state": "begun"}, minute=10, **session)
    later = {"what": "recording", "digest": "0" * 64}
    story.write("session_note", later, minute=900, about=begun.id, **session)
    course = fold(STUDY, story.entries)
    rules = [
        (one.rule, one.entry)
        for one in findings(course, story.at(60))
        if one.holds and one.rule in ("recording_not_agreed", "encounter_over")
    ]
    assert agrees_to_recording(course, story.at(12)) is False
    assert rules == [("recording_not_agreed", begun.id)]


@pytest.mark.parametrize(
    ("scopes", "minute", "found"),
    [
        ({"recording": True}, 5, False),
        ({"recording": True}, 1, False),  # at the same instant
        ({"recording": False}, 5, True),
        ({}, 5, True),
    ],
)
def test_what_was_agreed_to_before_counts(scopes: dict[str, bool], minute: int, found: bool) -> None:
    story = Story(STUDY)
    story.begin("screening#1", day=0)
    story.write("consent", {"version": "1", "scopes": {"participation": True, **scopes}}, minute=1)
    note = {"what": "recording", "state": "begun", "reference": "tape 1"}
    story.write("session_note", note, minute=minute, encounter="screening#1")
    again = {"participation": True, "recording": True}
    story.write("consent", {"version": "1", "scopes": again}, minute=9)  # afterwards
    course = fold(STUDY, story.entries)
    assert ("recording_not_agreed" in {one.rule for one in findings(course, story.at(1))}) is found
