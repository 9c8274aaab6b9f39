"""Anything may be recorded, corrected, withdrawn, late, sent twice or in conflict: course and chain hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from entact.course.course import Course
from entact.course.entry import Entry
from entact.course.entry.ledger import Ledger, verify
from entact.course.fact import record
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.personal import seal_entry

KEY = bytes(range(32))
NAME = "participant:" + "0" * 32
FREE_TEXT = "she said it was like coming home"

PAYLOADS: list[tuple[str, dict[str, Any]]] = [
    ("consent", {"version": "1", "scopes": {"participation": True}}),
    ("consent", {"version": "1", "scopes": {"participation": False}}),
    ("screening", {"attempt": 1, "number": "S-1", "site": "denver"}),
    ("encounter", {"status": "started"}),
    ("encounter", {"status": "ended"}),
    ("form", {"form": "suicidality", "items": {"ideation": 2, "behaviour": False}}),
    ("form", {"form": "symptoms", "items": {"total": 99, "diagnosis": True, "remarks": FREE_TEXT}}),
    ("vital_signs", {"systolic": "190 mm[Hg]"}),
    (
        "eligibility",
        {"criteria": {"adult": True, "severe": True}, "decision": "eligible", "signed": "decision"},
    ),
    ("enrolment", {"subject": "1-001"}),
    ("randomisation", {"number": "R-1"}),
    ("kit_assigned", {"kit": "K-1", "part": "initial", "level": "low"}),
    ("dose_level", {"level": "low"}),
    ("dose", {"part": "initial", "kit": "K-1", "level": "low", "dispensed": 2, "taken": 2}),
    ("dose", {"part": "initial", "kit": "K-1", "level": "low", "dispensed": 2, "taken": 1}),
    ("presence", {"person": "therapist-1", "role": "therapist", "state": "in"}),
    ("guess", {"guesser": "therapist", "arm": "placebo", "why": FREE_TEXT}),
    ("adverse_event", {"term": "nausea", "verbatim": FREE_TEXT}),
    ("medication", {"name": "lithium", "indication": FREE_TEXT}),
    ("safety_call", {"reached": True, "note": FREE_TEXT}),
    ("deviation", {"category": "visit", "importance": "minor", "account": FREE_TEXT}),
    ("discontinuation", {"of": "treatment", "decided_by": "participant", "cause": "no_effect"}),
    ("death", {"date": "2026-04", "cause": FREE_TEXT}),
    ("telepathy", {"it": FREE_TEXT}),
    ("guess", {"guess": FREE_TEXT}),
]
days = st.integers(0, 40)
encounters = st.sampled_from([None, "screening#1", "session_1#1", "closing#1"])


class Conduct(RuleBasedStateMachine):
    """A ledger, a course that grows with it, and entries that are written and have not arrived yet."""

    story: Any

    sent = Bundle("sent")
    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(NAME)
        self.course = Course(self.story.study)
        self.story.entries.clear()

    def arrive(self, entry: Entry) -> Entry:
        at = "2026-06-01T00:00:00+00:00"
        record(self.story.study, self.ledger, self.course, entry, received_at=at, key=KEY)
        return entry

    @rule(target=sent, what=st.sampled_from(PAYLOADS), day=days, encounter=encounters)
    def write(self, what: tuple[str, dict[str, Any]], day: int, encounter: str | None) -> Entry:
        return self.arrive(self.story.write(*what, day=day, encounter=encounter))

    @rule(target=waiting, what=st.sampled_from(PAYLOADS), day=days, encounter=encounters)
    def write_offline(self, what: tuple[str, dict[str, Any]], day: int, encounter: str | None) -> Entry:
        entry: Entry = self.story.write(*what, day=day, encounter=encounter)
        return entry

    @rule(target=waiting, source=st.one_of(sent, waiting), day=days)
    def withdraw_offline(self, source: Entry, day: int) -> Entry:
        entry: Entry = self.story.void(source, day=day)
        return entry

    @rule(target=sent, entry=consumes(waiting))
    def arrive_late(self, entry: Entry) -> Entry:
        return self.arrive(entry)

    @rule(target=sent, source=st.one_of(sent, waiting), other=st.sampled_from(PAYLOADS), day=days)
    def correct(self, source: Entry, other: tuple[str, dict[str, Any]], day: int) -> Entry:
        data = other[1] if other[0] == source.kind else source.data
        return self.arrive(self.story.correct(source, data, day=day))

    @rule(target=sent, source=sent, day=days, to=days)
    def move(self, source: Entry, day: int, to: int) -> Entry:
        return self.arrive(
            self.story.correct(source, {"occurred_at": self.story.at(to).isoformat()}, day=day)
        )

    @rule(target=sent, source=sent, day=days, reason=st.sampled_from(["entered_in_error", FREE_TEXT, None]))
    def withdraw(self, source: Entry, day: int, reason: str | None) -> Entry:
        return self.arrive(self.story.void(source, day=day, reason=reason))

    @rule(target=sent, source=sent, day=days)
    def update(self, source: Entry, day: int) -> Entry:
        return self.arrive(
            self.story.write("adverse_event", {"outcome": "resolved"}, day=day, about=source.id)
        )

    @rule(source=sent)
    def send_again(self, source: Entry) -> None:
        before = len(self.ledger.lines)
        self.arrive(source)
        assert len(self.ledger.lines) == before

    @rule(target=sent, source=sent, number=st.integers(0, 3))
    def send_in_conflict(self, source: Entry, number: int) -> Any:
        other = msgspec.structs.replace(source, device=f"tablet-{number}")
        self.arrive(other)
        return multiple()

    @rule()
    def read(self) -> None:
        _ = self.course.status

    @rule(place=st.integers(0), byte=st.integers(0), flip=st.integers(1, 255), data=st.data())
    def tamper(self, place: int, byte: int, flip: int, data: Any) -> None:
        if not self.ledger.lines:
            return
        lines = list(self.ledger.lines)
        where = place % len(lines)
        raw = bytearray(lines[where].text.encode())
        raw[byte % len(raw)] ^= flip
        text = bytes(raw).decode("utf-8", "surrogateescape")
        lines[where] = msgspec.structs.replace(lines[where], text=text)
        found = verify(NAME, lines)
        assert found is not None
        assert found.seq == where + 1

    @invariant()
    def the_chain_holds(self) -> None:
        assert verify(NAME, self.ledger.lines, head=self.ledger.head, length=len(self.ledger.lines)) is None

    @invariant()
    def free_text_is_never_in_plain(self) -> None:
        assert not any("coming home" in line.text for line in self.ledger.lines)

    def teardown(self) -> None:
        entries = self.ledger.entries()
        assert len({entry.seq for entry in entries}) == self.course.size == len(entries)
        fresh = fold(self.story.study, entries)
        assert self.course == fresh
        assert self.course == fold(self.story.study, reversed(entries))
        seen = findings(self.course, self.story.at(50))
        assert seen == findings(fresh, self.story.at(50))
        assert len({found.id for found in seen}) == len(seen)


def test_whatever_happens_the_course_and_the_chain_hold(new_story: Callable[[], Any]) -> None:
    class Told(Conduct):
        story = new_story()

    run_state_machine_as_test(Told, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))


def test_sealing_is_the_same_each_time(new_story: Callable[[], Any]) -> None:
    story = new_story()
    for kind, data in PAYLOADS:
        entry = story.write(kind, data)
        assert seal_entry(story.study, entry, KEY) == seal_entry(story.study, entry, KEY)
