"""What is wrong with how a list was used, from its numbers and from when each was received."""

from __future__ import annotations

import pytest

from entact.store.list_use import Use, of_rows, problems_of_use

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


def use(number: str, ledger: str, minute: int = 0) -> Use:
    return Use(number, ledger, f"2026-03-02T10:{minute:02d}:00Z", "")


def test_a_row_before_the_last_that_was_used_is_not_passed_over_and_one_behind_it_is_free() -> None:
    assert problems_of_use(NUMBERS, []) == []
    assert problems_of_use(NUMBERS, [use("R-1", "a"), use("R-2", "b", 5)]) == []
    assert problems_of_use(NUMBERS, [use("R-3", "a")]) == [
        "R-1 was passed over: R-3 was used, and it was not",
        "R-2 was passed over: R-3 was used, and it was not",
    ]


def test_a_row_of_two_is_told_once_for_each_after_the_first_and_again_of_one_is_none() -> None:
    twice = [use("R-1", "a"), use("r-1 ", "a", 1), use("R-1", "b", 2), use("R-1", "c", 3)]
    assert problems_of_use(NUMBERS, twice) == [
        "R-1 was used twice: for a and for b",
        "R-1 was used twice: for a and for c",
    ]


def test_a_number_of_no_row_is_told_with_whose_it_is() -> None:
    strata = {"denver": ["R-1"], "haifa": ["H-1", "H-2"]}
    used = [use("H-1", "a"), use("X-1", "b", 1), use("R-1", "c", 2)]
    assert problems_of_use(strata, used) == ["X-1 of b is no row of the list"]


def test_whoever_follows_the_row_of_their_unit_takes_none_and_follows_somebody_else() -> None:
    """Of a unit one takes the row, and the others have numbers made of it."""
    first, second = "R-1+2", "R-1+3"
    used = [use("R-1", "a"), use(first, "b"), use("R-2", "c", 5)]
    assert of_rows(NUMBERS, used) == [used[0], used[2]]
    assert problems_of_use(NUMBERS, used) == []
    assert problems_of_use(NUMBERS, [use("R-1", "a"), use(first, "a")]) == [
        f"{first} of a follows a row that nobody else took"
    ]
    assert problems_of_use(NUMBERS, [use(first, "b")]) == [
        f"{first} of b follows a row that nobody else took"
    ]
    shared = [use("R-1", "a"), use(second, "b"), use(second, "c")]
    assert problems_of_use(NUMBERS, shared) == [f"{second} was used twice: for b and for c"]
