"""The check character of a kit's number: what was typed wrong is no other kit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.supply.check_character import check_character, printed, read_printed

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
numbers = st.text(LETTERS, min_size=1, max_size=12)


def test_it_is_that_of_iso_7064() -> None:
    """The example of a Global Release Identifier (GRid), which ends in M by MOD 37,36."""
    assert check_character("A1-2425G-ABC1234002") == "M"


@given(numbers)
def test_what_is_printed_is_read_as_a_hand_or_a_scanner_sends_it(number: str) -> None:
    assert read_printed(printed(number)) == number
    assert read_printed(f" {printed(number).lower()}\r\n") == number


@given(numbers, st.data())
def test_one_wrong_character_is_found(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from(LETTERS.replace(number[place], "")))
    with pytest.raises(ValueError, match="is the number of no kit"):
        read_printed(f"{number[:place]}{other}{number[place + 1 :]}.{check_character(number)}")


@given(numbers, st.data())
def test_two_neighbours_that_changed_places_are_found(number: str, data: st.DataObject) -> None:
    pairs = [one for one in range(len(number) - 1) if number[one] != number[one + 1]]
    if not pairs:
        return
    place = data.draw(st.sampled_from(pairs))
    swapped = f"{number[:place]}{number[place + 1]}{number[place]}{number[place + 2 :]}"
    with pytest.raises(ValueError, match="is the number of no kit"):
        read_printed(f"{swapped}.{check_character(number)}")


@pytest.mark.parametrize("typed", ["", "4812", "4812.", ".7", "4812.77", "..", "–.-"])
def test_what_has_no_check_character_is_told(typed: str) -> None:
    with pytest.raises(ValueError, match=r"check character|is the number of no kit"):
        read_printed(typed)
