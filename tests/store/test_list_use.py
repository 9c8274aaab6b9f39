"""What is wrong with how a list was used, from its numbers and from when each was received."""

from __future__ import annotations

import pytest

from entact.store.list_use import Use, problems_of_use

NUMBERS = {"denver": ["R-1", "R-2", "R-3"]}


@pytest.mark.parametrize(("at", "in_order"), [("10:00:00Z", True), ("09:59:59.999Z", False)])
def test_two_that_are_received_within_a_minute_are_in_no_order(at: str, in_order: bool) -> None:
    used = [
        Use("R-1", "a", "2026-03-02T10:01:00Z", ""),
        Use("R-2", "b", f"2026-03-02T{at}", ""),
    ]
    said = [f"R-2 was used out of order: on {used[1].at}, R-1 before it on {used[0].at}"]
    assert problems_of_use(NUMBERS, used) == ([] if in_order else said)


def test_each_is_held_against_the_latest_before_it_and_not_against_the_last() -> None:
    used = [
        Use("R-1", "a", "2026-03-02T10:01:30Z", ""),
        Use("R-2", "b", "2026-03-02T10:01:00Z", ""),
        Use("R-3", "c", "2026-03-02T10:00:20Z", ""),
    ]
    (said,) = problems_of_use(NUMBERS, used)
    assert said.startswith("R-3 was used out of order")
