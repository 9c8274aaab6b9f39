"""Of a session, its kit and its dose every reason of the hard core closes the gate by itself."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.course.cases import MINI, Case, ask, before, codes, give, session, two_sessions, vitals
from tests.course.gates.changes import (
    Change,
    change,
    drop,
    put_site,
)

from entact.course.entry import instant
from entact.course.gates.core import ACTS
from entact.protocol import load_study
from entact.protocol.release import Release, Study, canonical

DOSE = ("initial_dose", "supplement")
KIT = {"initial_dose": "K-1", "supplement": "K-2"}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (drop("level 1"), "level_not_decided"),
        (
            lambda case: case.put(
                "ended",
                "encounter",
                "2026-03-16T09:59:00-06:00",
                {"status": "ended"},
                encounter="session_1#1",
            ),
            "not_in_session",
        ),
    ],
)
@pytest.mark.parametrize("act", DOSE)
def test_the_session(act: str, make: Change, code: str) -> None:
    case = before(act)
    make(case)
    answer = ask(case, act, encounter="session_1#1")
    assert codes(answer) == [code]


def test_a_dose_belongs_in_a_dosing_session() -> None:
    case = before("initial_dose")
    start = {"status": "started"}
    case.put("other", "encounter", "2026-03-16T09:50:00-06:00", start, encounter="integration_1#1")
    assert "not_in_session" in codes(ask(case, "initial_dose"))
    assert codes(ask(case, "initial_dose", encounter="session_1#1")) == []


def test_the_level_is_the_one_decided_and_planned() -> None:
    assert codes(ask(before("initial_dose"), "initial_dose", level="full")) == []
    assert codes(ask(before("initial_dose"), "initial_dose", level="low")) == ["level_other"]
    case = before("initial_dose").change("level 1", level="double").change("assigned K-1", level="double")
    assert codes(ask(case, "initial_dose")) == ["level_not_planned"]
    case = before("supplement").change("initial 1", level="low")
    assert codes(ask(case, "supplement")) == ["level_other"]


@pytest.mark.parametrize("act", DOSE)
def test_the_kit(act: str) -> None:
    kit = KIT[act]
    other = KIT["supplement" if act == "initial_dose" else "initial_dose"]

    def against(change: Change, **asked: Any) -> list[str]:
        case = before(act)
        change(case)
        return codes(ask(case, act, **asked))

    stock = {"number": kit, "expires": "2026-12-31"}
    assert against(lambda case: None, kit=None) == ["kit_not_named"]
    assert against(drop(f"assigned {kit}")) == ["kit_not_assigned"]
    assert against(change(f"assigned {kit}", level="low")) == ["kit_other_level"]
    assert against(change(f"assigned {kit}", visit="session_2")) == ["kit_other_visit"]
    assert against(change(f"assigned {kit}", visit="session_1")) == []
    assert against(drop(f"stock {kit}")) == ["kit_unknown"]
    assert against(put_site("later", "kit", status="quarantined", **stock)) == ["kit_quarantined"]
    assert against(put_site("later", "kit", status="destroyed", **stock)) == ["kit_destroyed"]
    assert against(put_site("later", "kit", status="released", **stock)) == []
    assert against(change(f"stock {kit}", expires="2026-03-15")) == ["kit_expired"]
    assert against(change(f"stock {kit}", expires="2026-03-16")) == []
    part = "supplement" if act == "initial_dose" else "initial"
    assert against(change(f"assigned {kit}", part=part)) == ["kit_other_part"]
    if act == "initial_dose":
        assert against(lambda case: None, kit=other) == ["kit_other_part"]
    refused = {"part": ACTS[act].part, "kit": kit, "level": "full", "dispensed": 2, "taken": 0, "returned": 2}
    spoilt = "2026-03-16T09:55:00-06:00"
    for written in (kit, f" {kit.lower()}"):
        used = refused | {"outcome": "refused", "kit": written}
        assert against(
            lambda case, used=used: case.put("spoilt", "dose", spoilt, used, encounter="session_1#1")
        ) == ["kit_used"]


def test_a_kit_expires_by_the_clock_of_the_site() -> None:
    case = (
        before("initial_dose")
        .change("stock K-1", expires="2026-03-16")
        .change("activation", timezone="Asia/Tokyo")
    )
    assert codes(ask(case, "initial_dose")) == ["kit_expired"]  # there the 17th has begun


def test_each_part_of_a_dose_once_a_session() -> None:
    for study in (None, load_study(MINI)):  # of two sessions and of one: this one is not counted twice
        case = before("initial_dose", study)
        give(case, "initial", "K-3", "2026-03-16T09:55:00-06:00")
        assert codes(ask(case, "initial_dose")) == ["dose_given"]
    case = before("supplement")
    give(case, "supplement", "K-4", "2026-03-16T11:35:00-06:00")
    assert codes(ask(case, "supplement")) == ["dose_given"]


def second_session(day: str, study: Study | None = None) -> Case:
    case = before("next_session", study)
    session(case, 2, day)
    return case


@pytest.mark.parametrize(("day", "expected"), [("2026-04-05", ["too_soon"]), ("2026-04-06", [])])
def test_the_interval_since_the_last_initial_dose_is_in_civil_days(day: str, expected: list[str]) -> None:
    answer = second_session(day).may("initial_dose", f"{day}T10:00:00-06:00", kit="K-3")
    assert codes(answer) == expected


@pytest.mark.parametrize(("time", "expected"), [("09:59:59", ["too_soon"]), ("10:00:00", [])])
def test_an_interval_in_hours_is_elapsed_time(time: str, expected: list[str]) -> None:
    study = Study("mini", (two_sessions(dose_interval="36 h .. 35 d"),))
    case = before("next_session", study)
    case.move("initial 1", "2026-03-07T21:00:00-07:00")  # the clock goes forward in the night
    for name in ("consent", "screening begins", "screening", "demographics"):
        case.move(name, f"2026-03-01T09:00:0{len(name) % 9}-07:00")
    session(case, 2, "2026-03-09")
    vitals(case, "fresh", "2026-03-09T09:45:00-06:00", 2)
    assert codes(case.may("initial_dose", f"2026-03-09T{time}-06:00", kit="K-3")) == expected


@pytest.mark.parametrize(("day", "expected"), [("2026-04-05", ["too_soon"]), ("2026-04-06", [])])
def test_after_a_transfer_the_last_dose_keeps_the_date_of_where_it_was_given(
    day: str, expected: list[str]
) -> None:
    case = before("next_session").move("initial 1", "2026-03-16T20:00:00-06:00")  # the 17th in Haifa
    session(case, 2, day, "+03:00")
    for name in [one.id for one in case.of("site:")]:
        case.entries[name] = msgspec.structs.replace(case.entries[name], ledger="site:haifa")
    case.change("activation", timezone="Asia/Jerusalem")
    there = {"attempt": 1, "number": "S-1", "site": "haifa"}
    case.put("transfer", "screening", "2026-03-25T09:00:00-06:00", there, by="i-1", role="investigator")
    assert codes(case.may("initial_dose", f"{day}T10:00:00+03:00", kit="K-3")) == expected


def test_whoever_died_of_an_event_is_treated_no_more_though_no_death_is_entered() -> None:
    for said in ({"outcome": "fatal"}, {"serious": True, "seriousness": ["death"]}):
        case = before("initial_dose").put("event", "adverse_event", "2026-03-15T09:00:00-06:00", said)
        answer = ask(case, "initial_dose")
        assert codes(answer) == ["died"]
        case.put(
            "update", "adverse_event", "2026-03-15T10:00:00-06:00", {"outcome": "resolved"}, about="event"
        )
        assert codes(ask(case, "initial_dose")) == ([] if "outcome" in said else ["died"])


def test_no_more_sessions_with_a_dose_than_the_study_allows() -> None:
    study = Study("mini", (two_sessions(doses=1),))
    case = second_session("2026-04-07", study)
    assert codes(case.may("initial_dose", "2026-04-07T10:00:00-06:00", kit="K-3")) == ["too_many_doses"]
    assert codes(ask(before("next_session", study), "next_session")) == ["too_many_doses"]


def test_a_supplement_follows_an_initial_dose_of_the_same_session() -> None:
    case = second_session("2026-04-07")
    assert "no_initial" in codes(case.may("supplement", "2026-04-07T10:00:00-06:00", kit="K-4"))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (89, ["supplement_early"]),
        (90, []),
        (120, []),
        (121, ["supplement_late", "supplement.2"]),
    ],
)
def test_a_supplement_is_offered_within_its_window(minutes: int, expected: list[str]) -> None:
    case = before("supplement")
    at = 60 * 10 + minutes
    vitals(case, "vitals later", f"2026-03-16T{at // 60}:{at % 60:02}:00-06:00")
    assert codes(ask(case, "supplement", late=timedelta(minutes=minutes - 100))) == expected


def test_who_is_screened_again_consents_anew_unless_the_study_says_otherwise() -> None:
    for said, expected in ({}, ["consent_of_earlier_attempt"]), ({"consent_at_rescreening": "stands"}, []):
        study = Study("mini", (two_sessions(**said),))
        case = before("enrol", study)
        begins = (instant(case.entries["eligibility"].occurred_at) - timedelta(minutes=30)).isoformat()
        again = {"attempt": 2, "number": "S-2", "site": "denver"}
        case.put("again", "encounter", begins, {"status": "started"}, encounter="screening#2")
        case.put("attempt 2", "screening", begins, again, encounter="screening#2")
        assert [one for one in codes(ask(case, "enrol")) if one.startswith("consent")] == expected
        anew = {"version": "1", "scopes": dict.fromkeys(study.newest.file.consent, True)}
        case.put("anew", "consent", begins, anew)
        assert [one for one in codes(ask(case, "enrol")) if one.startswith("consent")] == []


def test_who_is_enrolled_is_asked_no_more_for_the_consent_of_an_earlier_screening() -> None:
    case = before("randomise")
    when = (instant(case.entries["enrolment"].occurred_at) - timedelta(minutes=1)).isoformat()
    case.put("attempt 2", "screening", when, {"attempt": 2, "number": "S-2", "site": "denver"})
    assert "consent_of_earlier_attempt" not in codes(ask(case, "randomise"))


def test_a_level_without_a_supplement() -> None:
    data = copy.deepcopy(dict(two_sessions().data))
    del data["regimens"]["full"]["supplement"]
    study = Study("mini", (Release.from_text(canonical(data)),))
    assert codes(ask(before("supplement", study), "supplement")) == ["no_supplement"]


def test_consent_to_what_has_changed_since_is_not_current() -> None:
    old = two_sessions()
    consent = {**old.data["consent"], "participation": "Taking part, with one more blood sample"}
    new, same = two_sessions(consent=consent), two_sessions(title="Another title")
    for newer, expected in ((new, ["consent_superseded"]), (same, [])):
        case = before("initial_dose", Study("mini", (old,)))
        case.study = Study("mini", (old, newer))
        case.change("activation", release=newer.id)
        assert codes(ask(case, "initial_dose")) == expected
    case.entries["consent"] = msgspec.structs.replace(case.entries["consent"], release="mini@sha256:00")
    assert "consent_superseded" in codes(ask(case, "initial_dose"))
