"""Which dosing sessions of a participant have a console: those under way, and those that are booked."""

from __future__ import annotations

from entact.conduct.reader import Reader
from entact.course import Course
from entact.course.kinds.booking import bookings_of


def open_sessions(reader: Reader, course: Course) -> tuple[str, ...]:
    """The encounters of visits that the reader may know of, those under way first."""
    under_way = [name for name, held in course.encounters.items() if held.status == "started"]
    booked = [name for name in bookings_of(course) if name not in course.encounters]
    visits = reader.visits

    def is_dosing(encounter: str) -> bool:
        name = encounter.partition("#")[0]
        return name in visits and visits[name].kind == "dosing" and reader.sight.sees_visit(name)

    return tuple(filter(is_dosing, (*under_way, *booked)))
