"""Every reason of the hard core closes an otherwise open gate, and by itself."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.course.cases import MINI, WHEN, Case, ask, before, codes, give, session, two_sessions, vitals

from entact.course import fold_setting
from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.gates.core import ACTS
from entact.course.gates.gate import Allowed, Refused
from entact.protocol import load_study
from entact.protocol.release import Release, Study, canonical

PARTICIPANT = ("randomise", "dispense", "initial_dose", "supplement", "next_session")
DOSE = ("initial_dose", "supplement")
KIT = {"initial_dose": "K-1", "supplement": "K-2"}
MORNING = "2026-03-10T08:{:02}:00-06:00"

Change = Callable[[Case], Any]


@pytest.mark.parametrize("act", list(ACTS))
def test_the_gate_is_open_when_nothing_is_against_it(act: str) -> None:
    assert isinstance(ask(before(act), act), Allowed)


def stop(of: str) -> Change:
    data = {"of": of, "decided_by": "participant", "cause": "wish"}
    return lambda case: case.put("stop", "discontinuation", MORNING.format(0), data)


def drop(*names: str) -> Change:
    return lambda case: case.drop(*names)


def change(name: str, **data: Any) -> Change:
    return lambda case: case.change(name, **data)


def put_site(name: str, kind: str, **data: Any) -> Change:
    when = "2026-03-01T09:00:00-07:00"
    return lambda case: case.put(name, kind, when, data, ledger="site:denver", by="i-1", role="investigator")


def activation(status: str) -> Change:
    def change(case: Case) -> None:
        data = {"release": case.study.newest.id, "status": status, "timezone": "America/Denver"}
        put_site("later", "activation", **data)(case)

    return change


def judge(**criteria: bool | None) -> Change:
    def change(case: Case) -> None:
        judged = case.entries["eligibility"].data["criteria"]
        case.change("eligibility", criteria={**judged, **criteria})

    return change


def decided_by(person: str) -> Change:
    def change(case: Case) -> None:
        case.entries["eligibility"] = msgspec.structs.replace(case.entries["eligibility"], by=person)

    return change


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda case: case.put("death", "death", MORNING.format(0), {"date": "2026-03"}), "died"),
        (stop("treatment"), "treatment_discontinued"),
        (stop("procedures"), "procedures_discontinued"),
        (stop("follow_up"), "follow_up_discontinued"),
        (stop("data_use"), "data_use_discontinued"),
        (drop("consent"), "no_consent"),
        (change("consent", scopes={"participation": False, "recording": True}), "consent_scope"),
        (change("consent", scopes={"recording": True}), "consent_scope"),
        (drop("eligibility"), "eligibility_missing"),
        (change("eligibility", decision="not_eligible"), "not_eligible"),
        (change("eligibility", signed=None), "eligibility_not_signed"),
        (judge(severe=None), "criterion_open"),
        (judge(severe=False), "criterion_not_met"),
        (judge(psychosis=True), "criterion_not_met"),
        (decided_by("t-1"), "eligibility_not_by_investigator"),
        (decided_by("somebody"), "eligibility_not_by_investigator"),
        (drop("screening"), "site_unknown"),
        (change("screening", site="haifa"), "other_site"),
        (activation("held"), "site_held"),
        (activation("closed"), "site_closed"),
        (drop("activation"), "site_not_active"),
    ],
)
@pytest.mark.parametrize("act", PARTICIPANT)
def test_participant_and_site(act: str, make: Change, code: str) -> None:
    case = before(act)
    make(case)
    assert codes(ask(case, act)) == [code]


@pytest.mark.parametrize(
    ("rated", "found"), [(60, []), (12, ["criterion_of_record"]), (None, ["criterion_of_record"])]
)
def test_what_nobody_judged_who_is_not_shown_it_the_record_answers(
    rated: int | None, found: list[str]
) -> None:
    """In the same code where it is not met and where nobody rated; only of a criterion that has a rule."""
    case = before("enrol")
    judge(severe=None)(case)
    case.change("eligibility", left_to_record=["severe", "psychosis"])
    for name in [name for name, one in case.entries.items() if one.data.get("form") == "symptoms"]:
        if rated is None:
            del case.entries[name]
        else:
            case.change(name, items={**case.entries[name].data["items"], "total": rated})
    assert codes(ask(case, "enrol")) == found
    judge(psychosis=None)(case)
    assert "criterion_open" in codes(ask(case, "enrol"))


AT_SITE = [name for name, act in ACTS.items() if act.roles]  # not those of who works at none
STAFFED = [act for act in AT_SITE if act != "discharge"]


@pytest.mark.parametrize("act", AT_SITE)
@pytest.mark.parametrize(
    ("certificates", "more", "expected"),
    [
        ([], {}, ["no_certificate"]),
        ([{"name": "GCP", "expires": "2026-03-09"}], {}, ["certificate_expired"]),
        ([{"name": "GCP", "expires": "2026-02"}], {}, ["certificate_expired"]),
        ([{"name": "GCP", "expires": "2031"}], {}, ["certificate_expired"]),
        ([{"name": "GCP", "expires": "next year"}], {}, ["certificate_expired"]),
        ([{"name": "GCP", "expires": "2026-12"}], {"until": "2026-03-09"}, ["left_site"]),
        ([{"name": "GCP", "expires": "2026-12"}], {"roles": ["rater"]}, ["role"]),
        ([{"name": "GCP", "expires": "2026-12"}], {}, []),
    ],
)
def test_the_person_who_acts(
    act: str, certificates: list[dict[str, str]], more: dict[str, Any], expected: list[str]
) -> None:
    case = before(act)
    roles = ["investigator"] if act in ("randomise", "enrol", "unblind") else ["therapist"]
    roles = ["pharmacist"] if act == "dispense" else roles
    put_site("n-1", "staff", **({"person": "n-1", "roles": roles, "certificates": certificates} | more))(case)
    answer = ask(case, act, by="n-1")
    if act == "discharge":  # whatever is wrong with staff is found, and keeps nobody
        assert isinstance(answer, Allowed)
        assert answer.basis.get("concerns", []) == expected
    else:
        assert codes(answer) == expected


@pytest.mark.parametrize("act", STAFFED)
def test_a_stranger_may_nothing(act: str) -> None:
    answer = ask(before(act), act, by="somebody")
    assert codes(answer) == ["not_staff"]


def test_a_certificate_holds_to_the_end_of_its_last_day_at_the_site() -> None:
    not_counted = "initial_dose.3"  # of two therapists in the room
    for expires, expected in (("2026-03-16", []), ("2026-03-15", ["certificate_expired", not_counted])):
        case = before("initial_dose").change("t-1", certificates=[{"name": "GCP", "expires": expires}])
        assert codes(ask(case, "initial_dose")) == expected


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (drop("commitment"), "list_not_sealed"),
        (drop("enrolment"), "not_enrolled"),
        (
            lambda case: case.put("first", "randomisation", "2026-03-10T09:29:00-06:00", {"number": "R-1"}),
            "randomised_before",
        ),
    ],
)
def test_randomise(make: Change, code: str) -> None:
    case = before("randomise")
    make(case)
    assert codes(ask(case, "randomise")) == [code]


def put_study(name: str, kind: str, minute: int, by: str = "pia", **data: Any) -> Change:
    when = f"2026-03-02T09:{minute:02}:00-07:00"
    return lambda case: case.put(name, kind, when, data, ledger="study:mini", by=by, role="committee")


ROOT, NUMBERS = "ab" * 32, {"denver": ["R-17", "R-18"]}
PRINTED = put_study("printed", "list_opened", 1, purpose="code_breaks", root=ROOT, rows=2)
CHECKED = {"root": ROOT, "sheets": 2, "place": "safe of the ward"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], ["no_code_breaks"]),
        ([put_study("checked", "code_breaks_checked", 2, "dan", **CHECKED)], ["no_code_breaks"]),
        ([PRINTED], ["code_breaks_not_countersigned"]),
        (
            [put_study("other", "list_opened", 1, purpose="code_breaks", root="cd" * 32, rows=2)],
            ["no_code_breaks"],
        ),
        (
            [PRINTED, put_study("alone", "code_breaks_checked", 2, "pia", **CHECKED)],
            ["code_breaks_not_countersigned"],
        ),
        (
            [PRINTED, put_study("short", "code_breaks_checked", 2, "dan", **CHECKED | {"sheets": 1})],
            ["code_breaks_not_countersigned"],
        ),
        ([PRINTED, put_study("checked", "code_breaks_checked", 2, "dan", **CHECKED)], []),
        (
            [
                PRINTED,
                put_study("checked", "code_breaks_checked", 2, "dan", **CHECKED),
                put_study("anew", "list_opened", 3, purpose="code_breaks", root=ROOT, rows=2),
            ],
            ["code_breaks_not_countersigned"],
        ),
    ],
)
def test_nobody_is_randomised_from_a_held_list_without_code_breaks(
    changes: list[Change], expected: list[str]
) -> None:
    case = before("randomise").change("commitment", list_root=ROOT, list_rows=2, numbers=NUMBERS)
    for change_ in changes:
        change_(case)
    assert codes(ask(case, "randomise")) == expected


SHARED = {"root": ROOT, "custodians": ["ada", "ben", "cleo"], "threshold": 2, "custody": "ef" * 32}


def test_where_custodians_alone_have_the_list_the_gate_says_that_there_is_nothing_else() -> None:
    """Two clicks are impossible then: the code-breaks are all there is, before anybody is randomised."""
    for alone in (True, False):
        case = before("randomise").change("commitment", list_root=ROOT, list_rows=2, numbers=NUMBERS)
        put_study("shared", "list_custody", 0, "stat", **SHARED | {"alone": alone})(case)
        (reason,) = ask(case, "randomise").reasons
        assert reason.code == "no_code_breaks"
        assert ("Custodians alone have the list" in reason.message) is alone
        PRINTED(case)
        put_study("checked", "code_breaks_checked", 2, "dan", **CHECKED)(case)
        assert codes(ask(case, "randomise")) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (
            [put_study("shared", "list_custody", 0, "stat", **SHARED | {"root": "cd" * 32, "alone": True})],
            "other_list",
        ),
        (
            [put_study("shared", "list_custody", 0, "stat", **SHARED | {"threshold": 4, "alone": True})],
            "no_sharing",
        ),
        (
            [put_study("gave", "shares_given", 1, "ada", entry="e", rows=1, custody="ef" * 32)],
            "other_custody",
        ),
        (
            [
                put_study("shared", "list_custody", 0, "stat", **SHARED | {"alone": True}),
                put_study("gave", "shares_given", 1, "dora", entry="e", rows=1, custody="ef" * 32),
            ],
            "no_custodian",
        ),
    ],
)
def test_what_is_wrong_with_custodians_is_found_in_the_studys_ledger(
    changes: list[Change], rule: str
) -> None:
    case = before("randomise").change("commitment", list_root=ROOT, list_rows=2, numbers=NUMBERS)
    for change_ in changes:
        change_(case)
    study = [one for one in case.entries.values() if one.ledger.startswith("study:")]
    assert rule in {one.rule for one in fold_setting(case.study, study, ()).problems}


def test_a_study_that_does_not_randomise() -> None:
    data = {name: value for name, value in two_sessions().data.items() if name != "randomisation"}
    study = Study("mini", (Release.from_text(canonical(data)),))
    assert codes(ask(before("randomise", study), "randomise")) == ["no_randomisation"]
    assert codes(ask(before("initial_dose", study).drop("randomisation"), "initial_dose")) == []


@pytest.mark.parametrize("act", ["initial_dose", "supplement", "next_session"])
def test_nobody_is_treated_before_randomisation(act: str) -> None:
    assert codes(ask(before(act).drop("randomisation"), act)) == ["not_randomised"]


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


def test_a_site_that_works_under_an_unknown_release() -> None:
    case = before("initial_dose")
    setting = case.setting()
    site = msgspec.structs.replace(setting.site, release="mini@sha256:00")
    from entact.course.entry import instant
    from entact.course.gates.gate import may

    setting = msgspec.structs.replace(setting, site=site)
    answer = may(
        "initial_dose", case.study, setting, case.course(), "t-1", instant(WHEN["initial_dose"]), kit="K-1"
    )
    assert codes(answer) == ["release_unknown"]


def test_whoever_stopped_or_whose_site_was_held_may_still_go_home() -> None:
    case = before("discharge")
    stop("treatment")(case)
    stop("procedures")(case)
    activation("held")(case)
    case.change("consent", scopes={"participation": False, "recording": False})
    assert isinstance(ask(case, "discharge"), Allowed)
    case.put("death", "death", "2026-03-16T17:00:00-06:00", {"date": "2026-03-16"})
    assert codes(ask(case, "discharge")) == ["died"]


def test_every_reason_is_said_at_once_and_in_words() -> None:
    case = before("initial_dose").drop("assigned K-1", "level 1", "eligibility", "randomisation")
    stop("treatment")(case)
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Refused)
    assert [reason.code for reason in answer.reasons] == [
        "treatment_discontinued",
        "eligibility_missing",
        "not_randomised",
        "level_not_decided",
        "kit_not_assigned",
    ]
    for reason in answer.reasons:
        assert reason.message[0].isupper()
        assert reason.message.endswith(".")
        assert "_" not in reason.message


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("medication", {"name": "phenelzine", "medicine_class": "maoi", "started": 2026}),
        ("medication", {"name": "phenelzine", "as_needed": True}),
        ("discontinuation", {"of": "treatment", "reason": 5}),
        ("consent", {"version": 2, "scopes": {"participation": False}}),
        ("death", {"date": 2026}),
        ("adverse_event", {"term": "nausea", "outcome": "died"}),
        ("dose", {"part": "initial", "kit": "K-9", "level": "full", "dispensed": "2", "taken": 2}),
        ("eligibility", {"criteria": {}, "decision": "no"}),
        ("form", {"form": "suicidality", "items": 5}),
        ("presence", {"person": "t-2", "role": "therapist", "state": "gone"}),
        ("unparsed", {"received": "?"}),
    ],
)
def test_what_could_not_be_read_may_be_what_forbids_the_dose(kind: str, data: dict[str, Any]) -> None:
    case = before("initial_dose")
    case.put("bad", kind, "2026-03-16T09:55:00-06:00", data, encounter="session_1#1")
    answer = ask(case, "initial_dose")
    assert codes(answer) == ["entry_unread"]
    assert isinstance(answer, Refused)
    assert answer.reasons[0].entries == ("bad",)
    case.put("w", "void", "2026-03-16T09:56:00-06:00", {}, replaces="bad", reason="entered_in_error")
    assert codes(ask(case, "initial_dose")) == []


def test_what_could_not_be_read_keeps_nobody_in_and_forbids_nothing_that_does_not_hang_on_it() -> None:
    leaving, dosing = before("discharge"), before("initial_dose")
    leaving.put("bad", "medication", "2026-03-16T17:55:00-06:00", {"started": 2026}, encounter="session_1#1")
    dosing.put("bad", "guess", "2026-03-16T09:55:00-06:00", {"guesser": 1}, encounter="session_1#1")
    dosing.put("old", "form", "2026-03-10T09:55:00-06:00", {"form": "x", "items": 1}, encounter="baseline#1")
    assert codes(ask(leaving, "discharge")) == []
    assert codes(ask(dosing, "initial_dose")) == []


@pytest.mark.parametrize("when", ["2026-03-16T24:00:00-06:00", "2026-03-16T09:55:00", "yesterday", ""])
def test_what_happened_nobody_knows_when_may_be_what_forbids_the_dose(when: str) -> None:
    case = before("initial_dose")
    stopped = {"of": "treatment", "decided_by": "participant", "cause": "x"}
    case.put("bad", "discontinuation", "2026-03-16T09:55:00-06:00", stopped)
    case.entries["bad"] = msgspec.structs.replace(case.entries["bad"], occurred_at=when)
    assert codes(ask(case, "initial_dose")) == ["entry_unread"]
    more: dict[str, Any] = {"replaces": "bad", "reason": "entered_in_error"}
    case.put("fix", "discontinuation", WHEN["initial_dose"], {"occurred_at": MORNING.format(1)}, **more)
    assert codes(ask(case, "initial_dose")) == ["treatment_discontinued"]
    assert not any("time_unreadable" in name for name in case.course().findings)
    case.drop("fix").put("w", "void", WHEN["initial_dose"], {}, **more)
    assert codes(ask(case, "initial_dose")) == []
    assert not any("time_unreadable" in name for name in case.course().findings)


def test_a_dose_of_no_session_may_be_that_of_this_one() -> None:
    case = before("initial_dose")
    give(case, "initial", "K-3", "2026-03-16T09:50:00-06:00")
    case.entries["initial 1"] = msgspec.structs.replace(case.entries["initial 1"], encounter=None)
    assert "dose_unclear" in codes(ask(case, "initial_dose"))
    at = instant("2026-03-16T09:55:00-06:00")
    assert "encounter_unnamed:initial 1:encounter" in {one.id for one in findings(case.course(), at)}
    case.change("initial 1", taken=0, returned=2, outcome="refused")
    assert codes(ask(case, "initial_dose")) == []


def test_what_was_asked_in_a_session_that_nobody_ended_is_not_of_today() -> None:
    case = before("initial_dose")
    vitals(case, "vitals 1", "2026-03-17T08:50:00-06:00")
    assert codes(case.may("initial_dose", "2026-03-17T09:00:00-06:00", kit="K-1")) == []
    assert codes(case.may("initial_dose", "2026-03-17T09:01:00-06:00", kit="K-1")) == ["session_not_ended"]


def test_who_is_screened_again_in_a_session_can_still_leave_it() -> None:
    case = before("discharge")
    again = {"attempt": 2, "number": "S-2", "site": "denver"}
    case.put("again", "screening", "2026-03-16T17:50:00-06:00", again)
    assert codes(ask(case, "discharge")) == []


@pytest.mark.parametrize(
    ("ledger", "kind", "data", "is_closed"),
    [
        ("site:denver", "kit", {"number": "K-1", "status": "in quarantine"}, True),
        ("site:denver", "kit", {"status": "in quarantine"}, True),  # nobody knows of which
        ("site:denver", "kit", {"number": "K-9", "status": "in quarantine"}, False),
        ("site:denver", "staff", {"person": "t-1", "until": 2026}, True),
        ("site:denver", "staff", {"person": "t-2", "until": 2026}, False),
        ("site:denver", "activation", {"status": "on hold"}, True),
        ("study:mini", "hold", {"hold": 1}, True),
        ("study:mini", "heads", {"heads": 1}, False),
    ],
)
def test_what_could_not_be_read_of_the_site_or_the_study(
    ledger: str, kind: str, data: dict[str, Any], is_closed: bool
) -> None:
    when, leaving = "2026-03-15T09:00:00-06:00", before("discharge")
    for case in (dosing := before("initial_dose"), leaving):
        case.put("bad", kind, when, data, ledger=ledger, by="i-1", role="investigator")
    assert codes(ask(dosing, "initial_dose")) == (["entry_unread"] if is_closed else [])
    assert codes(ask(leaving, "discharge")) == []
    dosing.put("w", "void", when, {}, ledger=ledger, by="i-1", replaces="bad", reason="entered_in_error")
    assert codes(ask(dosing, "initial_dose")) == []


def _therapist(case: Case, **more: Any) -> None:
    certificates = [{"name": "GCP", "expires": "2026-12"}]
    put_site(
        "later", "staff", **({"person": "t-2", "roles": ["therapist"], "certificates": certificates} | more)
    )(case)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"certificates": [{"name": "GCP", "expires": "2026-03-09"}]},
            "The certificate GCP of t-2 held until",
        ),
        ({"certificates": []}, "No certificate of t-2 is on file"),
        ({"until": "2026-03-09"}, "t-2 worked at site denver until 2026-03-09"),
        ({"roles": []}, "fewer than two therapists"),
    ],
)
def test_who_may_not_act_is_not_counted_in_the_room(more: dict[str, Any], said: str) -> None:
    case = before("initial_dose")
    assert codes(ask(case, "initial_dose")) == []
    _therapist(case, **more)
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Refused)
    (reason,) = answer.reasons
    assert reason.code == "initial_dose.3"
    assert said.lower() in reason.message.lower()


def test_where_the_last_of_a_role_has_ended_a_stranger_does_not_count() -> None:
    case = before("initial_dose")
    for person in ("t-1", "t-2"):
        put_site(f"{person} ended", "staff", person=person, roles=["investigator"])(case)
    assert "initial_dose.3" in codes(ask(case, "initial_dose", by="i-1"))


def test_who_decided_eligibility_as_investigator_may_have_left_since() -> None:
    case = before("initial_dose")
    put_site("left", "staff", person="i-1", roles=[])(case)
    case.move("left", "2026-03-11T09:00:00-06:00")
    assert "eligibility_not_by_investigator" not in codes(ask(case, "initial_dose"))
    for ended in ("2026-03-01T09:00:00-06:00", case.entries["eligibility"].occurred_at):
        case.move("left", ended)
        assert "eligibility_not_by_investigator" in codes(ask(case, "initial_dose"))


def test_a_session_left_open_by_an_earlier_attempt_at_screening_is_none_of_this_one() -> None:
    case = before("initial_dose")
    again = {"attempt": 2, "number": "S-2", "site": "denver"}
    case.put("again", "screening", "2026-03-16T09:50:00-06:00", again)
    assert "not_in_session" in codes(ask(case, "initial_dose"))
