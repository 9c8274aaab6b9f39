"""Beginning and ending a visit: facts, but for a discharge, which a gate has to allow."""

from __future__ import annotations

from datetime import datetime

from entact.conduct.reader import Folded, Reader
from entact.conduct.record.door import Author, compose, store_act, store_entry, turn_of
from entact.course import Course, Refused
from entact.course.entry.ledger import Receipt
from entact.course.kinds.booking import bookings_of
from entact.course.state.encounter import UNSCHEDULED


def begin_visit(
    encounter: str,
    reader: Reader,
    ledger: str,
    author: Author,
    now: datetime,
    *,
    contact: str = "in_person",
    reason: str | None = None,
) -> Receipt | None:
    """Begins a visit now; None where it has begun already."""
    with turn_of(ledger):
        course = _course(reader, ledger)
        if encounter in course.encounters:
            return None
        data = {"status": "started", "contact": contact}
        entry = compose(
            course, reader, ledger, author, now, "encounter", data, encounter=encounter, reason=reason
        )
        return store_entry(entry, author, now)


def end_visit(
    encounter: str,
    reader: Reader,
    ledger: str,
    author: Author,
    now: datetime,
    *,
    disposition: str = "discharged",
) -> Receipt | Refused | None:
    """Ends a visit now, where the gate of a discharge lets it; None where it is not under way."""
    with turn_of(ledger):
        course = _course(reader, ledger)
        held = course.encounters.get(encounter)
        if held is None or held.status != "started":
            return None
        data = {"status": "ended"} | ({} if disposition == "discharged" else {"disposition": disposition})
        entry = compose(course, reader, ledger, author, now, "encounter", data, encounter=encounter)
        return store_act(entry, course, author, now)


def miss_visit(
    encounter: str, reader: Reader, ledger: str, author: Author, now: datetime, *, reason: str
) -> Receipt | None:
    """Notes that a visit did not take place, and why; None where it has begun."""
    with turn_of(ledger):
        course = _course(reader, ledger)
        if encounter in course.encounters:
            return None
        data = {"status": "missed"}
        entry = compose(
            course, reader, ledger, author, now, "encounter", data, encounter=encounter, reason=reason
        )
        return store_entry(entry, author, now)


def book_visit(
    encounter: str, reader: Reader, ledger: str, author: Author, now: datetime, *, at: datetime | None
) -> Receipt | None:
    """Books a visit for a time, moves it, or cancels it (None); nothing of one that has begun."""
    with turn_of(ledger):
        course = _course(reader, ledger)
        booked = bookings_of(course).get(encounter)
        if encounter in course.encounters or (at is None and booked is None):
            return None
        if booked is not None and booked.at == at:
            return None
        then = (at or now).astimezone(reader.zone_of(course.site or ""))
        data = {"at": then.isoformat(), "status": "booked" if at is not None else "cancelled"}
        entry = compose(course, reader, ledger, author, now, "booking", data, encounter=encounter)
        return store_entry(entry, author, now)


def next_unscheduled(course: Course) -> str:
    """What the next visit outside the schedule is called."""
    number = 1
    while f"{UNSCHEDULED}#{number}" in course.encounters:
        number += 1
    return f"{UNSCHEDULED}#{number}"


def _course(reader: Reader, ledger: str) -> Course:
    folded = reader.folded([ledger])[ledger]
    assert isinstance(folded, Folded)
    return folded.course
