"""Corrections and withdrawals: what stands, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from entact.course.fold import fold

NewStory = Callable[[], Any]


def rules(course: Any) -> set[tuple[str, str]]:
    return {(found.rule, found.item) for found in course.findings.values()}


def suicidality(course: Any) -> dict[str, Any]:
    (answers,) = course.answers["suicidality"]
    return dict(answers.values)


def test_a_correction_carries_only_what_changed(new_story: NewStory) -> None:
    story = new_story()
    asked = story.form("suicidality", {"ideation": 4, "behaviour": False})
    correction = story.correct(asked, {"items": {"ideation": 1}}, day=1)
    course = fold(story.study, story.entries)
    assert suicidality(course) == {"ideation": 1, "behaviour": False}
    assert course.answers["suicidality"][0].origins == {"ideation": correction.id}
    assert course.effective[0].corrections == (correction.id,)
    assert asked.data["items"] == {"ideation": 4, "behaviour": False}  # the source is as it was sent


def test_a_correction_of_a_correction_follows_it(new_story: NewStory) -> None:
    story = new_story()
    asked = story.form("suicidality", {"ideation": 4, "behaviour": False})
    first = story.correct(asked, {"items": {"ideation": 1, "behaviour": True}}, day=3)
    story.correct(first, {"items": {"ideation": 2}}, day=1)  # later in the chain, though it says it is older
    course = fold(story.study, story.entries)
    assert suicidality(course) == {"ideation": 2, "behaviour": True}
    assert ("correction_conflict", "ideation") not in rules(course)


def test_two_corrections_of_one_item_are_a_finding_and_the_latest_is_followed(new_story: NewStory) -> None:
    story = new_story()
    asked = story.form("suicidality", {"ideation": 4, "behaviour": False})
    story.correct(asked, {"items": {"ideation": 1}}, day=2)
    story.correct(asked, {"items": {"ideation": 3}}, day=1)
    story.correct(asked, {"items": {"behaviour": True}}, day=1)
    course = fold(story.study, story.entries)
    assert suicidality(course) == {"ideation": 1, "behaviour": True}
    found = course.findings[f"correction_conflict:{asked.id}:ideation"]
    assert all(entry.id in found.message for entry in story.entries[1:3])
    assert ("correction_conflict", "behaviour") not in rules(course)


@given(days=st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_a_chain_of_corrections_ends_at_its_last_link(new_story: NewStory, days: list[int]) -> None:
    story = new_story()
    link = story.form("suicidality", {"ideation": 0, "behaviour": False})
    for number, day in enumerate(days, start=1):
        link = story.correct(link, {"items": {"ideation": number % 6}}, day=day)
    course = fold(story.study, story.entries)
    assert suicidality(course)["ideation"] == len(days) % 6
    assert rules(course) == {("without_consent", "")}


def test_a_correction_of_the_time_moves_the_entry(new_story: NewStory) -> None:
    story = new_story()
    story.vitals(120, 80, day=2)
    early = story.vitals(150, 90, day=1)
    story.correct(early, {"occurred_at": story.at(3).isoformat()}, day=4)
    course = fold(story.study, story.entries)
    assert [answers.values["systolic"] for answers in course.vitals] == [120.0, 150.0]
    assert course.vitals[1].at == story.at(3)


def test_a_correction_of_the_time_to_no_time_is_a_finding(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(150, 90, day=1)
    story.correct(reading, {"occurred_at": "Tuesday"}, day=4)
    course = fold(story.study, story.entries)
    assert course.vitals[0].at == story.at(1)
    assert ("time_unreadable", "occurred_at") in rules(course)


def test_a_withdrawn_entry_is_as_if_never_entered_but_for_what_was_found(new_story: NewStory) -> None:
    story = new_story()
    story.write("consent", {"version": "1", "scopes": {"participation": True}})
    story.begin("screening#1")
    reading = story.vitals(999, 80, encounter="screening#1")
    void = story.void(reading, day=1)
    course = fold(story.study, story.entries)
    assert course.vitals == []
    story.void(void, day=2)
    assert len(fold(story.study, story.entries).vitals) == 1


def test_a_withdrawn_correction_gives_way_to_the_source(new_story: NewStory) -> None:
    story = new_story()
    asked = story.form("suicidality", {"ideation": 4, "behaviour": False})
    correction = story.correct(asked, {"items": {"ideation": 1}}, day=1)
    below = story.correct(correction, {"items": {"ideation": 2}}, day=3)
    story.void(correction, day=2)
    course = fold(story.study, story.entries)
    assert suicidality(course)["ideation"] == 4
    assert course.findings[f"correction_waits:{below.id}"].message.endswith("which was withdrawn before")


def test_a_correction_waits_for_its_source(new_story: NewStory) -> None:
    story = new_story()
    asked = story.form("suicidality", {"ideation": 4, "behaviour": False})
    correction = story.correct(asked, {"items": {"ideation": 1}}, day=1)
    course = fold(story.study, [correction])
    assert course.answers == {}
    assert f"correction_waits:{correction.id}" in course.findings
    course.add(asked)
    assert suicidality(course)["ideation"] == 1
    assert f"correction_waits:{correction.id}" not in course.findings


def test_corrections_in_a_circle_wait_for_ever(new_story: NewStory) -> None:
    story = new_story()
    one = story.vitals(120, 80, day=1)
    other = story.correct(one, {"systolic": "130 mm[Hg]"}, day=2)
    story.entries[0] = msgspec.structs.replace(one, replaces=other.id, reason="unit_error")
    course = fold(story.study, story.entries)
    assert course.vitals == []
    assert rules(course) == {("correction_waits", "")}


def test_corrections_need_a_reason_and_their_owner(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(120, 80)
    story.correct(reading, {"systolic": "130 mm[Hg]"}, day=1, reason=None, role="rater")
    course = fold(story.study, story.entries)
    assert course.vitals[0].values["systolic"] == 130.0  # a fact is kept, and what is wrong with it is said
    assert {("reason_missing", ""), ("correction_by_other", "")} <= rules(course)


def test_an_entry_of_another_kind_corrects_nothing(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(120, 80)
    story.write("death", {"date": "2026"}, day=1, replaces=reading.id, reason="wrong_visit")
    course = fold(story.study, story.entries)
    assert course.died is None
    assert len(course.vitals) == 1
    assert ("correction_of_other_kind", "") in rules(course)


def test_a_withdrawal_of_nothing_is_a_finding(new_story: NewStory) -> None:
    story = new_story()
    void = story.write("void", reason="entered_in_error")
    assert f"withdraws_nothing:{void.id}" in fold(story.study, story.entries).findings
