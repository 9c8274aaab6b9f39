"""Nobody is kept in: what is wrong with staff, site or training is found, and leaving is a fact."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import Case, ask, before, codes, give, two_sessions

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.gates.gate import Allowed, Refused
from entact.protocol.release import Release, Study, canonical

ENDS = "2026-03-16T18:01:00-06:00"
LATER = "2026-03-18T09:00:00-06:00"
GCP = [{"name": "GCP", "expires": "2026-03-15"}]
WRONG = {  # what is wrong, by the codes that say so
    "certificate_expired": lambda case: case.change("t-1", certificates=GCP),
    "no_certificate": lambda case: case.change("t-1", certificates=[]),
    "left_site": lambda case: case.change("t-1", until="2026-03-01"),
    "role": lambda case: case.change("t-1", roles=["coordinator"]),
    "not_staff": lambda case: case.drop("t-1"),
    "site_held": lambda case: case.change("activation", status="held"),
    "site_closed": lambda case: case.change("activation", status="closed"),
    "site_not_active": lambda case: case.drop("activation"),
    "other_site": lambda case: case.change("screening", site="haifa"),
    "site_unknown": lambda case: case.drop("screening"),
}


def ends(case: Case, **data: Any) -> Case:
    """The session ends, on the gate's yes where there is one."""
    answer = ask(case, "discharge")
    basis = answer.basis if isinstance(answer, Allowed) and not data else None
    return case.put(
        "ends", "encounter", ENDS, {"status": "ended"} | data, encounter="session_1#1", basis=basis
    )


def found(case: Case, when: str = LATER) -> set[str]:
    """Rule and item of what holds about the end of the session, but for readings that the cases leave out."""
    holding = findings(case.course(), instant(when))
    return {
        f"{one.rule}:{one.item}".rstrip(":")
        for one in holding
        if one.holds and one.entry == "ends" and one.rule != "reading_missing"
    }


def with_discharge(*requirements: dict[str, str]) -> Study:
    """The study of the cases with more asked before somebody leaves."""
    data = copy.deepcopy(dict(two_sessions().data))
    data["gates"]["discharge"]["require"] += requirements
    return Study("mini", (Release.from_text(canonical(data)),))


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_with_staff_site_or_training_is_found_and_not_refused(code: str) -> None:
    case = before("discharge")
    WRONG[code](case)
    answer = ask(case, "discharge")
    assert isinstance(answer, Allowed)
    assert answer.basis["concerns"] == [code]
    assert f"gate_concern:{code}" in found(ends(case))


@given(st.sets(st.sampled_from(sorted(WRONG)), max_size=5), st.booleans())
def test_whatever_is_wrong_there_changes_no_answer(wrong: set[str], ready: bool) -> None:
    case = before("discharge").items("readiness", oriented=ready)
    for code in sorted(wrong, key=lambda one: one in ("not_staff", "site_not_active", "site_unknown")):
        WRONG[code](case)
    answer = ask(case, "discharge")
    assert codes(answer) == ([] if ready else ["discharge.2"])
    if isinstance(answer, Allowed):
        concerns = answer.basis.get("concerns", [])
        assert bool(concerns) is bool(wrong)
        assert {name for name in found(ends(case)) if "concern" in name} == {
            f"gate_concern:{code}" for code in concerns
        }


def test_a_therapist_who_has_left_the_room_keeps_nobody_in() -> None:
    alone = {"require": "present('therapist') >= 2", "else": "fewer than two therapists in the room"}
    case = before("discharge", with_discharge(alone))
    assert "concerns" not in _yes(case).basis
    left = {"person": "t-2", "role": "therapist", "state": "out"}
    case.put("leaves", "presence", "2026-03-16T17:40:00-06:00", left, encounter="session_1#1")
    assert _yes(case).basis["concerns"] == ["discharge.3"]
    (one,) = (one for one in findings(ends(case).course(), instant(LATER)) if one.rule == "gate_concern")
    assert one.message.endswith("fewer than two therapists in the room")


