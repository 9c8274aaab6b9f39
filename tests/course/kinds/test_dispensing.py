"""A second person looks at what was handed out: at this entry, and not who entered it."""

from __future__ import annotations

import pytest
from tests.course.cases import HANDED_OUT, Case, before

DAY = "2026-03-16T08:{:02}:00-06:00"


@pytest.fixture
def case() -> Case:
    """Two kits that were handed out, by two persons, and units of a third that came back."""
    made = before("initial_dose")
    made.put("first", "dispensing", DAY.format(1), {**HANDED_OUT, "units": 2}, by="p-1", role="pharmacist")
    second = {**HANDED_OUT, "kit": "K-2", "part": "supplement", "units": 1}
    made.put("second", "dispensing", DAY.format(2), second, by="p-2", role="pharmacist")
    return made.put(
        "back", "kit_return", DAY.format(3), {"kit": "K-1", "units": 1}, by="p-3", role="pharmacist"
    )


@pytest.mark.parametrize(
    ("about", "by", "agrees", "rule"),
    [
        ("first", "p-2", True, None),
        ("first", "p-1", True, "check_by_same"),
        ("second", "p-1", True, None),
        ("second", "p-2", True, "check_by_same"),
        ("back", "p-1", True, None),
        ("back", "p-3", True, "check_by_same"),
        ("second", "p-1", False, "check_disagrees"),
        ("level 1", "p-1", True, "about_unknown"),
    ],
)
def test_a_check_is_of_the_entry_that_it_names(
    case: Case, about: str, by: str, agrees: bool, rule: str | None
) -> None:
    case.put("look", "kit_check", DAY.format(9), {"agrees": agrees}, by=by, role="pharmacist", about=about)
    found = {one.rule for one in case.course().findings.values() if one.entry == "look"}
    assert found - {"without_gate"} == ({rule} if rule is not None else set())


@pytest.mark.parametrize(
    ("assigned", "handed_out", "rules"),
    [
        ({}, {}, set()),
        ({"visit": "session_1"}, {}, set()),
        ({}, {"visit": "session_2"}, set()),  # of a kit that is assigned for no visit
        ({"visit": "session_1"}, {"visit": "session_2"}, {"kit_other_visit"}),
        ({}, {"part": "supplement"}, {"kit_other_part"}),
        ({}, {"level": "low"}, {"kit_other_level"}),
        ({}, {"units": 1}, set()),
        ({}, {"units": 0}, {"dispensing_units"}),
        ({}, {"kit": "K-9"}, {"kit_not_assigned"}),
    ],
)
def test_what_is_handed_out_is_what_was_assigned(
    assigned: dict[str, str], handed_out: dict[str, object], rules: set[str]
) -> None:
    case = before("initial_dose").change("assigned K-1", **assigned)
    data = {**HANDED_OUT, "units": 2, **handed_out}
    case.put("out", "dispensing", DAY.format(1), data, by="p-1", role="pharmacist")
    found = {one.rule for one in case.course().findings.values() if one.entry == "out"}
    assert found - {"without_gate"} == rules


@pytest.mark.parametrize(
    ("kit", "units", "rules"),
    [
        ("K-1", 1, set()),
        ("k-1 ", 0, set()),
        ("K-1", -1, {"dispensing_units"}),
        ("K-9", 1, {"return_of_nothing"}),
        ("K-9", -1, {"return_of_nothing", "dispensing_units"}),
    ],
)
def test_what_comes_back_was_handed_out_before(case: Case, kit: str, units: int, rules: set[str]) -> None:
    data = {"kit": kit, "units": units}
    case.put("again", "kit_return", DAY.format(9), data, by="p-3", role="pharmacist")
    found = {one.rule for one in case.course().findings.values() if one.entry == "again"}
    assert found - {"without_gate"} == rules


@pytest.mark.parametrize("units", ["2", 2.0, True, None])
def test_a_count_that_is_written_as_something_else_is_not_read_as_one(case: Case, units: object) -> None:
    case.put("odd", "dispensing", DAY.format(9), {**HANDED_OUT, "units": units}, by="p-1", role="pharmacist")
    assert {one.rule for one in case.course().findings.values() if one.entry == "odd"} >= {"unparsed"}
