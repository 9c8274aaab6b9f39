"""Verifying entries, or items of one, against the source."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from entact.conduct.asking import Asked
from entact.conduct.record.door import Author, compose, store_entry, turn_of
from entact.course import Course
from entact.course.entry import Kept
from entact.course.entry.effective import Effective
from entact.course.found.verified import items_of, verified_in
from entact.course.kinds import KINDS


def verifiable(asked: Asked, encounter: str | None = None) -> list[Effective]:
    """Entries that the role sees, about the participant, of which an item is not verified.

    Args:
        encounter: only of this visit.
    """
    known = verified_in(asked.course)
    found = []
    for one in asked.course.effective:
        kind = KINDS.get(one.entry.kind)
        if kind is None or kind.attests or one.id not in asked.seen.entries:
            continue
        if encounter in (None, one.entry.encounter) and not (one.id in known and known[one.id].whole):
            found.append(one)
    return found


def verify(
    asked: Asked, entries: Sequence[str], items: Sequence[str], head: int, author: Author
) -> str | None:
    """Says that entries agree with the source; why not, where that cannot be said.

    Args:
        items: of one entry those alone that agree; none for all. head: number of the last line that the page
            was made of: what was changed since was not looked at.
    """
    ledger = asked.participant.ledger
    with turn_of(ledger):
        now = asked.again()
        there = {one.id: one for one in verifiable(now)}
        named = [there[name] for name in dict.fromkeys(entries) if name in there]
        if not named:
            return gettext("There is nothing to verify.")
        last = [_last(now.course, one) for one in named]
        numbers = {one.id: one.seq for one in now.course.entries if isinstance(one, Kept)}
        if any(numbers.get(name, 0) > head for name in last):
            return gettext("Something was changed since you opened the page: look again, then verify.")
        if items and (len(named) != 1 or not set(items) <= items_of(named[0]).keys()):
            return gettext("Items are verified of one entry, and only those that it has.")
        whole = len(named) == 1 and set(items) == set(items_of(named[0]))
        data = {"entries": [one.id for one in named], "last": last}
        data |= {"items": list(items)} if items and not whole else {}
        entry = compose(now.course, asked.reader, ledger, author, asked.now, "verification", dict(data))
        store_entry(entry, author, asked.now)
    return None


def _last(course: Course, effective: Effective) -> str:
    """The correction of an entry that arrived last; its own id where there is none."""
    return max((effective.id, *effective.corrections), key=course.arrival_of)
