"""What is to be verified: what is critical, of the rest what was drawn; and what has changed since."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.conftest import Story

from entact.course import Course, fold
from entact.course.found.to_verify import to_verify
from entact.protocol import Study
from entact.protocol.study import Verification

CRITICAL = Verification(critical=["consent", "symptoms", "demographics.age"], others=0.0)


@pytest.fixture(scope="module")
def course(mini: Study) -> Course:
    return fold(mini, Story(mini).whole().entries)


def asked(course: Course, plan: Verification | None, drawn: dict[str, float] | float = 1.0) -> set[str]:
    """What is to be verified: kinds or forms with the visit."""
    draw = (lambda visit: drawn) if isinstance(drawn, float) else (lambda visit: drawn.get(visit, 1.0))
    found = to_verify(course, plan, draw)
    return {f"{_name(one.effective)} {one.effective.entry.encounter or ''}".strip() for one in found}


def _name(effective: Any) -> str:
    return str(effective.data.get("form", effective.entry.kind))


def test_what_is_critical_is_asked_for_in_everybody_and_of_a_form_its_items(course: Course) -> None:
    assert asked(course, CRITICAL) == {
        *("consent", "demographics screening#1", "symptoms baseline#1", "symptoms outcome#1")
    }
    (demographics,) = [
        one
        for one in to_verify(course, CRITICAL, lambda visit: 1.0)
        if _name(one.effective) == "demographics"
    ]
    assert demographics.items == {"age"}
    assert demographics.critical


def test_of_the_rest_participants_or_visits_are_drawn(course: Course) -> None:
    fifth = CRITICAL.model_copy(update={"others": 0.2})
    everything = asked(course, None)
    assert asked(course, fifth, 0.19) == everything
    assert asked(course, fifth, 0.2) == asked(course, CRITICAL)
    visits = fifth.model_copy(update={"drawn": "visits"})
    drawn = asked(course, visits, {"session_1#1": 0.1}) - asked(course, CRITICAL)
    assert drawn == {one for one in everything if one.endswith("session_1#1")} - asked(course, CRITICAL)
    assert {"dose session_1#1", "vital_signs session_1#1", "pregnancy_test session_1#1"} <= drawn
    assert not any(one.startswith(("encounter", "presence")) for one in everything)


@given(share=st.floats(0, 1), more=st.floats(0, 1), drawn=st.floats(0, 1, exclude_max=True))
def test_who_was_drawn_stays_drawn_where_the_share_rises(
    course: Course, share: float, more: float, drawn: float
) -> None:
    less, most = sorted((share, more))
    plans = [CRITICAL.model_copy(update={"others": one}) for one in (less, most)]
    first, second = (asked(course, plan, drawn) for plan in plans)
    assert first <= second


def test_what_was_verified_is_not_asked_for_until_it_changes(mini: Study) -> None:
    story = Story(mini)
    story.whole()
    answers = next(one for one in story.entries if one.data.get("form") == "demographics")
    said = {"entries": [answers.id], "last": [answers.id], "items": ["age"]}
    story.write("verification", said, day=46, by="m-1", role="monitor")
    before = fold(mini, story.entries)
    assert "demographics screening#1" not in asked(before, CRITICAL)
    story.correct(answers, {"items": {"age": 41}}, day=47)
    assert "demographics screening#1" in asked(fold(mini, story.entries), CRITICAL)
