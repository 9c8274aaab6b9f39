"""Unblinding: in an emergency, to be read by one browser alone; and as planned, asked for at its gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy

from entact.conduct.asking import Asked
from entact.conduct.record.door import Author, compose, store_act, store_entry, turn_of
from entact.course import Course, Refused
from entact.course.entry.ledger import Receipt
from entact.course.kinds.unblinding import UNBLINDING_REQUESTED, request_of
from entact.store import standby

CAUSES: Final = {
    "treatment_depends_on_it": gettext_lazy("How this person is treated now depends on it"),
    "taken_by_another": gettext_lazy("Somebody else took what was meant for this person"),
    "other": gettext_lazy("Another reason"),
}
HERE, ENVELOPE = "here", "code_break"  # how the arm comes to whoever has to know


@dataclass(frozen=True)
class Emergency:
    """Who has to know, why, and how they are told.

    Attributes:
        recipient: who is told. cause: a code of `CAUSES`; reason: in words. means: `here` or `code_break`.
        key: X25519 public key of the browser that reads the answer; empty where none is asked for.
    """

    recipient: str
    cause: str
    reason: str
    means: str
    key: bytes


def unblind(emergency: Emergency, asked: Asked, author: Author) -> str:
    """Enters that somebody is told; asks for the row in the same transaction, if it is to be read here.

    Returns:
        The entry's id.
    """
    course, ledger = asked.course, asked.participant.ledger
    data = {"recipient": emergency.recipient, "cause": emergency.cause, "means": emergency.means}
    entry = compose(
        course, asked.reader, ledger, author, asked.now, "unblinding", data, reason=emergency.reason
    )
    with transaction.atomic():
        store_entry(entry, author, asked.now)
        if emergency.key:
            standby.ask(entry.id, ledger, emergency.key, asked.now)
    return entry.id


def request_unblinding(asked: Asked, author: Author) -> Receipt | Refused | None:
    """Asks that the arm is told as planned, if the gate allows it; None where it was asked or told."""
    ledger = asked.participant.ledger
    with turn_of(ledger):
        course = asked.again().course
        if course.told is not None or request_of(course) is not None:
            return None
        entry = compose(
            course,
            asked.reader,
            ledger,
            author,
            asked.now,
            UNBLINDING_REQUESTED.name,
            {},
            encounter=visit_of_unblinding(course),
        )
        return store_act(entry, course, author, asked.now)


def visit_of_unblinding(course: Course) -> str | None:
    """The visit at which the arm is told, where it has begun: the gate asks for what is known of it."""
    visits = course.release.visits
    held = (one for one in course.encounters.values() if one.visit in visits and one.status != "missed")
    return next((one.id for one in held if "unblinding" in visits[one.visit].activities), None)
