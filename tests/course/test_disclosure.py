"""What entries and findings tell of is the same whenever it is asked, and in whatever order they arrived."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from entact.cohort import Trial, rehearse
from entact.course import Course, Entry, Finding, findings, fold, read
from entact.course.disclosure import CRITERIA, Disclosure, Names, class_named, form_named, gate_named
from entact.course.entry import as_sent, instant
from entact.course.kinds.kind import UNSURE
from entact.protocol import Study, load_study


@cache
def mapp1() -> Study:
    return load_study("mapp1")


@cache
def trial() -> Trial:
    return rehearse(mapp1(), 3, seed=3)


def entries_of(participant: int) -> list[Entry]:
    names = [name for name in trial().ledgers if name.startswith("participant:")]
    return [as_sent(read(line.text)) for line in trial().ledgers[names[participant]]]


def disclosed(entries: list[Entry]) -> Disclosure:
    found = Disclosure(mapp1().releases)
    for entry in entries:
        found.add(entry)
    return found


def told(disclosure: Disclosure, found: Finding) -> Names:
    return disclosure.of_finding(found.id, found.rule, found.entry, found.item, found.message)


@given(data=st.data())
@profile(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_asked_after_every_entry_it_answers_as_asked_once(data: st.DataObject) -> None:
    entries = entries_of(data.draw(st.integers(0, 2), label="participant"))[:60]
    for place in data.draw(
        st.lists(st.integers(0, len(entries) - 1), max_size=4, unique=True), label="changed"
    ):
        source = entries[place]
        form = {"form": "caps5_past_month", "items": {}}
        changes = data.draw(st.sampled_from([{"kind": "void", "data": {}}, {"data": form}, {}]), label="how")
        if changes:
            changes |= {"id": f"{place:08x}{source.id[8:]}", "replaces": source.id, "reason": "safety"}
        entries.append(msgspec.structs.replace(source, **(changes or {"kind": "medication", "data": {}})))
    course, one = Course(mapp1()), Disclosure(mapp1().releases)
    at = instant(entries[-1].recorded_at)
    asked: list[Finding] = []
    for place, entry in enumerate(data.draw(st.permutations(entries), label="order of arrival"), start=1):
        course.add(entry)
        one.add(entry)
        for found in asked:
            told(one, found)  # is remembered, until something about it changes
        if place % 7 == 0 or place == len(entries):
            asked = findings(course, at)
            afresh = disclosed(course.entries)
            assert {found.id: told(one, found) for found in asked} == {
                found.id: told(afresh, found) for found in asked
            }
            assert {entry: one.of_entry(entry) for entry in one.entries} == {
                entry: afresh.of_entry(entry) for entry in afresh.entries
            }


def test_what_is_added_to_a_copy_is_not_in_what_it_was_copied_from() -> None:
    entries = entries_of(0)
    source = next(one for one in entries if one.kind == "form")
    change = msgspec.structs.replace(source, id="change", replaces=source.id, kind="void", data={})
    whole = disclosed(entries)
    before = {one: whole.of_entry(one) for one in whole.entries}
    more = whole.copied()
    for one in (change, msgspec.structs.replace(source, kind="nonsense")):
        more.add(one)
    afresh = disclosed([*entries, change, msgspec.structs.replace(source, kind="nonsense")])
    assert {one: more.of_entry(one) for one in more.entries} == {
        one: afresh.of_entry(one) for one in afresh.entries
    }
    assert UNSURE in more.of_entry(source.id)
    assert {one: whole.of_entry(one) for one in whole.entries} == before
    assert {one: disclosed(entries).of_entry(one) for one in whole.entries} == before


def test_a_finding_tells_of_its_entry_and_of_all_that_it_names() -> None:
    entries = next(own for own in map(entries_of, range(3)) if any(one.kind == "dose" for one in own))
    seen = next(one for one in entries if one.kind == "form" and one.data["form"] == "c_ssrs")
    rated = next(one for one in entries if one.kind == "form" and one.data["form"] == "caps5_past_month")
    dose = next(one for one in entries if one.kind == "dose")
    disclosure = disclosed(entries)
    own = disclosure.of_entry(seen.id)
    assert form_named("c_ssrs") in own
    assert form_named("caps5_past_month") not in own
    for message in (f"contradicts {rated.id}", "after caps5_past_month was rated"):
        names = disclosure.of_finding("item:x", "item", seen.id, "ideation", message)
        assert own | {form_named("caps5_past_month")} <= names, message
    assert CRITERIA in disclosure.of_finding("criterion:x", "criterion", seen.id, "", "")
    for rule in ("gate_expired", "override_unproved"):
        gate = disclosure.of_finding(f"{rule}:x", rule, dose.id, "expires", "")
        assert {gate_named("initial_dose"), class_named("schedule")} <= gate, rule
    assert gate_named("initial_dose") not in disclosure.of_finding("item:y", "item", dose.id, "kit", "")
    planned = disclosure.of_finding("x", "reading_missing", "", "caps5_past_month initial + 1 h", "")
    assert form_named("caps5_past_month") in planned


@pytest.mark.parametrize("change", [{"kind": "nonsense"}, {"replaces": "of-nobody"}, {"data": {"form": "x"}}])
def test_of_what_is_unclear_nobody_is_sure(change: dict[str, object]) -> None:
    source = next(one for one in entries_of(0) if one.kind == "form")
    disclosure = disclosed([msgspec.structs.replace(source, id="it", **change)])
    assert UNSURE in disclosure.of_entry("it")
    assert UNSURE in disclosure.of_entry("unknown")
    assert UNSURE in disclosure.of_finding("f", "item", "unknown", "", "")


def test_an_answer_is_known_with_what_it_answers_whenever_that_arrives() -> None:
    entries = entries_of(0)
    rated = next(one for one in entries if one.kind == "form" and one.data["form"] == "caps5_past_month")
    answer = msgspec.structs.replace(
        rated,
        id="answer",
        kind="alert_answered",
        data={"alert": next(iter(mapp1().newest.alerts)), "action": "seen"},
        about=rated.id,
    )
    disclosure = disclosed([answer])
    found = Finding("item:answer", "item", "answer", "", "x")
    assert UNSURE in told(disclosure, found)
    disclosure.add(rated)
    assert UNSURE not in told(disclosure, found)
    assert form_named("caps5_past_month") in told(disclosure, found)
    assert fold(mapp1(), [answer, rated]).has("answer")
