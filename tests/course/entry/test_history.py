"""What stood at each moment is what merging everything that had arrived by then gives."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course import findings
from entact.course.entry import Entry
from entact.course.entry.arrival import FIRST, arrival
from entact.course.entry.correction import as_they_stand
from entact.course.entry.effective import hold_each
from entact.course.entry.history import as_they_stood
from entact.course.entry.versions import DECIDED
from entact.course.fold import fold

NewStory = Callable[[], Any]
NESTED = {"form": "items"}


@st.composite
def anything(draw: st.DrawFn) -> list[Entry]:
    """Sources, corrections and withdrawals of anything, in any order of arrival; also in circles."""
    count = draw(st.integers(1, 9))
    names = [f"e{number}" for number in range(count)]
    data = st.one_of(
        st.fixed_dictionaries({"items": st.dictionaries(st.sampled_from("ab"), st.integers(0, 3))}),
        st.fixed_dictionaries({}, optional={"form": st.sampled_from("xy"), "items": st.integers(0, 2)}),
        st.fixed_dictionaries(
            {"occurred_at": st.sampled_from(["2026-03-02T09:05:00+00:00", "soon"])},
            optional={"items": st.dictionaries(st.sampled_from("ab"), st.integers(0, 3))},
        ),
    )
    entries = []
    for number, name in enumerate(names):
        target = draw(st.one_of(st.none(), st.sampled_from([*names, "absent"])))
        kind = draw(st.sampled_from(["form", "form", "form", "void", "void", "other"]))
        if target is None and number:
            target = draw(st.one_of(st.none(), st.just(names[0])))
        when = draw(st.sampled_from(["2026-03-02T09:0{}:00+00:00", "never"])).format(draw(st.integers(0, 9)))
        entries.append(
            Entry(
                id=name,
                ledger="participant:a",
                kind=kind
                if target is not None or kind != "void"
                else draw(st.sampled_from(["form", "void"])),
                release="r",
                environment="rehearsal",
                occurred_at=when,
                recorded_at=f"2026-03-02T10:{draw(st.integers(0, 5)):02}:00+00:00",
                by="t-1",
                role=draw(st.sampled_from(["therapist", "therapist", "rater"])),
                replaces=target,
                reason=draw(st.sampled_from(["typing_error", None])),
                data=draw(data),
            )
        )
    if draw(st.integers(0, 9)) == 0:  # two versions, of which a person decides
        entries.append(msgspec.structs.replace(entries[0], by="other"))
        entries.append(msgspec.structs.replace(entries[0], id="d", kind=DECIDED, about=entries[0].id))
    return entries


@st.composite
def ordinary(draw: st.DrawFn) -> list[Entry]:
    """One source, corrected and corrected again, now and then withdrawn; each after what it is about."""
    entries: list[Entry] = []
    for number in range(draw(st.integers(2, 14))):
        target = draw(st.sampled_from(entries)) if entries else None
        void = target is not None and draw(st.integers(0, 2)) == 0
        items = draw(st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), min_size=1))
        entries.append(
            Entry(
                id=f"e{number:02}",
                ledger="participant:a",
                kind="void" if void else "form",
                release="r",
                environment="rehearsal",
                occurred_at=f"2026-03-02T09:{draw(st.integers(0, 59)):02}:00+00:00",
                recorded_at=f"2026-03-02T10:{number:02}:00+00:00",
                by="t-1",
                role="therapist",
                replaces=None if target is None else target.id,
                reason="typing_error",
                data={} if void else {"items": items},
            )
        )
    return entries


@given(entries=st.one_of(ordinary(), ordinary(), anything()))
def test_it_is_what_merging_all_that_had_arrived_gives(entries: list[Entry]) -> None:
    held = hold_each(entries)
    moments = [FIRST, *sorted({arrival(one) for one in entries})]
    stood = list(as_they_stood(held, NESTED, moments))
    assert len(stood) == len(moments)
    for moment, (standing, problems) in zip(moments, stood, strict=True):
        expected, wrong, _ = as_they_stand(
            held, NESTED, lambda one, until=moment: arrival(one.entry) <= until, decisions=True
        )
        assert standing == expected
        assert sorted(problems, key=repr) == sorted(wrong, key=repr)


def corrected(story: Any, how: str, count: int) -> None:
    asked = link = story.form("suicidality", {"ideation": 4, "behaviour": False}, day=1)
    if how == "withdrawn before":
        story.void(asked, day=1.5)
    for number in range(count):
        day = 2 + number / 1000
        one = story.correct(link, {"items": {"ideation": number % 6}}, day=day)
        if how == "nested":
            link = one
        elif how == "each withdrawn":
            story.void(one, day=day + 0.0001)
        elif how == "its time moved":
            story.correct(asked, {"occurred_at": story.at(1, number % 60).isoformat()}, day=day)
    if how == "withdrawn":
        story.void(asked, day=50)


HOW = ["beside each other", "nested", "withdrawn", "each withdrawn", "its time moved", "withdrawn before"]


@pytest.mark.parametrize("how", HOW)
def test_twice_as_many_corrections_take_twice_as_long(new_story: NewStory, how: str) -> None:
    def seconds(count: int) -> float:
        story = new_story()
        corrected(story, how, count)
        course = fold(story.study, story.entries)
        begun = time.process_time()
        findings(course, story.at(60))
        return time.process_time() - begun

    # The square would be 16 times as long, each time; a machine that is busy makes it long now and then.
    assert any(seconds(400) < 8 * seconds(100) + 0.2 for _ in range(4))


@pytest.mark.parametrize("count", [980, 5000])
@pytest.mark.parametrize("kind", ["correction", "withdrawal"])
def test_however_deep_they_are_nested(new_story: NewStory, kind: str, count: int) -> None:
    story = new_story()
    link = story.form("suicidality", {"ideation": 4, "behaviour": False}, day=1)
    for number in range(count):
        day = 2 + number / 10_000
        link = (
            story.correct(link, {"items": {"ideation": number % 6}}, day=day)
            if kind == "correction"
            else story.void(link, day=day)
        )
    course = fold(story.study, story.entries)
    (answers,) = course.answers["suicidality"]  # of an even number of withdrawals the first is withdrawn
    assert answers.values["ideation"] == ((count - 1) % 6 if kind == "correction" else 4)
