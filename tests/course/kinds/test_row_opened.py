"""A row of the sealed list that was opened is the participant's own, or it is found."""

from __future__ import annotations

import pytest
from tests.course.cases import before


@pytest.mark.parametrize(
    ("number", "is_drawn", "found"),
    [
        ("R-7", True, None),
        ("r-7", True, None),  # as people write it
        ("R-8", True, "row_of_another"),
        ("R-7", False, "row_before_randomisation"),
    ],
)
def test_whose_row_is_opened(number: str, is_drawn: bool, found: str | None) -> None:
    case = before("initial_dose")
    opened = {"number": number, "purpose": "preparation"}
    case.put("opened", "row_opened", "2026-03-11T09:00:00-06:00", opened, by="p-1", role="pharmacist")
    if not is_drawn:
        case.drop("randomisation")
    said = [(one.rule, one.item) for one in case.course().findings.values() if one.entry == "opened"]
    assert said == ([] if found is None else [(found, "number")])
