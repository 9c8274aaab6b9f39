"""Clinical dates, perhaps partial: the first and the last civil date that what was written may mean."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime

import msgspec

from entact.course.entry.entry import instant
from entact.protocol.quantity import YEARS

# Digits of ASCII alone: what else counts as a digit would not be read so by anybody else.
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


class ClinicalDate(msgspec.Struct, frozen=True):
    """When something clinical began or ended, as far as it is known.

    Attributes:
        earliest, latest: civil dates that it may mean; the same where the day is known.
        at: the instant, where even that was written.
    """

    earliest: date
    latest: date
    at: datetime | None = None

    @property
    def exact(self) -> bool:
        """Whether the day is known."""
        return self.earliest == self.latest

    def is_before(self, other: ClinicalDate) -> bool:
        """Whether it lies before another date, whatever the two may mean."""
        if self.at is not None and other.at is not None:
            return self.at < other.at
        return self.latest < other.earliest


def clinical_date(text: str) -> ClinicalDate:
    """Reads `2019`, `2019-04`, `2019-04-30` or a whole instant (RFC 3339); nothing else is guessed at.

    Raises:
        ValueError: when it is none of these, when there is no such day, or nobody alive could have seen it.
    """
    if "T" in text:
        try:
            at = instant(text)
        except ValueError as error:
            raise ValueError(_no_date(text)) from error
        return ClinicalDate(at.date(), at.date(), at)
    match = _PARTIAL.fullmatch(text)
    if match is None:
        raise ValueError(_no_date(text))
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    if year not in YEARS:
        raise ValueError(f"{text!r} is not between the years {YEARS[0]} and {YEARS[-1]}")
    try:
        first = date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date: there is no such month or day") from error
    if day is not None:
        return ClinicalDate(first, first)
    last = 12 if month is None else month
    return ClinicalDate(first, date(year, last, calendar.monthrange(year, last)[1]))


def read_date(text: str | None) -> ClinicalDate | None:
    """The date in a text; None where nothing was written, or nothing that can be read.

    A fact is kept however its date was written; whoever asks for it then gets "unknown".
    """
    try:
        return clinical_date(text) if text else None
    except ValueError:
        return None


def _no_date(text: str) -> str:
    return f"{text!r} is not a date; write 2019-04-30, or as much of it as is known"


def in_date(last_day: str, today: date) -> bool:
    """Whether a last day is not over; a bare year, or what cannot be read, is not known to be."""
    found = read_date(last_day)
    return found is not None and len(last_day) > 4 and today <= found.latest
