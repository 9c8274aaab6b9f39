"""A course: where the participant stands, and what has become of each thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from entact.course.course import Course
from entact.course.findings import findings
from entact.course.fold import fold

NewStory = Callable[[], Any]


def whole(new_story: NewStory) -> Any:
    return new_story().whole()


def until(story: Any, day: float) -> Course:
    return fold(
        story.study, [entry for entry in story.entries if entry.occurred_at < story.at(day).isoformat()]
    )


def test_nobody_has_entered_anything(new_story: NewStory) -> None:
    course = Course(new_story().study)
    assert course.status == "screening"
    assert course.entries == []
    assert (course.site, course.consent, course.randomisation) == (None, None, None)


@pytest.mark.parametrize(
    ("day", "status"),
    [(1, "screening"), (8.0045, "enrolled"), (9, "randomised"), (13, "in_treatment"), (45.5, "completed")],
)
def test_the_way_through_the_study(new_story: NewStory, day: float, status: str) -> None:
    assert until(whole(new_story), day).status == status


def test_eligible_is_who_an_investigator_signed_for(new_story: NewStory) -> None:
    story = new_story()
    criteria = {"adult": True, "severe": False, "psychosis": False}
    draft = story.write("eligibility", {"criteria": criteria, "decision": "not_eligible"}, day=8)
    assert fold(story.study, story.entries).status == "screening"
    story.correct(draft, {"signed": "decision"}, day=9)
    assert fold(story.study, story.entries).status == "screen_failed"


@pytest.mark.parametrize("of", ["treatment", "procedures", "follow_up", "data_use"])
@pytest.mark.parametrize("day", [0.5, 3, 8.0045])
def test_who_stops_before_they_entered_has_not_entered(new_story: NewStory, of: str, day: float) -> None:
    """Nobody counts them among those who stopped, and no visit is due or missed from then on."""
    story = whole(new_story)
    told = {"of": of, "decided_by": "participant", "cause": "moved_away"}
    story.entries = [one for one in story.entries if one.occurred_at < story.at(day).isoformat()]
    story.write("discontinuation", told, day=day)
    course = fold(story.study, story.entries)
    assert (course.status, course.entered) == ("not_entered", False)
    assert {one.status for one in course.due(story.at(400))} <= {"done", "not_reachable"}


def test_who_failed_screening_misses_no_visit(new_story: NewStory) -> None:
    story = new_story()
    story.begin("screening#1", day=0)
    story.write("consent", {"version": "1.0", "scopes": {"participation": True, "recording": True}}, minute=1)
    story.begin("baseline#1", day=5)
    data = {"criteria": {"adult": True, "severe": False}, "decision": "not_eligible", "signed": "decision"}
    story.write("eligibility", data, day=6)
    course = fold(story.study, story.entries)
    assert course.status == "screen_failed"
    assert {found.item for found in findings(course, story.at(400)) if found.rule == "visit_missed"} == set()
    assert not [one for one in course.due(story.at(6.5)) if one.status in ("due", "expected", "missed")]


@pytest.mark.parametrize(
    ("of", "status"),
    [
        ("treatment", "discontinued"),
        ("procedures", "discontinued"),
        ("follow_up", "withdrawn"),
        ("data_use", "withdrawn"),
    ],
)
def test_four_things_can_stop(new_story: NewStory, of: str, status: str) -> None:
    story = whole(new_story)
    stop = story.write(
        "discontinuation", {"of": of, "decided_by": "participant", "cause": "no_effect"}, day=20
    )
    course = fold(story.study, story.entries)
    assert course.status == status
    assert (course.discontinued[of].at, course.discontinued[of].entry) == (story.at(20), stop.id)
    story.void(stop, day=21)
    assert fold(story.study, story.entries).status == "completed"


def test_who_is_reached_no_more_has_not_withdrawn(new_story: NewStory) -> None:
    story = whole(new_story)
    lost = {"of": "follow_up", "decided_by": "investigator", "cause": "lost_to_follow_up"}
    story.write("discontinuation", lost, day=20)
    course = fold(story.study, story.entries)
    assert course.status == "lost_to_follow_up"
    assert not [one for one in course.due(story.at(400)) if one.status in ("due", "expected")]
    refused = {"participation": False, "recording": False}
    story.write("consent", {"version": "1.0", "scopes": refused}, day=30)
    assert fold(story.study, story.entries).status == "withdrawn"


def test_death_comes_before_everything(new_story: NewStory) -> None:
    story = whole(new_story)
    story.write("death", {"date": "2026-04"}, day=44)
    assert fold(story.study, story.entries).status == "died"


def test_what_was_entered_is_there(new_story: NewStory) -> None:
    course = fold(whole(new_story).study, whole(new_story).entries)
    assert course.consent is not None
    assert course.consent.scopes == {"participation": True, "recording": False}
    assert course.screening is not None
    assert (course.site, course.screening.number) == ("denver", "S-1")
    assert course.randomisation is not None
    assert course.randomisation.number == "R-17"
    assert course.kits["K-1"].used == [course.doses[0].entry]
    dose = course.doses[0]
    assert (dose.session, dose.part, dose.kit, dose.level, dose.taken) == (
        "session_1",
        "initial",
        "K-1",
        "low",
        2,
    )
    assert course.levels == {"session_1#1": "low"}
    assert [one.timepoint for one in course.vitals] == ["before initial", "initial + 90 min", "end"]
    assert course.forms["symptoms", "outcome#1"].values["total"] == 12
    assert course.encounters["session_1#1"].status == "ended"
    assert [guess.arm for guess in course.guesses] == ["mdma"] * 4
    assert not hasattr(course, "arm")


def test_an_adverse_event_is_updated_in_order_of_time(new_story: NewStory) -> None:
    story = new_story()
    event = story.write(
        "adverse_event", {"term": "nausea", "severity": "mild", "valence": "unfavourable"}, day=1
    )
    story.write("adverse_event", {"outcome": "resolved", "severity": "moderate"}, day=5, about=event.id)
    late = story.write("adverse_event", {"severity": "severe", "outcome": "ongoing"}, day=3, about=event.id)
    course = fold(story.study, story.entries)
    state = course.adverse_events[event.id]
    assert (state.begun, state.severity, state.outcome) == (story.at(1), "moderate", "resolved")
    assert state.updates[0] == late.id
    story.correct(late, {"occurred_at": story.at(6).isoformat()}, day=7)
    assert fold(story.study, story.entries).adverse_events[event.id].severity == "severe"


def test_an_update_can_take_something_back(new_story: NewStory) -> None:
    story = new_story()
    medicine = story.write("medication", {"name": "sertraline", "stopped": "2026-01"}, day=1)
    story.write("medication", {"stopped": None}, day=2, about=medicine.id)
    course = fold(story.study, story.entries)
    assert course.medication[medicine.id].stopped is None
    assert course.medication[medicine.id].name == "sertraline"


def test_favourable_events_are_events(new_story: NewStory) -> None:
    story = new_story()
    event = story.write("adverse_event", {"term": "euphoria", "valence": "favourable"})
    assert fold(story.study, story.entries).adverse_events[event.id].valence == "favourable"


def test_corrected_criteria_and_scopes_are_merged_one_by_one(new_story: NewStory) -> None:
    story = whole(new_story)
    consent = next(entry for entry in story.entries if entry.kind == "consent")
    story.correct(consent, {"scopes": {"recording": True}}, day=1)
    course = fold(story.study, story.entries)
    assert course.consent is not None
    assert course.consent.scopes == {"participation": True, "recording": True}


def test_the_schedule_of_a_course(new_story: NewStory) -> None:
    story = whole(new_story)
    due = {one.visit: one for one in until(story, 13).due(story.at(13))}
    assert due["session_1"].status == "done"
    assert due["outcome"].status == "expected"
    assert str(due["outcome"].earliest) == "2026-04-01"


def test_a_screening_again_sets_the_numbers_anew(new_story: NewStory) -> None:
    story = new_story()
    story.write("screening", {"attempt": 1, "number": "S-1", "site": "denver"})
    story.write("screening", {"attempt": 2, "number": "S-9", "site": "haifa"}, day=30)
    course = fold(story.study, story.entries)
    assert course.screening is not None
    assert (course.screening.attempt, course.screening.number, course.site) == (2, "S-9", "haifa")
