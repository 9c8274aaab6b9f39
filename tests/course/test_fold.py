"""The law of the set: a course depends on the entries alone, not on the order in which they are read; of two
versions of one id the first to arrive stands, which is in the entries' numbers."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.course import Course
from entact.course.entry import CLAIMED, GENESIS, Entry, Kept, arrived
from entact.course.entry.ledger import Ledger
from entact.course.findings import CourseWatch, findings
from entact.course.fold import fold

NewStory = Callable[[], Any]

TROUBLES = (
    "correct",
    "correct item",
    "correct correction",
    "move",
    "void",
    "void a void",
    "conflict",
    "of other kind",
    "unknown kind",
    "does not parse",
    "no time",
    "update",
    "late",
)
troubles = st.lists(
    st.tuples(st.sampled_from(TROUBLES), st.integers(0, 400), st.integers(-30, 60)), max_size=8
)


def trouble(story: Any, what: str, which: int, day: int) -> None:
    """Adds one thing that goes wrong to a story."""
    source: Entry = story.entries[which % len(story.entries)]
    match what:
        case "correct":
            key = sorted(source.data)[which % len(source.data)] if source.data else "nothing"
            story.correct(source, {key: source.data.get(key)}, day=day)
        case "correct item":
            forms = [entry for entry in story.entries if entry.kind == "form"]
            source = forms[which % len(forms)]
            story.correct(source, {"items": {"total": which % 90, "ideation": which % 7}}, day=day)
        case "correct correction":
            chosen = [entry for entry in story.entries if entry.replaces and entry.kind != "void"] or [source]
            source = chosen[which % len(chosen)]
            story.correct(source, dict(source.data), day=day)
        case "move":
            story.correct(source, {"occurred_at": story.at(day, which).isoformat()}, day=day)
        case "void":
            story.void(source, day=day)
        case "void a void":
            story.void(story.void(source, day=day), day=day + 1)
        case "conflict":
            story.entries.append(msgspec.structs.replace(source, data={**source.data, "level": f"{which}"}))
        case "of other kind":
            story.write("death", {"date": "2026"}, day=day, replaces=source.id, reason="wrong_visit")
        case "unknown kind":
            story.write("telepathy", {"of": "the cat"}, day=day)
        case "does not parse":
            story.write("dose", {"part": "third"}, day=day)
        case "no time":
            story.write("guess", {"guesser": "rater", "arm": "mdma"}, day=day, occurred_at="yesterday")
        case "update":
            story.write("adverse_event", {"outcome": "resolved"}, day=day, about=source.id)
        case "late":
            story.vitals(190, 80, day=day, minute=which, encounter="session_1#1")


def kept(story: Any) -> list[Kept]:
    """The entries as a server numbers them."""
    at = "2026-06-01T00:00:00+00:00"
    return [arrived(one, at, seq, GENESIS, CLAIMED) for seq, one in enumerate(story.entries, start=1)]


def shuffled(story: Any, order: random.Random) -> list[Kept]:
    entries = kept(story)
    order.shuffle(entries)
    return entries


def arrivals(story: Any, order: random.Random) -> list[Entry]:
    """Another order of arrival: that of the versions of one id stays as it is."""
    entries = list(story.entries)
    order.shuffle(entries)
    versions: dict[str, list[Entry]] = {}
    for one in reversed(story.entries):
        versions.setdefault(one.id, []).append(one)
    return [versions[one.id].pop() for one in entries]


@given(wrong=troubles, order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_course(
    new_story: NewStory, wrong: Any, order: random.Random
) -> None:
    story = new_story().whole()
    for what, which, day in wrong:
        trouble(story, what, which, day)
    for entries in (arrivals(story, order), shuffled(story, order)):
        course = fold(story.study, entries)
        expected = fold(story.study, kept(story) if isinstance(entries[0], Kept) else story.entries)
        assert course == expected
        assert findings(course, story.at(70)) == findings(expected, story.at(70))


@given(wrong=troubles, order=st.randoms(use_true_random=False), reads=st.sets(st.integers(0, 60), max_size=5))
def test_adding_is_the_same_as_folding(
    new_story: NewStory, wrong: Any, order: random.Random, reads: set[int]
) -> None:
    story = new_story().whole()
    for what, which, day in wrong:
        trouble(story, what, which, day)
    course = Course(story.study)
    entries = arrivals(story, order) if wrong else story.entries
    for number, entry in enumerate(entries):
        course.add(entry)
        if number in reads:
            assert course == fold(story.study, entries[: number + 1])
    assert course == fold(story.study, story.entries)


@given(wrong=troubles, order=st.randoms(use_true_random=False), cut=st.integers(0, 60))
def test_a_course_with_more_is_that_of_all_and_the_one_before_stays(
    new_story: NewStory, wrong: Any, order: random.Random, cut: int
) -> None:
    story = new_story().whole()
    for what, which, day in wrong:
        trouble(story, what, which, day)
    entries = arrivals(story, order)
    course = fold(story.study, entries[:cut])
    watch = CourseWatch()
    watch.look(course)
    found = findings(course, story.at(70))
    more = course.with_more(entries[cut:])
    watch.look(more)
    assert more == fold(story.study, entries)
    assert findings(more, story.at(70)) == findings(fold(story.study, entries), story.at(70))
    step, steps = course, CourseWatch()
    steps.look(step)
    for few in (entries[cut : cut + 1], entries[cut + 1 : cut + 4], entries[cut + 4 :]):
        step = step.with_more(few)
        steps.look(step)
    assert step == more
    assert findings(step, story.at(70)) == findings(more, story.at(70))
    assert course == fold(story.study, entries[:cut])
    assert findings(course, story.at(70)) == found


@given(order=st.randoms(use_true_random=False))
def test_the_same_entry_twice_changes_nothing(new_story: NewStory, order: random.Random) -> None:
    story = new_story().whole()
    twice = fold(story.study, [*arrivals(story, order), *arrivals(story, order)])
    assert twice == fold(story.study, story.entries)
    assert twice.size == len(story.entries)


def test_courses_of_different_entries_differ(new_story: NewStory) -> None:
    story = new_story().whole()
    whole = fold(story.study, story.entries)
    for left_out in range(len(story.entries)):
        rest = story.entries[:left_out] + story.entries[left_out + 1 :]
        assert fold(story.study, rest) != whole


def test_what_was_known_when(new_story: NewStory) -> None:
    story = new_story()
    ledger = Ledger("participant:" + "0" * 32)
    reading = story.vitals(120, 80, day=1)
    story.correct(reading, {"systolic": "210 mm[Hg]"}, day=0)  # arrives later, though it says it is older
    for entry in story.entries:
        ledger.append(entry, received_at="2026-03-05T00:00:00+00:00")
    then = fold(story.study, ledger.entries(), known_to=1)
    now = fold(story.study, ledger.entries())
    assert then.vitals[0].values["systolic"] == 120.0
    assert now.vitals[0].values["systolic"] == 210.0
    assert fold(story.study, story.entries, known_to=5) == fold(story.study, [])  # no server has kept these


def test_kept_entries_fold_like_those_sent(new_story: NewStory) -> None:
    story = new_story().whole()
    ledger = Ledger("participant:" + "0" * 32)
    for entry in reversed(story.entries):
        ledger.append(entry, received_at="2026-05-05T00:00:00+00:00")
    assert fold(story.study, ledger.entries()) == fold(story.study, story.entries)


def test_several_late_entries_cost_one_fold(new_story: NewStory, monkeypatch: pytest.MonkeyPatch) -> None:
    story = new_story().whole()
    course = fold(story.study, story.entries)
    assert course.status == "completed"
    folds = []
    original = Course._fold

    def counted(self: Course, *known: Any) -> None:
        folds.append(self)
        original(self, *known)

    monkeypatch.setattr(Course, "_fold", counted)
    for minute in range(10):
        course.add(story.vitals(120, 80, day=1, minute=minute))
    assert len(course.vitals) == 13
    assert len(folds) == 1


def test_a_course_travels_to_another_process(new_story: NewStory) -> None:
    story = new_story().whole()
    course = fold(story.study, story.entries)
    assert pickle.loads(pickle.dumps(course)) == course
    stale = fold(story.study, story.entries)
    assert pickle.loads(pickle.dumps(stale)) == course


def test_what_a_course_is_not(new_story: NewStory) -> None:
    with pytest.raises(AttributeError, match="no 'arm'"):
        _ = new_story().whole() and fold(new_story().study, []).arm  # type: ignore[attr-defined]