def test_who_was_given_something_at_a_visit_that_is_no_session_may_leave_it() -> None:
    case = before("discharge")
    case.entries = {
        name: entry
        if entry.encounter != "session_1#1"
        else msgspec.structs.replace(entry, encounter="unscheduled#1", reason="safety")
        for name, entry in case.entries.items()
    }
    assert codes(ask(case, "discharge")) == []


@pytest.mark.parametrize("disposition", ["against_advice", "transfer_to_hospital", "death"])
def test_leaving_otherwise_is_a_fact_that_needs_no_gate(disposition: str) -> None:
    case = ends(before("discharge").drop("readiness"), disposition=disposition)
    assert not any("gate" in name or "missing" in name for name in found(case))
    assert case.course().encounters["session_1#1"].status == "ended"
    assert case.course().encounters["session_1#1"].disposition == disposition
    assert found(ends(before("discharge").drop("readiness"))) >= {"without_gate"}


def test_leaving_against_advice_is_found() -> None:
    case = ends(before("discharge").drop("readiness"), disposition="against_advice")
    assert found(case) == {"left_against_advice"}


def test_a_transfer_to_hospital_goes_with_an_event() -> None:
    case = ends(before("discharge"), disposition="transfer_to_hospital")
    assert found(case) == {"event_not_entered:transfer_to_hospital"}
    event = {"term": "nausea", "severity": "severe", "serious": True}
    assert found(case.put("event", "adverse_event", "2026-03-17T09:00:00-06:00", event)) == set()
    assert found(case.move("event", "2026-03-10T12:00:00-06:00")) == {
        "event_not_entered:transfer_to_hospital"
    }
    case.put("worse", "adverse_event", "2026-03-16T15:00:00-06:00", {"severity": "severe"}, about="event")
    assert found(case) == set()


@pytest.mark.parametrize(
    ("anchor", "late", "is_of_it"),
    [
        ("started", timedelta(0), True),
        ("started", -timedelta(microseconds=1), False),
        ("ended", timedelta(hours=24), True),
        ("ended", timedelta(hours=24, microseconds=1), False),
    ],
)
def test_an_event_is_of_a_transfer_from_its_session_to_a_day_after(
    anchor: str, late: timedelta, is_of_it: bool
) -> None:
    case = ends(before("discharge"), disposition="transfer_to_hospital")
    at = getattr(case.course().encounters["session_1#1"], anchor) + late
    case.put("event", "adverse_event", at.isoformat(), {"term": "nausea", "severity": "severe"})
    assert found(case) == (set() if is_of_it else {"event_not_entered:transfer_to_hospital"})


def test_a_death_in_a_session_ends_it_and_is_entered_as_such() -> None:
    case = ends(before("discharge").drop("readiness"), disposition="death")
    assert found(case) == {"death_not_entered"}
    case.put("death", "death", "2026-03-16T17:55:00-06:00", {"date": "2026-03-16"}, encounter="session_1#1")
    left = {"person": "t-1", "role": "therapist", "state": "out"}
    case.put("leaves", "presence", "2026-03-16T18:00:00-06:00", left, encounter="session_1#1")
    assert found(case) == set()
    assert case.course().status == "died"
    assert not any(one.rule == "after_death" for one in findings(case.course(), instant(LATER)))
    assert isinstance(ask(case, "discharge"), Refused)
    assert "after_death:disposition" in found(ends(case))


def test_what_came_before_the_dose_is_still_missed() -> None:
    case = before("discharge").drop("pregnancy 1", "readiness")
    assert found(ends(case, disposition="against_advice")) == {
        "activity_missing:pregnancy_test",
        "left_against_advice",
    }


def _yes(case: Case) -> Allowed:
    answer = ask(case, "discharge")
    assert isinstance(answer, Allowed), answer
    return answer


@pytest.mark.parametrize(("outcome", "relied"), [("taken", True), ("refused", False)])
def test_a_yes_relies_on_a_dose_of_which_nobody_knows_whether_it_was_taken(
    outcome: str, relied: bool
) -> None:
    case = give(
        before("discharge"), "supplement", "K-2", "2026-03-16T11:40:00-06:00", taken=0, outcome=outcome
    )
    answer = ask(case, "discharge")
    assert isinstance(answer, Allowed)
    assert ("supplement 1" in answer.basis["inputs"]) is relied
