"""Findings: everything that is wrong is said, nothing is refused, and what was shown stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.fold import fold

NewStory = Callable[[], Any]
SESSION = "session_1#1"


def found(story: Any, day: float = 60) -> dict[str, str]:
    """Rule and item -> entry, of what holds."""
    course = fold(story.study, story.entries)
    return {
        f"{one.rule}:{one.item}".rstrip(":"): one.entry
        for one in findings(course, story.at(day))
        if one.holds
    }


def dosed(story: Any, **changes: Any) -> Any:
    """The whole story with the dose of another content or envelope."""
    place = next(number for number, entry in enumerate(story.entries) if entry.kind == "dose")
    data, envelope = changes.pop("data", {}), changes
    dose = story.entries[place]
    story.entries[place] = msgspec.structs.replace(dose, data={**dose.data, **data}, **envelope)
    return story


def test_a_study_done_as_planned_has_no_finding(new_story: NewStory) -> None:
    assert found(new_story().whole()) == {}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"basis": None}, "without_gate"),
        ({"basis": {"act": "supplement", "expires": "2026-03-14T10:00:00-07:00"}}, "gate_other_act:act"),
        ({"basis": {"act": "initial_dose", "expires": "2026-03-14T09:09:59-07:00"}}, "gate_expired:expires"),
        ({"basis": {"act": "initial_dose"}}, "gate_expired:expires"),
        (
            {"basis": {"act": "initial_dose", "expires": "2026-03-14T10:00:00-07:00", "kit": "K-2"}},
            "gate_other_kit:kit",
        ),
        (
            {"basis": {"act": "initial_dose", "expires": "2026-03-14T10:00:00-07:00", "level": "full"}},
            "gate_other_level:level",
        ),
        ({"data": {"dispensed": 3}}, "dose_arithmetic:dispensed"),
        ({"data": {"taken": 3, "returned": -1}}, "dose_arithmetic:dispensed"),
        ({"data": {"kit": "K-9"}}, "kit_not_assigned:kit"),
        ({"data": {"part": "supplement"}}, "kit_other_part:part"),
        ({"data": {"level": "full"}}, "kit_other_level:level"),
        ({"data": {"level": "full"}}, "dose_level_other:level"),
        ({"data": {"part": "third"}}, "unparsed:data"),
        ({"data": {"taken": "two"}}, "unparsed:data"),
        ({"encounter": None}, "activity_missing:dose"),
        ({"release": "mini@sha256:0"}, "unknown_release:release"),
    ],
)
def test_a_dose_that_is_not_right(new_story: NewStory, changes: dict[str, Any], rule: str) -> None:
    assert rule in found(dosed(new_story().whole(), **changes))


@pytest.mark.parametrize(("late", "expired"), [(-1, False), (0, False), (1, True)])
def test_a_yes_holds_up_to_its_very_instant(new_story: NewStory, late: int, expired: bool) -> None:
    story = new_story().whole()
    dose = next(entry for entry in story.entries if entry.kind == "dose")
    expires = (instant(dose.occurred_at) - timedelta(microseconds=late)).isoformat()
    basis = {**(dose.basis or {}), "act": "initial_dose", "expires": expires}
    assert ("gate_expired:expires" in found(dosed(story, basis=basis))) is expired


def test_a_dose_refused_needs_no_gate(new_story: NewStory) -> None:
    refused = {"taken": 0, "returned": 2, "outcome": "refused"}
    assert "without_gate" not in found(dosed(new_story().whole(), data=refused, basis=None))


def test_a_kit_used_twice_and_a_dose_given_twice(new_story: NewStory) -> None:
    story = new_story().whole()
    given = next(entry.data for entry in story.entries if entry.kind == "dose")
    given = given | {"kit": given["kit"].lower()}  # as somebody types what is on the label
    again = story.write("dose", given, day=12, minute=200, encounter=SESSION)
    now = found(story)
    assert now["kit_used_twice:kit"] == now["dose_given_twice:part"] == again.id


@pytest.mark.parametrize(
    ("kind", "data", "rule"),
    [
        ("telepathy", {}, "unknown_kind:kind"),
        ("unparsed", {"received": "?"}, "unparsed"),
        ("guess", {"guesser": "rater"}, "unparsed:data"),
        ("guess", {"guesser": "rater", "arm": "ketamine"}, "unknown_arm:arm"),
        ("guess", {"guesser": "rater", "arm": "do_not_know", "confidence": 101}, "item:confidence"),
        ("form", {"form": "horoscope"}, "unknown_form:form"),
        ("form", {"form": "suicidality", "items": {"ideation": 9, "behaviour": False}}, "item:ideation"),
        ("form", {"form": "suicidality", "items": {"ideation": "four", "behaviour": False}}, "item:ideation"),
        ("form", {"form": "suicidality", "items": {"behaviour": False}}, "item:ideation"),
        ("form", {"form": "suicidality", "items": {"ideation": 0, "behaviour": False, "x": 1}}, "item:x"),
        ("form", {"form": "suicidality", "items": {"ideation": 10**30, "behaviour": False}}, "item:ideation"),
        ("vital_signs", {"systolic": "400 mm[Hg]"}, "item:systolic"),
        ("vital_signs", {"systolic": "16 Cel"}, "item:systolic"),
        ("consent", {"version": "2", "scopes": {"astrology": True}}, "unknown_scope:astrology"),
        ("eligibility", {"criteria": {"tall": True}, "decision": "not_eligible"}, "unknown_criterion:tall"),
        ("enrolment", {"subject": "1-002"}, "enrolled_twice:subject"),
        ("randomisation", {"number": "R-18"}, "randomised_twice:number"),
        ("kit_assigned", {"kit": "K-1", "part": "initial", "level": "low"}, "kit_assigned_twice:kit"),
        ("dose_level", {"level": "double"}, "unknown_level:level"),
        ("dose_level", {"level": "low"}, "encounter_unnamed:encounter"),
        ("encounter", {"status": "started"}, "encounter_unnamed:encounter"),
        ("adverse_event", {"term": "levitation"}, "unknown_term:term"),
        ("alert_answered", {"alert": "ideation", "action": "called"}, "about_missing:about"),
        ("void", {}, "withdraws_nothing"),
    ],
)
def test_an_entry_that_is_not_right_is_kept_and_found(
    new_story: NewStory, kind: str, data: dict[str, Any], rule: str
) -> None:
    story = new_story().whole()
    entry = story.write(kind, data, day=46)
    assert found(story)[rule] == entry.id
    after = story.vitals(121, 80, day=47)
    course = fold(story.study, story.entries)
    assert course.vitals[-1].entry == after.id  # it holds up nothing behind it
    assert entry in course.entries


@pytest.mark.parametrize(
    ("envelope", "data", "rule"),
    [
        ({"encounter": "unscheduled#1"}, {"status": "started"}, "reason_missing"),
        ({"encounter": "integration_2#2"}, {"status": "missed"}, "reason_missing"),
        ({"encounter": "party#1"}, {"status": "started"}, "unknown_visit:encounter"),
        ({"encounter": "closing#2"}, {"status": "ended"}, "encounter_not_started"),
        ({"encounter": "closing#1"}, {"status": "started"}, "encounter_begun_twice"),
        ({"encounter": "closing#2"}, {"status": "started"}, "encounter_not_ended"),
        ({"encounter": "outcome#2", "reason": "late_information"}, {"status": "started"}, "out_of_window"),
    ],
)
def test_an_encounter_that_is_not_right(
    new_story: NewStory, envelope: dict[str, Any], data: dict[str, Any], rule: str
) -> None:
    story = new_story().whole()
    entry = story.write("encounter", data, day=50, **envelope)
    assert found(story)[rule] == entry.id


def test_entries_outside_their_encounter(new_story: NewStory) -> None:
    story = new_story().whole()
    early = story.vitals(120, 80, day=12, minute=-5, encounter=SESSION)
    assert found(story)["encounter_not_started"] == early.id
    never = story.vitals(120, 80, day=12, minute=5, encounter="session_9#1")
    story.void(early, day=13)
    assert found(story)["encounter_not_started"] == never.id


def test_what_the_schedule_asks_for_and_nobody_entered(new_story: NewStory) -> None:
    story = new_story().whole()
    story.entries = [
        entry
        for entry in story.entries
        if entry.timepoint != "initial + 90 min" and entry.data.get("form") != "pregnancy_test"
    ]
    ended = next(
        entry for entry in story.entries if entry.encounter == SESSION and entry.data.get("status") == "ended"
    )
    assert found(story) == {
        "activity_missing:pregnancy_test": ended.id,
        "reading_missing:vital_signs initial + 90 min": ended.id,
    }


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        (("participant", SESSION), {"guess_missing:participant"}),
        (("participant", "closing#1"), {"guess_missing:participant"}),
        (("therapist-2", SESSION), {"guess_missing:therapist therapist-2"}),
        (("", SESSION), {"guess_missing:participant", "guess_missing:therapist therapist-1"}),
    ],
)
def test_a_guess_that_a_visit_asked_for_is_missed_of_each(
    new_story: NewStory, left_out: tuple[str, str], missing: set[str]
) -> None:
    who, encounter = left_out
    story = new_story().whole()
    story.entries = [
        one
        for one in story.entries
        if one.kind != "guess"
        or one.encounter != encounter
        or who not in (one.by, one.data["guesser"], "")
        or (who == "" and one.by == "therapist-2")
    ]
    assert {one for one in found(story) if "missing" in one} == missing


def test_where_nobody_entered_who_was_in_the_room_one_therapist_is_missed(new_story: NewStory) -> None:
    story = new_story().whole()
    story.entries = [
        one
        for one in story.entries
        if one.kind != "presence" and not (one.kind == "guess" and one.data["guesser"] == "therapist")
    ]
    assert {one for one in found(story) if "guess_missing" in one} == {"guess_missing:therapist"}


def test_whoever_is_not_eligible_need_not_be_enrolled(new_story: NewStory) -> None:
    def left(*kinds: str, decision: str = "eligible") -> set[str]:
        story = new_story().whole()
        ends = story.at(9).isoformat()
        story.entries = [
            msgspec.structs.replace(one, data={**one.data, "decision": decision})
            if one.kind == "eligibility"
            else one
            for one in story.entries
            if one.kind not in kinds and one.occurred_at < ends
        ]
        return {rule for rule in found(story, day=9) if rule.startswith("activity_missing")}

    assert left() == set()
    assert left("randomisation") == {"activity_missing:randomisation"}
    assert left("randomisation", "enrolment") == {"activity_missing:enrolment"}
    assert left("randomisation", "enrolment", decision="not_eligible") == set()


def test_readings_that_the_session_did_not_reach_are_not_missed(new_story: NewStory) -> None:
    story = dosed(new_story().whole(), data={"taken": 0, "returned": 2, "outcome": "refused"})
    story.entries = [entry for entry in story.entries if entry.timepoint in (None, "end")]
    assert not any("missing" in rule for rule in found(story))


def test_a_session_that_ended_without_a_word_about_the_dose(new_story: NewStory) -> None:
    story = new_story().whole()
    story.entries = [entry for entry in story.entries if entry.kind != "dose"]
    assert [rule for rule in found(story) if "missing" in rule] == ["activity_missing:dose"]


def test_a_form_may_be_timed_like_vital_signs(new_story: NewStory) -> None:
    story = new_story().whole()
    place = next(number for number, entry in enumerate(story.entries) if entry.timepoint == "end")
    reading = story.entries[place]
    as_form = {"form": "vitals", "items": reading.data}
    story.entries[place] = msgspec.structs.replace(reading, kind="form", data=as_form)
    assert found(story) == {}


def test_missed_visits_depend_on_the_clock(new_story: NewStory) -> None:
    story = new_story().whole()
    story.entries = [entry for entry in story.entries if not (entry.encounter or "").startswith("outcome")]
    story.entries = [entry for entry in story.entries if not (entry.encounter or "").startswith("closing")]
    assert "visit_missed:outcome" not in found(story, day=46)
    assert "visit_missed:outcome" in found(story, day=47)


def test_a_visit_held_late_was_missed_once(new_story: NewStory) -> None:
    story = new_story().whole()
    begun = next(entry for entry in story.entries if entry.encounter == "outcome#1")
    story.correct(begun, {"occurred_at": story.at(50).isoformat()}, day=51)
    course = fold(story.study, story.entries)
    (missed,) = [
        one for one in findings(course, story.at(60)) if one.rule == "visit_missed" and one.item == "outcome"
    ]
    assert not missed.holds


@pytest.mark.parametrize(
    ("recorded_minute", "offset", "found_late"),
    [(0, None, False), (-4, None, False), (-5, None, False), (-6, None, True), (-6, -300_000, False)],
)
def test_nothing_happens_after_it_was_recorded(
    new_story: NewStory, recorded_minute: int, offset: int | None, found_late: bool
) -> None:
    story = new_story().whole()
    recorded = story.at(46, recorded_minute).isoformat()
    story.vitals(120, 80, day=46, recorded_at=recorded, clock_offset_ms=offset)
    assert ("after_recording:occurred_at" in found(story)) is found_late


def test_what_follows_an_end(new_story: NewStory) -> None:
    story = new_story().whole()
    story.write(
        "discontinuation", {"of": "procedures", "decided_by": "participant", "cause": "moved"}, day=46
    )
    late = story.safe(day=47)
    assert found(story)["after_discontinuation:procedures"] == late.id
    story.write("death", {"date": "2026-04"}, day=48)
    later = story.safe(day=49)
    assert found(story)["after_death"] == later.id


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("guess", {"guesser": "rater", "arm": "do_not_know", "confidence": 0}),
        ("guess", {"guesser": "rater", "arm": "do_not_know", "confidence": 100}),
        ("safety_call", {"reached": True, "minutes": 0}),
    ],
)
def test_what_lies_on_a_limit_lies_within_it(new_story: NewStory, kind: str, data: dict[str, Any]) -> None:
    story = new_story().whole()
    story.write(kind, data, day=46)
    assert not any(name.startswith("item:") for name in found(story))


@pytest.mark.parametrize(
    ("date", "day", "is_after"),
    [
        ("2026-04-17", 46, False),  # that day: it may have been before
        ("2026-04-17", 47, True),
        ("2026-04", 46, False),
        ("2026-04-17T10:00:00-07:00", 46, True),
        ("2026-04-17T10:00:00-06:00", 46, False),
    ],
)
def test_after_a_death_is_what_is_of_a_later_day_or_of_a_later_instant(
    new_story: NewStory, date: str, day: float, is_after: bool
) -> None:
    story = new_story().whole()
    assert story.at(46).isoformat() == "2026-04-17T09:00:00-07:00"
    seen = story.write("presence", {"person": "t-1", "role": "therapist", "state": "in"}, day=day)
    if date.endswith("-07:00"):  # an hour later than that
        seen = story.write(
            "presence", {"person": "t-1", "role": "therapist", "state": "in"}, day=day, minute=61
        )
    story.write("death", {"date": date}, day=48)
    assert (found(story).get("after_death") == seen.id) is is_after


def test_entries_without_consent(new_story: NewStory) -> None:
    story = new_story()
    asked = story.safe()
    story.write("consent", {"version": "1", "scopes": {"participation": True}}, minute=1)
    assert found(story, day=1)["without_consent"] == asked.id
    story.write("consent", {"version": "1", "scopes": {"participation": False}}, minute=2)
    withdrawn = story.safe(minute=3)
    assert f"without_consent:{withdrawn.id}" in fold(story.study, story.entries).findings


@pytest.mark.parametrize(
    ("criteria", "rule"),
    [
        ({"adult": True, "severe": False, "psychosis": False}, "criterion_not_met:severe"),
        ({"adult": True, "severe": False, "psychosis": False}, "criterion_contradicts:severe"),
        ({"adult": True, "severe": True}, "criterion_open:psychosis"),
        ({"adult": True, "severe": True, "psychosis": True}, "criterion_not_met:psychosis"),
    ],
)
def test_a_decision_that_does_not_follow(new_story: NewStory, criteria: dict[str, bool], rule: str) -> None:
    story = new_story().whole()
    place = next(number for number, entry in enumerate(story.entries) if entry.kind == "eligibility")
    decided = story.entries[place]
    story.entries[place] = msgspec.structs.replace(decided, data={**decided.data, "criteria": criteria})
    assert found(story)[rule] == decided.id


@pytest.mark.parametrize("age", [17, -40, 150])
def test_a_criterion_is_held_against_a_number_that_cannot_be_true_as_well(
    new_story: NewStory, age: int
) -> None:
    story = new_story()
    told = {"age": age, "sex": "female", "can_be_pregnant": True}
    story.form("demographics", told, encounter="screening#1")
    criteria = {"adult": age > 18, "severe": None, "psychosis": False}
    decided = {"criteria": criteria, "decision": "not_eligible", "signed": "decision"}
    entry = story.write("eligibility", decided, day=8)
    assert "criterion_contradicts:adult" not in found(story)
    story.entries.remove(entry)
    decided["criteria"] = {**criteria, "adult": age < 18}
    entry = story.write("eligibility", decided, day=8)
    assert found(story)["criterion_contradicts:adult"] == entry.id


def test_enrolment_without_a_signed_decision(new_story: NewStory) -> None:
    story = new_story()
    enrolled = story.write("enrolment", {"subject": "1-001"}, day=8)
    assert found(story)["enrolled_without_eligibility"] == enrolled.id


def test_a_gate_that_relied_on_what_was_corrected_later(new_story: NewStory) -> None:
    story = new_story().whole()
    reading = next(entry for entry in story.entries if entry.timepoint == "before initial")
    dose = next(entry for entry in story.entries if entry.kind == "dose")
    dosed(story, basis={**dose.basis, "inputs": [reading.id, "an entry of the site's ledger"]})
    assert found(story) == {}
    correction = story.correct(reading, {"systolic": "190 mm[Hg]"}, day=13)
    assert found(story)[f"gate_input_corrected:{reading.id}"] == dose.id
    story.void(correction, day=14)
    assert f"gate_input_corrected:{reading.id}" not in found(story)
    story.void(reading, day=15)
    assert found(story)[f"gate_input_withdrawn:{reading.id}"] == dose.id


@pytest.mark.parametrize(("number", "right"), [("R-17", True), ("R-18", False)])
def test_a_randomisation_under_another_number_than_the_gate_was_asked_for(
    new_story: NewStory, number: str, right: bool
) -> None:
    story = new_story().whole()
    place = next(place for place, entry in enumerate(story.entries) if entry.kind == "randomisation")
    entry = story.entries[place]
    story.entries[place] = msgspec.structs.replace(entry, basis={**entry.basis, "number": number})
    assert ("gate_other_number:number" in found(story)) is not right


def test_updates_of_what_never_began(new_story: NewStory) -> None:
    story = new_story().whole()
    event = story.write("adverse_event", {"term": "nausea", "severity": "mild"}, day=13)
    update = story.write("adverse_event", {"outcome": "resolved"}, day=14, about=event.id)
    assert found(story) == {}
    story.void(event, day=15)
    assert found(story) == {"about_unknown:about": update.id}


def test_what_was_shown_stays_as_no_longer_holding(new_story: NewStory) -> None:
    story = new_story().whole()
    reading = story.vitals(999, 80, day=12, minute=20, encounter=SESSION)
    wrong = fold(story.study, story.entries)
    (shown,) = findings(wrong, story.at(60))
    assert shown.id == f"item:{reading.id}:systolic"
    assert shown.holds
    first = story.correct(reading, {"systolic": "10 mm[Hg]", "diastolic": "800 mm[Hg]"}, day=13)
    story.correct(first, {"systolic": "130 mm[Hg]", "diastolic": "80 mm[Hg]"}, day=14)
    mended = findings(fold(story.study, story.entries), story.at(60))
    assert [(one.id, one.holds) for one in mended] == [
        (f"item:{reading.id}:diastolic", False),
        (f"item:{reading.id}:systolic", False),
    ]


def test_a_finding_of_a_withdrawn_entry_stays_too(new_story: NewStory) -> None:
    story = new_story().whole()
    again = story.write("randomisation", {"number": "R-18"}, day=9)
    story.void(again, day=10, reason="wrong_participant")
    (mended,) = findings(fold(story.study, story.entries), story.at(60))
    assert (mended.rule, mended.entry, mended.holds) == ("randomised_twice", again.id, False)


def test_what_a_course_was_asked_before_does_not_linger(new_story: NewStory) -> None:
    story = new_story().whole()
    reading = story.vitals(999, 80, day=12, minute=20, encounter=SESSION)
    story.correct(reading, {"systolic": "130 mm[Hg]"}, day=13)
    course = fold(story.study, story.entries)
    assert len(findings(course, story.at(60))) == 1
    course.add(story.vitals(998, 80, day=46))
    assert findings(course, story.at(60)) == findings(fold(story.study, story.entries), story.at(60))
    assert len(findings(course, story.at(60))) == 2


def test_what_is_dated_after_its_visit_was_over_is_found(new_story: NewStory) -> None:
    late = new_story().whole()
    safe = late.safe(day=3, minute=91, encounter="preparation_1#1")
    assert found(late)["encounter_over"] == safe.id
    moved = new_story().whole()
    dose = next(entry for entry in moved.entries if entry.kind == "dose")
    moved.correct(dose, {"occurred_at": moved.at(13, 10).isoformat()}, day=13, encounter=SESSION)
    assert found(moved)["encounter_over"] == dose.id


@pytest.mark.parametrize("said", [{"outcome": "fatal"}, {"seriousness": ["death"], "serious": True}])
def test_an_event_that_ended_in_death_asks_for_the_death(new_story: NewStory, said: dict[str, Any]) -> None:
    story = new_story().whole()
    event = story.write("adverse_event", {"term": "nausea", **said}, day=50)
    assert found(story) == {"death_not_entered": event.id}
    story.write("death", {"date": "2026-04-21"}, day=50, minute=5)
    assert found(story) == {}


def test_a_death_asks_for_the_event_that_ended_in_it(new_story: NewStory) -> None:
    """Without one no clock of a report would run."""
    story = new_story().whole()
    died = story.write("death", {"date": "2026-04-21"}, day=50)
    assert found(story) == {"event_not_entered:death": died.id}
    story.write("adverse_event", {"term": "nausea"}, day=50, minute=5)
    assert found(story) == {"event_not_entered:death": died.id}
    story.write("adverse_event", {"term": "suicidality", "outcome": "fatal"}, day=50, minute=9)
    assert found(story) == {}


@pytest.mark.parametrize(
    ("attempts", "rules"), [((1, 2, 3), set()), ((1, 3), {"attempt_out_of_order:attempt"})]
)
def test_an_attempt_that_is_left_out_is_found(
    new_story: NewStory, attempts: tuple[int, ...], rules: set[str]
) -> None:
    story = new_story()
    for day, attempt in enumerate(attempts):
        story.write("screening", {"attempt": attempt, "number": f"S-{attempt}", "site": "denver"}, day=day)
    assert set(found(story, 1)) == rules
    story.write("screening", {"attempt": 0, "number": "S-0", "site": "denver"}, day=9)
    assert "item:attempt" in found(story, 1)


@pytest.mark.parametrize("item", ["events_heard", "suicidality"])
def test_what_was_heard_in_a_call_is_entered_within_a_day(new_story: NewStory, item: str) -> None:
    story = new_story().whole()
    call = story.write("safety_call", {"reached": True, item: True}, day=14)
    assert found(story) == {f"event_not_entered:{item}": call.id}
    story.write("adverse_event", {"term": "nausea", "onset": "2026-03-14", "resolved": "2026-03-15"}, day=15)
    assert found(story) == {}
    story.entries.pop()
    story.write("adverse_event", {"term": "nausea"}, day=10)  # it goes on
    assert found(story) == {}
    story.entries.pop()
    story.write("adverse_event", {"term": "nausea", "resolved": "2026-03-12"}, day=10)  # over days before
    assert found(story) == {f"event_not_entered:{item}": call.id}
    story.entries = [entry for entry in story.entries if entry.kind != "adverse_event"]
    story.correct(call, {item: False}, day=16)
    assert found(story) == {}


@pytest.mark.parametrize(("minute", "is_missing"), [(-1, True), (0, False), (1, False)])
def test_what_was_planned_when_screening_was_over_is_not_missing(
    new_story: Callable[[], Any], minute: float, is_missing: bool
) -> None:
    story = new_story()
    story.begin("baseline#1", day=5)
    criteria = {"adult": True, "severe": False}
    story.write(
        "eligibility", {"criteria": criteria, "decision": "not_eligible", "signed": "decision"}, day=6
    )
    story.end("baseline#1", day=6, minute=minute)
    course = fold(story.study, story.entries)
    assert course.status == "screen_failed"
    rules = {one.rule for one in findings(course, story.at(7)) if one.holds}
    assert ("activity_missing" in rules) is is_missing
