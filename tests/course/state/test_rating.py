"""Of several ratings of a visit the first stands, none is wiped in silence, none after the dose counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.course import Course
from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.state.rating import baseline_at, rating_at, treated_after

NewStory = Callable[[], Any]
RULES = {"rated_by_two", "answered_again", "done_and_not_done", "baseline_after_dose"}


def found(story: Any) -> set[tuple[str, str]]:
    """What holds about ratings: rule and entry."""
    course = fold(story.study, story.entries)
    seen = findings(course, story.at(60))
    return {(one.rule, one.entry) for one in seen if one.holds and one.rule in RULES}


def total_at(story: Any, visit: str) -> Any:
    """The total of a visit that counts."""
    course = fold(story.study, story.entries)
    rated = rating_at(course, course.answers["symptoms"], visit, "total")
    return None if rated is None else rated.values["total"]


def baseline(course: Course) -> Any:
    """The baseline of the total, as a rule of an analysis set sees it."""
    return course.values(None, course.effective[-1].at).get("baseline.symptoms.total")


def not_done(story: Any, **when: Any) -> Any:
    data = {"form": "symptoms", "items": {}, "status": "not_done"}
    return story.write("form", data, by="rater-1", role="rater", **when)


def test_two_raters_of_one_visit_are_found_and_the_first_counts(new_story: NewStory) -> None:
    story = new_story().whole()
    assert found(story) == set()
    again = story.rate(30, False, day=40, minute=60, encounter="outcome#1", by="rater-2")
    assert found(story) == {("rated_by_two", again.id)}
    assert total_at(story, "outcome") == 12
    elsewhere = story.rate(30, False, day=41, encounter="outcome#2", by="rater-3")
    assert found(story) == {("rated_by_two", again.id), ("rated_by_two", elsewhere.id)}
    assert total_at(story, "outcome") == 12
    first = next(one for one in story.entries if one.encounter == "outcome#1" and one.kind == "form")
    story.void(first, day=50)  # somebody decided, with a reason
    assert total_at(story, "outcome") == 30


def test_the_same_rater_again_is_no_correction(new_story: NewStory) -> None:
    story = new_story().whole()
    again = story.rate(13, False, day=40, minute=60, encounter="outcome#1")
    assert found(story) == {("answered_again", again.id)}
    assert total_at(story, "outcome") == 13  # as it always was, and now it is found


def test_a_correction_and_a_repetition_are_what_they_say(new_story: NewStory) -> None:
    story = new_story().whole()
    first = next(one for one in story.entries if one.encounter == "outcome#1" and one.kind == "form")
    story.correct(first, {"items": {"total": 14}}, day=41)
    assert total_at(story, "outcome") == 14
    story.rate(20, False, day=40, minute=70, encounter="outcome#1", repeat=2)
    assert total_at(story, "outcome") == 20
    assert found(story) == set()


def test_a_visit_that_was_missed_and_held_again_was_rated_once(new_story: NewStory) -> None:
    story = new_story().whole()
    story.begin("outcome#2", day=41)
    story.rate(20, False, day=41, minute=5, encounter="outcome#2", by="rater-2")
    story.end("outcome#2", day=41, minute=90)
    ended = next(
        one for one in story.entries if one.encounter == "outcome#1" and one.data.get("status") == "ended"
    )
    story.correct(ended, {"status": "missed"}, day=42)
    assert found(story) == set()
    assert total_at(story, "outcome") == 20


@pytest.mark.parametrize("encounter", ["baseline#1", "baseline#2"])
def test_what_was_not_done_later_wipes_no_baseline(new_story: NewStory, encounter: str) -> None:
    story = new_story().whole()
    undone = not_done(story, day=6, encounter=encounter)
    course = fold(story.study, story.entries)
    assert baseline(course) == 46
    assert found(story) == {("done_and_not_done", undone.id)}


def test_what_was_refused_later_wipes_no_baseline(new_story: NewStory) -> None:
    story = new_story().whole()
    refused = {"total": {"missing": "refused"}, "diagnosis": {"missing": "refused"}}
    again = story.form(
        "symptoms", refused, day=5, minute=30, encounter="baseline#1", role="rater", by="rater-1"
    )
    assert baseline(fold(story.study, story.entries)) == 46
    assert found(story) == {("answered_again", again.id)}


@pytest.mark.parametrize(("minute", "is_late"), [(-1, False), (0, False), (1, True)])
def test_a_rating_of_the_instant_of_the_first_dose_is_still_one(
    new_story: NewStory, minute: float, is_late: bool
) -> None:
    story = new_story().whole()
    story.entries = [
        one for one in story.entries if not (one.kind == "form" and one.encounter == "baseline#1")
    ]
    dose = next(one for one in story.entries if one.kind == "dose")
    since = (instant(dose.occurred_at) - story.at(0)).total_seconds() / 60
    rated = story.rate(20, True, minute=since + minute, encounter="baseline#1")
    assert baseline(fold(story.study, story.entries)) == (None if is_late else 20)
    assert found(story) == ({("baseline_after_dose", rated.id)} if is_late else set())


def test_a_rating_after_the_first_dose_is_no_baseline(new_story: NewStory) -> None:
    story = new_story().whole()
    story.entries = [
        one for one in story.entries if not (one.kind == "form" and one.encounter == "baseline#1")
    ]
    late = story.rate(20, True, day=13, encounter="baseline#1")
    assert baseline(fold(story.study, story.entries)) is None
    assert found(story) == {("baseline_after_dose", late.id)}
    dose = next(one for one in story.entries if one.kind == "dose")
    story.void(dose, day=14)
    assert baseline(fold(story.study, story.entries)) == 20
    assert found(story) == set()


def test_a_dose_that_cannot_be_true_ends_no_baseline(new_story: NewStory) -> None:
    story = new_story().whole()
    dose = next(one for one in story.entries if one.kind == "dose")
    story.correct(dose, {"taken": -1}, day=14)
    course = fold(story.study, story.entries)
    assert treated_after(course, "baseline") is None
    assert treated_after(course, "outcome") is None


def test_a_form_asked_again_in_a_session_is_no_finding_and_its_last_answer_counts(
    new_story: NewStory,
) -> None:
    story = new_story().whole()
    story.form(
        "readiness",
        {"oriented": False, "escort": True},
        day=12,
        minute=498,
        encounter="session_1#1",
        by="t-9",
    )
    course = fold(story.study, story.entries)
    assert found(story) == set()
    ready = rating_at(course, course.answers["readiness"], "session_1", "oriented")
    assert ready is not None
    assert ready.values["oriented"] is False


TOTALS = st.one_of(st.integers(0, 80), st.just("not_done"), st.just("refused"))
RATINGS = st.lists(
    st.tuples(st.sampled_from(["rater-1", "rater-2"]), TOTALS, st.integers(0, 60 * 24 * 6)), max_size=5
)


@given(RATINGS)
def test_a_baseline_once_known_stays_until_it_is_withdrawn(new_story: NewStory, more: list[Any]) -> None:
    """Nothing not done, refused or rated by another changes it; and what counts was before the dose."""
    story = new_story().whole()
    for by, total, minute in more:
        when: dict[str, Any] = {"day": 5, "minute": 1 + minute, "encounter": "baseline#1"}
        if total == "not_done":
            not_done(story, **when)
        elif total == "refused":
            story.form("symptoms", {"total": {"missing": "refused"}}, by=by, role="rater", **when)
        else:
            story.rate(total, True, by=by, **when)
    course = fold(story.study, story.entries)
    own = sorted((minute, place) for place, (by, total, minute) in enumerate(more) if by == "rater-1")
    known = [more[place][1] for _, place in own if isinstance(more[place][1], int)]
    assert baseline(course) == [46, *known][-1]
    chosen = baseline_at(course, course.answers["symptoms"], "baseline", "total")
    dosed = treated_after(course, "baseline")
    assert chosen is not None
    assert dosed is not None
    assert chosen.at <= dosed
    changed = [one for one in more if one[1] != 46 or one[0] != "rater-1"]
    assert bool(found(story)) is bool(changed)
    assert course == fold(story.study, reversed(story.entries))


def test_a_rule_that_looks_back_sees_the_first_rater_and_not_the_second(new_story: NewStory) -> None:
    story = new_story().whole()
    story.rate(80, True, day=6, encounter="baseline#1", by="rater-2")
    at = story.at(8)
    course = fold(story.study, story.entries)
    assert course.values("preparation_2#1", at, ever=True)["symptoms.total"] == 46
    assert course.values("preparation_2#1", at, within=timedelta(days=5))["symptoms.total"] == 46
    assert course.values("baseline#1", at)["symptoms.total"] == 80  # where it was said, the latest counts
    undone = not_done(story, day=7, encounter="baseline#1")
    course = fold(story.study, story.entries)
    assert course.values("preparation_2#1", at, ever=True)["symptoms.total"] is None  # and closes a gate
    story.void(undone, day=8)
    story.rate(50, True, day=7, encounter="baseline#1")
    course = fold(story.study, story.entries)
    assert course.values("preparation_2#1", at, ever=True)["symptoms.total"] == 50
