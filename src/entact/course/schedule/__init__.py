"""Windows of visits in civil time, and the calendar of a washout."""

from __future__ import annotations

from entact.course.schedule.schedule import (
    MORNING,
    TREATMENT,
    Due,
    Position,
    Progress,
    Schedule,
    Status,
    civil_date,
    due,
    first_instant,
    last_second,
    parse_alternative,
    position,
)

__all__ = [
    "MORNING",
    "TREATMENT",
    "Due",
    "Position",
    "Progress",
    "Schedule",
    "Status",
    "civil_date",
    "due",
    "first_instant",
    "last_second",
    "parse_alternative",
    "position",
]
