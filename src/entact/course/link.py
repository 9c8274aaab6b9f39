"""Ledgers that belong together: a carer's to a participant's, a person's to that of an earlier study."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.effective import Effective


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `link`: this participant belongs to another ledger, as its carer or as the same person."""

    ledger: str
    as_: str = msgspec.field(name="as")  # `carer`, or `earlier_study`


class LinkState(msgspec.Struct, frozen=True):
    """To which ledger, as what, since when."""

    entry: str
    ledger: str
    as_: str
    at: datetime


def reduce_link(course: Course, effective: Effective, payload: Link) -> None:
    """Keeps each; nobody is linked to themselves, and as one thing to one other ledger alone."""
    if payload.ledger == effective.entry.ledger:
        course.found("linked_to_itself", effective.id, "ledger", "a ledger cannot be linked to itself")
        return
    for known in course.links:
        if known.as_ == payload.as_ and known.ledger != payload.ledger:
            message = f"was already linked as {payload.as_} in {known.entry}"
            course.found("linked_twice", effective.id, "ledger", message)
            return
    course.links.append(LinkState(effective.id, payload.ledger, payload.as_, effective.at))


def is_linked(course: Course) -> bool | None:
    """Whether the participant is linked as their population asks; None where it does not ask."""
    population = course.release.file.populations.get(course.population or "")
    if population is None or population.linked_to is None:
        return None
    return any(link.as_ == course.population for link in course.links)
