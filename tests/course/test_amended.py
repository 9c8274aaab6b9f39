"""Amendments in a course: limits wait for nobody, the rest for consent, and approval is the site's."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import msgspec
import pytest
from tests.course.cases import WHEN, Case, ask, before, codes, two_sessions, vitals

from entact.course.course import Course
from entact.course.entry import Entry, instant
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.gates.gate import Refused
from entact.course.releases import with_approvals
from entact.course.state.reconsent import reconsents_of
from entact.protocol.amendment import amendment_faults
from entact.protocol.release import Release, Study, canonical

APPROVED = "2026-03-12T08:00:00-06:00"
CHANGED = {"change": "populations", "applies": "new_participants"}
CONSENTED = "2026-03-14T09:00:00-06:00"


def amendment() -> Study:
    """The study of the cases, and a release with stricter limits, a further visit and a further form."""
    first = two_sessions()
    data: dict[str, Any] = copy.deepcopy(dict(first.data))
    data["release"] = "1.1"
    data["gates"]["initial_dose"]["require"][1]["require"] = "vitals.systolic <= 120.0"
    data["alerts"]["hypertension"]["when"] = "vitals.systolic >= 150.0"
    data["forms"]["sleep"] = {"items": {"hours": {"type": "integer", "range": "0 .. 24"}}}
    data["forms"]["readiness"]["items"]["drives"] = {"type": "boolean", "required": False}
    visit = {
        "visit": "night_call",
        "after": "session_1",
        "within": "1 .. 2 d",
        "kind": "contact",
        "do": ["sleep"],
    }
    data["schedule"] = [*data["schedule"], visit]
    data["amendment"] = {
        "of": "1.0",
        "reason": "very high readings",
        "reconsent_within": "14 d",
        "changes": [
            {"change": "gates", "applies": "immediately"},
            {"change": "alerts", "applies": "immediately"},
            {"change": "forms.sleep", "applies": "at_reconsent"},
            {"change": "forms.readiness", "applies": "at_reconsent"},
            {"change": "schedule.night_call", "applies": "at_reconsent"},
        ],
    }  # fmt: skip
    second = Release.from_text(canonical(data))
    assert amendment_faults(first.data, second.data) == []
    return Study("mini", (first, second))


@pytest.fixture
def case() -> Case:
    """A participant before the initial dose, under the first release; the site has approved no other."""
    study = amendment()
    case = before("initial_dose", Study("mini", study.releases[:1]))
    case.study = study
    return case


def approve(case: Case) -> Case:
    active = {"release": case.study.newest.id, "status": "active", "timezone": "America/Denver"}
    return case.put("approval", "activation", APPROVED, active, ledger="site:denver", by="i-1")


def consent_again(case: Case) -> Case:
    scopes = {"participation": True, "recording": True}
    return case.put("consent again", "consent", CONSENTED, {"version": "2", "scopes": scopes}, by="i-1")


def course_of(case: Case) -> Course:
    study = with_approvals(case.study, case.of("site:"))
    return fold(study, case.of("participant:"))


def test_a_site_that_has_not_approved_works_as_before(case: Case) -> None:
    vitals(case, "reading", "2026-03-16T09:50:00-06:00", systolic="135 mm[Hg]")
    assert codes(ask(case, "initial_dose")) == []
    course = course_of(case)
    assert course.site_release(instant(WHEN["initial_dose"])) is case.study.releases[0]
    assert "night_call" not in course.release.visits


def test_a_limit_waits_for_nobody_once_the_site_has_approved_it(case: Case) -> None:
    approve(case)
    vitals(case, "reading", "2026-03-16T09:50:00-06:00", systolic="135 mm[Hg]")
    answer = ask(case, "initial_dose")
    assert codes(answer) == ["initial_dose.2"]  # and not for want of a second consent
    assert isinstance(answer, Refused)


@pytest.mark.requirement("R23")
def test_what_applies_at_reconsent_waits_for_it(case: Case) -> None:
    approve(case)
    assert "night_call" not in {due.visit for due in course_of(case).due(instant(WHEN["initial_dose"]))}
    consent_again(case)
    case.entries["consent again"] = _under_newest(case, "consent again")
    course = course_of(case)
    assert "night_call" in {due.visit for due in course.due(instant(WHEN["initial_dose"]))}
    assert course.release == case.study.newest


def test_a_consent_to_a_release_that_the_site_has_replaced_is_found(case: Case) -> None:
    def superseded() -> set[str]:
        seen = findings(course_of(case), instant(WHEN["initial_dose"]))
        return {one.id for one in seen if one.rule == "consent_superseded" and one.holds}

    consent_again(case)
    case.entries["consent again"] = msgspec.structs.replace(
        case.entries["consent again"], release=case.study.releases[0].id
    )
    assert superseded() == set()
    approve(case)  # two days before
    assert superseded() == {"consent_superseded:consent again:release"}
    case.entries["consent again"] = _under_newest(case, "consent again")
    assert superseded() == set()


@pytest.mark.requirement("R23")
def test_a_new_procedure_before_reconsent_is_a_finding(case: Case) -> None:
    approve(case)
    case.put("sleep", "form", "2026-03-16T09:55:00-06:00", {"form": "sleep", "items": {"hours": 7}},
             encounter="session_1#1")  # fmt: skip
    case.entries["sleep"] = _under_newest(case, "sleep")
    found = {one.rule for one in findings(course_of(case), instant(WHEN["initial_dose"]))}
    assert "before_reconsent" in found
    (deviation,) = course_of(case).deviations
    assert (deviation.entry, deviation.encounter, deviation.category, deviation.importance) == (
        "sleep",
        "session_1#1",
        "consent",
        "major",
    )
    consent_again(case)
    case.entries["consent again"] = _under_newest(case, "consent again")
    found = {one.rule for one in findings(course_of(case), instant(WHEN["initial_dose"]))}
    assert "before_reconsent" not in found
    assert course_of(case).deviations == []


@pytest.mark.requirement("R23")
def test_a_visit_and_an_item_of_the_new_release_before_reconsent_are_findings(case: Case) -> None:
    approve(case)
    case.put(
        "call", "encounter", "2026-03-16T09:40:00-06:00", {"status": "started"}, encounter="night_call#1"
    )
    case.put("ready", "form", "2026-03-16T09:55:00-06:00",
             {"form": "readiness", "items": {"oriented": True, "escort": True, "drives": False}},
             encounter="session_1#1")  # fmt: skip
    case.entries["ready"] = _under_newest(case, "ready")
    found = {
        (one.rule, one.entry, one.item) for one in findings(course_of(case), instant(WHEN["initial_dose"]))
    }
    assert ("before_reconsent", "call", "encounter") in found
    assert ("before_reconsent", "ready", "drives") in found
    case.put("left", "encounter", "2026-03-16T09:50:00-06:00", {"status": "ended"}, encounter="night_call#1")
    assert [one.entry for one in course_of(case).deviations] == ["call", "ready"]  # a visit is one
    assert not [one for one in found if one[0] == "unknown_visit"]


@pytest.mark.requirement("R23")
def test_consent_is_asked_for_anew_by_a_day_from_the_approval_until_it_is_given(case: Case) -> None:
    assert reconsents_of(course_of(case)) == ()
    unknown = fold(case.study, case.of("participant:"))  # nothing is known of the site: the newest release
    assert [(one.release, one.due) for one in reconsents_of(unknown)] == [(case.study.newest.id, None)]
    approve(case)
    (asked,) = reconsents_of(course_of(case))
    assert asked == (case.study.newest.id, instant(APPROVED), None, date(2026, 3, 26))
    assert not asked.holds(instant("2026-03-12T07:59:00-06:00"))
    consent_again(case)
    first = case.study.releases[0].id
    case.entries["consent again"] = msgspec.structs.replace(case.entries["consent again"], release=first)
    assert len(reconsents_of(course_of(case))) == 1  # to the old one, which renews nothing
    case.entries["consent again"] = _under_newest(case, "consent again")
    assert reconsents_of(course_of(case)) == ()


def test_a_release_that_touches_nobody_under_way_asks_nobody_and_a_later_one_moves_no_day(case: Case) -> None:
    second = case.study.newest
    data = copy.deepcopy(dict(second.data)) | {"release": "1.2"}
    data["amendment"] = {"of": "1.1", "reason": "fewer", "changes": [CHANGED]}
    data["populations"]["patient"]["planned"] = 7
    third = Release.from_text(canonical(data))
    case.study = Study("mini", (*case.study.releases, third))
    approve(case)
    later = {"release": third.id, "status": "active", "timezone": "America/Denver"}
    case.put("approval 2", "activation", "2026-03-20T08:00:00-06:00", later, ledger="site:denver", by="i-1")
    asked = reconsents_of(course_of(case))
    assert [(one.release, one.due) for one in asked] == [(third.id, date(2026, 3, 26))]
    changed = instant("2026-03-20T08:00:00-06:00")
    data["amendment"] |= {"reconsent_within": "7 d"}  # asks as well, from when it is approved
    data["amendment"]["changes"] = [{"change": "populations", "applies": "at_reconsent"}]
    case.study = Study("mini", (*case.study.releases[:2], Release.from_text(canonical(data))))
    case.change("approval", release=second.id).change("approval 2", release=case.study.newest.id)
    before_it, after_it = reconsents_of(course_of(case))
    assert (before_it.release, after_it.release) == (second.id, case.study.newest.id)
    assert (before_it.holds(changed), after_it.holds(changed)) == (False, True)  # one at any moment


def test_alerts_follow_the_release_in_force_at_the_site_when_the_reading_was_taken(case: Case) -> None:
    vitals(case, "before", "2026-03-12T07:59:00-06:00", systolic="160 mm[Hg]")
    vitals(case, "after", "2026-03-12T08:01:00-06:00", systolic="160 mm[Hg]")
    assert [one.entry for one in course_of(case).alerts] == []
    approve(case)
    assert [one.entry for one in course_of(case).alerts] == ["after"]
    unknown = fold(case.study, case.of("participant:"))  # nothing is known of the site: the newest limits
    assert [[one.entry for one in episode.held] for episode in unknown.alerts] == [["before", "after"]]


def test_any_order_of_arrival_gives_the_same_course(case: Case) -> None:
    consent_again(approve(case))
    case.entries["consent again"] = _under_newest(case, "consent again")
    vitals(case, "reading", "2026-03-16T09:50:00-06:00", systolic="155 mm[Hg]")
    study, entries = with_approvals(case.study, case.of("site:")), case.of("participant:")
    whole = fold(study, entries)
    for order in (entries[::-1], entries[1::2] + entries[::2]):
        course = Course(study)
        for entry in order:
            course.add(entry)
        assert course == whole
        assert course.release == whole.release == case.study.newest
    assert len(whole.alerts) == 1


def test_an_answer_is_read_by_the_form_in_force_whatever_arrived_before(case: Case) -> None:
    """An item for new participants alone: until the second consent is there it is read as in the release."""
    data: dict[str, Any] = copy.deepcopy(dict(case.study.newest.data))
    for change in data["amendment"]["changes"]:
        if change["change"] == "forms.readiness":
            change["applies"] = "new_participants"
    case.study = Study("mini", (case.study.releases[0], Release.from_text(canonical(data))))
    consent_again(approve(case))
    items = {"oriented": True, "escort": True, "drives": False}
    case.put("ready", "form", "2026-03-16T09:55:00-06:00", {"form": "readiness", "items": items},
             encounter="session_1#1")  # fmt: skip
    for name in ("consent again", "ready"):
        case.entries[name] = _under_newest(case, name)
    study, entries = with_approvals(case.study, case.of("site:")), case.of("participant:")
    late = case.entries["consent again"]
    whole, before = fold(study, entries), fold(study, [one for one in entries if one.id != late.id])
    assert before.forms["readiness", "session_1#1"].values["drives"] is False
    assert "drives" not in whole.forms["readiness", "session_1#1"].values
    assert before.with_more([late]) == whole
    before.add(late)
    assert before == whole


def _under_newest(case: Case, name: str) -> Entry:
    return msgspec.structs.replace(case.entries[name], release=case.study.newest.id)
