"""The night after a session: taken over by an own entry, and looked in on as the study file says."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
from tests.course.conftest import Story

from entact.course.findings import findings
from entact.course.fold import fold
from entact.protocol.load import load_study
from entact.protocol.release import Release, Study, canonical


def with_night() -> Study:
    """The small study, in whose nights somebody looks in every two hours."""
    data = copy.deepcopy(dict(load_study("tests/studies/mini/study.yaml").newest.data))
    data["session"]["night_checks"] = "2 h"
    return Study("mini", (Release.from_text(canonical(data)),))


STUDY = with_night()
EVENING = 505  # minutes after nine: the session ended at 500, the next visit begins at 24 * 60


def found(
    looks: Sequence[int],
    *,
    taken_by: str | None = "nurse-1",
    over: int | None = None,
    visit_at: int | None = None,
) -> list[str]:
    """Rules that hold about a night: looks, its end and another visit in minutes after the hand-over."""
    story = Story(STUDY).whole()
    session = {"day": 12, "encounter": "session_1#1"}

    def note(data: dict[str, str], minute: int, **more: str) -> str:
        return story.write("session_note", data, minute=EVENING + minute, **session, **more).id

    given = note({"what": "hand_over", "person": "nurse-1"}, 0)
    if taken_by is not None:
        taken = {"what": "hand_over", "state": "yes", "person": "nurse-1"}
        note(taken, 1, about=given, by=taken_by)
    for minute in looks:
        note({"what": "night_check", "state": "yes"}, minute, by="nurse-1")
    if over is not None:
        note({"what": "hand_over", "state": "ended", "person": "nurse-1"}, over)
    if visit_at is not None:
        story.begin("unscheduled#1", day=12, minute=EVENING + visit_at)
    course = fold(STUDY, story.entries)
    rules = ("hand_over", "night_check", "encounter_over")
    return [one.rule for one in findings(course, story.at(60)) if one.rule.startswith(rules) and one.holds]


@pytest.mark.parametrize(
    ("looks", "over", "missing"),
    [
        ([120, 240, 360, 480, 600, 720, 840], None, 0),  # until the visit of the next morning
        ([100, 240], 380, 0),
        ([100], 380, 1),
        ([], 380, 1),
        ([120, 240, 360, 480, 600, 720], None, 1),
        ([120, 400], 500, 1),
        ([150, 300], 450, 0),  # half an hour late each time
        ([151, 300], 450, 1),
    ],
)
def test_a_look_that_did_not_take_place_is_found(looks: list[int], over: int | None, missing: int) -> None:
    assert found(looks, over=over) == ["night_check_missing"] * missing


def test_a_visit_that_began_as_it_was_handed_over_is_not_the_next_one() -> None:
    assert found([100], visit_at=0) == ["night_check_missing"]  # until that of the next morning
    assert found([100], visit_at=200) == []


@pytest.mark.parametrize(("taken_by", "rules"), [("nurse-1", 0), ("nurse-2", 1), (None, 1)])
def test_a_hand_over_is_found_until_whoever_it_names_takes_it(taken_by: str | None, rules: int) -> None:
    assert found([120, 240], taken_by=taken_by, over=300) == ["hand_over_not_taken"] * rules
