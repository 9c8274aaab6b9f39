"""Quantities, durations and ranges: what is written is what is read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol.quantity import Quantity, magnitude, parse_duration, parse_quantity, parse_range

UNITS = ["mm[Hg]", "/min", "Cel", "mg", "ug/L", "%", ""]
NUMBERS = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=3)


@given(NUMBERS, st.sampled_from(UNITS))
def test_a_quantity_reads_back_as_it_was_written(number: Decimal, unit: str) -> None:
    written = str(Quantity(number, unit))
    assert parse_quantity(written) == Quantity(number, unit)
    assert str(parse_quantity(written)) == written
    assert magnitude(written, unit) == float(number)


def test_a_small_quantity_is_written_without_an_exponent() -> None:
    assert str(Quantity(Decimal("0.0000001"), "mg")) == "0.0000001 mg"


@pytest.mark.parametrize(
    "text", ["", "mm[Hg]", "1e3 mg", "148 mm Hg", "NaN", "١ mg", ".5 mg", "5. mg", "1" * 50]
)
def test_what_is_no_quantity_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a quantity; .* '148 mm\[Hg\]'"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("165 [lb_av]", "kg", 74.84274105),
        ("70 [in_i]", "m", 1.778),
        ("178 cm", "m", 1.78),
        ("100.4 [degF]", "Cel", 38.0),
        ("100.04 [degF]", "Cel", 37.8),  # a limit of 37.8 is neither missed nor passed by a rounding
        ("-40 [degF]", "Cel", -40.0),
        ("2 h", "min", 120.0),
    ],
)
def test_what_was_entered_in_another_unit_is_worth_what_it_is_in_the_items_own(
    text: str, unit: str, number: float
) -> None:
    assert magnitude(text, unit) == number


def test_a_unit_that_measures_something_else_is_refused() -> None:
    assert magnitude("98.6 degF", "degF") == 98.6
    with pytest.raises(ValueError, match=r"'98.6 degF' is in degF; this item is in Cel"):
        magnitude("98.6 degF", "Cel")
    with pytest.raises(ValueError, match="'120' is in no unit; this item is in mm"):
        magnitude("120", "mm[Hg]")
    with pytest.raises(ValueError, match="'7 d' is in d; this item is in no unit"):
        magnitude("7 d", "")


@given(st.integers(0, 200), st.integers(0, 6), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_is_the_sum_of_its_parts(wk: int, d: int, h: int, minutes: int, s: int) -> None:
    text = f"{wk} wk {d} d {h} h {minutes} min {s} s"
    whole = timedelta(weeks=wk, days=d, hours=h, minutes=minutes, seconds=s)
    assert parse_duration(text) == whole
    assert parse_duration(text.replace(" wk", "wk").replace(" h", "h")) == whole
    assert parse_duration(f"-{text}") == -whole


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("1.5 h", 5400), ("1 h 30 min", 5400), (" 8 h ", 28800), ("0.001 s", 0.001)],
)
def test_durations_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "30 min 1 h", "1 h -30 min", "٣ h", "8 fortnights"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration; .* '1 h 30 min'"):
        parse_duration(text)


def test_a_duration_that_no_study_lasts_is_refused() -> None:
    assert parse_duration("36600 d") == timedelta(days=36600)
    with pytest.raises(ValueError, match="longer than a century"):
        parse_duration("36600 d 1 s")
    with pytest.raises(ValueError, match="longer than a century"):
        parse_duration("99999999999999 wk")


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("2 .. 14 d", ("2 d", "14 d")),
        ("1 h 30 min .. 2 h", ("1 h 30 min", "2 h")),
        ("0 .. 100", ("0", "100")),
        ("36.5 Cel .. 38 Cel", ("36.5 Cel", "38 Cel")),
        ("20..250 /min", ("20 /min", "250 /min")),
    ],
)
def test_a_range_gives_its_first_end_the_unit_of_the_second(text: str, ends: tuple[str, str]) -> None:
    assert parse_range(text) == ends


@pytest.mark.parametrize("text", ["", "2", "2 ..", ".. 14 d", "2 - 14 d"])
def test_what_is_no_range_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a range; .* '2 \.\. 14 d'"):
        parse_range(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse_quantity, parse_duration, parse_range):
        try:
            assert read(text) is not None
        except ValueError as error:
            assert repr(text) in str(error)  # noqa: PT017 (reading may also succeed)
