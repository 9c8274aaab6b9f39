"""Quotas and holds of the study, stopping rules of one person, clocks of safety reports, checklists."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.course.cases import WHEN, Case, ask, before, codes, two_sessions

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.instants import outlook
from entact.course.kinds.reporting import event_values, reports_due
from entact.course.state.oversight import holds_in_force, places_left, quotas_of, study_facts
from entact.course.state.values import Values
from entact.protocol.release import Study

UNEXPECTED = "event.serious && event.related && !event.expected"
REPORTS: dict[str, Any] = {
    "sponsor": {"title": "To the sponsor", "when": "event.serious", "within": "24 h", "to": "sponsor"},
    "fatal": {
        "title": "Fatal",
        "jurisdiction": "US",
        "when": f"{UNEXPECTED} && (event.fatal || event.life_threatening)",
        "within": "7 d",
        "to": "FDA",
    },
    "us": {
        "title": "IND safety report",
        "jurisdiction": "US",
        "when": UNEXPECTED,
        "within": "15 d",
        "to": "FDA",
    },
    "israel": {
        "title": "Local",
        "jurisdiction": "IL",
        "local": True,
        "when": "event.serious",
        "within": "15 d",
        "to": "ministry",
    },
}
QUOTAS = {
    "all": {"most": 2},
    "here": {"most": 1, "per": "site"},
    "women": {"most": 1, "when": "demographics.sex == 'female'"},
}
HOLDS = {
    "review": {
        "title": "Review",
        "when": "study.enrolled >= 2",
        "stops": ["enrolment"],
        "lifted_by": "rater",
    },
    "death": {
        "title": "A death",
        "when": "study.deaths >= 1",
        "stops": ["dosing", "randomisation"],
        "lifted_by": "rater",
        "again": True,
    },
}
STUDY = {"ledger": "study:mini", "by": "sponsor", "role": "statistician"}
EARLY = "2026-03-01T09:00:00-07:00"
AWARE = "2026-03-17T20:00:00-06:00"


def study(**changed: Any) -> Study:
    return Study("mini", (two_sessions(**changed),))


def place(case: Case, number: int, site: str = "denver", *, quotas: tuple[str, ...] = ("all",)) -> Case:
    data = {"ledger": f"participant:{number}", "site": site, "population": "patient", "quotas": list(quotas)}
    return case.put(f"place {number}", "enrolled", EARLY, data, **STUDY)


def found(case: Case, when: str | datetime) -> set[str]:
    at = instant(when) if isinstance(when, str) else when
    return {one.rule for one in findings(case.course(), at) if one.holds}


def test_places_are_counted_and_a_full_quota_closes_the_gate() -> None:
    case = before("enrol", study(quotas=QUOTAS))
    assert codes(ask(case, "enrol")) == []
    place(case, 1, quotas=("all", "women"))
    assert codes(ask(case, "enrol")) == ["quota.women"]
    place(case, 2, "haifa")
    assert codes(ask(case, "enrol")) == ["quota.all", "quota.women"]
    state = case.setting().study
    assert [places_left(case.study.newest, state, "here", site) for site in ("denver", "haifa")] == [1, 1]
    place(case, 4, "haifa", quotas=("here",))
    assert places_left(case.study.newest, case.setting().study, "here", "denver") == 1
    place(case, 3, quotas=("here",))
    assert places_left(case.study.newest, case.setting().study, "here", "denver") == 0


@pytest.mark.parametrize(
    ("said", "fatal", "threat"),
    [
        ({"serious": False}, False, False),
        ({"serious": True}, None, None),
        ({}, None, None),
        ({"serious": True, "seriousness": ["hospitalisation"]}, False, False),
        ({"serious": True, "seriousness": ["life_threatening"]}, False, True),
        ({"serious": True, "seriousness": ["death"]}, True, False),
    ],
)
def test_of_what_an_event_was_fatal_or_threatening_is_known_once_its_grounds_are(
    said: dict[str, Any], fatal: bool | None, threat: bool | None
) -> None:
    data = {"term": "nausea", "severity": "severe", **said}
    course = before("initial_dose").put("event", "adverse_event", AWARE, data).course()
    seen = event_values(course, course.adverse_events["event"])
    assert (seen["event.fatal"], seen["event.life_threatening"]) == (fatal, threat)


def test_who_is_not_known_to_count_is_not_let_in() -> None:
    case = before("enrol", study(quotas=QUOTAS)).drop("demographics")
    assert quotas_of(case.study.newest, case.course(), instant(WHEN["enrol"])) == {
        "all": True,
        "here": True,
        "women": None,
    }
    assert "quota.women" in codes(ask(case, "enrol"))
    (reason,) = (one for one in ask(case, "enrol").reasons if one.code == "quota.women")  # type: ignore[union-attr]
    assert reason.missing == ("demographics.sex",)


def test_a_place_is_taken_once() -> None:
    case = place(before("enrol", study(quotas=QUOTAS)), 1)
    case.put("again", "enrolled", EARLY, case.entries["place 1"].data, **STUDY)
    assert len(case.setting().study.enrolled) == 1
    assert [problem.rule for problem in case.setting().problems] == ["enrolled_twice"]


def lift(case: Case, hold: str, when: str = "2026-03-02T09:00:00-07:00", role: str = "rater") -> Case:
    data = {"hold": hold, "status": "lifted"}
    return case.put(
        f"lift {when}", "hold", when, data, ledger="study:mini", by="x", role=role, reason="reviewed"
    )


def test_enrolment_is_held_after_so_many_until_it_is_lifted() -> None:
    case = before("enrol", study(holds=HOLDS))
    assert codes(ask(place(case, 1), "enrol")) == []
    assert codes(ask(place(case, 2), "enrol")) == ["hold.review"]
    assert codes(ask(lift(case, "review"), "enrol")) == []
    # Lifted once, it stays lifted, though more have come since.
    later = {**case.entries["place 2"].data, "ledger": "participant:9"}
    case.put("more", "enrolled", "2026-03-04T09:00:00-07:00", later, **STUDY)
    assert codes(ask(case, "enrol")) == []


def test_a_hold_is_lifted_by_the_role_that_the_study_names() -> None:
    case = place(place(before("enrol", study(holds=HOLDS)), 1), 2)
    lift(case, "review", role="statistician")
    assert codes(ask(case, "enrol")) == ["hold.review"]
    assert [problem.rule for problem in case.setting().problems] == ["hold_lifted_by_other"]


def test_another_death_holds_again_after_the_first_was_reviewed() -> None:
    case = before("initial_dose", study(holds=HOLDS))

    def die(number: int, when: str) -> None:
        data = {"ledger": f"participant:{number}", "event": "e", "related": False, "fatal": True}
        case.put(f"death {number}", "serious_event", when, data, **STUDY)

    die(1, EARLY)
    assert codes(ask(case, "initial_dose")) == ["hold.death"]
    assert [
        name for name, *_ in holds_in_force(case.study.newest, case.setting().study, "randomisation")
    ] == ["death"]
    assert codes(ask(lift(case, "death"), "initial_dose")) == []
    die(2, "2026-03-05T09:00:00-07:00")
    assert codes(ask(case, "initial_dose")) == ["hold.death"]


def test_a_hold_that_no_file_foresaw_is_placed_and_lifted() -> None:
    case = before("initial_dose", study())
    case.put("h", "hold", EARLY, {"hold": "authority", "status": "placed", "stops": ["dosing"]}, **STUDY)
    assert codes(ask(case, "initial_dose")) == ["hold.authority"]
    assert codes(ask(lift(case, "authority"), "initial_dose")) == []


def test_a_judgement_not_yet_made_counts_against_the_study() -> None:
    case = before("enrol", study())
    case.put("s", "serious_event", EARLY, {"ledger": "participant:1", "event": "e"}, **STUDY)
    state = case.setting().study
    assert study_facts(state.enrolled, state.serious, state.of_interest) == {
        "study.enrolled": 0,
        "study.deaths": 0,
        "study.serious_events": 1,
        "study.related_serious_events": 1,
        "study.unexpected_events": 1,
        "study.events_of_interest": 0,
    }


OF_INTEREST = {
    "twice": {
        "title": "Suicidality twice",
        "when": "study.events_of_interest >= 2",
        "interest": "suicidality",
        "stops": ["dosing"],
        "lifted_by": "rater",
        "again": True,
    }
}


def test_events_of_special_interest_hold_the_study_by_a_rule() -> None:
    case = before("initial_dose", study(holds=OF_INTEREST))

    def notice(number: int, interest: str | None, hour: int) -> None:
        data = {"ledger": f"participant:{number}", "event": "e", "interest": interest}
        when = f"2026-03-04T{hour:02d}:00:00-07:00"
        case.put(f"notice {number} {hour}", "event_of_interest", when, data, **STUDY)

    notice(1, "suicidality", 8)
    notice(2, "abuse potential", 8)
    assert codes(ask(case, "initial_dose")) == []
    notice(3, "suicidality", 9)
    assert codes(ask(case, "initial_dose")) == ["hold.twice"]
    notice(3, None, 10)  # it was read again, and was none
    assert codes(ask(case, "initial_dose")) == []
    notice(2, "suicidality", 11)
    assert codes(ask(case, "initial_dose")) == ["hold.twice"]
    assert codes(ask(lift(case, "twice", "2026-03-04T12:00:00-07:00"), "initial_dose")) == []
    notice(4, None, 23)
    assert {one.rule for one in case.setting().problems} == set()
    notice(5, "unheard of", 23)
    assert {one.rule for one in case.setting().problems} == {"unknown_interest"}


STOPPING = {
    "behaviour": {"title": "Suicidal behaviour", "when": "suicidality.behaviour"},
    "serious": {"title": "A serious reaction", "when": "person.related_serious_events >= 1"},
}


def test_a_stopping_rule_closes_the_gates_and_is_found_until_treatment_is_stopped() -> None:
    case = before("next_session", study(stopping=STOPPING))
    assert codes(ask(case, "next_session")) == []
    late = {"encounter": "integration_1#1", "by": "i-1", "role": "investigator"}
    items = {"form": "suicidality", "items": {"ideation": 0, "behaviour": True}}
    case.put("asked later", "form", "2026-03-17T10:00:00-06:00", items, **late)
    assert "stopping.behaviour" in codes(ask(case, "next_session"))
    assert "stopping_rule" in found(case, WHEN["next_session"])
    data = {"of": "treatment", "decided_by": "investigator", "cause": "safety"}
    case.put("stop", "discontinuation", "2026-03-18T10:00:00-06:00", data, by="i-1", role="investigator")
    assert "stopping_rule" not in found(case, WHEN["next_session"])


def test_a_stopping_rule_holds_from_the_first_entry_that_met_it() -> None:
    case = before("next_session", study(stopping=STOPPING)).items("asked 1", behaviour=True)
    items = {"form": "suicidality", "items": {"ideation": 0, "behaviour": True}}
    case.put("again", "form", "2026-03-17T10:00:00-06:00", items, encounter="integration_1#1")
    assert case.course().stops["behaviour"].entry == "asked 1"


def test_a_stopping_rule_of_what_was_entered_in_error_stops_nobody() -> None:
    case = before("next_session", study(stopping=STOPPING)).items("asked 1", behaviour=True)
    assert case.course().stops.keys() == {"behaviour"}
    case.put(
        "right",
        "form",
        "2026-03-17T10:00:00-06:00",
        {"items": {"behaviour": False}},
        encounter="session_1#1",
        replaces="asked 1",
        reason="transcription_error",
    )
    assert case.course().stops == {}


def event(case: Case, name: str = "sae", when: str = AWARE, about: str | None = None, **data: Any) -> Case:
    who = {"by": "i-1", "role": "investigator"}
    return case.put(name, "adverse_event", when, data, about=about, **who)


def test_a_serious_reaction_stops_and_starts_the_clocks() -> None:
    case = before("next_session", study(stopping=STOPPING, reports=REPORTS))
    event(
        case, term="nausea", serious=True, related="possible", expected=False, seriousness=["hospitalisation"]
    )
    assert case.course().stops.keys() == {"serious"}
    dues = {one.report: one for one in reports_due(case.course())}
    # By civil day in the zone of the site, the day of awareness not counting; 24 h are elapsed.
    assert {name: one.due.isoformat() for name, one in dues.items()} == {
        "sponsor": "2026-03-18T20:00:00-06:00",
        "us": "2026-04-01T23:59:59-06:00",
    }


def test_a_clock_runs_from_when_it_became_known_and_not_from_the_onset() -> None:
    case = before("next_session", study(reports=REPORTS))
    event(case, term="nausea", serious=False, onset="2026-03-16")
    assert reports_due(case.course()) == []
    event(case, "worse", "2026-03-20T09:00:00-06:00", "sae", serious=True, seriousness=["death"])
    event(case, "judged", "2026-03-25T09:00:00-06:00", "sae", related="probable", expected=False)
    dues = {one.report: one for one in reports_due(case.course())}
    assert dues["fatal"].due.isoformat() == "2026-03-27T23:59:59-06:00"
    assert dues["fatal"].aware == instant("2026-03-20T09:00:00-06:00")
    assert dues["fatal"].missing == ()


def test_what_is_not_known_of_an_event_does_not_stop_a_clock_and_a_judgement_does() -> None:
    case = event(before("next_session", study(reports=REPORTS)), term="nausea", serious=True)
    dues = {one.report: one for one in reports_due(case.course())}
    assert dues["us"].missing == ("event.expected", "event.related")
    event(case, "judged", "2026-03-19T09:00:00-06:00", "sae", related="not")
    assert {one.report for one in reports_due(case.course())} == {"sponsor"}


def test_an_overdue_report_is_found_and_a_late_one_stays_so() -> None:
    case = event(before("next_session", study(reports=REPORTS)), term="nausea", serious=True, related="not")
    assert "report_overdue" not in found(case, "2026-03-18T20:00:00-06:00")
    assert "report_overdue" in found(case, "2026-03-18T20:00:01-06:00")
    sent = {"about": "sae", "by": "i-1", "role": "investigator"}
    case.put("sent", "safety_report", "2026-03-19T09:00:00-06:00", {"report": "sponsor"}, **sent)
    assert found(case, "2026-03-20T20:00:00-06:00") & {"report_overdue", "report_late"} == {"report_late"}
    case.move("sent", "2026-03-18T09:00:00-06:00")
    assert found(case, "2026-03-20T20:00:00-06:00") & {"report_overdue", "report_late"} == set()


def test_lists_know_from_which_instant_a_report_is_overdue() -> None:
    case = event(before("next_session", study(reports=REPORTS)), term="nausea", serious=True, related="not")
    course = case.course()
    (since,) = (one.since for one in outlook(course).findings if one.rule == "report_overdue")
    assert since > instant("2026-03-18T20:00:00-06:00")
    assert "report_overdue" not in found(case, instant("2026-03-18T20:00:00-06:00"))
    assert "report_overdue" in found(case, since)


def test_a_report_sent_at_the_last_instant_is_in_time_and_two_days_are_civil_days() -> None:
    reports = {"sponsor": {**REPORTS["sponsor"], "within": "2 d"}}
    case = event(before("next_session", study(reports=reports)), term="nausea", serious=True)
    (due,) = reports_due(case.course())
    assert due.due.isoformat() == "2026-03-19T23:59:59-06:00"
    last = due.due.isoformat()
    case.put("sent", "safety_report", last, {"report": "sponsor"}, about="sae", by="i-1", role="investigator")
    assert found(case, "2026-03-20T20:00:00-06:00") & {"report_overdue", "report_late"} == set()


@pytest.mark.parametrize("when", [AWARE, "2026-03-18T09:00:00-06:00"])
def test_a_report_of_another_name_or_of_no_event_is_found(when: str) -> None:
    case = event(before("next_session", study(reports=REPORTS)), term="nausea", serious=True)
    case.put("a", "safety_report", when, {"report": "sponser"}, about="sae", by="i-1")
    case.put("b", "safety_report", when, {"report": "sponsor"}, by="i-1")
    assert {"unknown_report", "about_missing"} <= found(case, when)


def with_checklist() -> Study:
    terms = {"nausea": {"title": "Nausea"}, "euphoria": {"title": "Euphoric mood"}}
    release = two_sessions(
        adverse_events={"terms": terms, "checklists": {"asked": {"terms": ["nausea", "euphoria"]}}}
    )
    schedule = [
        {**visit, "do": [*visit["do"], "asked"]} if visit["visit"] == "session_1" else visit
        for visit in release.data["schedule"]
    ]
    return study(
        adverse_events={"terms": terms, "checklists": {"asked": {"terms": ["nausea", "euphoria"]}}},
        schedule=schedule,
    )


def test_a_checklist_is_a_form_of_which_no_line_may_be_left_blank() -> None:
    case = before("next_session", with_checklist())
    assert "activity_missing" in found(case, WHEN["next_session"])
    items = {"form": "asked", "items": {"nausea": True}}
    case.put("asked", "form", "2026-03-16T18:00:00-06:00", items, encounter="session_1#1")
    blank = {one.id for one in findings(case.course(), instant(WHEN["next_session"])) if one.holds}
    assert "item:asked:euphoria" in blank
    assert "event_not_entered:asked:nausea" in blank
    event(case, "ae", "2026-03-18T18:05:00-06:00", term="nausea", serious=False, solicited=True)
    late = {one.id for one in findings(case.course(), instant(WHEN["next_session"])) if one.holds}
    assert "event_not_entered:asked:nausea" in late
    event(case, "ae", "2026-03-16T18:05:00-06:00", term="nausea", serious=False, solicited=True)
    case.items("asked", euphoria=False)
    after = {one.id for one in findings(case.course(), instant(WHEN["next_session"])) if one.holds}
    assert after.isdisjoint({"item:asked:euphoria", "event_not_entered:asked:nausea"})


def test_rules_may_name_what_a_checklist_asks() -> None:
    case = before("next_session", with_checklist())
    items = {"form": "asked", "items": {"nausea": True, "euphoria": False}}
    case.put("asked", "form", "2026-03-16T18:00:00-06:00", items, encounter="session_1#1")
    values = Values(case.course(), "session_1#1", instant("2026-03-16T19:00:00-06:00"), None, False)
    assert values.get("asked.nausea") is True


def test_an_event_of_special_interest_is_told_in_time_whether_serious_or_not() -> None:
    events = dict(two_sessions().data["adverse_events"])
    events["special_interest"] = {
        "suicidality": {"title": "Suicidality", "tell": ["medical_monitor"], "within": "24 h"},
        "abuse potential": {"title": "Abuse potential"},
    }
    case = before("next_session", study(adverse_events=events))
    event(case, "one", term="suicidality", serious=False)
    event(case, "other", term="euphoria", serious=False)
    (due,) = reports_due(case.course())
    assert (due.report, due.event) == ("special_interest.suicidality", "one")
    assert due.due == instant("2026-03-18T20:00:00-06:00")


def test_a_clock_in_civil_days_runs_to_the_end_of_the_last_hour_though_it_comes_twice() -> None:
    # In Beirut 2026-10-24 has 25 hours, of which two begin at 23:00.
    sites = {"denver": {"country": "US", "timezone": "Asia/Beirut"}}
    case = before("next_session", study(reports=REPORTS, sites=sites))
    known = {"term": "nausea", "serious": True, "related": "possible", "expected": False}
    event(case, "sae", "2026-10-17T09:00:00+03:00", seriousness=["death"], **known)
    [fatal] = [one for one in reports_due(case.course()) if one.report == "fatal"]
    assert fatal.due.isoformat() == "2026-10-24T23:59:59+02:00"
    beirut = ZoneInfo("Asia/Beirut")
    assert not fatal.is_overdue(datetime(2026, 10, 24, 23, 59, tzinfo=beirut, fold=0))
    assert not fatal.is_overdue(datetime(2026, 10, 24, 23, 59, tzinfo=beirut, fold=1))
    assert fatal.is_overdue(datetime(2026, 10, 25, tzinfo=beirut))
