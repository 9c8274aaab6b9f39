"""Whatever an author sends is kept, folds, and never shows its free text: no payload makes a traceback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.course.course import Course
from entact.course.entry.ledger import Ledger, verify
from entact.course.fact import record
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.kinds import KINDS

NAME = "participant:" + "0" * 32
KEY = bytes(32)
SECRET = "Elm Street"

FORMS = ("demographics", "symptoms", "suicidality", "vitals", "readiness", "horoscope")
ITEMS = (
    "age",
    "sex",
    "total",
    "diagnosis",
    "remarks",
    "ideation",
    "behaviour",
    "systolic",
    "oriented",
    "x",
    "é",
)
words = st.sampled_from(
    [
        SECRET,
        f"120 {SECRET}",
        "",
        "mdma",
        "initial",
        "started",
        "ended",
        "2026-04",
        "9999-12-31",
        "120 mm[Hg]",
        "K-1",
        "\ud800",
        *FORMS,
    ]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | words
missing = st.fixed_dictionaries({"missing": words | st.just("refused") | st.lists(words, max_size=1)})


def named(names: tuple[str, ...], inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), inner, max_size=4)


values = st.recursive(
    leaves | missing, lambda inner: st.lists(inner, max_size=3) | named(ITEMS, inner), max_leaves=5
)


@st.composite
def contents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from([*KINDS, "telepathy", "unparsed", "void"]))
    fields = msgspec.structs.fields(KINDS[kind].payload) if kind in KINDS else ()
    names = (*(field.encode_name for field in fields), "occurred_at", "comment", "received")
    data = draw(named(names, values))
    if kind == "form" and draw(st.booleans()):
        data = {"form": draw(st.sampled_from(FORMS)), "items": draw(named(ITEMS, values))}
    return kind, data


envelopes = st.fixed_dictionaries(
    {},
    optional={
        "encounter": st.sampled_from(["session_1#1", "unscheduled#1", "#", "party"]),
        "timepoint": st.sampled_from(["end", "initial + 90 min"]),
        "basis": st.none()
        | st.dictionaries(st.sampled_from(["act", "kit", "expires", "inputs"]), values, max_size=3),
        "reason": st.none() | words,
        "occurred_at": st.sampled_from(
            [
                "2026-03-02",
                "now",
                "2026-03-02T09:00:00",
                "0001-01-01T00:00:00+14:00",
                "0001-06-01T00:00:00Z",
                "9999-12-31T23:59:59Z",
            ]
        ),
        "clock_offset_ms": st.sampled_from([0, -(10**15), 2**62]),
        "repeat": st.sampled_from([-1, 2**62]),
        "recorded_at": st.sampled_from(["", "2026-03-02T09:00:00Z"]),
        "release": st.sampled_from(["mini@sha256:0", ""]),
    },
)


@settings(max_examples=300)
@given(
    sent=st.lists(st.tuples(contents(), envelopes, st.sampled_from(["", "about", "replaces"])), max_size=5)
)
def test_anything_is_kept_and_folds(new_story: Callable[[], Any], sent: list[Any]) -> None:
    story = new_story()
    ledger, course = Ledger(NAME), Course(story.study)
    consent = story.write("consent", {"version": "1", "scopes": {"participation": True}})
    last = consent
    record(story.study, ledger, course, consent, received_at="2026-05-05T00:00:00+00:00", key=KEY)
    for day, ((kind, data), envelope, link) in enumerate(sent):
        last = story.write(kind, data, day=day, **envelope, **({link: last.id} if link else {}))
        record(story.study, ledger, course, last, received_at="2026-05-05T00:00:00+00:00", key=KEY)
        seen = findings(course, story.at(60))
        course.due(story.at(60))
        assert not any(SECRET in found.message or SECRET in found.item for found in seen)
    assert len(ledger.lines) == len(sent) + 1
    # The name of a medicine is text that is marked as not personal.
    kept = [line.text for line in ledger.lines if '"kind":"medication"' not in line.text]
    assert [text for text in kept if SECRET in text] == []
    assert verify(NAME, ledger.lines) is None
    assert course == fold(story.study, ledger.entries())
