"""Kits and doses: counts and outcomes that cannot be true are found, and count for nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import Case, ask, before, codes, give

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.gates.gate import Refused
from entact.course.kinds.calls import told
from entact.course.state.person import first_dose
from entact.protocol.release import Release, Study, canonical
from entact.protocol.rule import Unknown, Vocabulary

AT = "2026-03-16T10:00:00-06:00"
OUTCOMES = ("taken", "partly_taken", "refused", "withheld", "vomited")
counts = st.integers(-2, 4)


def found(case: Case) -> dict[str, str]:
    """Rule and item -> entry, of what holds about doses."""
    course = case.course()
    holding = (one for one in findings(course, course.effective[-1].at) if one.holds)
    return {f"{one.rule}:{one.item}": one.entry for one in holding if one.rule.startswith("dose_")}


def dosed(**changes: Any) -> Case:
    """The initial dose of two units, but for what is changed."""
    return give(before("initial_dose"), "initial", "K-1", AT, **changes)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"outcome": "refused"}, "dose_outcome:outcome"),
        ({"outcome": "withheld"}, "dose_outcome:outcome"),
        ({"outcome": "partly_taken"}, "dose_outcome:outcome"),
        ({"taken": 0, "returned": 2}, "dose_outcome:outcome"),
        ({"taken": 0, "returned": 2, "outcome": "vomited"}, "dose_outcome:outcome"),
        ({"taken": 0, "lost": 2, "outcome": "partly_taken"}, "dose_outcome:outcome"),
        ({"taken": 1, "returned": 1}, "dose_outcome:outcome"),
        ({"taken": -1}, "dose_arithmetic:dispensed"),
        ({"taken": -1, "returned": 3}, "dose_arithmetic:dispensed"),
        ({"dispensed": -2, "taken": 0, "returned": -2, "outcome": "withheld"}, "dose_arithmetic:dispensed"),
        ({"lost": 1}, "dose_arithmetic:dispensed"),
        ({"dispensed": 3, "taken": 3}, "dose_beyond_level:dispensed"),
        ({"dispensed": 5, "returned": 3}, "dose_beyond_level:dispensed"),
    ],
)
def test_a_dose_that_cannot_be_true_is_found(changes: dict[str, Any], rule: str) -> None:
    assert found(dosed(**changes)) == {rule: "initial 1"}


@pytest.mark.parametrize(
    ("changes", "raised"),
    [
        ({}, []),
        ({"dispensed": 3, "taken": 3}, ["dose.too_many_units"]),
        ({"dispensed": 5, "returned": 3}, []),  # nobody took them
        ({"level": "unheard of"}, []),  # nobody knows how many it has
    ],
)
def test_more_units_than_the_level_has_call_people(changes: dict[str, Any], raised: list[str]) -> None:
    assert [one.alert for one in dosed(**changes).course().alerts] == raised


def test_each_dose_after_the_first_calls_anew_and_who_enters_it_is_no_witness() -> None:
    case = dosed(witness="t-2")
    for number, by in ((2, "t-2"), (3, "t-1")):
        data = {
            "part": "initial",
            "kit": "K-3",
            "level": "full",
            "dispensed": 2,
            "taken": 2,
            "witness": "t-1",
        }
        when = f"2026-03-16T10:0{number}:00-06:00"
        case.put(f"initial {number}", "dose", when, data, encounter="session_1#1", by=by)
    course = case.course()
    assert [one.alert for one in course.alerts] == ["dose.second", "dose.second"]
    at = course.alerts[0].began
    assert told(course, course.alerts[0], at) == ("therapist", "investigator", "medical_monitor")
    by_rule = {one.rule: one.entry for one in findings(course, at + timedelta(minutes=1))}
    assert by_rule["witness_is_giver"] == "initial 3"


def test_the_same_part_in_the_next_session_is_not_given_twice() -> None:
    case = give(before("next_session"), "initial", "K-3", "2026-04-13T10:00:00-06:00", number=2)
    assert [one.session for one in case.course().doses] == ["session_1", "session_2"]
    assert "dose_given_twice:initial 2:part" not in case.course().findings
    give(case, "initial", "K-4", "2026-04-13T10:30:00-06:00", number=2)
    case.entries["again"] = msgspec.structs.replace(case.entries["initial 2"], id="again")
    give(case, "initial", "K-3", "2026-04-13T10:00:00-06:00", number=2)
    assert "dose_given_twice:again:part" in case.course().findings


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dispensed": 3, "lost": 1},  # one was dropped and replaced
        {"taken": 1, "returned": 1, "outcome": "partly_taken"},
        {"taken": 1, "lost": 1, "outcome": "partly_taken"},
        {"outcome": "vomited"},
        {"taken": 1, "returned": 1, "outcome": "vomited"},
        {"taken": 0, "returned": 2, "outcome": "refused"},
        {"dispensed": 0, "taken": 0, "outcome": "withheld"},
    ],
)
def test_a_dose_that_can_be_true_is_not(changes: dict[str, Any]) -> None:
    assert found(dosed(**changes)) == {}


def test_minus_one_unit_is_no_dose() -> None:
    course = dosed(taken=-1, returned=3).course()
    assert course.status == "randomised"
    assert first_dose(course) is None
    assert course.facts("session_1#1", course.effective[-1].at).elapsed("initial") is None


@pytest.mark.parametrize("changes", [{"taken": -1}, {"outcome": "refused"}, {"taken": 0, "returned": 2}])
def test_what_was_taken_has_to_be_known_before_more_is(changes: dict[str, Any]) -> None:
    case = dosed(**changes)
    for act, kit in (("initial_dose", "K-3"), ("supplement", "K-2")):
        answer = ask(case, act, kit=kit)
        assert isinstance(answer, Refused)
        assert "dose_unclear" in codes(answer)
    assert codes(case.may("initial_dose", "2026-03-16T10:05:00-06:00", kit="K-3"))[0] == "dose_unclear"
    assert "dose_unclear" in codes(ask(case, "next_session"))
    doses = Vocabulary({}, {"given": ["initial"], "doses": ()})
    facts = case.course().facts("session_1#1", case.course().effective[-1].at)
    assert isinstance(doses.compile("given('initial')").evaluate({}, facts), Unknown)
    assert isinstance(doses.compile("doses() < 2").evaluate({}, facts), Unknown)


@given(counts, counts, counts, counts, st.sampled_from(OUTCOMES))
def test_an_unclear_dose_opens_nothing_and_is_found(
    dispensed: int, taken: int, returned: int, lost: int, outcome: str
) -> None:
    """What is not found adds up, fits its outcome and its level; what nobody can know keeps gates closed."""
    case = dosed(dispensed=dispensed, taken=taken, returned=returned, lost=lost, outcome=outcome)
    course = case.course()
    (dose,) = course.doses
    if not found(case):
        assert dispensed == taken + returned + lost
        assert min(dispensed, taken, returned, lost) >= 0
        assert taken <= 2
        assert (taken > 0) is (outcome not in ("refused", "withheld"))
        assert (taken == 2) or outcome != "taken"
    if dose.given is None:
        assert found(case)
        assert "dose_unclear" in codes(ask(case, "supplement"))
    if taken <= 0:
        assert course.status == "randomised"
        assert first_dose(course) is None
    assert (first_dose(course) is not None) is (taken > 0)


@pytest.mark.parametrize(
    ("kind", "data", "rule"),
    [
        ("kit_assigned", {"kit": "K-7", "part": "initial", "level": "double"}, "unknown_level:level"),
        (
            "kit_assigned",
            {"kit": "K-7", "part": "initial", "level": "low", "visit": "party"},
            "unknown_visit:visit",
        ),
        (
            "kit_assigned",
            {"kit": "K-7", "part": "initial", "level": "low", "visit": "outcome"},
            "unknown_visit:visit",
        ),
        ("safety_call", {"reached": True, "minutes": -5}, "item:minutes"),
        ("safety_call", {"reached": False, "minutes": 12}, "call_contradicts:reached"),
        ("safety_call", {"reached": False, "suicidality": True}, "call_contradicts:reached"),
    ],
)
def test_other_counts_and_contradictions(
    new_story: Callable[[], Any], kind: str, data: dict[str, Any], rule: str
) -> None:
    story = new_story().whole()
    entry = story.write(kind, data, day=46)
    holding = findings(fold(story.study, story.entries), story.at(60))
    told = [(f"{one.rule}:{one.item}", one.entry) for one in holding if one.rule != "event_not_entered"]
    assert told == [(rule, entry.id)]


def test_a_repetition_counts_from_one(new_story: Callable[[], Any]) -> None:
    story = new_story().whole()
    entry = story.vitals(120, 80, day=12, minute=20, encounter="session_1#1", repeat=0)
    assert f"item:{entry.id}:repeat" in fold(story.study, story.entries).findings


def test_a_level_is_one_that_the_session_is_planned_with(new_story: Callable[[], Any]) -> None:
    case = before("initial_dose")
    data = dict(case.study.newest.data)
    data["schedule"] = [
        {**visit, "regimen": "low"} if visit["visit"] == "session_1" else visit for visit in data["schedule"]
    ]
    case.study = Study("mini", (Release.from_text(canonical(data)),))
    assert any(name.startswith("level_not_planned:level 1") for name in case.course().findings)


def test_a_visit_is_missed_whatever_was_taken_at_another_and_not_where_a_dose_was() -> None:
    case = before("discharge")
    assert any(dose.is_taken and dose.encounter == "session_1#1" for dose in case.course().doses)
    for visit, is_missed in (("closing#1", True), ("session_1#1", False)):
        case.put(
            f"missed {visit}", "encounter", "2026-04-20T10:00:00-06:00", {"status": "missed"},
            encounter=visit, reason="safety",
        )  # fmt: skip
        state = case.course().encounters[visit]
        assert (state.status == "missed") is (state.closed == f"missed {visit}") is is_missed, visit
    assert ("missed_though_held", "missed session_1#1") in {
        (one.rule, one.entry) for one in findings(case.course(), instant("2026-04-21T10:00:00-06:00"))
    }
