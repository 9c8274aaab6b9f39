"""A decision is judged by what was known then, and found when what it relied on changed since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.course.cases import Case, ask, before, codes, give, two_sessions, vitals

from entact.course.course import Course
from entact.course.entry import instant
from entact.course.entry.ledger import Ledger
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.found.basis import decided_at, inputs_of
from entact.course.gates.gate import Allowed
from entact.protocol.release import Study

AT = "2026-03-16T10:00:00-06:00"
SESSION = "session_1#1"


def dosed(case: Case) -> Case:
    """The initial dose, given on the yes of its gate."""
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed), codes(answer)
    give(case, "initial", "K-1", AT)
    case.entries["initial 1"] = msgspec.structs.replace(case.entries["initial 1"], basis=answer.basis)
    return case


def corrected(case: Case, name: str, when: str, source: str = "vitals 1", value: str = "152 mm[Hg]") -> Case:
    more: dict[str, Any] = {"replaces": source, "reason": "transcription_error", "encounter": SESSION}
    return case.put(name, "vital_signs", when, {"systolic": value}, **more)


def found(course: Course) -> set[tuple[str, str]]:
    seen = findings(course, instant("2026-03-17T09:00:00-06:00"))
    return {(one.rule, one.item) for one in seen if one.holds and one.rule.startswith("gate_input")}


def arrived(case: Case, *last: str) -> Course:
    """The course of entries of which some arrived last, in this order, whatever time they claim."""
    ledger = Ledger("participant:0a")
    first = [entry for entry in case.of("participant:") if entry.id not in last]
    for entry in (*first, *(case.entries[name] for name in last)):
        ledger.append(entry, received_at="2026-03-17T12:00:00+00:00")
    return fold(case.study, ledger.entries())


READ_AT = "2026-03-16T09:40:00-06:00"


@pytest.mark.parametrize("when", [READ_AT, "2026-03-16T09:50:00-06:00", "2026-03-16T18:00:00-06:00"])
def test_a_correction_is_found_whatever_time_it_claims(when: str) -> None:
    case = dosed(before("initial_dose"))
    assert found(case.course()) == set()
    corrected(case, "fix", when)
    assert found(case.course()) == {("gate_input_corrected", "vitals 1")}
    assert found(arrived(case, "fix")) == {("gate_input_corrected", "vitals 1")}


@pytest.mark.parametrize("when", [READ_AT, "2026-03-16T09:50:00-06:00"])
def test_one_that_the_gate_knew_is_not(when: str) -> None:
    case = corrected(before("initial_dose"), "fix", when, value="126 mm[Hg]")
    dosed(case)
    assert "fix" in case.entries["initial 1"].basis["inputs"]  # type: ignore[index]
    assert found(case.course()) == set()
    assert found(arrived(case, "initial 1")) == set()
    corrected(case, "again", READ_AT)
    assert found(arrived(case, "initial 1", "again")) == {("gate_input_corrected", "vitals 1")}


def test_withdrawing_what_the_gate_relied_on_is_found_for_a_correction_too() -> None:
    case = corrected(before("initial_dose"), "fix", READ_AT, value="126 mm[Hg]")
    dosed(case)
    case.put("undo", "void", READ_AT, {}, replaces="fix", reason="entered_in_error")
    assert found(arrived(case, "undo")) == {("gate_input_withdrawn", "fix")}
    case.put("gone", "void", READ_AT, {}, replaces="vitals 1", reason="entered_in_error")
    assert ("gate_input_withdrawn", "vitals 1") in found(arrived(case, "gone"))


def test_a_reading_from_before_that_comes_after_is_found() -> None:
    case = dosed(before("initial_dose"))
    vitals(case, "high", "2026-03-16T09:55:00-06:00", systolic="190 mm[Hg]")
    assert found(arrived(case, "initial 1", "high")) == {("gate_input_outdated", "high")}
    # Of what came before the dose, and which the gate did not look at, nothing is said; nor of what is later.
    assert found(arrived(case, "high", "initial 1")) == set()
    vitals(case, "high", "2026-03-16T10:30:00-06:00", systolic="190 mm[Hg]")
    assert found(arrived(case, "initial 1", "high")) == set()
    # What is of the very instant of the decision is of before it.
    vitals(case, "high", AT, systolic="190 mm[Hg]")
    assert found(arrived(case, "initial 1", "high")) == {("gate_input_outdated", "high")}


def test_a_basis_that_names_what_had_not_arrived_is_found() -> None:
    case = dosed(before("initial_dose"))
    assert found(arrived(case, "asked 1", "initial 1")) == set()
    assert found(arrived(case, "initial 1", "asked 1")) == {("gate_input_later", "asked 1")}


def test_a_gate_that_waits_for_the_washout_relies_on_every_medicine() -> None:
    washout = {
        "half_lives": 5,
        "stabilisation": "0",
        "before": ["initial_dose"],
        "classes": {"ssri": {"half_life": "36 h"}},
    }
    case = before("initial_dose", Study("mini", (two_sessions(washout=washout),)))
    taken = {"name": "sertraline", "medicine_class": "ssri", "psychiatric": True, "started": "2020"}
    case.put("taken", "medication", "2026-03-02T09:10:00-07:00", taken)
    stop = {"stopped": "2026-02-20"}
    case.put("stopped", "medication", "2026-03-02T09:20:00-07:00", stop, about="taken")
    dosed(case)
    basis = case.entries["initial 1"].basis
    assert basis is not None
    assert {"taken", "stopped"} <= set(basis["inputs"])
    more: dict[str, Any] = {"replaces": "stopped", "reason": "source_document"}
    case.put("fix", "medication", "2026-03-02T09:21:00-07:00", {"stopped": "2026-03-14"}, **more)
    assert found(arrived(case, "fix")) == {("gate_input_corrected", "stopped")}


BEFORE_DOSE, LATER = "2026-03-16T09:50:00-06:00", "2026-03-20T09:00:00-06:00"
OUT = {"person": "t-2", "role": "therapist", "state": "out"}
UNFIT = {"criteria": {"psychosis": True}, "decision": "not_eligible", "signed": "x"}
REFUSED = {"version": "1", "scopes": {"participation": False}}
MAOI = {"name": "phenelzine", "medicine_class": "maoi", "psychiatric": True}
PERSON = {"form": "demographics", "items": {"age": "17 a"}}
WASHOUT = {
    "half_lives": 5,
    "stabilisation": "0",
    "before": ["initial_dose"],
    "classes": {"maoi": {"half_life": "12 h", "extra": "14 d"}},
}


@pytest.mark.parametrize(
    ("kind", "when", "data", "is_found"),
    [
        ("presence", BEFORE_DOSE, OUT, True),
        ("presence", BEFORE_DOSE, OUT | {"person": "t-9", "state": "in"}, False),
        ("eligibility", BEFORE_DOSE, UNFIT, True),
        ("screening", BEFORE_DOSE, {"attempt": 1, "number": "S-1", "site": "haifa"}, True),
        ("consent", BEFORE_DOSE, REFUSED, True),
        ("consent", LATER, REFUSED, False),
        ("encounter", BEFORE_DOSE, {"status": "ended"}, True),
        ("adverse_event", BEFORE_DOSE, {"term": "nausea", "outcome": "fatal"}, True),
        ("adverse_event", BEFORE_DOSE, {"term": "nausea", "outcome": "resolved"}, False),
        ("form", BEFORE_DOSE, PERSON, True),
        ("medication", LATER, MAOI | {"started": "2026-03-01"}, True),
        ("medication", LATER, MAOI | {"started": "2026-03"}, True),
        ("medication", LATER, MAOI | {"started": "2026-01", "stopped": "2026-03-10"}, True),
        ("medication", LATER, MAOI | {"started": "2026-01", "stopped": "2026-02-10"}, False),
        ("medication", LATER, MAOI | {"started": "2026-03-18"}, False),
    ],
)
def test_whatever_would_have_closed_the_gate_and_came_after_its_yes_is_found(
    kind: str, when: str, data: dict[str, Any], is_found: bool
) -> None:
    study = Study("mini", (two_sessions(washout=WASHOUT),))
    case = dosed(before("initial_dose", study))
    case.put("late", kind, when, data, encounter=SESSION)
    expected = {("gate_input_outdated", "late")} if is_found else set()
    assert found(arrived(case, "initial 1", "late")) == expected
    if when == BEFORE_DOSE:
        assert found(arrived(case, "late", "initial 1")) == set()


def test_what_is_of_the_very_instant_of_a_decision_is_of_before_it() -> None:
    case = dosed(before("initial_dose"))
    basis = case.entries["initial 1"].basis
    assert basis is not None
    case.put("late", "adverse_event", basis["decided_at"], {"term": "nausea", "outcome": "fatal"})
    assert found(arrived(case, "initial 1", "late")) == {("gate_input_outdated", "late")}
    after = instant(basis["decided_at"]) + timedelta(microseconds=1)
    case.move("late", after.isoformat())
    assert found(arrived(case, "initial 1", "late")) == set()


def test_a_gate_relies_on_who_is_in_the_room() -> None:
    case = dosed(before("initial_dose"))
    case.put("gone", "void", LATER, {}, replaces="t-2 comes 1", reason="entered_in_error")
    assert found(arrived(case, "gone")) == {("gate_input_withdrawn", "t-2 comes 1")}


def belated(course: Course) -> list[tuple[str, str]]:
    seen = findings(course, instant("2026-03-17T09:00:00-06:00"))
    return [(one.rule, one.entry) for one in seen if one.rule.endswith("_belated")]


def test_nobody_makes_up_a_consent_or_a_decision_by_dating_it_back() -> None:
    case = before("initial_dose")
    assert belated(arrived(case)) == []
    assert belated(arrived(case, "consent")) == [("consent_belated", "consent")]
    assert belated(arrived(case, "eligibility")) == [("eligibility_belated", "eligibility")]
    again = {"version": "1", "scopes": {"participation": True, "recording": False}}
    case.put("again", "consent", "2026-03-02T09:01:00-07:00", again, by="i-1", role="investigator")
    assert belated(arrived(case, "again")) == []  # one that was known before allowed it all


def test_a_consent_that_waited_in_a_tablet_for_some_hours_is_none_of_it() -> None:
    case, ledger = before("randomise"), Ledger("participant:0a")
    entries = [entry for entry in case.of("participant:") if entry.id != "consent"]
    for entry in (entries[0], case.entries["consent"], *entries[1:]):
        ledger.append(entry, received_at="2026-03-02T23:00:00+00:00")
    assert belated(fold(case.study, ledger.entries())) == []


def test_a_basis_that_relies_on_a_form_that_the_study_does_not_have() -> None:
    case = dosed(before("initial_dose")).change("asked 1", form="another")
    assert found(case.course()) == set()


@pytest.mark.parametrize(
    ("basis", "inputs", "decided"),
    [
        (None, set(), None),
        ({}, set(), None),
        ({"inputs": ["a", 7, None, ["b"], "b"], "decided_at": "2026-03-20T10:00:00+00:00"}, {"a", "b"}, 10),
        ({"inputs": "a", "decided_at": 7}, set(), None),
        ({"inputs": None, "decided_at": "then"}, set(), None),
    ],
)
def test_what_a_basis_says_is_taken_as_far_as_it_can_be_one(
    basis: dict[str, Any] | None, inputs: set[str], decided: int | None
) -> None:
    """Whoever sends an entry may write anything into its basis."""
    act = before("discharge").course().effective[0]
    entry = msgspec.structs.replace(act.entry, basis=basis)
    act = msgspec.structs.replace(act, entry=entry)
    assert inputs_of(act) == inputs
    assert decided_at(act) == (act.at if decided is None else datetime(2026, 3, 20, decided, tzinfo=UTC))
