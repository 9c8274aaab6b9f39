"""Ledgers that belong together: each carer to one participant, and nobody to themselves."""

from __future__ import annotations

from typing import Any

from tests.course.cases import Case, ask, before, codes, two_sessions

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.state.person import is_linked
from entact.protocol.load import load_study
from entact.protocol.release import Study

CARERS = {"patient": {"planned": 8}, "carer": {"planned": 8, "linked_to": "patient"}}


def carer() -> Case:
    """A carer about to be enrolled: only the criterion that is for carers is asked of them."""
    data = dict(two_sessions().data)
    schedule = [{"for": "patient and carer", **visit} for visit in data["schedule"]]
    judged = {name: {**said, "for": "patient"} for name, said in data["eligibility"].items()}
    judged["supports"] = {"kind": "inclusion", "text": "Supports a participant", "for": "carer"}
    release = two_sessions(populations=CARERS, schedule=schedule, eligibility=judged)
    case = before("enrol", Study("mini", (release,)))
    case.change("screening", population="carer")
    return case.change("eligibility", criteria={"supports": True})


def link(case: Case, ledger: str = "participant:77", name: str = "link") -> Case:
    here: dict[str, Any] = {"by": "i-1", "role": "investigator"}
    return case.put(name, "link", "2026-03-02T09:20:00-07:00", {"ledger": ledger, "as": "carer"}, **here)


def rules(case: Case) -> set[str]:
    return {found.rule for found in findings(case.course(), instant("2026-03-10T12:00:00-06:00"))}


def test_a_carer_is_enrolled_with_somebody() -> None:
    assert codes(ask(carer(), "enrol")) == ["not_linked"]
    assert codes(ask(link(carer()), "enrol")) == []


def test_a_carer_enrolled_alone_is_found() -> None:
    case = carer()
    case.put("enrolment", "enrolment", "2026-03-10T09:25:00-06:00", {"subject": "C-1"}, by="i-1")
    assert "not_linked" in rules(case)
    assert "not_linked" not in rules(link(case))


def test_nobody_is_linked_to_themselves_or_to_two() -> None:
    case = link(carer(), "participant:0a")
    assert "linked_to_itself" in rules(case)
    assert is_linked(case.course()) is False
    case = link(link(carer()), "participant:78", "other")
    assert "linked_twice" in rules(case)
    assert [one.ledger for one in case.course().links] == ["participant:77"]


def test_another_kind_of_link_is_not_the_one_that_is_asked_for() -> None:
    case = link(carer())
    case.change("link", **{"as": "earlier_study"})
    assert is_linked(case.course()) is False


def test_who_need_not_be_linked_is_not_asked() -> None:
    assert is_linked(before("enrol").course()) is None


def test_a_patient_is_judged_by_the_criteria_for_patients() -> None:
    assert "criterion_open" not in codes(ask(link(carer()), "enrol"))
    case = link(carer()).change("eligibility", criteria={"supports": None})
    assert codes(ask(case, "enrol")) == ["criterion_open"]


def test_visits_are_those_of_the_population_once_it_is_known() -> None:
    release = load_study("eating-disorders").newest
    assert "carer_end" in release.visits_of("carer")
    assert "carer_end" not in release.visits_of("patient")
    assert {"carer_end", "session_1"} <= release.visits_of(None).keys()
