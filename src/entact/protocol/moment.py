"""Dates and times as answers hold them: `2019-04`, `2026-03-02`, `14:30`, `2026-03-02T14:30-07:00`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Final

from entact.protocol.quantity import YEARS

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARTIAL: Final = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?([+-][0-9]{2}:[0-9]{2}|Z)?"
)


def read_date(text: str) -> str:
    """A whole date.

    Raises:
        ValueError: when it is none, or no day of the calendar.
    """
    if not _DATE.fullmatch(text):
        raise ValueError(f"{text!r} is not a date; write it as in '2026-03-02'")
    return _of_life(date.fromisoformat(text), text)


def read_partial_date(text: str) -> str:
    """A date as far as it is known: a year, a month or a day.

    Raises:
        ValueError: when it is none.
    """
    if not _PARTIAL.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a date; write as much as is known, as in '2019', '2019-04' or '2019-04-30'"
        )
    return _of_life(date.fromisoformat(text + "-01-01"[len(text) - 4 :]), text)


def read_time(text: str) -> str:
    """A time of the day, on the clock of the site.

    Raises:
        ValueError: when it is none.
    """
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not a time; write it as in '14:30'")
    time.fromisoformat(text)
    return text


def read_moment(text: str) -> str:
    """A date with its time and the offset of its zone.

    Raises:
        ValueError: when it is none, or has no offset.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text!r} is not a date with a time; write it as in '2026-03-02T14:30-07:00'")
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write that of the site, as in '2026-03-02T14:30-07:00'")
    _of_life(datetime.fromisoformat(text).date(), text)
    return text


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
