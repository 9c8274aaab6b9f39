"""What was meant by numbers, durations and ranges written otherwise, and that what is offered is right."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol.meant import meant_number, meant_whole
from entact.protocol.quantity import parse_duration, parse_quantity, parse_range
from entact.protocol.study import Units

QUANTITIES = {
    "62,5 mg": "there is no decimal comma here; write '62.5 mg'",
    "0,5 mL": "there is no decimal comma here; write '0.5 mL'",
    "40mg": "write '40 mg'",
    "62,5mg": "there is no decimal comma here; write '62.5 mg'",
    "forty mg": "write a decimal number and its unit, as in '148 mm[Hg]'",
    "1,000,000 mg": "write a decimal number and its unit, as in '148 mm[Hg]'",
}

MONTHS = "there are no months here, because they differ in length; write days or weeks, as in "
YEARS = "there are no years here, because they differ in length; write days or weeks, as in "
DURATIONS = {
    "1 mo": f"{MONTHS}'30 d'",
    "6 months": f"{MONTHS}'180 d'",
    "1,5 months": f"{MONTHS}30 d or 4 wk",
    "1 y": f"{YEARS}'365 d'",
    "2 years": f"{YEARS}'730 d'",
    "1 hour": "write '1 h'",
    "90 minutes": "write '90 min'",
    "7 days": "write '7 d'",
    "2 weeks 3 days": "write '2 wk 3 d'",
    "1 h and 30 minutes": "write '1 h 30 min'",
    "2 Wk": "write '2 wk'",
    "1,5 h": "there is no decimal comma here; write '1.5 h'",
    "90 m": "'m' is not said here; write min for minutes, as in '90 min'",
    "8": "it lacks its unit; write '8 d', '8 h' or '8 min'",
    "30 min 1 h": "write numbers with wk, d, h, min or s, as in '1 h 30 min'",
    "1:30": "write '1 h 30 min'",
    "soon": "write numbers with wk, d, h, min or s, as in '1 h 30 min'",
}

RANGES = {
    "18 - 34 d": "write '18 .. 34 d'",
    "18-34 d": "write '18 .. 34 d'",
    "18 to 34 d": "write '18 .. 34 d'",
    "18 \N{EN DASH} 34 d": "write '18 .. 34 d'",
    "18 \N{HORIZONTAL ELLIPSIS} 34 d": "write '18 .. 34 d'",
    "1 mo": f"{MONTHS}'30 d'",
    "34 d": "write its two ends, as in '2 .. 14 d'",
}

DOSES = {
    "2x40 mg": "write '2 x 40 mg'",
    "2 \N{MULTIPLICATION SIGN} 40 mg": "write '2 x 40 mg'",
    "2 * 62,5mg": "write '2 x 62.5 mg'",
    "80 mg": "write it as '1 x 80 mg'",
}


@pytest.mark.parametrize(("text", "hint"), QUANTITIES.items())
def test_a_quantity_is_offered_as_it_is_written_here(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is not a quantity; {hint}")):
        parse_quantity(text)


@pytest.mark.parametrize(("text", "hint"), DURATIONS.items())
def test_a_duration_is_offered_as_it_is_written_here(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is not a duration; {hint}")):
        parse_duration(text)


@pytest.mark.parametrize(("text", "hint"), RANGES.items())
def test_a_range_is_offered_as_it_is_written_here(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is not a range; {hint}")):
        parse_range(text)


@pytest.mark.parametrize(("text", "hint"), DOSES.items())
def test_a_dose_is_offered_as_it_is_written_here(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is not a dose in whole units; {hint}")):
        Units.parse(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    {"1,000": "1000", "1.000": "1000", "1_000": "1000", "12 000": "12000", "1'000'000": "1000000",
     "8 people": "8", "8.0": "8", "1e3": "1000", "8": None, "eight": None, "1,5": None, "8.5": None}.items(),
)  # fmt: skip
def test_a_whole_number_is_offered_in_digits(text: str, meant: str | None) -> None:
    assert meant_whole(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    {"5,5": "5.5", "60%": "0.6", "60 %": "0.6", "2,5 %": "0.025", "5 half-lives": "5",
     "five": None, "0.6": None}.items(),
)  # fmt: skip
def test_a_number_is_offered_with_a_point(text: str, meant: str | None) -> None:
    assert meant_number(text) == meant


WRITTEN = st.tuples(
    st.integers(1, 60),
    st.sampled_from(["hours", "min", "minutes", "d", "days", "weeks", "mo", "years", "sec", "w"]),
).map(lambda part: f"{part[0]} {part[1]}")


@given(WRITTEN | st.text("0123 .,dhminwk", max_size=6))
def test_what_is_offered_for_a_duration_is_one(text: str) -> None:
    try:
        parse_duration(text)
    except ValueError as error:
        for offered in re.findall(r"write (?:days or weeks, as in )?'([^']*)'", str(error)):
            assert parse_duration(offered) is not None
