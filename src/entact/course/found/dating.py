"""Clinical dates that are none, lie ahead of the day they were written, or contradict others: death too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from entact.course.entry import instant
from entact.course.entry.dates import ClinicalDate, clinical_date, read_date
from entact.course.entry.sealing import is_sealed
from entact.course.kinds import KINDS
from entact.course.kinds.checks import CLOCK_TOLERANCE
from entact.course.schedule import civil_date
from entact.course.state.encounter import PLANNED
from entact.course.state.progress import zone_of

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective

# Those of forms are read with the form.
DATED: Final = {name: kind.dated for name, kind in KINDS.items() if kind.dated}

_EAST = timedelta(hours=14)  # where a civil day begins first


def found_in_dates(effective: Effective) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with the clinical dates of one entry: rule, entry, item and message."""
    for item in DATED.get(effective.entry.kind, ()):
        text = effective.data.get(item)
        if isinstance(text, str):
            yield from _of_one(effective, item, text)


def found_between_dates(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """What ended before it began: rule, entry, item and message."""
    pairs = [
        *((one.entry, "stopped", one.started, one.stopped) for one in course.medication.values()),
        *((one.entry, "resolved", one.onset, one.resolved) for one in course.adverse_events.values()),
    ]
    for entry, item, begun, ended in pairs:
        first, last = read_date(begun), read_date(ended)
        if first is not None and last is not None and last.is_before(first):
            yield "dates_contradict", entry, item, f"{item} {ended}, before it began {begun}"


def found_after_death(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """What takes place with a participant who had died: on a later day, or after the entry that says so."""
    died = course.died
    if died is None:
        return
    said, zone = read_date(died.date), zone_of(course, died.at)
    for one in course.effective:
        if said is None:
            was_dead = False
        elif said.at is not None:
            was_dead = one.at > said.at
        else:
            was_dead = civil_date(one.at, zone) > said.latest
        if not was_dead and one.at <= died.at:
            continue
        kind, data = KINDS.get(one.entry.kind), one.data
        message = f"{one.entry.kind} after the death entered in {died.entry}"
        if one.entry.kind == "encounter":
            if data.get("status") == "started":
                yield "after_death", one.id, "", message
            elif data.get("status") == "ended" and data.get("disposition", PLANNED) == PLANNED:
                yield (
                    "after_death",
                    one.id,
                    "disposition",
                    f"discharged after the death entered in {died.entry}",
                )
        elif kind is not None and kind.with_participant and data.get("state") != "out":
            yield "after_death", one.id, "", message


def _of_one(effective: Effective, item: str, text: str) -> Iterator[tuple[str, str, str, str]]:
    if is_sealed(text):  # free text in the place of a date
        yield "item", effective.id, item, "is not a date, and is sealed"
        return
    try:
        found = clinical_date(text)
    except ValueError as error:
        yield "item", effective.id, item, str(error)
        return
    if _is_after(found, _written(effective)):
        message = f"{text} lies after {effective.entry.recorded_at}, when it was written down"
        yield "date_to_come", effective.id, item, message


def _written(effective: Effective) -> datetime:
    try:
        return max(effective.at, instant(effective.entry.recorded_at))
    except ValueError:  # which is found
        return effective.at


def _is_after(found: ClinicalDate, written: datetime) -> bool:
    """Whether a date lies after an instant wherever on earth it was written."""
    if found.at is not None:
        return found.at > written + CLOCK_TOLERANCE
    return found.earliest > (written.astimezone(UTC) + _EAST).date()
