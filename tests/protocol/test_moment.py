"""Dates and times as they may be typed: each is one, or what was probably meant is offered."""

from __future__ import annotations

import re

import pytest

from entact.protocol.moment import READERS

READ = {
    "date": ("2026-03-02", "2024-02-29", "1900-01-01", "2199-12-31"),
    "partial_date": ("2019", "2019-04", "2019-04-30", "1900", "2199-12"),
    "time": ("00:00", "14:30", "14:30:59", "23:59"),
    "datetime": ("2026-03-02T14:30-07:00", "2026-03-02T14:30:10Z", "1900-01-01T00:00Z"),
}
NEAR = {
    "date": {
        "2026-02-29": "2026-02-28",
        "2024-2-30": "2024-02-29",
        "2026-2-3": "2026-02-03",
        "2026-1-31": "2026-01-31",
        "0001-1-1": "0001-01-01",
        **dict.fromkeys(
            ("2026-13-01", "2026-00-10", "2026-01-32", "2026-01-00", "0000-01-01", "02.03.2026", ""),
            "2026-03-02",
        ),
    },
    "time": {
        "9:30": "09:30",
        "930": "09:30",
        "9.5": "09:05",
        "14h": "14:00",
        "2 pm": "14:00",
        "2:15 PM": "14:15",
        "12 am": "00:00",
        "12 pm": "12:00",
        "11 am": "11:00",
        **dict.fromkeys(("24:00", "25:00", "99:99"), "23:59"),
        **dict.fromkeys(("13 pm", "0 am", "14:60", "noon", ""), "14:30"),
    },
    "datetime": {
        "2026-02-30T14:30-07:00": "2026-02-28T14:30-07:00",
        "2026-03-02T24:00Z": "2026-03-02T23:59Z",
        "2026-03-02T14:61": "2026-03-02T14:30-07:00",
        **dict.fromkeys(("2026-03-02 14:30Z", "2026-03-02T14:30+24:00", "today"), "2026-03-02T14:30-07:00"),
    },
}
PARTLY = "write as much as is known, as in '2019', '2019-04' or '2019-04-30'"


@pytest.mark.parametrize("kind", READ)
def test_what_is_written_as_it_should_be_stays_as_it_is(kind: str) -> None:
    for text in READ[kind]:
        assert READERS[kind](text) == text


@pytest.mark.parametrize("kind", NEAR)
def test_what_is_none_is_refused_with_what_was_probably_meant(kind: str) -> None:
    for text, meant in NEAR[kind].items():
        with pytest.raises(
            ValueError, match=f"^{re.escape(repr(text))} is not a .*; write it as in '{meant}'$"
        ):
            READERS[kind](text)
        if meant != "0001-01-01":
            assert READERS[kind](meant) == meant


@pytest.mark.parametrize("text", ["2019-13", "2019-4", "2019-04-31", "19", "2019-", "", "April 2019"])
def test_of_a_date_as_much_as_is_known(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is not a date; {PARTLY}")):
        READERS["partial_date"](text)


def test_a_moment_has_an_offset() -> None:
    with pytest.raises(ValueError, match=r"has no offset; .* as in '2026-03-02T14:30-07:00'"):
        READERS["datetime"]("2026-03-02T14:30")


@pytest.mark.parametrize(
    ("kind", "rest"), [("date", "-01-01"), ("partial_date", ""), ("datetime", "-12-31T10:00Z")]
)
def test_a_year_is_one_that_somebody_may_live_in(kind: str, rest: str) -> None:
    for year in (1900, 2199):
        assert READERS[kind](f"{year}{rest}")
    for year in (1899, 2200):
        with pytest.raises(ValueError, match=f"'{year}{rest}' is not between the years 1900 and 2199"):
            READERS[kind](f"{year}{rest}")
