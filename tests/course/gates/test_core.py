"""Every reason of the hard core closes an otherwise open gate, and by itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.course.cases import WHEN, Case, ask, before, codes, give, vitals
from tests.course.gates.changes import (
    MORNING,
    Change,
    activation,
    change,
    decided_by,
    drop,
    judge,
    put_site,
    stop,
)

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.gates.core import ACTS
from entact.course.gates.gate import Allowed, Refused

PARTICIPANT = ("randomise", "dispense", "initial_dose", "supplement", "next_session")


@pytest.mark.parametrize("act", list(ACTS))
def test_the_gate_is_open_when_nothing_is_against_it(act: str) -> None:
    assert isinstance(ask(before(act), act), Allowed)


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
