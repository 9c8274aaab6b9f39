"""What a course says to the schedule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.course.cases import before, two_sessions

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.schedule import civil_date
from entact.course.state.progress import progress_of, zone_of
from entact.protocol.release import Study

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


def dose(story: Any, encounter: str, day: float, minute: float = 60, **changed: Any) -> Any:
    said = {"part": "initial", "kit": "K-1", "level": "low", "dispensed": 2, "taken": 2, **changed}
    return story.write("dose", said, day=day, minute=minute, encounter=encounter)


def broken_off(story: Any, day: float = 14) -> None:
    """A session that ended without a dose, on 16 March."""
    story.begin("session_1#1", day=day)
    story.end("session_1#1", day=day, minute=60)


def integration(story: Any) -> tuple[str, str]:
    [due] = [
        one for one in fold(story.study, story.entries).due(story.at(15)) if one.visit == "integration_1"
    ]
    return due.status, str(due.earliest)


def test_the_anchor_is_the_session_that_was_dosed(new_story: NewStory) -> None:
    story = new_story()
    broken_off(story)
    assert progress(story).anchors["session_1"] == story.at(14)
    assert integration(story) == ("due", "2026-03-17")
    story.begin("session_1#2", day=15)
    assert progress(story).anchors["session_1"] == story.at(15)  # it may be the one
    dose(story, "session_1#2", day=15)
    assert progress(story).anchors["session_1"] == story.at(15)
    assert integration(story) == ("expected", "2026-03-18")
    story.end("session_1#2", day=15, minute=500)
    story.begin("integration_1#1", day=16)
    course = fold(story.study, story.entries)
    rules = {one.rule for one in findings(course, story.at(16, 60)) if one.holds}
    assert not rules & {"out_of_window", "visit_missed"}


def test_a_session_after_the_one_that_was_dosed_moves_nothing(new_story: NewStory) -> None:
    story = new_story()
    story.begin("session_1#1", day=14)
    dose(story, "session_1#1", day=14)
    story.begin("session_1#2", day=15)
    assert progress(story).anchors["session_1"] == story.at(14)
    dose(story, "session_1#2", day=15)
    assert progress(story).anchors["session_1"] == story.at(14)


@pytest.mark.parametrize(
    "changed", [{"taken": 0, "returned": 2}, {"taken": 0, "outcome": "refused", "returned": 2}]
)
def test_a_dose_that_was_not_taken_makes_no_session(new_story: NewStory, changed: dict[str, Any]) -> None:
    story = new_story()
    story.begin("session_1#1", day=14)
    dose(story, "session_1#1", day=14, **changed)
    story.end("session_1#1", day=14, minute=90)
    story.begin("session_1#2", day=15)
    dose(story, "session_1#2", day=15)
    assert progress(story).anchors["session_1"] == story.at(15)


def test_a_session_that_nobody_began_is_counted_from_its_dose(new_story: NewStory) -> None:
    story = new_story()
    broken_off(story)
    dose(story, "session_1#2", day=15)
    assert progress(story).anchors["session_1"] == story.at(15, 60)


def test_another_visit_is_counted_from_its_first_attempt(new_story: NewStory) -> None:
    story = new_story()
    story.begin("baseline#1", day=5)
    story.end("baseline#1", day=5, minute=10)
    story.begin("baseline#2", day=6)
    assert progress(story).anchors["baseline"] == story.at(5)


@pytest.mark.parametrize("first", ["missed", "dose"])
def test_a_session_said_to_be_missed_though_a_dose_was_given_is_found_and_stays(
    new_story: NewStory, first: str
) -> None:
    story = new_story()
    story.begin("session_1#1", day=14)
    given = dose(story, "session_1#1", day=14, minute=60 if first == "dose" else 90)
    missed = story.write(
        "encounter", {"status": "missed"}, day=14, minute=75, encounter="session_1#1", reason="rescheduled"
    )
    course = fold(story.study, story.entries)
    assert progress(story).anchors["session_1"] == story.at(14)
    assert integration(story) == ("due", "2026-03-17")
    seen = {one.id for one in findings(course, story.at(15)) if one.holds}
    assert f"missed_though_held:{missed.id}:status" in seen
    story.void(given, day=15)
    assert "session_1" not in progress(story).anchors
    seen = {one.rule for one in findings(fold(story.study, story.entries), story.at(15)) if one.holds}
    assert "missed_though_held" not in seen


@pytest.mark.parametrize(
    ("kind", "data", "held"),
    [
        ("form", {"form": "suicidality", "items": {"ideation": 0, "behaviour": False}}, True),
        ("form", {"form": "suicidality", "items": {}, "status": "not_done"}, False),
        ("safety_call", {"reached": True}, True),
        ("safety_call", {"reached": False}, False),
        ("vital_signs", {"systolic": "120 mm[Hg]", "diastolic": "80 mm[Hg]"}, True),
        ("guess", {"guesser": "participant", "arm": "mdma"}, True),
    ],
)
def test_so_is_every_visit_in_which_something_took_place(
    new_story: NewStory, kind: str, data: dict[str, Any], held: bool
) -> None:
    story = new_story()
    story.write(kind, data, day=14, encounter="integration_1#1")
    missed = {"status": "missed"}
    story.write("encounter", missed, day=14, minute=5, encounter="integration_1#1", reason="rescheduled")
    seen = {one.rule for one in findings(fold(story.study, story.entries), story.at(15)) if one.holds}
    assert ("missed_though_held" in seen) is held


def moved(story: Any, day: float = 16) -> Any:
    """From Denver to Haifa, on the 18th at 09:00 in Denver."""
    data = {"attempt": 1, "number": "S-1", "site": "haifa"}
    story.write("screening", data, day=day)
    return story


def test_after_a_transfer_each_date_is_that_of_where_it_happened(new_story: NewStory) -> None:
    story = new_story().whole()
    late = story.begin("unscheduled#1", day=14, minute=10 * 60, reason="safety")  # 19:00, the 17th in Haifa
    before = fold(story.study, story.entries)
    days = {one.visit: one for one in before.due(story.at(15))}
    moved(story)
    course = fold(story.study, story.entries)
    assert course.site == "haifa"
    zone = zone_of(course, story.at(15))
    at = {one.id: one for one in course.encounters.values()}["unscheduled#1"].started
    assert at is not None
    assert (late.occurred_at, str(civil_date(at, zone))) == ("2026-03-16T19:00:00-07:00", "2026-03-16")
    assert {one.visit: one for one in course.due(story.at(15))} == days
    after = story.begin("unscheduled#2", day=17, minute=10 * 60, reason="safety")  # 19:00 in Denver
    course = fold(story.study, story.entries)
    held = course.encounters[str(after.encounter)].started
    assert held is not None
    assert str(civil_date(held, zone_of(course, held))) == "2026-03-20"  # the 19th in Denver


def test_a_transfer_within_one_zone_or_a_second_entry_of_the_site_changes_no_clock(
    new_story: NewStory,
) -> None:
    story = new_story().whole()
    story.write("screening", {"attempt": 1, "number": "S-2", "site": "denver"}, day=16)
    assert zone_of(fold(story.study, story.entries), story.at(0)) == ZoneInfo("America/Denver")


@pytest.mark.parametrize(
    ("date", "until"),
    [
        ("2026-03-25", "2026-03-25T23:59:59-06:00"),
        ("2026-03-25T10:00:00-06:00", "2026-03-25T10:00:00-06:00"),
        ("2026-03", "2026-03-10T10:30:00-06:00"),  # last seen then
        ("2026", "2026-03-10T10:30:00-06:00"),
        ("2026-04", "2026-04-01T00:00:00-06:00"),
        ("soon", "2026-06-01T09:00:00-06:00"),
        ("2027", "2026-06-01T09:00:00-06:00"),  # never beyond the entry
    ],
)
def test_death_stops_the_schedule_when_it_came_and_not_when_it_was_entered(date: str, until: str) -> None:
    case = before("randomise")
    who: dict[str, Any] = {"by": "i-1", "role": "investigator"}
    here = {"encounter": "preparation_2#1", **who}
    case.put("ends", "encounter", "2026-03-10T10:30:00-06:00", {"status": "ended"}, **here)
    case.put("died", "death", "2026-06-01T09:00:00-06:00", {"date": date}, **who)
    course = case.course()
    at = instant("2026-06-02T09:00:00-06:00")
    assert progress_of(course, zone_of(course, at)).stopped["life"] == instant(until)
    missed = {one.item for one in findings(course, at) if one.rule == "visit_missed" and one.holds}
    # Session 1 could have been held until the 17th; the outcome from 12 April to 26 April.
    assert ("session_1" in missed) is (until > "2026-03-18")
    assert ("outcome" in missed) is (until > "2026-05")


def test_what_is_dated_after_a_death_is_found_though_the_death_was_entered_later(new_story: NewStory) -> None:
    story = new_story()
    story.write("consent", {"version": "1", "scopes": {"participation": True}})
    same = story.safe(day=23, minute=60)  # 25 March
    late = story.safe(day=24)
    began = story.begin("closing#1", day=24, minute=5)
    story.write("adverse_event", {"term": "nausea", "outcome": "fatal"}, day=24, minute=6)
    died = story.write("death", {"date": "2026-03-25"}, day=91)
    course = fold(story.study, story.entries)
    found = [one.entry for one in findings(course, story.at(92)) if one.rule == "after_death"]
    assert sorted(found) == sorted([late.id, began.id])
    assert same.id not in found
    story.correct(died, {"date": "2026-03-26"}, day=92)
    course = fold(story.study, story.entries)
    assert not [one for one in findings(course, story.at(93)) if one.rule == "after_death" and one.holds]


SCOPES = {"participation": True, "recording": True}


@pytest.mark.parametrize(
    ("scopes", "stops", "rules"),
    [
        ({"participation": True, "recording": False}, False, set()),
        ({"participation": True}, False, set()),
        ({"participation": False, "recording": True}, True, {"consent_contradicts"}),
        ({"participation": False, "recording": False}, True, set()),
        ({"participation": False}, True, set()),
        ({"recording": True}, False, {"consent_open"}),
        ({}, False, {"consent_open"}),
    ],
)
def test_who_does_not_take_part_is_due_for_nothing(
    new_story: NewStory, scopes: dict[str, bool], stops: bool, rules: set[str]
) -> None:
    story = new_story().whole()
    entry = story.write("consent", {"version": "1", "scopes": scopes}, day=50)
    course = fold(story.study, story.entries)
    assert progress(story).stopped == ({"consent": story.at(50)} if stops else {})
    assert {one.rule for one in findings(course, story.at(51)) if one.entry == entry.id} == rules
    assert course.status == ("withdrawn" if stops else "completed")
    asked = story.safe(day=51)
    told = fold(story.study, story.entries).findings
    assert (f"without_consent:{asked.id}" in told) is (scopes.get("participation") is not True)


def test_a_consent_that_was_refused_before_it_was_given_is_no_anchor(new_story: NewStory) -> None:
    story = new_story()
    story.write("consent", {"version": "1", "scopes": {"participation": False}})
    assert "consent" not in progress(story).anchors
    assert fold(story.study, story.entries).status == "screening"
    story.write("consent", {"version": "1", "scopes": SCOPES}, day=3)
    assert progress(story).anchors["consent"] == story.at(3)
    assert progress(story).stopped == {}


def test_what_stopped_stopped_with_the_first_refusal(new_story: NewStory) -> None:
    story = new_story().whole()
    for day in (50, 55):
        story.write("consent", {"version": "1", "scopes": {"participation": False}}, day=day)
    assert progress(story).stopped == {"consent": story.at(50)}


def test_parts_can_be_refused_for_themselves() -> None:
    scopes = {name: name for name in ("participation", "treatment", "procedures", "recording")}
    case = before("randomise", Study("mini", (two_sessions(consent=scopes),)))
    allowed = dict.fromkeys(scopes, True)
    case.change("consent", scopes={**allowed, "treatment": False})
    course = case.course()
    at = instant("2026-03-12T09:00:00-06:00")
    assert {*progress_of(course, zone_of(course, at)).stopped} == {"treatment"}
    due = {one.visit: one.status for one in course.due(at)}
    assert (due["session_1"], due["outcome"]) == ("not_reachable", "expected")
    assert {one.entry for one in findings(course, at) if one.rule == "without_consent"} == {
        "randomisation"
    } & {*case.entries}
    case.put("level", "dose_level", "2026-03-12T09:00:00-06:00", {"level": "full"}, encounter="session_1#1")
    assert "without_consent:level" in case.course().findings
    case.change("consent", scopes={**allowed, "procedures": False})
    assert "without_consent:symptoms" in case.course().findings
    course = case.course()
    assert {*progress_of(course, zone_of(course, at)).stopped} == {"procedures"}


@pytest.mark.parametrize(
    ("versions", "found"), [("11", []), ("12", []), ("122", []), ("121", [2]), ("1213", [2]), ("1232", [3])]
)
def test_a_consent_to_a_version_that_was_replaced_is_found(
    new_story: NewStory, versions: str, found: list[int]
) -> None:
    story = new_story()
    told = [
        story.write("consent", {"version": version, "scopes": SCOPES}, day=day)
        for day, version in enumerate(versions)
    ]
    seen = findings(fold(story.study, story.entries), story.at(9))
    assert [one.id for one in seen if one.holds] == [
        f"consent_superseded:{told[place].id}:version" for place in found
    ]
