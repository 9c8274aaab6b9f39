"""One person is told the arm once the blinded data are frozen; a track of visits opens with that entry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.course.cases import WHEN, Case, ask, before, codes, told_one_by_one
from tests.course.test_instants import require_equal

from entact.course.entry import instant
from entact.course.entry.ledger import Ledger
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.gates.gate import Allowed
from entact.course.instants import outlook
from entact.course.kinds.unblinding import request_of
from entact.course.state.person import person_value
from entact.course.state.progress import not_frozen
from entact.protocol.release import Study

TOLD = "2026-06-02T09:05:00-06:00"


def tell(case: Case, arm: str = "placebo", **more: Any) -> Case:
    answer = ask(case, "unblind")
    basis = answer.basis if isinstance(answer, Allowed) else None
    data = {"arm": arm, "told": ["participant", "therapist"]}
    return case.put(
        "telling", "planned_unblinding", TOLD, data, by="i-1", role="investigator", basis=basis, **more
    )


def rules(case: Case, when: str = "2026-06-03T09:00:00-06:00") -> set[str]:
    return {found.rule for found in findings(case.course(), instant(when)) if found.holds}


def ids(case: Case) -> set[str]:
    return {
        found.id for found in findings(case.course(), instant("2026-06-03T09:00:00-06:00")) if found.holds
    }


def visits(case: Case) -> set[str]:
    return {due.visit for due in case.course().due(instant(TOLD))}


def test_no_track_is_open_before_the_entry_whatever_the_arm() -> None:
    assert before("unblind").course().tracks == {"extension"}  # by consent to recordings
    assert "open_session" not in visits(before("unblind"))


def test_the_track_of_the_arm_that_was_told_opens_and_its_visits_are_counted_from_then() -> None:
    case = tell(before("unblind"))
    assert case.course().tracks == {"crossover", "extension"}
    (due,) = (due for due in case.course().due(instant(TOLD)) if due.visit == "open_session")
    assert (due.status, str(due.earliest)) == ("due", "2026-06-02")
    assert "unblinded_before_freeze" not in rules(case)
    assert "without_gate:telling" not in ids(case)


def test_another_arm_opens_another_track_or_none() -> None:
    case = tell(before("unblind"), arm="mdma")
    assert case.course().tracks == {"extension"}
    assert "open_session" not in visits(case)


def test_a_scope_of_consent_opens_a_track_and_its_withdrawal_closes_it() -> None:
    case = before("unblind").change("consent", scopes={"participation": True, "recording": False})
    assert case.course().tracks == frozenset()
    assert "much_later" not in visits(case)


def put_staff(case: Case, *roles: str) -> Case:
    certificates = [{"name": "GCP", "expires": "2027-06-30"}]
    data = {"person": "n-1", "roles": list(roles), "certificates": certificates}
    site: dict[str, Any] = {"ledger": "site:denver", "by": "i-1", "role": "investigator"}
    return case.put("n-1", "staff", "2026-01-10T09:00:00-07:00", data, **site)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["data_manager"], ["role"]),
        (["investigator", "data_manager"], ["role_blinded"]),
        (["investigator", "rater"], ["role_blinded"]),
        (["rater"], ["role"]),
        (["statistician"], ["role"]),
        (["pharmacist"], ["role"]),
        (["investigator"], []),
        (["investigator", "therapist"], []),
    ],
)
def test_nobody_who_stays_blinded_tells_an_arm(roles: list[str], expected: list[str]) -> None:
    assert codes(ask(put_staff(before("unblind"), *roles), "unblind", by="n-1")) == expected


def test_an_investigator_from_whom_the_file_hides_the_allocation_does_not_tell_it() -> None:
    blinding = [{"role": "investigator", "hidden": ["allocation"], "until": "database lock"}]
    hidden = Study("mini", (told_one_by_one(blinding=blinding),))
    assert codes(ask(before("unblind", hidden), "unblind")) == ["role_blinded"]
    told = {"epoch": "blinded", "tells": ["participant", "investigator"]}
    study = Study("mini", (told_one_by_one(blinding=blinding, unblinding=told),))
    assert codes(ask(before("unblind", study), "unblind")) == []


def test_what_is_not_frozen_closes_the_gate_and_is_found_when_the_arm_was_told_all_the_same() -> None:
    case = before("unblind").drop("freeze 4")
    assert codes(ask(case, "unblind")) == ["not_frozen"]
    assert [*not_frozen(case.course(), "blinded")] == ["session_1#1"]
    told = tell(case)
    assert "unblinded_before_freeze" in rules(told)
    assert "without_gate:telling" in ids(told)


@pytest.mark.parametrize(
    ("back", "is_found"),
    [
        ("2026-06-01T09:05:00-06:00", True),
        ("2026-06-02T09:04:00-06:00", True),
        ("2026-06-02T09:06:00-06:00", False),
    ],
)
def test_a_freeze_counts_for_a_telling_where_it_was_taken_back_only_after_it(
    back: str, is_found: bool
) -> None:
    case = tell(before("unblind"))
    data = {"said": "taken_back"}
    case.put("back", "unfreeze", back, data, about="freeze 4", by="m-1", role="data_manager")
    assert ("unblinded_before_freeze:telling:session_1#1" in ids(case)) is is_found


def test_a_freeze_after_the_telling_is_none_before_it() -> None:
    case = tell(before("unblind"))
    assert "unblinded_before_freeze" not in rules(case)
    case.move("freeze 4", "2026-06-02T09:06:00-06:00")
    assert "unblinded_before_freeze:telling:session_1#1" in ids(case)


def test_a_blinded_visit_that_is_still_to_come_closes_the_gate() -> None:
    answer = before("unblind").may("unblind", "2026-04-01T09:00:00-06:00", by="i-1")
    assert "blinded_visit_open" in codes(answer)


def test_what_is_changed_after_the_freeze_is_found() -> None:
    case = tell(before("unblind"))
    assert "changed_after_freeze" not in rules(case)
    late: dict[str, Any] = {"encounter": "baseline#1", "by": "r-1", "role": "rater"}
    case.put(
        "better",
        "form",
        "2026-06-02T10:00:00-06:00",
        {"items": {"total": 20}},
        replaces="symptoms",
        reason="transcription_error",
        **late,
    )
    assert "changed_after_freeze" in rules(case)


@pytest.mark.parametrize(("told", "opened"), [("placebo", True), ("low", True), ("mdma", False)])
def test_one_track_opens_for_several_arms(told: str, opened: bool) -> None:
    def in_three_arms() -> dict[str, Any]:
        data = dict(told_one_by_one().data)
        arms = data["arms"] | {"low": {"title": "Low dose", "role": "active_comparator"}}
        track = data["tracks"]["crossover"] | {"opens_on": "unblinded.placebo or unblinded.low"}
        return {
            "arms": arms,
            "order": {**data["order"], "arms": list(arms)},
            "tracks": data["tracks"] | {"crossover": track},
            "randomisation": data["randomisation"] | {"ratio": dict.fromkeys(arms, 1)},
            "regimens": {
                name: level | {"arms": {"low": {"initial": level["initial"]}}}
                for name, level in data["regimens"].items()
            },
        }

    case = tell(before("unblind", study=Study("mini", (told_one_by_one(**in_three_arms()),))), arm=told)
    assert ("crossover" in case.course().tracks) is opened
    assert ("open_session" in visits(case)) is opened


@pytest.mark.parametrize(("sites", "opened"), [(["denver"], True), (["haifa"], False)])
def test_a_track_opens_at_the_sites_that_offer_it(sites: list[str], opened: bool) -> None:
    tracks = dict(told_one_by_one().data)["tracks"]
    offered = tracks | {"extension": tracks["extension"] | {"sites": sites}}
    case = before("unblind", study=Study("mini", (told_one_by_one(tracks=offered),)))
    assert ("extension" in case.course().tracks) is opened


def test_the_latest_request_waits_until_the_arm_is_told() -> None:
    case = before("unblind")
    assert request_of(case.course()) is None
    for name, minute in (("asks", 1), ("asks again", 2)):
        when = f"2026-06-02T09:{minute:02}:00-06:00"
        case.put(name, "unblinding_requested", when, {}, by="i-1", role="investigator")
    waits = request_of(case.course())
    assert waits is not None
    assert waits.entry == "asks again"
    assert request_of(tell(case).course()) is None


def test_the_arm_is_told_once() -> None:
    case = tell(before("unblind"))
    assert codes(case.may("unblind", "2026-06-02T10:00:00-06:00", by="i-1")) == ["unblinded_before"]
    case.put(
        "again", "planned_unblinding", "2026-06-02T10:00:00-06:00", {"arm": "mdma", "told": []}, by="i-1"
    )
    assert "unblinded_twice" in rules(case)
    assert case.course().tracks == {"crossover", "extension"}


@pytest.mark.parametrize("arm", ["placebo", "mdma"])
def test_a_dose_of_the_open_session_counts_beyond_those_of_the_blinded_part(arm: str) -> None:
    case = tell(before("unblind"), arm=arm)
    case.put(
        "open", "encounter", "2026-06-20T09:00:00-06:00", {"status": "started"}, encounter="open_session#1"
    )
    reasons = codes(case.may("initial_dose", "2026-06-20T10:00:00-06:00", kit="K-3"))
    assert ("too_many_doses" in reasons) is (arm == "mdma")
    assert ("visit_of_other" in rules(case, "2026-06-21T09:00:00-06:00")) is (arm == "mdma")


def test_a_study_that_plans_no_unblinding_has_none() -> None:
    case = before("discharge")
    assert "unblinding_not_planned" in codes(case.may("unblind", WHEN["discharge"], by="i-1"))


def test_a_visit_that_was_missed_needs_no_freeze() -> None:
    case = before("unblind")
    here: dict[str, Any] = {"encounter": "outcome#1", "by": "r-1", "role": "rater", "reason": "not_reached"}
    case.put("missed", "encounter", "2026-04-20T09:00:00-06:00", {"status": "missed"}, **here)
    assert codes(ask(case, "unblind")) == []


def test_a_blinded_visit_whose_window_is_open_closes_the_gate() -> None:
    case = before("unblind")
    for number, encounter in enumerate(
        ("integration_1#1", "integration_2#1", "preparation_1#1", "outcome#1"), start=1
    ):
        when = f"2026-04-{10 + number}T09:00:00-06:00"
        case.put(f"came {number}", "encounter", when, {"status": "ended"}, encounter=encounter)
        case.put(f"frozen {number}", "freeze", when, {"of": "encounter"}, encounter=encounter)
    early = "2026-04-10T09:00:00-06:00"
    for number in range(1, 5):
        case.move(f"freeze {number}", early)
    assert codes(case.may("unblind", "2026-04-16T09:00:00-06:00", by="i-1")) == ["blinded_visit_open"]
    assert codes(case.may("unblind", "2026-05-16T09:00:00-06:00", by="i-1")) == []


@pytest.mark.parametrize("arm", ["placebo", "mdma"])
def test_lists_agree_with_what_is_asked_at_every_moment(arm: str) -> None:
    for case in (before("unblind"), tell(before("unblind"), arm=arm)):
        course = case.course()
        found = outlook(course)
        require_equal(course, found, [])
        shown = {window.visit for window in found.windows}
        assert ("open_session" in shown) is (course.told is not None and arm == "placebo")


def test_a_rating_in_a_later_track_is_no_rating_of_the_blinded_part() -> None:
    case = tell(before("unblind"))
    rated = {"form": "symptoms", "items": {"total": 20, "diagnosis": False}}
    case.put("rated", "form", "2026-06-05T10:00:00-06:00", rated, encounter="much_later#1", by="r-1")
    at = instant("2026-06-06T10:00:00-06:00")
    assert person_value(case.course(), "person.assessed_after_dose", at) is False
    case.put("blinded", "form", "2026-04-10T10:00:00-06:00", rated, encounter="outcome#1", by="r-1")
    assert person_value(case.course(), "person.assessed_after_dose", at) is True


def test_what_became_of_a_person_is_so_from_its_very_instant_on() -> None:
    stopped = {"of": "procedures", "decided_by": "participant", "cause": "wish"}
    case = tell(before("unblind")).put("stop", "discontinuation", "2026-06-03T09:00:00-06:00", stopped)
    course, at = case.course(), {one: instant(case.entries[one].occurred_at) for one in case.entries}
    said = {
        "unblinded": "telling",
        "enrolled": "enrolment",
        "randomised": "randomisation",
        "treatment_stopped": "stop",
    }
    for name, entry in said.items():
        assert person_value(course, f"person.{name}", at[entry]) is True
        assert person_value(course, f"person.{name}", at[entry] - timedelta(microseconds=1)) is False


def arrived(case: Case, *last: str) -> set[tuple[str, str]]:
    """What is found where some entries arrived last, in this order, whatever time they claim."""
    ledger = Ledger("participant:0a")
    first = [entry for entry in case.of("participant:") if entry.id not in last]
    for entry in (*first, *(case.entries[name] for name in last)):
        ledger.append(entry, received_at="2026-06-10T12:00:00+00:00")
    course = fold(case.study, ledger.entries())
    seen = findings(course, instant("2026-06-03T09:00:00-06:00"))
    return {(one.rule, one.entry) for one in seen if one.holds and "unblind" in one.rule}


def test_a_freeze_that_is_dated_back_is_found() -> None:
    case = tell(before("unblind"))
    assert arrived(case, "telling") == set()
    assert arrived(case, "telling", "freeze 4") == {("unblinded_before_freeze", "telling")}
    assert arrived(case.drop("freeze 4"), "telling") == {("unblinded_before_freeze", "telling")}


def test_a_visit_that_only_was_said_to_be_missed_is_not_open_when_the_arm_is_told() -> None:
    case = tell(before("unblind")).drop("freeze 4")
    case.entries = {name: one for name, one in case.entries.items() if one.encounter != "session_1#1"}
    assert arrived(case, "telling") == set()
    missed = {"encounter": "session_1#1", "reason": "not_reached"}
    case.put("missed", "encounter", "2026-03-16T09:00:00-06:00", {"status": "missed"}, **missed)
    assert arrived(case, "telling") == set()
    case.put("held", "encounter", "2026-03-16T09:00:00-06:00", {"status": "started"}, encounter="session_1#1")
    assert arrived(case.drop("missed"), "telling") == {("unblinded_before_freeze", "telling")}


@pytest.mark.parametrize("when", ["2026-03-05T10:40:00-07:00", "2026-06-02T10:00:00-06:00"])
def test_what_comes_to_the_blinded_part_once_the_arm_was_told_is_found(when: str) -> None:
    rating = {"form": "symptoms", "items": {"total": 12, "diagnosis": False}}
    case = tell(before("unblind")).put("rating", "form", when, rating, encounter="baseline#1")
    assert arrived(case, "telling", "rating") == {("changed_after_unblinding", "rating")}
    assert arrived(case, "rating", "telling") == set()
    case.put("open", "form", when, rating, encounter="open_session#1")
    assert arrived(case, "rating", "telling", "open") == set()


def test_a_freeze_of_what_was_still_to_come_or_under_way_holds_nothing() -> None:
    case = before("unblind")
    assert codes(ask(case, "unblind")) == []
    ended = case.entries["session 1 ends"]
    case.drop("session 1 ends")
    assert codes(ask(case, "unblind")) == ["not_frozen"]
    case.entries["session 1 ends"] = ended
    case.move("freeze 4", "2026-03-16T18:29:00-06:00")
    assert codes(ask(case, "unblind")) == ["not_frozen"]
    case.move("freeze 4", "2026-03-16T18:30:00-06:00")
    assert codes(ask(case, "unblind")) == []
    every = {"by": "dm-1", "role": "data_manager"}
    case.put("all", "freeze", "2026-01-01T09:00:00-07:00", {"of": "participant"}, **every)
    case.drop(*(f"freeze {number}" for number in range(1, 5)))
    assert codes(ask(case, "unblind")) == ["not_frozen"] * 4
