"""When a visit is to take place: booked, moved, cancelled. Whether it then does is another entry."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.entry import instant
from entact.course.kinds.kind import Kind, note

if TYPE_CHECKING:
    from entact.course.state.state import State


class Booking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `booking`: the entry's visit is to take place at a time; a later one of it moves or cancels it."""

    at: str
    status: Literal["booked", "cancelled"] = "booked"


class BookingState(msgspec.Struct, frozen=True):
    """A visit that is booked, as the latest entry of it says."""

    entry: str
    encounter: str
    at: datetime


def bookings_of(course: State) -> dict[str, BookingState]:
    """The bookings that stand, by visit: none of one that has begun or was missed."""
    booked: dict[str, BookingState] = {}
    for one in course.noted.get("booking", ()):
        encounter = one.encounter or ""
        booked.pop(encounter, None)
        if one.said.status == "cancelled" or encounter in course.encounters or not encounter:
            continue
        try:
            at = instant(one.said.at)
        except ValueError:
            continue
        booked[encounter] = BookingState(one.entry, encounter, at)
    return booked


BOOKING = Kind(
    name="booking",
    title="Visit booked",
    ways=("page visit",),
    payload=Booking,
    reduce=note,
    tells=frozenset({"schedule"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset({"procedures"}),
    writes=frozenset({"noted"}),
)
