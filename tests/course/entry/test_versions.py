"""Two versions of one id: the first to arrive stands, whatever is sent afterwards, until a person decides."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import Case, two_sessions

from entact.course.course import Course
from entact.course.entry import CLAIMED, GENESIS, Authenticated, Entry, Kept, arrived, read
from entact.course.entry.ledger import Ledger
from entact.course.entry.versions import first_versions, in_order_of_arrival, version_digest
from entact.course.fact import record
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.setting import fold_setting
from entact.protocol.release import Study

NewStory = Callable[[], Any]
AT = "2026-06-01T00:00:00+00:00"
SEEN = Authenticated(how="session", who="investigator-1")


def kept(entries: list[Entry], by: Authenticated = SEEN) -> list[Kept]:
    return [arrived(one, AT, seq, GENESIS, by) for seq, one in enumerate(entries, start=1)]


def other(source: Entry, **changed: Any) -> Entry:
    return msgspec.structs.replace(source, **changed)


def decide(story: Any, about: Entry, follow: Entry, **more: Any) -> Entry:
    fields = {"day": 3, "reason": "source_document", "by": "investigator-1", "role": "investigator"}
    decided: Entry = story.write(
        "conflict_decided", {"follow": version_digest(follow)}, about=about.id, **{**fields, **more}
    )
    return decided


def test_whoever_sends_an_id_again_changes_nothing(new_story: NewStory) -> None:
    """The attack: 109 became 111 by the same id with another `by`, sent until its digest was the least."""
    story = new_story()
    reading = story.vitals(109, 80)
    for number in range(24):
        wrong = {**reading.data, "systolic": "111 mm[Hg]"}
        story.entries.append(other(reading, by=f"t-{number}", data=wrong))
    course = fold(story.study, kept(story.entries))
    assert [one.values["systolic"] for one in course.vitals] == [109.0]
    assert f"conflict:{reading.id}" in course.findings
    assert course.size == 25
    assert fold(story.study, story.entries).vitals[0].values["systolic"] == 109.0


def test_an_adverse_event_does_not_become_a_call(new_story: NewStory) -> None:
    story = new_story()
    event = story.write("adverse_event", {"term": "nausea", "severity": "severe"})
    for number in range(24):
        call = {"reached": True, "minutes": number}
        story.entries.append(other(event, kind="safety_call", data=call))
    course = fold(story.study, kept(story.entries))
    assert list(course.adverse_events) == [event.id]
    assert course.calls == []


@pytest.mark.parametrize(
    "change",
    [
        {"by": "t-9"},
        {"occurred_at": "2020-01-01T00:00:00-07:00"},
        {"role": "investigator"},
        {"encounter": "closing#1"},
        {"kind": "void", "replaces": "x", "reason": "entered_in_error"},
        {"kind": "death", "data": {"date": "2026"}},
        {"repeat": 2},
    ],
)
def test_whatever_differs_the_first_stands_in_any_order_of_reading(
    new_story: NewStory, change: dict[str, Any]
) -> None:
    story = new_story()
    reading = story.vitals(109, 80)
    story.entries.append(other(reading, **change))
    numbered = kept(story.entries)
    alone = fold(story.study, numbered[:1])
    for order in itertools.permutations(numbered):
        course = fold(story.study, order)
        assert [one.entry for one in course.effective] == [one.entry for one in alone.effective]
        grown = Course(story.study)
        for one in order:
            grown.add(one)
        assert grown == course
    assert "conflict" in {one.rule for one in findings(course, story.at(9))}


def test_the_order_of_adding_counts_for_what_no_server_has_numbered(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(120, 80)
    wrong = other(reading, data={**reading.data, "systolic": "190 mm[Hg]"})
    course = fold(story.study, [reading, wrong, reading])
    assert [one.values["systolic"] for one in course.vitals] == [120.0]
    assert [one.values["systolic"] for one in fold(story.study, [wrong, reading]).vitals] == [190.0]
    assert len(course.entries) == course.size == 2
    assert course.entries == [reading, wrong]


def test_what_a_server_has_numbered_comes_before_what_waits(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(120, 80)
    waiting = other(reading, data={**reading.data, "systolic": "190 mm[Hg]"})
    [first] = kept([reading])
    assert in_order_of_arrival([waiting, first]) == (first, waiting)
    course = fold(story.study, [waiting, first])
    assert [one.values["systolic"] for one in course.vitals] == [120.0]


def test_a_person_decides_with_a_reason_and_the_other_is_followed(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(109, 80)
    wrong = other(reading, data={**reading.data, "systolic": "111 mm[Hg]"})
    story.entries.append(wrong)
    decision = decide(story, reading, wrong)
    course = fold(story.study, kept(story.entries))
    assert [one.values["systolic"] for one in course.vitals] == [111.0]
    assert course.effective[0].corrections == (decision.id,)
    assert {one.rule: one.holds for one in findings(course, story.at(9))}["conflict"] is False
    story.void(decision, day=4)
    course = fold(story.study, kept(story.entries))
    assert [one.values["systolic"] for one in course.vitals] == [109.0]
    assert f"conflict:{reading.id}" in course.findings


def test_a_decision_for_the_first_ends_the_conflict(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(109, 80)
    story.entries.append(other(reading, by="t-2"))
    decide(story, reading, reading)
    course = fold(story.study, kept(story.entries))
    assert f"conflict:{reading.id}" not in course.findings
    assert course.effective[0].corrections == ()


def test_the_latest_decision_in_time_counts(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(109, 80)
    second, third = (other(reading, data={"systolic": f"{value} mm[Hg]"}) for value in (111, 112))
    story.entries += [second, third]
    decide(story, reading, third, day=5)
    decide(story, reading, second, day=4)
    assert fold(story.study, kept(story.entries)).vitals[0].values["systolic"] == 112.0


@pytest.mark.parametrize(
    ("more", "by", "said"),
    [
        ({"reason": None}, SEEN, "has a reason"),
        ({"reason": "  "}, SEEN, "has a reason"),
        ({}, CLAIMED, "nobody showed that investigator-1 decided"),
        ({}, Authenticated(how="session", who="t-1"), "nobody showed that investigator-1 decided"),
        ({}, Authenticated(how="device", who="investigator-1"), "nobody showed"),
        ({}, Authenticated(how="person_key", who="investigator-1", problem="revoked"), "nobody showed"),
        ({"data": {"follow": "0" * 64}}, SEEN, "no version of"),
        ({"data": {"follow": None}}, SEEN, "no version of"),
    ],
)
def test_a_decision_that_does_not_count_is_found_and_the_first_stands(
    new_story: NewStory, more: dict[str, Any], by: Authenticated, said: str
) -> None:
    story = new_story()
    reading = story.vitals(109, 80)
    wrong = other(reading, data={**reading.data, "systolic": "111 mm[Hg]"})
    story.entries.append(wrong)
    decision = decide(story, reading, wrong)
    story.entries[-1] = other(decision, **more)
    course = fold(story.study, kept(story.entries, by))
    assert [one.values["systolic"] for one in course.vitals] == [109.0]
    [found] = [one for one in course.findings.values() if one.rule == "decision_not_followed"]
    assert said in found.message


def test_no_decision_is_followed_about_a_decision_or_about_nothing(new_story: NewStory) -> None:
    """Else whoever sends a decision again, with another `follow`, could have that one followed."""
    story = new_story()
    reading = story.vitals(109, 80)
    wrong = other(reading, data={**reading.data, "systolic": "111 mm[Hg]"})
    story.entries.append(wrong)
    decision = decide(story, reading, reading)
    rival = other(decision, data={"follow": version_digest(wrong)})
    story.entries.append(rival)
    decide(story, decision, rival, day=6)
    decide(story, story.vitals(100, 70, day=1), wrong, day=7)
    course = fold(story.study, kept(story.entries))
    assert course.vitals[0].values["systolic"] == 109.0
    rules = [one.rule for one in course.findings.values()]
    assert rules.count("decision_not_followed") == 2
    assert "conflict" in rules  # the decision itself stands in two versions


def test_a_signature_breaks_when_another_version_is_followed(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(109, 80)
    story.write("freeze", {"of": "participant"}, day=1)
    wrong = other(reading, data={**reading.data, "systolic": "111 mm[Hg]"})
    story.entries.append(wrong)
    decision = decide(story, reading, wrong, day=3)
    found = findings(fold(story.study, kept(story.entries)), story.at(9))
    assert ("changed_after_freeze", decision.id) in {(one.rule, one.entry) for one in found}


def test_the_ledger_itself_records_in_that_order(new_story: NewStory) -> None:
    story = new_story()
    ledger, course = Ledger("participant:" + "0" * 32), Course(story.study)
    reading = story.vitals(109, 80)
    for one in (reading, other(reading, data={"systolic": "111 mm[Hg]"}), other(reading, by="t-3"), reading):
        record(story.study, ledger, course, one, received_at=AT, key=bytes(32))
    assert [read(line.text).by for line in ledger.lines] == ["therapist-1", "therapist-1", "t-3"]
    assert course.vitals[0].values["systolic"] == 109.0
    assert fold(story.study, ledger.entries()) == course


@given(order=st.permutations(range(4)))
def test_in_a_sites_ledger_too_the_first_stands(order: list[int]) -> None:
    case = Case(Study("mini", (two_sessions(),)))
    stock = {"number": "K-1", "status": "quarantined", "expires": "2026-12-31"}
    case.put("kit", "kit", "2026-02-01T09:00:00Z", stock, ledger="site:denver")
    first = case.entries["kit"]
    versions = [first, *(other(first, data={**stock, "status": "released"}, by=f"t-{n}") for n in range(3))]
    entries = kept(versions)
    setting = fold_setting(case.study, [], [entries[place] for place in order])
    assert setting.site.kits["K-1"].status == "quarantined"
    assert [one.rule for one in setting.problems] == ["conflict"]


def test_first_versions_are_the_first_of_each_id(new_story: NewStory) -> None:
    story = new_story()
    reading, later = story.vitals(109, 80), story.vitals(110, 80, day=1)
    assert list(first_versions([reading, later, other(reading, by="t-2")])) == [reading, later]
