"""A clinical date means what was written and nothing else: the days that it may be, or no date at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.entry.dates import clinical_date, read_date

days = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2019", date(2019, 1, 1), date(2019, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2019-04-03", date(2019, 4, 3), date(2019, 4, 3)),
        ("2026-03-02T23:30:00-07:00", date(2026, 3, 2), date(2026, 3, 2)),
    ],
)
def test_a_partial_date_may_mean_each_of_its_days(text: str, earliest: date, latest: date) -> None:
    found = clinical_date(text)
    assert (found.earliest, found.latest) == (earliest, latest)
    assert found.exact is (earliest == latest)
    assert (found.at is not None) is ("T" in text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "soon",
            "UNK",
            "spring",
            "19",
            "2019-4",
            "2026-",
            "2026-02-",
            "2026-W10",
            "2026-02-15xyz",
            " 2026",
        ),
        *(
            "2026-00",
            "2026-13",
            "2026-02-00",
            "2026-02-30",
            "2025-02-29",
            "2026-02-15 ",
            "2026-02-15\n",
            "20260215",
        ),
        *(
            "0000",
            "1066-10-14",
            "2200-01-01",
            "٢٠٢٦",
            "２０２６-02",
            "2026/02/15",
            "15.02.2026",
            "2026-UN-UNK",
        ),
        *("2026-02-15T", "2026-02-15T10:00", "2026-02-15T25:00:00Z", "T", "sealed:1:aT="),
    ],
)
def test_what_is_no_date_is_read_as_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not (a date|between the years)"):
        clinical_date(text)
    assert read_date(text) is None


def test_nothing_written_is_no_date() -> None:
    assert read_date(None) is None


@given(day=days)
def test_what_is_known_less_well_may_mean_more(day: date) -> None:
    exact, month, year = (clinical_date(str(day)[:length]) for length in (10, 7, 4))
    assert (exact.earliest, exact.latest) == (day, day)
    assert year.earliest <= month.earliest <= day <= month.latest <= year.latest
    for one in (exact, month, year):
        assert not one.is_before(exact)
        assert not exact.is_before(one)


@given(day=days, length=st.sampled_from([4, 7, 10]), more=st.text(min_size=1, max_size=5))
def test_nothing_is_read_past(day: date, length: int, more: str) -> None:
    text = str(day)[:length] + more
    try:
        found = clinical_date(text)
    except ValueError:
        return
    assert text in {str(found.earliest)[:7], str(found.earliest)}


@given(first=days, second=days, lengths=st.tuples(*[st.sampled_from([4, 7, 10])] * 2))
def test_before_is_certain_or_not_said(first: date, second: date, lengths: tuple[int, int]) -> None:
    one, other = (
        clinical_date(str(day)[:length]) for day, length in zip((first, second), lengths, strict=True)
    )
    if one.is_before(other):
        assert first < second
        assert not other.is_before(one)


def test_nothing_is_before_itself() -> None:
    for text in ("2019", "2019-04", "2019-04-03", "2026-03-02T10:00:00-07:00"):
        found = read_date(text)
        assert found is not None
        assert not found.is_before(found)


def test_instants_of_one_day_are_told_apart() -> None:
    at = datetime.fromisoformat("2026-03-02T10:00:00-07:00")
    one, other = (clinical_date((at + timedelta(minutes=more)).isoformat()) for more in (0, 1))
    assert one.is_before(other)
    assert not other.is_before(one)
    assert not one.is_before(clinical_date("2026-03-02"))
