"""Answers to times, files and rows, and the two ranges: what can be true, and what is usual."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from entact.protocol.answer import is_file, limits_of, reader_of
from entact.protocol.moment import reaches
from entact.protocol.study import Item

DIGEST = "ab" * 32


def item(**said: Any) -> Item:
    return Item.model_validate(said, strict=True)


def said_of(one: Item, answer: Any) -> tuple[str, bool]:
    """What is said of an answer that can be read; the first limit that it is beyond."""
    value = reader_of(one)(answer)
    return next((found for limit in limits_of(one) if (found := limit.beyond(answer, value))[0]), ("", False))


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("time", "14:30"),
        ("time", "14:30:05"),
        ("datetime", "2026-03-02T14:30-07:00"),
        ("datetime", "2026-03-02T14:30:10Z"),
        ("date", "2024-02-29"),
        ("partial_date", "2024-02"),
    ],
)
def test_a_moment_is_its_text(kind: str, answer: str) -> None:
    assert reader_of(item(type=kind))(answer) == answer
    assert reader_of(item(type=kind))({"missing": "refused"}) is None
    assert reader_of(item(type=kind))("sealed:1:abc") is None


@pytest.mark.parametrize(
    ("kind", "answer", "message"),
    [
        ("time", "2 pm", "'2 pm' is not a time; write it as in '14:00'"),
        ("time", "12 AM", "'12 AM' is not a time; write it as in '00:00'"),
        ("time", "13 pm", "'13 pm' is not a time; write it as in '14:30'"),
        ("time", "7:5", "'7:5' is not a time; write it as in '07:05'"),
        ("time", "7.30", "'7.30' is not a time; write it as in '07:30'"),
        ("time", "24:00", "'24:00' is not a time; write it as in '23:59'"),
        ("time", "25:00:10", "'25:00:10' is not a time; write it as in '23:59'"),
        ("time", "07:60", "'07:60' is not a time; write it as in '14:30'"),
        ("time", "soon", "'soon' is not a time; write it as in '14:30'"),
        ("time", 1430, "'1430' is not a time; write it as in '14:30'"),
        ("datetime", "2026-03-02", "'2026-03-02' is not a date with a time; write it as in"),
        ("datetime", "2026-03-02T14:30", "'2026-03-02T14:30' has no offset; write that of the site"),
        ("datetime", "2026-02-30T24:00Z", "write it as in '2026-02-28T23:59Z'"),
        ("datetime", "2026-02-03T14:30+24:00", "write it as in '2026-03-02T14:30-07:00'"),
        ("date", "2026-02-30", "'2026-02-30' is not a date; write it as in '2026-02-28'"),
        ("date", "2026-2-3", "'2026-2-3' is not a date; write it as in '2026-02-03'"),
        ("date", "2026-13-01", "'2026-13-01' is not a date; write it as in '2026-03-02'"),
        ("date", "0000-01-01", "'0000-01-01' is not a date; write it as in '2026-03-02'"),
        ("partial_date", "2026-13", "'2026-13' is not a date; write as much as is known"),
        ("date", "2019-04", "'2019-04' is not a date; write it as in '2026-03-02'"),
        ("file", "scan.pdf", "'scan.pdf' is not a file; write {'file': SHA-256 of its bytes"),
        ("file", {"file": "ab", "media": "image/png", "size": 3}, "{'file': 'ab'"),
        ("file", {"file": DIGEST, "media": "image/png", "size": 3, "name": "Jane Doe.png"}, "{'file': "),
        ("rows", [3], "[3] is not a list of rows; write each as {'a': …}"),
    ],
)  # fmt: skip
def test_what_is_no_answer_says_what_would_be(kind: str, answer: Any, message: str) -> None:
    one = item(type=kind, **({"items": {"a": {"type": "text"}}} if kind == "rows" else {}))
    with pytest.raises(ValueError, match=re.escape(message)):
        reader_of(one)(answer)


def test_a_file_is_told_by_its_bytes_and_has_no_name() -> None:
    scan = {"file": DIGEST, "media": "application/pdf", "size": 48_213}
    assert is_file(scan)
    assert reader_of(item(type="file", accept=["application/pdf"]))(scan) == DIGEST
    with pytest.raises(
        ValueError, match="there is no type of file here 'application/pdf'; write one of: image/png"
    ):
        reader_of(item(type="file", accept=["image/png"]))(scan)
    assert not is_file({**scan, "size": True})
    assert not is_file({**scan, "size": -1})


COUNT = {"type": "integer", "range": "0 .. 10", "expected": "2 .. 5"}
WEIGHT = {"type": "decimal", "unit": "kg", "expected": "40 .. 130"}
YEAR = {"type": "date", "range": "2020-01-01 .. 2020-12-31"}
SINCE = {"type": "partial_date", "range": "1990 .. 2020-06"}
DAYTIME = {"type": "time", "expected": "06:00 .. 20:00"}
MOMENT = {"type": "datetime", "range": "2026-01-01T00:00Z .. 2026-12-31T00:00Z"}
BEYOND = "is out of range; this item goes from"


@pytest.mark.parametrize(
    ("said", "answer", "message", "unusual"),
    [
        (COUNT, 3, "", False),
        (COUNT, 6, "6 is unusual; usual is 2 to 5: look again", True),
        (COUNT, 11, f"11 {BEYOND} 0 to 10", False),
        (WEIGHT, "131 kg", "131 kg is unusual; usual is 40 to 130 kg: look again", True),
        (YEAR, "2021-01-01", f"2021-01-01 {BEYOND} 2020-01-01 to 2020-12-31", False),
        (SINCE, "2020", "", False),
        (SINCE, "2020-07", f"2020-07 {BEYOND} 1990 to 2020-06", False),
        (DAYTIME, "20:00:01", "20:00:01 is unusual; usual is 06:00 to 20:00: look again", True),
        (MOMENT, "2025-12-31T20:00-07:00", "", False),
    ],
)
def test_what_cannot_be_true_is_told_from_what_is_unusual(
    said: dict[str, Any], answer: Any, message: str, unusual: bool
) -> None:
    assert said_of(item(**said), answer) == (message, unusual)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({**COUNT, "expected": "2 .. 11"}, "'expected' '2 .. 11' reaches beyond 'range' '0 .. 10'"),
        ({**DAYTIME, "range": "07:00 .. 20:00"}, "'expected' '06:00 .. 20:00' reaches beyond"),
        ({"type": "time", "range": "20:00 .. 06:00"}, "the range '20:00 .. 06:00' ends before it begins"),
        ({"type": "date", "range": "2020 .. 2021"}, "'2020' is not a date"),
        ({"type": "text", "expected": "1 .. 2"}, "'expected' belongs to numbers, dates, times and rows"),
        ({**WEIGHT, "expected": "40 .. 130 lb"}, "the range '40 .. 130 lb' is not in kg"),
        ({"type": "text", "labels": {"a": "A"}}, "'labels' belongs to a boolean or integer or choice or"),
        ({"type": "text", "accept": ["image/png"]}, "'accept' belongs to a file, this item is a text"),
        ({"type": "text", "items": {"a": {"type": "text"}}}, "'items' belongs to a rows, this item is"),
        ({"type": "rows"}, "rows need what each of them holds"),
        ({"type": "file", "calculated": "1"}, "a rule gives no file"),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        item(**said)
    assert message in str(caught.value)


DATES = st.dates().map(lambda day: day.isoformat())


@given(low=DATES, high=DATES, day=DATES, cut=st.sampled_from([4, 7, 10]))
def test_a_date_known_in_part_reaches_a_range_if_any_of_its_days_does(
    low: str, high: str, day: str, cut: int
) -> None:
    if reaches("date", day, low, high):
        assert reaches("partial_date", day[:cut], low, high)
    assert reaches("date", day, low, high) == (low <= day <= high)
