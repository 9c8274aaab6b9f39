"""Emergency unblinding: entered first, then the one row is asked for, to be read by one browser alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy

from entact.conduct.asking import Asked
from entact.conduct.record.door import Author, compose, store_entry
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
