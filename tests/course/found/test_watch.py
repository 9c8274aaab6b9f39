"""What a watch keeps from entry to entry is what would be found from nothing, whatever follows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.course.test_machine import PAYLOADS

from entact.cohort import rehearse
from entact.course import Course, findings, fold, read
from entact.course.entry import Entry, instant
from entact.course.findings import CourseWatch, found_at_any_time, new_watch
from entact.course.found.watch import Watch
from entact.course.kinds import KINDS
from entact.course.state.state import STATE, Finding
from entact.protocol import load_study
from entact.protocol.release import Study

STUDIES = ("eating-disorders", "expanded-access", "life-threatening-illness", "mapp1", "mapp2", "mapp3")
NAMES = [name for name in STATE if name not in ("release", "findings", "unread", "effective", "former")]


@cache
def rehearsed(name: str) -> tuple[Study, list[list[Entry]]]:
    study = load_study(name)
    trial = rehearse(study, 2, seed=11)
    chains = [lines for ledger, lines in trial.ledgers.items() if ledger.startswith("participant:")]
    return study, [[read(line.text) for line in lines] for lines in chains]


def by_id(found: Any) -> dict[str, Finding]:
    return {one.id: one for one in found}


def require_same(course: Course, watch: Watch) -> None:
    assert by_id(found_at_any_time(course, watch)) == by_id(found_at_any_time(course))


@pytest.mark.parametrize("name", STUDIES)
def test_what_is_kept_through_a_whole_study_is_what_is_found_from_nothing(name: str) -> None:
    study, chains = rehearsed(name)
    for entries in chains:
        course, watch = Course(study), new_watch()
        for entry in entries:
            course.add(entry)
            require_same(course, watch)


@pytest.mark.parametrize("name", STUDIES)
def test_a_course_followed_from_entry_to_entry_is_the_one_of_all_and_none_before_changes(name: str) -> None:
    study, chains = rehearsed(name)
    for whole in chains:
        source = next(one for one in reversed(whole[:-12]) if one.kind in ("form", "screening"))
        about = source.id
        entries = whole[:-12]
        for number, one in enumerate(whole[-12:]):
            entries.append(one)
            if number in (2, 5):  # the second stands in the place of the first
                change = {"id": f"change{number}", "kind": source.kind, "replaces": about, "data": {}}
                entries.append(msgspec.structs.replace(one, reason="entry_error", **change))
                about = f"change{number}"
        begins, at = max(0, len(entries) - 40), instant(entries[-1].recorded_at)
        course, watch = fold(study, entries[:begins]), CourseWatch()
        watch.look(course)
        told, others = repr(findings(course, at)), []
        for number in range(begins, len(entries)):
            others.append((course, repr([getattr(course, part) for part in NAMES]), told))
            course = course.with_more([entries[number]])
            watch.look(course)
            told = repr(findings(course, at))
            assert told == repr(findings(fold(study, entries[: number + 1]), at))
        assert course == fold(study, entries)
        for before, state, found in others:
            assert repr([getattr(before, part) for part in NAMES]) == state
            assert repr(findings(before, at)) == found


@pytest.mark.parametrize("name", STUDIES)
def test_an_entry_writes_to_no_other_part_of_the_state_than_its_kind_says(name: str) -> None:
    study, chains = rehearsed(name)
    for entries in chains:
        course = Course(study)
        before, folded = {part: repr(getattr(course, part)) for part in NAMES}, course.effective
        for entry in entries:
            course.add(entry)
            after = {part: repr(getattr(course, part)) for part in NAMES}
            written = {part for part in NAMES if before[part] != after[part]}
            if course.effective is folded and KINDS[entry.kind].writes is not None:
                assert written <= (KINDS[entry.kind].writes or frozenset()), entry.kind
            before, folded = after, course.effective


GATED = ["act", "gate", "inputs", "decided_at", "expires"]
MORE: list[tuple[str, dict[str, Any]]] = [
    *PAYLOADS,
    ("screening", {"attempt": 2, "number": "S-2", "site": "vancouver"}),
    ("encounter", {"status": "missed"}),
    ("encounter", {"status": "ended", "disposition": "transfer_to_hospital"}),
    ("form", {"form": "symptoms", "items": {}, "status": "not_done"}),
    ("form", {"form": "symptoms", "items": {"total": 12, "diagnosis": True}}),
    ("form", {"form": "readiness", "items": {"oriented": True}}),
    ("adverse_event", {"term": "nausea", "outcome": "fatal", "resolved": "2026-02", "onset": "2026-05"}),
    ("safety_call", {"reached": True, "suicidality": True, "events_heard": True}),
    ("alert_answered", {"alert": "high_pressure", "action": "seen"}),
    ("freeze", {}),
    ("unblinding", {"recipient": "physician-1", "cause": "emergency"}),
    ("planned_unblinding", {"arm": "mdma", "told": ["participant"]}),
    ("override", {"requirement": "initial_dose.1", "entries": [], "versions": [], "ordered_by": "doctor-1"}),
]


@st.composite
def stories(draw: st.DrawFn, story: Any) -> list[Entry]:
    """Some entries of a whole course, and anything else among them: late, about others, resting on gates."""
    whole = story.whole().entries
    entries: list[Entry] = list(whole[: draw(st.integers(0, len(whole)))])
    for _ in range(draw(st.integers(1, 8))):
        kind, data = draw(st.sampled_from(MORE))
        day = draw(st.sampled_from([0, 1, 1.5, 8, 20, 60]))
        encounter = draw(st.sampled_from([None, "screening#1", "session_1#1", "baseline#1", "closing#1"]))
        written = draw(st.sampled_from([day, day, 0, 61]))
        envelope: dict[str, Any] = {"encounter": encounter, "recorded_at": story.at(written).isoformat()}
        if entries and draw(st.booleans()):
            envelope["about"] = draw(st.sampled_from(entries)).id
        if entries and draw(st.integers(0, 3)) == 0:
            inputs = draw(st.lists(st.sampled_from(entries), max_size=3))
            decided = story.at(draw(st.sampled_from([day, 0, 61]))).isoformat()
            envelope["basis"] = {"act": "initial_dose", "gate": "initial_dose", "decided_at": decided}
            envelope["basis"]["inputs"] = [one.id for one in inputs]
        entry: Entry = story.write(kind, data, day=day, **envelope)
        if entries and draw(st.integers(0, 9)) == 0:
            source = draw(st.sampled_from(entries))
            entry = story.correct(source, source.data, day=day)
        place = draw(st.integers(0, len(entries)))
        entries.insert(place if draw(st.booleans()) else len(entries), entry)
    return entries


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_follows_what_is_kept_is_what_is_found_from_nothing(
    new_story: Callable[[], Any], data: st.DataObject
) -> None:
    story = new_story()
    entries = data.draw(stories(story))
    looked_at = data.draw(st.sampled_from([1, 1, 3]), label="looked at after so many entries")
    course, watch = Course(story.study), new_watch()
    for place, entry in enumerate(entries):
        course.add(entry)
        if place % looked_at == 0:
            require_same(course, watch)
    require_same(course, watch)


def test_what_is_looked_for_again_is_only_what_hangs_on_what_was_written(
    new_story: Callable[[], Any],
) -> None:
    """Else all of this would be for nothing: what was found stays the very value that it was."""
    story = new_story()
    course, watch = Course(story.study), new_watch()
    course.add(story.write("dose", dict(PAYLOADS[13][1]), day=1))
    (before,) = [one for one in watch.look(course) if one.rule == "encounter_unnamed"]
    course.add(story.write("vital_signs", {"systolic": "120 mm[Hg]"}, day=2, encounter="session_1#1"))
    (after,) = [one for one in watch.look(course) if one.rule == "encounter_unnamed"]
    assert after is before
    assert watch.written is not None
    assert "answers" in watch.written
    assert not watch.may_have_changed(frozenset({"doses"}))


def test_what_arrived_before_the_consent_that_it_needed_is_found_in_whatever_order_they_are_added(
    new_story: Callable[[], Any],
) -> None:
    story = new_story()
    course, watch = Course(story.study), new_watch()
    scopes = {"version": "1", "scopes": {"participation": True}}
    consent = story.write("consent", scopes, recorded_at=story.at(3).isoformat())
    course.add(consent)
    require_same(course, watch)
    for day, is_early in ((1, True), (4, False)):
        course.add(story.write("vital_signs", {"systolic": "120 mm[Hg]"}, day=day))
        require_same(course, watch)
        (said,) = [one for one in watch.look(course) if one.rule == "consent_belated"]
        assert (said.entry, "after 1 entries" in said.message) == (consent.id, True), is_early


def test_a_kind_that_does_not_say_to_what_it_writes_may_write_to_anything(
    new_story: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    story = new_story()
    silent = msgspec.structs.replace(KINDS["vital_signs"], writes=None)
    monkeypatch.setitem(KINDS, "vital_signs", silent)
    course, watch = Course(story.study), new_watch()
    list(watch.look(course))
    course.add(story.write("vital_signs", {"systolic": "120 mm[Hg]"}, day=2))
    list(watch.look(course))
    assert watch.may_have_changed(frozenset({"doses"}))
