"""Dates and times as answers hold them: `2019-04`, `2026-03-02`, `14:30`, `2026-03-02T14:30-07:00`."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Final

from entact.protocol.quantity import YEARS

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARTIAL: Final = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)([+-][0-9]{2}:[0-9]{2}|Z)?"
)
_NEARLY_A_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_NEARLY_A_TIME: Final = re.compile(
    r"([0-9]{1,2})(?:[:.]?([0-5][0-9])|[:.]([0-9]))?\s*h?\s*(am|pm)?", re.IGNORECASE
)
_A_DATE, _A_TIME, _A_MOMENT = "2026-03-02", "14:30", "2026-03-02T14:30-07:00"  # where nothing is near
_LAST: Final = "23:59"  # of a day; 24:00 is of the next, and newer versions of Python take it for a time


def read_date(text: str) -> str:
    """A whole date.

    Raises:
        ValueError: when it is none, or no day of the calendar.
    """
    if not _DATE.fullmatch(text) or not _is_day(text):
        raise ValueError(f"{text!r} is not a date; write it as in {_date_near(text)!r}")
    return _of_life(date.fromisoformat(text), text)


def read_partial_date(text: str) -> str:
    """A date as far as it is known: a year, a month or a day.

    Raises:
        ValueError: when it is none.
    """
    if not _PARTIAL.fullmatch(text) or not _is_day(text + "-01-01"[len(text) - 4 :]):
        raise ValueError(
            f"{text!r} is not a date; write as much as is known, as in '2019', '2019-04' or '2019-04-30'"
        )
    return _of_life(date.fromisoformat(text + "-01-01"[len(text) - 4 :]), text)


def read_time(text: str) -> str:
    """A time of the day, on the clock of the site.

    Raises:
        ValueError: when it is none.
    """
    if not _is_time(text):
        raise ValueError(f"{text!r} is not a time; write it as in {_time_near(text)!r}")
    return text


def read_moment(text: str) -> str:
    """A date with its time and the offset of its zone.

    Raises:
        ValueError: when it is none, or has no offset.
    """
    found = _MOMENT.fullmatch(text)
    day, at, offset = found.groups() if found else ("", "", None)
    if not _is_day(day) or not _is_time(at):
        near = f"{_date_near(day)}T{_time_near(at)}{offset or '-07:00'}" if found else _A_MOMENT
        raise ValueError(f"{text!r} is not a date with a time; write it as in {near!r}")
    if offset is None:
        raise ValueError(f"{text!r} has no offset; write that of the site, as in {text + '-07:00'!r}")
    try:
        datetime.fromisoformat(text)
    except ValueError:  # an offset of a day or more
        raise ValueError(f"{text!r} is not a date with a time; write it as in {_A_MOMENT!r}") from None
    _of_life(date.fromisoformat(day), text)
    return text


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text) or text >= "24":
        return False
    try:
        time.fromisoformat(text)
    except ValueError:
        return False
    return True


def _date_near(text: str) -> str:
    """The date that was probably meant: a day of the calendar as it is written, or the last of its month."""
    found = _NEARLY_A_DATE.fullmatch(text)
    if found is None:
        return _A_DATE
    year, month, day = map(int, found.groups())
    if not 1 <= month <= 12 or not 1 <= day <= 31 or year < 1:
        return _A_DATE
    return f"{year:04}-{month:02}-{min(day, monthrange(year, month)[1]):02}"


def _time_near(text: str) -> str:
    """The time that was probably meant."""
    found = _NEARLY_A_TIME.fullmatch(text.strip())
    if found is None:
        return _LAST if re.match(r"(2[4-9]|[3-9][0-9]):", text) else _A_TIME
    hour, minute, half = int(found[1]), int(found[2] or found[3] or 0), (found[4] or "").lower()
    if half and not 1 <= hour <= 12:
        return _A_TIME
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return _LAST if hour > 23 else f"{hour:02}:{minute:02}"


def _of_life(day: date, text: str) -> str:
    if day.year not in YEARS:
        raise ValueError(f"{text!r} is not between the years {YEARS[0]} and {YEARS[-1]}")
    return text


READERS: Final[Mapping[str, Callable[[str], str]]] = {
    "date": read_date,
    "partial_date": read_partial_date,
    "time": read_time,
    "datetime": read_moment,
}
"""By the type of an item, what reads its answers."""


def reaches(kind: str, text: str, low: str, high: str) -> bool:
    """Whether what a text may mean lies between two ends, both counting.

    Args:
        kind: type of an item. text: an answer. low, high: ends as a range writes them.
    """
    if kind == "datetime":
        at, first, last = map(datetime.fromisoformat, (text, low, high))
        return first <= at <= last
    if kind == "time":
        return time.fromisoformat(low) <= time.fromisoformat(text) <= time.fromisoformat(high)
    # Of a date that is known in part, any day that it may be is enough.
    return text >= low[: len(text)] and text[: len(high)] <= high
