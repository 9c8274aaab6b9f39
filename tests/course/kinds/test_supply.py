"""The stock of a site: what arrives, is too warm, is decided, counted and destroyed, and who looked at it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.course.supply.stock import LOT, SECOND, SPONSOR, Stock, at, log

from entact.course import fold_setting

WARM = {"log": log("20", "25.1", "20")}


def test_what_was_counted_is_in_stock_and_what_was_not_is_missing() -> None:
    case = Stock.begun().sent("1", "2", "3").received("1", " 2 ")
    assert case.status() == {"1": "received", "2": "received", "3": "missing"}
    (unlike,) = case.setting().site.supply.unlike
    assert (unlike.kit, unlike.expected, unlike.counted) == ("3", 3, 0)
    assert case.problems() == []


def test_a_kit_that_is_not_on_the_list_is_kept_and_in_quarantine() -> None:
    case = Stock.begun().sent("1").received("1", "9")
    assert case.status() == {"1": "received", "9": "quarantined"}
    assert case.setting().site.kits["9"].why == "not on the packing list"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, ""),
        (WARM, "20 Cel to 25.1 Cel on the way, kept at 15 Cel to 25 Cel"),
        ({"log": log("14.9", "20")}, "14.9 Cel to 20 Cel on the way, kept at 15 Cel to 25 Cel"),
        ({"log": None}, "no temperatures on the way are known"),
        ({"damaged": ["1"]}, "damaged"),
    ],
)
def test_what_may_have_suffered_waits_for_the_sponsor(more: dict[str, Any], why: str) -> None:
    case = Stock.begun().sent("1").received("1", **more)
    kit = case.setting().site.kits["1"]
    assert (kit.status, kit.why) == ("quarantined" if why else "received", why)


def test_a_study_that_says_no_temperatures_asks_for_no_log() -> None:
    case = Stock.begun(None).sent("1", "2").received("1", **WARM).received("2", of="none", log=None)
    assert case.status() == {"1": "received", "2": "missing"}


def test_only_the_sponsor_s_word_ends_a_quarantine() -> None:
    case = Stock.begun().sent("1", "2", "3").received("1", "2", "3", **WARM)
    said = {"kits": ["1"], "decision": "release", "text": "stable to 30 °C by the certificate"}
    case.say("yes", "supply_decision", at(2), said, **SPONSOR)
    case.say("no", "supply_decision", at(2), said | {"kits": ["2", "8"], "decision": "reject"}, **SPONSOR)
    assert case.status() == {"1": "released", "2": "rejected", "3": "quarantined"}
    assert case.problems() == ["nothing_to_decide"]  # kit 8


def test_where_it_was_too_warm_in_storage_all_that_lay_there_waits() -> None:
    case = Stock.begun().sent("1", "2").received("1", "2")
    case.say("safe", "storage_log", at(3), {"place": "in the safe", "kits": ["1"], **WARM})
    assert case.status() == {"1": "quarantined", "2": "received"}
    assert "in the safe" in case.setting().site.kits["1"].why


def test_another_person_checks_and_one_s_own_look_is_none() -> None:
    case = Stock.begun().sent("1").received("1")
    assert case.setting().site.kits["1"].unchecked == "received sent"
    case.checked("received sent", by="p-1")
    assert case.problems() == ["check_by_same"]
    assert case.setting().site.kits["1"].unchecked == "received sent"
    case.checked("received sent")
    assert case.problems() == []
    assert case.setting().site.kits["1"].unchecked is None
    (handled,) = case.setting().site.supply.handled.values()
    assert (handled.checked_by, handled.waits) == ("p-2", False)


def test_who_does_not_agree_puts_it_into_quarantine() -> None:
    case = Stock.begun().sent("1").received("1").checked("received sent", agrees=False)
    assert case.status() == {"1": "quarantined"}
    assert case.setting().site.supply.handled["received sent"].said == "one is open"


def test_what_is_destroyed_does_not_come_back() -> None:
    case = Stock.begun().sent("1").received("1", **WARM)
    case.say("gone", "destruction", at(4), {"units": {"1": 3}, "how": "burnt"})
    said = {"kits": ["1"], "decision": "release", "text": "late"}
    case.say("late", "supply_decision", at(5), said, **SPONSOR)
    assert case.status() == {"1": "destroyed"}


def test_a_later_word_on_a_lot_is_true_of_its_kits() -> None:
    case = Stock.begun().sent("1").received("1")
    case.say("longer", "lot", at(3), LOT | {"expires": "2027-06-30", "lot": " l-1"})
    assert case.setting().site.kits["1"].expires == "2027-06-30"


def test_what_cannot_be_is_kept_and_found() -> None:
    case = (
        Stock.begun()
        .sent("1")
        .sent("2", name="SENT", when=at(1, 9, 30))
        .received("1")
        .received("1", of="other")
    )
    case.say("again", "receipt", at(2), {"shipment": "sent", "kits": ["1"]})
    case.say(
        "twice", "shipment", at(2), {"number": "B", "lot": "L-9", "kits": ["1"], "units": 1, "sender": "D"}
    )
    case.say("check", "supply_check", at(2), {"agrees": True}, about="nothing", **SECOND)
    assert sorted(case.problems()) == sorted(
        [
            "shipment_twice",
            "receipt_of_nothing",
            "receipt_of_nothing",
            "lot_unknown",
            "kit_twice",
            "about_unknown",
        ]
    )
    assert case.status() == {"1": "received"}


def test_a_receipt_in_error_is_withdrawn_and_the_kits_are_on_their_way_again() -> None:
    case = Stock.begun().sent("1").received("1")
    case.put(
        "no", "void", at(2), {}, replaces="received sent", reason="entered_in_error", ledger="site:denver"
    )
    assert case.status() == {"1": "sent"}


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_any_order_of_arrival_gives_the_same(random: Any) -> None:
    case = Stock.begun().sent("1", "2", "3").received("1", "2", "9", **WARM).checked("received sent")
    case.say("yes", "supply_decision", at(2), {"kits": ["1"], "decision": "release", "text": "ok"}, **SPONSOR)
    case.say("count", "inventory", at(3), {"units": {"1": 3, "2": 2}})
    entries = case.of("site:")
    random.shuffle(entries)
    assert fold_setting(case.study, case.of("study:"), entries) == case.setting()


def test_a_lot_of_one_arm_alone_is_found_where_arms_are_blinded() -> None:
    case = Stock.begun()
    assert case.problems() == []
    case.say("of one arm", "lot", at(3), LOT | {"lot": "L-2", "packs": "one_arm"})
    assert "lot_tells_arm" in str(case.problems())
    assert Stock.begun().setting().site.supply.lots["L-1"].packs is None  # of before nobody said
