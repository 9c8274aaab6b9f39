"""When what a row says was filled in, and when the source changed it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from entact.course import Course
from entact.exchange.records.answers import moment_of
from entact.exchange.records.row import Row, Version
from entact.exchange.records.told import Taking

_NOON: Final = time(12)


def filled_in_at(row: Row, encounter: str, course: Course, taking: Taking) -> datetime:
    """When a row says that it was; else when its visit began here, or when it was entered there.

    Raises:
        ValueError: when nothing says it, when it lies in the future, or when a dose was given on the day that
            is all that is said.
    """
    said = row.versions[0]
    begun = course.encounters.get(encounter)
    started = begun.started if begun is not None else None
    text = said.at or said.entered
    if not said.at and started is not None:
        return started
    if not text:
        raise ValueError(
            f"when {row.form} was filled in is not known; name the variable under `forms: "
            f"{{{row.form}: {{at: …}}}}`, or begin {encounter} first"
        )
    found = moment_of(text, taking.mapping.dates if said.at else "ymd", taking.zone)
    at = found if isinstance(found, datetime) else _on_day(found, started, course, taking)
    played = row.own is not None and taking.environment == "rehearsal"  # there days pass as they are played
    if at > taking.now and not played:
        raise ValueError(f"{text!r} lies in the future")
    return at


def changed_at(version: Version, at: datetime, taking: Taking) -> datetime:
    """When a change was made in the source; never before what it changes, which was at `at`."""
    try:
        found = moment_of(version.entered, "ymd", taking.zone)
    except ValueError:
        return taking.now
    if not isinstance(found, datetime):
        found = datetime.combine(found, _NOON, taking.zone)
    return min(max(found, at + timedelta(milliseconds=1)), taking.now)


def _on_day(day: date, started: datetime | None, course: Course, taking: Taking) -> datetime:
    """The time that stands for a day: that at which the visit began, else noon.

    Raises:
        ValueError: when it was the day of a dose, on which it matters what was before and what after.
    """
    zone = taking.zone
    if started is not None and started.astimezone(zone).date() == day:
        return started.astimezone(zone)
    if any(dose.at.astimezone(zone).date() == day for dose in course.doses):
        raise ValueError(f"a dose was given on {day}: say the time of the day, so that before is before")
    return datetime.combine(day, _NOON, zone)
