"""Screened again: the current attempt counts, and the one before it stays readable."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import BY, Case, before, codes
from tests.course.test_instants import require_equal

from entact.course.course import Course
from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.gates.gate import Refused
from entact.course.instants import outlook
from entact.course.state.progress import progress_of, zone_of

INVESTIGATOR: dict[str, Any] = {"by": "i-1", "role": "investigator"}
NOT = {
    "criteria": {"adult": True, "severe": False, "psychosis": False},
    "decision": "not_eligible",
    "signed": "no",
}


def failed() -> Case:
    """Screened in January by the entries of the cases, two months earlier, and found not eligible."""
    case = before("enrol")
    for name, entry in list(case.entries.items()):
        if entry.ledger.startswith("participant:"):
            case.move(name, entry.occurred_at.replace("2026-03-", "2026-01-").replace("-06:00", "-07:00"))
    case.items("symptoms", total=20)
    return case.change("eligibility", **NOT)


def again(case: Case, *, consent: bool = True, attempt: int = 2) -> Case:
    """A second attempt, from 2 March on."""
    if consent:
        scopes = {"participation": True, "recording": True}
        case.put(
            "consent 2",
            "consent",
            "2026-03-02T09:00:00-07:00",
            {"version": "1", "scopes": scopes},
            **INVESTIGATOR,
        )
    here = {"encounter": "screening#2", **INVESTIGATOR}
    case.put("screening 2 begins", "encounter", "2026-03-02T09:05:00-07:00", {"status": "started"}, **here)
    said = {"attempt": attempt, "number": "S-2", "site": "denver"}
    case.put("screening 2", "screening", "2026-03-02T09:06:00-07:00", said, **here)
    return case.put("screening 2 ends", "encounter", "2026-03-02T09:50:00-07:00", {"status": "ended"}, **here)


def rated(case: Case, total: int = 40) -> Case:
    here = {"encounter": "baseline#2", "by": "r-1", "role": "rater"}
    case.put("baseline 2 begins", "encounter", "2026-03-05T10:00:00-07:00", {"status": "started"}, **here)
    items = {"form": "symptoms", "items": {"total": total, "diagnosis": True}}
    case.put("symptoms 2", "form", "2026-03-05T10:30:00-07:00", items, **here)
    case.put("baseline 2 ends", "encounter", "2026-03-05T11:00:00-07:00", {"status": "ended"}, **here)
    here = {"encounter": "preparation_2#2", **INVESTIGATOR}
    case.put("preparation 2 begins", "encounter", "2026-03-10T09:00:00-06:00", {"status": "started"}, **here)
    yes = {
        "criteria": {"adult": True, "severe": True, "psychosis": False},
        "decision": "eligible",
        "signed": "yes",
    }
    return case.put("eligibility 2", "eligibility", "2026-03-10T09:20:00-06:00", yes, **here)


AT = instant("2026-03-10T09:30:00-06:00")


def held(course: Course) -> set[str]:
    anchors = progress_of(course, zone_of(course, AT)).anchors
    return {name for name, when in anchors.items() if str(when) < "2026-02"}


def found(course: Course) -> set[str]:
    return {one.rule for one in findings(course, AT) if one.holds}


def test_after_the_first_attempt_screening_has_failed() -> None:
    course = failed().course()
    assert course.status == "screen_failed"
    assert held(course) >= {"consent", "screening", "baseline"}


@pytest.mark.parametrize("consent", [True, False])
def test_the_second_begins_anew(consent: bool) -> None:
    course = again(failed(), consent=consent).course()
    assert (course.status, course.attempt) == ("screening", 1)
    assert held(course) == set()
    anchors = progress_of(course, zone_of(course, AT)).anchors
    assert anchors["consent"] == instant(f"2026-03-02T09:0{0 if consent else 5}:00-07:00")
    dues = {one.visit: (one.status, str(one.earliest)) for one in course.due(AT)}
    assert dues["screening"] == ("done", "None")
    assert dues["preparation_1"] == ("due", "2026-03-02")
    assert dues["baseline"] == ("due", "2026-03-02")
    assert not found(course) & {"out_of_window", "visit_missed", "criterion_contradicts", "without_consent"}


def test_the_first_stays_readable() -> None:
    course = rated(again(failed())).course()
    [first, second] = course.attempts
    assert (first.number, first.screening, second.number, second.screening) == (1, "S-1", 2, "S-2")
    assert first.eligibility is not None
    assert (first.eligibility.decision, str(first.over)) == ("not_eligible", "2026-01-10 09:20:00-07:00")
    assert {one.id: one.attempt for one in course.encounters.values()} == {
        **dict.fromkeys(["screening#1", "baseline#1", "preparation_2#1"], 0),
        **dict.fromkeys(["screening#2", "baseline#2", "preparation_2#2"], 1),
    }
    assert [(one.values["total"], one.attempt) for one in course.answers["symptoms"]] == [(20, 0), (40, 1)]
    assert course.values("baseline#1", AT)["symptoms.total"] == 20


def test_what_was_said_in_the_first_opens_no_gate_in_the_second() -> None:
    case = again(failed().items("symptoms", total=40))  # which the gate asks for, from whatever visit
    yes = {
        "criteria": {"adult": True, "severe": True, "psychosis": False},
        "decision": "eligible",
        "signed": "yes",
    }
    case.put("eligibility 2", "eligibility", "2026-03-10T09:20:00-06:00", yes, **INVESTIGATOR)
    case.put("enrolment", "enrolment", "2026-03-10T09:25:00-06:00", {"subject": "P-1"}, **INVESTIGATOR)
    answer = case.may("randomise", AT, by=BY["randomise"])
    assert codes(answer) == ["randomisation.1"]
    assert isinstance(answer, Refused)
    assert answer.reasons[0].missing == ("symptoms.total",)
    rated(case)
    assert codes(case.may("randomise", AT, by=BY["randomise"])) == []
    lasting = case.course().values("session_1#1", AT)
    assert lasting["demographics.age"] == 40  # what stays true of a person is not asked again


def test_no_decision_of_the_first_opens_a_gate_in_the_second() -> None:
    case = again(before("enrol"))  # eligible in March, and screened again on the 2nd?
    for name, entry in list(case.entries.items()):
        if entry.id == "eligibility":
            case.move(name, "2026-02-20T09:00:00-07:00")
    assert codes(case.may("enrol", AT, by="i-1")) == ["eligibility_missing"]


def test_a_rating_of_each_attempt_is_none_too_many() -> None:
    course = rated(again(failed())).course()
    assert not found(course) & {"rated_by_two", "answered_again", "out_of_window"}
    assert course.values(None, AT).get("baseline.symptoms.total") == 40


def test_the_first_keeps_its_windows() -> None:
    case = failed().move("baseline begins", "2026-01-25T10:00:00-07:00")  # up to 14 days from the consent
    before_it = {one.id for one in findings(case.course(), AT) if one.rule == "out_of_window"}
    assert before_it == {"out_of_window:baseline begins", "out_of_window:preparation begins"}
    case.move("eligibility", "2026-01-28T09:20:00-07:00")
    course = again(case).course()
    assert {one.id for one in findings(course, AT) if one.rule == "out_of_window"} == before_it
    assert not any(one.rule == "visit_missed" for one in findings(course, AT))


def test_what_was_stopped_in_the_first_is_not_stopped_in_the_second() -> None:
    stop = {"of": "follow_up", "decided_by": "participant", "cause": "withdrew_consent"}
    case = failed().put("stop", "discontinuation", "2026-01-10T10:00:00-07:00", stop, **INVESTIGATOR)
    course = again(case).course()
    assert (course.status, course.discontinued) == ("screening", {})
    assert {*course.attempts[0].discontinued} == {"follow_up"}


def test_a_transfer_is_no_attempt() -> None:
    case = before("initial_dose")
    said = {"attempt": 1, "number": "S-1", "site": "haifa"}
    course = case.put("transfer", "screening", "2026-03-12T09:00:00-06:00", said, **INVESTIGATOR).course()
    assert (course.attempt, course.site, course.status) == (0, "haifa", "randomised")
    assert course.eligibility is not None


def test_an_attempt_out_of_order_or_after_enrolment_is_found() -> None:
    course = again(failed(), attempt=0).course()
    assert "attempt_out_of_order:screening 2:attempt" in course.findings
    case = before("initial_dose")
    said = {"attempt": 2, "number": "S-2", "site": "denver"}
    course = case.put("again", "screening", "2026-03-12T09:00:00-06:00", said, **INVESTIGATOR).course()
    assert "screened_after_enrolment:again:attempt" in course.findings
    assert course.eligibility is not None  # who was taken in stays in
    assert course.status == "randomised"


def test_what_comes_late_to_the_first_stays_with_it() -> None:
    case = again(failed())
    late = {"form": "symptoms", "items": {"total": 60, "diagnosis": True}}
    case.put(
        "late", "form", "2026-03-06T09:00:00-07:00", late, encounter="baseline#1", by="r-1", role="rater"
    )
    course = case.course()
    assert [one.attempt for one in course.answers["symptoms"]] == [0, 0]
    assert course.values(None, AT).get("baseline.symptoms.total") is None


@given(seed=st.integers(0, 2**32))
def test_any_order_of_arrival_gives_the_same_course(seed: int) -> None:
    case = rated(again(failed()))
    entries = case.of("participant:")
    mixed = entries[:]
    random.Random(seed).shuffle(mixed)
    one, other, grown = fold(case.study, entries), fold(case.study, mixed), Course(case.study)
    for entry in mixed:
        grown.add(entry)
    assert one == other == grown
    assert findings(one, AT) == findings(other, AT) == findings(grown, AT)


def test_lists_agree_with_what_is_asked_at_every_moment() -> None:
    course = rated(again(failed())).course()
    require_equal(course, outlook(course), [AT])
