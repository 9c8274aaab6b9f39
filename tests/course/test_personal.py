"""Recording: personal content is ciphertext in what is stored, and nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.course import Course
from entact.course.entry.ledger import Ledger, verify
from entact.course.entry.sealing import is_sealed
from entact.course.fact import record
from entact.course.fold import fold
from entact.course.personal import _fits, seal_entry, unsealed
from entact.protocol.study import Item

KEY = bytes(range(32))
NAME = "participant:" + "0" * 32
AT = "2026-05-05T00:00:00+00:00"
SECRET = "Jane Doe of Elm Street"

NewStory = Callable[[], Any]


def kept(story: Any, entry: Any) -> tuple[str, Course]:
    ledger, course = Ledger(NAME), Course(story.study)
    record(story.study, ledger, course, entry, received_at=AT, key=KEY)
    return ledger.lines[0].text, course


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("form", {"form": "symptoms", "items": {"total": 40, "diagnosis": True, "remarks": SECRET}}),
        ("form", {"items": {"remarks": SECRET}}),
        ("form", {"form": SECRET, "items": {"total": 40}}),
        ("form", {"form": "demographics", "items": {"sex": SECRET}}),
        ("form", {"form": "demographics", "items": {"age": {"missing": SECRET}}}),
        ("form", {"form": "demographics", "items": {"age": SECRET}}),
        ("form", {"form": "demographics", "items": {"shoe": SECRET}}),
        ("form", {"form": "vitals", "items": {"systolic": f"120 {SECRET}"}}),
        ("form", {"form": "vitals", "items": {"systolic": "120 Jane"}}),
        ("form", {"form": "demographics", "items": [SECRET]}),
        ("form", {"form": "demographics", "notes": SECRET}),
        ("adverse_event", {"term": "other", "verbatim": SECRET}),
        ("adverse_event", {"term": SECRET}),
        ("adverse_event", {"seriousness": [SECRET]}),
        ("medication", {"name": "sertraline", "indication": SECRET}),
        ("guess", {"guesser": "participant", "arm": "mdma", "why": SECRET}),
        ("guess", {"guesser": "participant", "arm": SECRET}),
        ("safety_call", {"reached": True, "note": SECRET}),
        ("deviation", {"category": "other", "importance": "minor", "account": SECRET}),
        ("discontinuation", {"of": "treatment", "decided_by": "participant", "cause": SECRET}),
        ("death", {"date": "2026-04", "cause": SECRET}),
        ("alert_answered", {"alert": "ideation", "action": "called", "note": SECRET}),
        ("dose", {"part": "initial", "comment": SECRET}),
        ("dose", {"part": "initial", "comment": "Jane"}),  # unknown, though it could be a code
        ("adverse_event", {"term": "other", "verbatim": "Jane"}),
        ("form", {"form": "demographics", "items": {"shoe": "Jane"}}),
        ("telepathy", {"anything": "Jane"}),
        ("telepathy", {"anything": [SECRET]}),
        ("unparsed", {"received": SECRET}),
        ("consent", {"version": "1", "scopes": {SECRET: True}}),
        ("vital_signs", {"systolic": "120 Jane"}),
        ("vital_signs", {"occurred_at": SECRET}),
        ("form", {"form": "vitals", "occurred_at": SECRET}),
        ("dose", {"occurred_at": SECRET}),
        ("vital_signs", {"comment": SECRET, "occurred_at": AT}),
        ("vital_signs", {"systolic": 1.5, "position": SECRET}),
    ],
)
def test_personal_content_is_never_stored_in_plain(
    new_story: NewStory, kind: str, data: dict[str, Any]
) -> None:
    story = new_story()
    text, course = kept(story, story.write(kind, data))
    assert SECRET not in text
    assert "Jane" not in text
    assert "sealed:" in text
    assert all("Jane" not in found.message for found in course.findings.values())


def test_text_out_of_place_is_a_finding_though_it_is_sealed(new_story: NewStory) -> None:
    story = new_story()
    entry = story.form("demographics", {"age": 40, "sex": SECRET, "can_be_pregnant": False})
    _, course = kept(story, entry)
    assert f"item:{entry.id}:sex" in course.findings
    assert course.answers["demographics"][0].values["sex"] is None


def test_a_reason_is_a_code_or_sealed(new_story: NewStory) -> None:
    story = new_story()
    reading = story.vitals(120, 80)
    coded, _ = kept(story, story.void(reading, day=1))
    assert '"reason":"entered_in_error"' in coded
    told = story.void(reading, day=1, reason=SECRET)
    text, _ = kept(story, told)
    assert SECRET not in text
    assert unsealed(seal_entry(story.study, told, KEY).reason, KEY, told.id, "reason") == SECRET


def test_what_the_engine_acts_upon_stays_readable(new_story: NewStory) -> None:
    story = new_story().whole()
    for entry in story.entries:
        sealed = seal_entry(story.study, entry, KEY)
        if entry.kind not in ("form", "guess"):
            assert sealed is entry
    ledger, course = Ledger(NAME), Course(story.study)
    for entry in story.entries:
        record(story.study, ledger, course, entry, received_at=AT, key=KEY)
    plain = fold(story.study, story.entries)
    assert course.status == plain.status == "completed"
    assert course.findings == plain.findings == {}
    assert course == fold(story.study, ledger.entries())


def test_personal_items_of_any_type_are_sealed_and_come_back(new_story: NewStory) -> None:
    story = new_story()
    event = story.write("adverse_event", {"term": "other", "verbatim": "stumbled"})
    corrected = story.correct(event, {"verbatim": SECRET}, day=1)
    ledger, course = Ledger(NAME), Course(story.study)
    for entry in story.entries:
        record(story.study, ledger, course, entry, received_at=AT, key=KEY)
    (state,) = course.adverse_events.values()
    assert state.origins["verbatim"] == corrected.id
    assert unsealed(state.verbatim, KEY, state.origins["verbatim"], "verbatim") == SECRET
    with pytest.raises(ValueError, match="cannot be opened"):
        unsealed(state.verbatim, bytes(32), corrected.id, "verbatim")
    assert unsealed(5, KEY, event.id, "age") == 5


@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(), lambda inner: st.lists(inner)
    )
)
def test_what_is_not_text_comes_back_as_it_was(new_story: NewStory, data: Any) -> None:
    story = new_story()
    entry = seal_entry(story.study, story.write("telepathy", {"it": data}), KEY)
    assert is_sealed(entry.data["sealed"])
    assert unsealed(entry.data["sealed"], KEY, entry.id, "sealed") == {"it": data}


def test_sent_again_it_is_kept_once(new_story: NewStory) -> None:
    story = new_story().whole()
    event = story.write("adverse_event", {"term": "other", "verbatim": SECRET}, day=13)
    story.correct(event, {"verbatim": "not so"}, day=14, reason="she told me on the telephone")
    ledger, course = Ledger(NAME), Course(story.study)
    for outcome in ("kept", "again", "again"):
        for entry in reversed(story.entries):
            receipt = record(story.study, ledger, course, entry, received_at=AT, key=KEY)
            assert receipt.outcome == outcome
    assert len(ledger.lines) == len(story.entries)
    other = msgspec.structs.replace(event, data={"term": "other", "verbatim": "something else"})
    assert record(story.study, ledger, course, other, received_at=AT, key=KEY).outcome == "conflict"
    assert course == fold(story.study, ledger.entries())
    assert verify(NAME, ledger.lines) is None


def test_sealed_by_the_device_it_is_not_sealed_twice(new_story: NewStory) -> None:
    story = new_story()
    once = seal_entry(
        story.study, story.write("death", {"date": "2026", "cause": SECRET}, reason=SECRET), KEY
    )
    assert seal_entry(story.study, once, KEY) == once
    forged = story.write("death", {"date": "2026", "cause": f"sealed:1:{SECRET}"})
    assert SECRET not in kept(story, forged)[0]


@pytest.mark.parametrize("odd", [120.5, 2**53, {"é": 1}, "\ud800", [[{"a": [-1.0]}]]])
def test_an_entry_without_canonical_text_is_kept_as_received(new_story: NewStory, odd: Any) -> None:
    story = new_story()
    data = {"systolic": odd}
    entry = story.write("vital_signs", data, basis={"a": 1}, reason="\ud800")
    _, course = kept(story, entry)
    assert f"unparsed:{entry.id}" in course.findings
    sealed = seal_entry(story.study, entry, KEY)
    received = unsealed(sealed.data["received"], KEY, entry.id, "received")
    assert received == {"kind": "vital_signs", "data": data, "basis": {"a": 1}}
    assert unsealed(sealed.reason, KEY, entry.id, "reason") == "\ud800"


def test_an_entry_about_somebody_else_is_an_error_of_the_caller(new_story: NewStory) -> None:
    story = new_story()
    with pytest.raises(ValueError, match="not about participant:"):
        kept(story, story.write("guess", {}, ledger="participant:" + "1" * 32))


@pytest.mark.parametrize(
    ("kind", "fitting", "other"),
    [
        ("time", "10:30", "half past ten"),
        ("time", "10:30:15", "Jane"),
        ("date", "2026-05", "in May"),
        ("datetime", "2026-05-05T10:30:00+00:00", "Jane"),
    ],
)
def test_a_time_stays_in_plain_and_what_only_stands_in_its_place_does_not(
    kind: Any, fitting: str, other: str
) -> None:
    item = Item(type=kind)
    assert _fits(item, fitting)
    assert not _fits(item, other)
