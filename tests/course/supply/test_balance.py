"""The balance by site, kit and unit: a function of the ledgers, and what differs is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.course.cases import HANDED_OUT, give
from tests.course.supply.stock import Stock, at

from entact.course.supply.balance import Balance, Moved, balance, count_due, losses_due, moved_of

DENVER = ZoneInfo("America/Denver")
PHARMACIST: dict[str, Any] = {"by": "p-1", "role": "pharmacist"}


def of(case: Stock, *moved: Moved) -> Balance:
    own = [*moved_of(case.course(), "participant:0a"), *moved]
    return balance(case.setting().site, own)


def differs(case: Stock) -> list[tuple[str, int, int]]:
    return [(one.kit, one.expected, one.counted) for one in of(case).differences]


def handed_out(case: Stock, kit: str = "41", units: int = 2) -> Stock:
    case.put(
        "out",
        "dispensing",
        "2026-03-16T08:30:00-06:00",
        HANDED_OUT | {"kit": kit, "units": units},
        **PHARMACIST,
    )
    return case


def stock() -> Stock:
    return Stock.begun().sent("41", "42", "43").received("41", "42", "43")


def test_what_came_went_out_was_taken_and_came_back() -> None:
    case = handed_out(stock())
    give(case, "initial", "41", "2026-03-16T10:00:00-06:00", taken=1, returned=1, outcome="partly_taken")
    row = of(case).rows["41"]
    assert (row.units, row.at_hand, row.dispensed, row.taken, row.outside) == (3, 1, 2, 1, 1)
    case.put("back", "kit_return", "2026-03-16T18:00:00-06:00", {"kit": "41", "units": 1}, **PHARMACIST)
    row = of(case).rows["41"]
    assert (row.at_hand, row.returned, row.outside) == (2, 1, 0)
    assert of(case).at_hand == 8
    assert differs(case) == []


def test_less_came_back_than_was_left() -> None:
    case = handed_out(stock())
    give(case, "initial", "41", "2026-03-16T10:00:00-06:00", taken=1, returned=1, outcome="partly_taken")
    case.put("back", "kit_return", "2026-03-16T18:00:00-06:00", {"kit": "41", "units": 0}, **PHARMACIST)
    assert differs(case) == [("41", 1, 0)]


def test_of_a_kit_of_which_more_came_back_than_went_out_nothing_is_expected() -> None:
    case = handed_out(stock(), units=1)
    for hour, units in enumerate((1, 2, 1), start=14):
        data = {"kit": "41", "units": units}
        case.put(f"back {hour}", "kit_return", f"2026-03-16T{hour}:00:00-06:00", data, **PHARMACIST)
    assert of(case).rows["41"].outside == -3
    assert differs(case) == [("41", 0, 2), ("41", 0, 1)]


def test_a_dose_from_a_kit_that_was_never_dispensed_is_out_as_well() -> None:
    case = stock()
    give(case, "initial", "42", "2026-03-16T10:00:00-06:00")
    row = of(case).rows["42"]
    assert (row.at_hand, row.dispensed, row.taken, row.outside) == (1, 2, 2, 0)


def test_a_kit_of_which_nobody_knows_is_in_the_balance() -> None:
    case = stock()
    give(case, "initial", "K-77", "2026-03-16T10:00:00-06:00")
    assert (of(case).rows["K-77"].status, of(case).rows["K-77"].taken) == ("unknown", 2)
    assert of(case).at_hand == of(stock()).at_hand  # its units are not known, and nobody's are reckoned less


def test_a_count_finds_what_is_missing_too_much_or_nobody_s() -> None:
    case = stock().say("count", "inventory", at(5), {"units": {"41": 3, "42": 2, "99": 1}})
    assert differs(case) == [("42", 3, 2), ("43", 3, 0), ("99", 0, 1)]
    assert of(case).at_hand == 5  # what was counted, of kits that came
    case.say("again", "inventory", at(6), {"units": {"41": 3, "42": 2, "43": 0}})
    assert [one.entry for one in of(case).differences] == ["count"] * 3  # told once


def test_what_was_found_is_there_again_once() -> None:
    case = stock().say("count", "inventory", at(5), {"units": {"41": 3, "42": 3}})
    said = {"kit": "43", "said": "found", "text": "behind the drawer"}
    case.say("found", "stock_difference", at(6), said, about="count")
    case.say("found twice", "stock_difference", at(6, 10), said, about="count")
    (difference,) = of(case).differences
    assert not difference.is_open
    assert of(case).at_hand == 9


def test_destruction_that_is_not_all_is_told() -> None:
    case = stock().say("gone", "destruction", at(5), {"units": {"41": 3, "42": 2}, "how": "burnt"})
    assert differs(case) == [("42", 3, 2)]
    rows = of(case).rows
    assert (rows["41"].destroyed, rows["41"].at_hand, rows["41"].status) == (3, 0, "destroyed")


def test_a_loss_runs_from_its_discovery_by_the_law_of_the_site() -> None:
    """The due times of a loss: below two days elapsed, then whole civil days at the site."""
    case = stock().say("count", "inventory", at(5, 16), {"units": {"41": 3, "42": 3}})
    plan = case.study.newest.file.supply
    assert plan is not None
    (difference,) = of(case).differences
    due = [(one.number, one.due) for one in losses_due(difference, plan, "US", DENVER)]
    assert due == [
        (1, datetime(2026, 3, 6, 23, tzinfo=UTC)),
        (2, datetime(2026, 4, 20, 6, tzinfo=UTC)),  # the end of 19 April, in summer time
    ]
    assert [one.number for one in losses_due(difference, plan, "IL", DENVER)] == [3]
    sent = {"kit": "43", "said": "reported", "text": "by post", "report": 1, "sent": "2026-03-06"}
    case.say("report", "stock_difference", at(6), sent, about="count")
    (difference,) = of(case).differences
    assert [one.sent for one in losses_due(difference, plan, "US", DENVER)] == ["2026-03-06", None]
    assert difference.is_open
    two_days = plan.losses[0].model_copy(update={"within": timedelta(days=2)})
    civil = plan.model_copy(update={"losses": [two_days]})
    (due,) = losses_due(difference, civil, "US", DENVER)
    assert due.due == datetime(2026, 3, 8, 7, tzinfo=UTC)  # of exactly two days the end of the second
    more = stock().say("count", "inventory", at(5), {"units": {"41": 4, "42": 3, "43": 3}})
    (difference,) = of(more).differences
    assert list(losses_due(difference, plan, "US", DENVER)) == []  # nothing is missing


def test_the_next_count_is_due_from_the_last_or_from_the_first_receipt() -> None:
    case = stock()
    plan = case.study.newest.file.supply
    assert plan is not None
    site = case.setting().site
    assert count_due(site, of(case).counted, plan, DENVER) == date(2026, 8, 30)
    later = stock().sent("44", name="more", when=at(3)).received("44", of="more", when=at(4))
    assert count_due(later.setting().site, None, plan, DENVER) == date(2026, 8, 30)
    case.say("count", "inventory", at(5), {"units": {"41": 3, "42": 3, "43": 3}})
    assert count_due(site, of(case).counted, plan, DENVER) == date(2026, 9, 3)
    assert count_due(Stock.begun().setting().site, None, plan, DENVER) is None


steps = st.lists(
    st.tuples(st.sampled_from(["out", "taken", "lost", "left"]), st.sampled_from("123"), st.integers(0, 3)),
    max_size=12,
)


@given(steps, st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_no_unit_comes_from_nowhere_and_order_does_not_matter(drawn: list[Any], random: Any) -> None:
    """What came is at hand, outside, taken or lost; whatever order it is told in."""
    site = _SITE
    moved = [
        Moved(datetime(2026, 3, 16, hour, tzinfo=UTC), f"m{hour}", kit, what, units)
        for hour, (what, kit, units) in enumerate(drawn)
    ]
    found = balance(site, moved)
    for row in found.rows.values():
        if row.units is not None:
            assert row.at_hand + row.outside + row.taken + row.lost == row.units
    random.shuffle(moved)
    assert balance(site, moved) == found


_SITE = Stock.begun().sent("1", "2", "3").received("1", "2", "3").setting().site
