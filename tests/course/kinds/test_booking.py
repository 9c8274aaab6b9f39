"""A visit is booked, moved and cancelled; one that has begun is booked no more."""

from __future__ import annotations

from typing import Any

from tests.course.cases import Case, before

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.kinds.booking import bookings_of

FIRST, MOVED = "2026-04-10T10:00:00-06:00", "2026-04-12T10:00:00-06:00"


def book(case: Case, name: str, minute: int, data: dict[str, Any]) -> Case:
    when = f"2026-03-20T09:{minute:02}:00-06:00"
    return case.put(name, "booking", when, data, encounter="session_2#1")


def booked(case: Case) -> list[tuple[str, str]]:
    return [(one.encounter, one.at.isoformat()) for one in bookings_of(case.course()).values()]


def test_the_latest_word_on_a_visit_counts() -> None:
    case = book(before("supplement"), "first", 0, {"at": FIRST})
    assert booked(case) == [("session_2#1", FIRST)]
    book(case, "moved", 1, {"at": MOVED})
    assert booked(case) == [("session_2#1", MOVED)]
    book(case, "off", 2, {"at": MOVED, "status": "cancelled"})
    assert booked(case) == []


def test_what_has_begun_is_booked_no_more_and_a_booking_is_no_finding() -> None:
    case = before("supplement")
    at = instant("2026-03-21T10:00:00-06:00")
    told = {one.rule for one in findings(case.course(), at)}
    book(case, "first", 0, {"at": FIRST})
    assert {one.rule for one in findings(case.course(), at)} == told
    case.put("begins", "encounter", FIRST, {"status": "started"}, encounter="session_2#1")
    assert booked(case) == []


def test_a_time_that_nobody_can_read_books_nothing() -> None:
    assert booked(book(before("supplement"), "first", 0, {"at": "next Friday"})) == []
