"""What the pharmacy may hand out: each reason against it, alone and together; what was given stays a fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.course.cases import HANDED_OUT, WHEN, Case, ask, before, codes, give, told_one_by_one
from tests.course.supply.stock import LOT, SPONSOR, Stock, at, log

from entact.course.entry import instant
from entact.course.gates.core import ACTS
from entact.course.gates.gate import Allowed
from entact.course.gates.kit import next_kit, of_own_row
from entact.course.gates.question import Question
from entact.course.kinds.dispensing import dispensed, unchecked
from entact.protocol import Study

GIVEN = "2026-03-16T10:00:00-06:00"
EARLY = "2026-03-16T08:30:00-06:00"


REGISTERED = {"name": "DEA", "number": "RX0000001", "expires": "2026-03-15"}


def stocked(received: bool = True, **more: Any) -> Stock:
    """A participant with kit 41 of a shipment, for the initial dose of the first session."""
    case = Stock.begun(act="dispense").sent("41", "42", when=at(1, 9))
    case = case.received("41", "42", **more).checked("received sent") if received else case
    assigned = {"kit": "41", "part": "initial", "level": "full", "visit": "session_1"}
    case.put(
        "assigned 41", "kit_assigned", "2026-03-10T11:00:00-06:00", assigned, by="p-1", role="pharmacist"
    )
    return case


def against(case: Stock, **changed: Any) -> list[str]:
    return codes(ask(case, "dispense", **({"kit": "41"} | changed)))


def test_it_is_open_when_nothing_is_against_it() -> None:
    answer = ask(stocked(), "dispense", kit="41")
    assert isinstance(answer, Allowed)
    assert answer.basis["kit"] == "41"
    assert {"assigned 41", "lot"} <= set(answer.basis["inputs"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda case: case.drop("assigned 41"), "kit_not_assigned"),
        (lambda case: case.change("assigned 41", part="supplement"), "kit_other_part"),
        (lambda case: case.change("assigned 41", level="low"), "kit_other_level lot_other_strength"),
        (lambda case: case.change("assigned 41", visit="session_2"), "kit_other_visit"),
        (lambda case: case.change("lot", expires="2026-03-15"), "kit_expired"),
        (lambda case: case.change("lot", status="not_released"), "lot_not_released"),
        (lambda case: case.change("lot", status="recalled"), "lot_recalled"),
        (lambda case: case.change("lot", packs="one_arm"), "lot_tells_arm"),
        (lambda case: case.change("lot", strength="40 mg"), "lot_other_strength"),  # of the level below
        (lambda case: case.change("lot", strength="50 mg"), "lot_other_strength"),  # of none
        (lambda case: case.change("lot", strength="0.06 mg"), "lot_other_strength"),
        (lambda case: case.change("lot", strength="60"), "lot_other_strength"),
        (lambda case: case.change("lot", stated_as="base"), "lot_other_salt"),
        (
            lambda case: case.change("lot", strength="50 mg", stated_as="base"),
            "lot_other_strength lot_other_salt",
        ),
        (lambda case: case.change("lot", lot="L-2"), "lot_unknown kit_expired"),
        (lambda case: case.change("received sent", log=log("20", "31")), "kit_quarantined"),
        (lambda case: case.change("received sent", kits=["42"]), "kit_missing"),
        (lambda case: case.drop("check of received sent"), "kit_unchecked"),
        (
            lambda case: case.say("q", "quarantine", at(4), {"kits": ["41"], "text": "a dent"}),
            "kit_quarantined",
        ),
        (
            lambda case: case.say("d", "destruction", at(4), {"units": {"41": 3}, "how": "burnt"}),
            "kit_destroyed",
        ),
        (lambda case: case.drop("received sent", "check of received sent"), "kit_sent"),
        (lambda case: case.say("r", "registration", at(4), REGISTERED), "registration_expired"),
    ],
)
def test_each_reason_alone(change: Callable[[Stock], Any], code: str) -> None:
    case = stocked()
    change(case)
    assert against(case) == code.split()


def test_a_lot_in_grams_is_the_same_and_the_dose_itself_is_held_from_a_lot_of_another_strength() -> None:
    assert against(stocked().change("lot", strength="0.06 g")) == []
    weaker = stocked().change("lot", strength="40 mg")
    assert codes(ask(weaker, "initial_dose", kit="41")) == ["lot_other_strength"]
    base = stocked().change("lot", stated_as="base")
    assert codes(ask(base, "initial_dose", kit="41")) == ["lot_other_salt"]
    assert base.problems() == ["lot_salt"]
    assert stocked().change("lot", strength="50 mg").problems() == ["lot_strength"]


def packed(**kits: tuple[str, str]) -> Stock:
    """The same where kits are packed for rows of the list: by kit the row and part; the row here is R-7."""
    case = stocked()
    pack(case, **kits)
    return case


def pack(case: Case, **kits: tuple[str, str]) -> None:
    case.change("commitment", numbers={"denver": ["R-7", "R-8"]})
    data = [{"kit": kit, "number": row, "level": "full", "part": part} for kit, (row, part) in kits.items()]
    by: dict[str, Any] = {"ledger": "study:mini", "by": "stat", "role": "statistician"}
    case.put("plan", "kits_planned", "2026-01-06T09:00:00-07:00", {"root": "ab", "kits": data}, **by)


def kit(number: str, row: str = "R-7", part: str = "initial") -> dict[str, tuple[str, str]]:
    return {number: (row, part)}


@pytest.mark.parametrize(
    ("kits", "codes_found"),
    [
        (kit("41"), []),
        (kit("41", "R-8"), ["kit_of_another_row"]),
        (kit("42"), ["kit_of_another_row"]),  # 41 is of no row: nobody can say what it holds
        (kit("41", part="supplement"), ["kit_other_part"]),
    ],
)
def test_where_kits_are_packed_for_rows_a_kit_of_another_is_neither_dispensed_nor_given(
    kits: dict[str, tuple[str, str]], codes_found: list[str]
) -> None:
    case = packed(**kits)
    assert against(case) == codes_found
    assert codes(ask(case, "initial_dose", kit="41")) == codes_found
    assert case.problems() == []


def asked_of(case: Case, **detail: Any) -> Question:
    at = instant(WHEN["dispense"])
    return Question(ACTS["dispense"], case.study, case.setting(), case.course(), "p-1", at, detail)


def test_a_kit_that_is_somebodys_already_is_not_given_out_again() -> None:
    case = packed(**kit("41"))
    assert next_kit(asked_of(case), "R-7", "full", "initial") is None  # it is this participant's
    free = next_kit(asked_of(case.drop("assigned 41")), "R-7", "full", "initial")  # type: ignore[arg-type]
    assert free is not None
    assert free.kit == "41"


def test_in_a_session_whose_arm_was_told_any_kit_may_be_used() -> None:
    case = before("dispense", Study("mini", (told_one_by_one(),)))
    pack(case, **kit("41", "R-8"))
    hidden, told = (asked_of(case, encounter=f"{visit}#1") for visit in ("session_1", "open_session"))
    assert [one.code for one in of_own_row(hidden, "41", "initial", "full")] == ["kit_of_another_row"]
    assert list(of_own_row(told, "41", "initial", "full")) == []


def test_a_plan_of_another_list_or_for_no_row_is_found_and_not_followed() -> None:
    case = packed(**kit("41", "R-99"))
    assert case.problems() == ["kit_of_no_row"]
    assert against(case) == []  # no kit is packed for any row
    assert packed(**kit("41")).change("plan", root="ff").problems() == ["other_list"]
    twice = packed(**kit("41"))
    data = {"root": "ab", "kits": [{"kit": "41", "number": "R-8", "level": "full", "part": "initial"}]}
    by: dict[str, Any] = {"ledger": "study:mini", "by": "stat", "role": "statistician"}
    twice.put("more", "kits_planned", "2026-01-07T09:00:00-07:00", data, **by)
    assert twice.problems() == ["kit_planned_twice"]
    assert against(twice) == []  # the first word stands


def test_a_kit_whose_row_no_key_opens_is_nobodys() -> None:
    case = packed(**kit("41"))
    sealed = [{"kit": "41", "number": "sealed:2:AAAA", "level": "full", "part": "initial"}]
    case.change("plan", kits=sealed)
    assert case.problems() == []
    assert against(case) == ["kit_of_another_row"]


def test_all_of_them_at_once() -> None:
    case = stocked(log=log("20", "31")).change("lot", expires="2026-03-15", status="recalled")
    case.drop("check of received sent").change("assigned 41", part="supplement", level="low")  # type: ignore[attr-defined]
    expected = ["other_part", "other_level", "quarantined", "unchecked", "expired"]
    assert set(against(case)) == {*(f"kit_{one}" for one in expected), "lot_recalled", "lot_other_strength"}


def test_what_the_sponsor_rejected_stays_here_and_what_it_released_goes_out() -> None:
    case = stocked(log=log("20", "31"))
    said = {"kits": ["41"], "decision": "reject", "text": "too warm"}
    case.say("word", "supply_decision", at(4), said, **SPONSOR)
    assert against(case) == ["kit_rejected"]
    case.change("word", decision="release")
    assert against(case) == []


def test_no_kit_goes_out_twice_nor_after_it_was_used_or_replaced() -> None:
    case = stocked()
    data = HANDED_OUT | {"kit": "41", "units": 2}
    case.put("out", "dispensing", EARLY, data, by="p-1", role="pharmacist")
    again = case.may("dispense", GIVEN, by="p-1", **(HANDED_OUT | {"kit": "41"}))
    assert codes(again) == ["kit_dispensed"]
    assert dispensed(case.course()) == {"41": "out"}
    assert unchecked(case.course(), "dispensing") == ["out"]
    other = stocked()
    new = {"kit": "42", "part": "initial", "level": "full", "visit": "session_1", "instead_of": "41"}
    other.put("new", "kit_assigned", "2026-03-16T07:50:00-06:00", new, by="p-1", role="pharmacist")
    assert against(other) == ["kit_replaced"]
    assert against(other, kit="42") == []
    used = stocked()
    give(used, "initial", "41", "2026-03-16T07:55:00-06:00")
    assert "kit_used" in against(used)


def test_a_dose_is_never_given_from_a_kit_that_may_not_be_used() -> None:
    """The gate of the dose asks the same of the stock."""
    case = stocked(log=log("20", "31"))
    assert codes(ask(case, "initial_dose", kit="41")) == ["kit_quarantined"]
    assert codes(ask(case.change("lot", status="recalled"), "initial_dose", kit="41")) == [
        "kit_quarantined",
        "lot_recalled",
    ]


def test_a_registration_that_was_renewed_holds_to_its_last_day() -> None:
    case = stocked().say("r", "registration", at(4), REGISTERED)
    case.say("renewed", "registration", at(5), REGISTERED | {"expires": "2026-03-16"})
    assert against(case) == []
    case.say("unclear", "registration", at(6), REGISTERED | {"expires": "next year"})
    assert against(case) == ["registration_expired"]
    assert "registration_expiry" in case.problems()


def test_what_nobody_else_has_seen_is_not_given_where_the_study_asks_for_two() -> None:
    case = stocked()
    data = HANDED_OUT | {"kit": "41", "units": 2}
    case.put("out", "dispensing", EARLY, data, by="p-1", role="pharmacist")
    assert codes(ask(case, "initial_dose", kit="41")) == ["dispensing_unchecked"]
    seen: dict[str, Any] = {"by": "p-2", "role": "pharmacist", "about": "out"}
    case.put("seen", "kit_check", EARLY, {"agrees": False, "text": "two"}, **seen)
    assert "check_disagrees" in {one.rule for one in case.course().findings.values()}
    assert codes(ask(case, "initial_dose", kit="41")) == ["dispensing_unchecked"]
    case.put("seen again", "kit_check", EARLY, {"agrees": True}, **(seen | {"by": "p-3"}))
    assert codes(ask(case, "initial_dose", kit="41")) == []


def test_a_kit_given_in_error_is_a_fact_with_its_alert() -> None:
    case = give(before("initial_dose"), "initial", "K-77", GIVEN)
    course = case.course()
    assert [one.kit for one in course.doses] == ["K-77"]
    assert [one.alert for one in course.alerts] == ["dose.other_kit"]
    own = give(before("initial_dose"), "initial", "K-1", GIVEN)
    assert own.course().alerts == []
    refused = give(before("initial_dose"), "initial", "K-77", GIVEN, taken=0, returned=2, outcome="refused")
    assert refused.course().alerts == []  # nobody took it: it is found, and calls nobody
    assert "kit_not_assigned:initial 1:kit" in refused.course().findings


def test_dispensing_without_a_yes_is_kept_and_found() -> None:
    case = stocked()
    data = {"kit": "44", "part": "initial", "level": "full", "visit": "session_1", "units": 0}
    case.put("out", "dispensing", EARLY, data, by="p-1", role="pharmacist")
    case.put("back", "kit_return", GIVEN, {"kit": "45", "units": -1}, by="p-1", role="pharmacist")
    case.put("own", "kit_check", GIVEN, {"agrees": True}, by="p-1", role="pharmacist", about="out")
    assert {
        "without_gate:out",
        "kit_not_assigned:out:kit",
        "dispensing_units:out:units",
        "dispensing_units:back:units",
        "return_of_nothing:back:kit",
        "check_by_same:own:about",
    } <= case.course().findings.keys()
    assert unchecked(case.course(), "dispensing") == ["out"]
    case.put("seen", "kit_check", GIVEN, {"agrees": True}, by="p-2", role="pharmacist", about="out")
    assert unchecked(case.course(), "dispensing") == []
    case.put("out again", "dispensing", GIVEN, data, by="p-1", role="pharmacist")
    assert dispensed(case.course())["44"] == "out"  # the entry that said so first


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, None),
        ({"visit": "session_1"}, None),
        ({"visit": "session_2"}, "kit_other_visit:out:visit"),
        ({"part": "supplement"}, "kit_other_part:out:part"),
        ({"level": "half"}, "kit_other_level:out:level"),
    ],
)
def test_a_kit_dispensed_for_something_else_is_found(change: dict[str, str], rule: str | None) -> None:
    case = stocked().change("assigned 41", **change)
    data = HANDED_OUT | {"kit": "41", "units": 2}
    case.put("out", "dispensing", EARLY, data, by="p-1", role="pharmacist")
    found = {one for one in case.course().findings if one.startswith("kit_")}
    assert found == (set() if rule is None else {rule})


def test_the_example_is_allowed() -> None:
    assert WHEN["dispense"] < GIVEN
    assert LOT["status"] == "released"
