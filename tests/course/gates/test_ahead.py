"""Tomorrow's gate today: what will have expired is said while it can be mended, and nothing of the day."""

from __future__ import annotations

from typing import Any

import pytest
from tests.course.cases import Case, before
from tests.course.gates.changes import put_site

from entact.course.entry import instant
from entact.course.gates.ahead import reasons_ahead

DAY = instant("2026-03-16T10:00:00-06:00")
GCP = [{"name": "GCP", "expires": "2026-03-12"}]


def waiting() -> Case:
    """Somebody a week before a session: nothing of its day is known yet."""
    case = before("initial_dose")
    case.drop(*[name for name, one in case.entries.items() if one.encounter == "session_1#1"])
    return case


def ahead(case: Case) -> list[str]:
    return [one.code for one in reasons_ahead(case.study, case.setting(), case.course(), "session_1", DAY)]


def test_where_all_holds_on_that_day_nothing_is_said() -> None:
    assert ahead(waiting()) == []


@pytest.mark.parametrize(
    ("name", "kind", "data", "code"),
    [
        (
            "t-1",
            "staff",
            {"person": "t-1", "roles": ["therapist"], "certificates": GCP},
            "certificate_expired",
        ),
        ("t-2", "staff", {"person": "t-2", "roles": ["therapist"], "certificates": []}, "no_certificate"),
        ("stock K-1", "kit", {"number": "K-1", "status": "received", "expires": "2026-03-15"}, "kit_expired"),
        (
            "stock K-1",
            "kit",
            {"number": "K-1", "status": "quarantined", "expires": "2027"},
            "kit_quarantined",
        ),
    ],
)
def test_what_will_have_expired_is_said(name: str, kind: str, data: dict[str, Any], code: str) -> None:
    case = waiting()
    put_site(name, kind, **data)(case)
    assert code in ahead(case)


def test_one_kit_of_the_stock_that_is_in_date_then_is_enough() -> None:
    case = waiting()
    case.drop(*[name for name, one in case.entries.items() if one.kind == "kit_assigned"])
    kits = [name for name, one in case.entries.items() if one.kind == "kit"]
    assert len(kits) > 1
    for name in kits[1:]:
        case.change(name, expires="2026-03-15")
    assert "kit_expired" not in ahead(case)
    case.change(kits[0], expires="2026-03-15")
    assert "kit_expired" in ahead(case)


def test_where_nobody_may_give_the_dose_then_that_is_said() -> None:
    case = waiting()
    for person in ("t-1", "t-2"):
        put_site(person, "staff", person=person, roles=["therapist"], certificates=GCP)(case)
    put_site("i-1", "staff", person="i-1", roles=["investigator"], certificates=[])(case)
    found = ahead(case)
    assert found[0] == "nobody_may"
    assert found.count("certificate_expired") == 2


def test_consent_and_what_stops_are_judged_too() -> None:
    case = waiting().change("consent", scopes={"participation": False, "recording": True})
    assert "consent_scope" in ahead(case)
    stopped = {"of": "treatment", "decided_by": "participant", "cause": "wish"}
    case.put("stop", "discontinuation", "2026-03-12T09:00:00-06:00", stopped)
    assert "treatment_discontinued" in ahead(case)


def test_a_test_that_will_be_too_old_is_said_unless_the_visit_asks_for_it() -> None:
    rule = {"require": "symptoms.total >= 35", "within": "14 d", "else": "not rated lately"}
    case = waiting()
    data = dict(case.study.newest.data)
    gates = {**data["gates"], "initial_dose": {"require": [rule, *data["gates"]["initial_dose"]["require"]]}}
    from tests.course.cases import two_sessions

    from entact.protocol.release import Study

    study = Study("mini", (two_sessions(gates=gates),))
    later = before("initial_dose", study)
    later.drop(*[name for name, one in later.entries.items() if one.encounter == "session_1#1"])
    assert "initial_dose.1" not in ahead(later)
    told = reasons_ahead(
        study, later.setting(), later.course(), "session_1", instant("2026-03-25T10:00:00-06:00")
    )
    assert "initial_dose.1" in [one.code for one in told]
