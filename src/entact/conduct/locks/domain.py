"""Visits are frozen, participants locked, and that is taken back: by one person, or by two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext

from entact.conduct.asking import Asked
from entact.conduct.permissions import permissions_of
from entact.conduct.reader import Folded, Reader
from entact.conduct.record.door import Author, compose, store_entry, turn_of
from entact.conduct.sight import SeenCourse
from entact.course import Course, Finding
from entact.course.found.attested import CHANGED_AFTER_LOCK
from entact.course.found.unsettled import DATA_KINDS, uncoded, unended, unsigned
from entact.course.kinds.query import queries_of
from entact.course.kinds.unfreeze import asked_to_unfreeze

LONGEST_REASON: Final = 2000


@dataclass(frozen=True)
class Place:
    """Where something that is open is seen: an entry, an encounter, or a query about an entry and its item.

    Of a visit that is missing `item` alone says which.
    """

    entry: str = ""
    encounter: str = ""
    query: str = ""
    item: str = ""


@dataclass(frozen=True)
class Point:
    """One point of the checklist: what is still open, in words, and each place of it."""

    title: str
    places: tuple[Place, ...]

    @property
    def count(self) -> int:
        """How much is open."""
        return len(self.places)


def point_titles() -> dict[str, str]:
    """What each point of the checklist is called, in their order."""
    return {
        "queries": gettext("queries of persons that are not closed"),
        "findings": gettext("findings of rules about what was entered"),
        "late": gettext("entries that came after the lock"),
        "missing": gettext("visits that are missing"),
        "unended": gettext("visits that have not ended"),
        "unsigned": gettext("entries that are not signed as they stand"),
        "uncoded": gettext("events that are not coded"),
    }


def checklist(folded: Folded, reader: Reader) -> list[Point]:
    """What is still open of a participant, as far as the role may know it; what is not, counts 0.

    Of what is not signed that alone counts which somebody who signs may see while the study runs: what is
    hidden from all of them until the lock would stay open for good.
    """
    seen, table = folded.seen_by(reader.sight), permissions_of(reader.study)
    signing = [folded.seen_by(table.blinded[role]).entries for role in table.roles_for("sign")]
    signable = seen.entries & frozenset[str]().union(*signing)
    found = seen.findings(reader.at, folded.beside)
    return [Point(title, tuple(one)) for title, one in _open(folded.course, seen, found, signable)]


def _open(
    course: Course, seen: SeenCourse, found: list[Finding], signable: frozenset[str]
) -> Iterator[tuple[str, Iterator[Place]]]:
    kinds = {one.id: one.entry.kind for one in course.effective}
    titles = point_titles()
    yield (
        titles["queries"],
        (
            Place(one.about, query=one.entry, item=one.item)
            for one in queries_of(course)
            if one.status != "closed" and one.entry in seen.entries
        ),
    )
    yield (
        titles["findings"],
        (
            Place(one.entry, item=one.item)
            for one in found
            if one.holds and kinds.get(one.entry) in DATA_KINDS
        ),
    )
    yield (
        titles["late"],
        (Place(one.entry) for one in found if one.rule == CHANGED_AFTER_LOCK),
    )
    yield (
        titles["missing"],
        (Place(item=one.item) for one in found if one.holds and one.rule == "visit_missed"),
    )
    yield (
        titles["unended"],
        (Place(encounter=one.id) for one in unended(course)),
    )
    yield (
        titles["unsigned"],
        (Place(one.id) for one in unsigned(course) if one.id in signable),
    )
    yield (
        titles["uncoded"],
        (Place(one.entry) for one in uncoded(course) if one.entry in seen.entries),
    )


def freeze(asked: Asked, encounter: str | None, reason: str, author: Author) -> str | None:
    """Freezes a visit, or locks all of a participant; why not, where it cannot be.

    Args:
        encounter: None for all. reason: why, where something is still open.
    """
    ledger = asked.participant.ledger
    with turn_of(ledger):
        course = asked.again().course
        if (encounter or "") in course.frozen:
            return None
        if encounter is not None and encounter not in course.encounters:
            return gettext("Only a visit that took place, or was missed, is frozen.")
        data = {"of": "participant" if encounter is None else "encounter"}
        said = reason.strip()[:LONGEST_REASON] or None
        entry = compose(
            course,
            asked.reader,
            ledger,
            author,
            asked.now,
            "freeze",
            dict(data),
            encounter=encounter,
            reason=said,
        )
        store_entry(entry, author, asked.now)
    return None


def take_back(asked: Asked, freeze_entry: str, reason: str, author: Author) -> str | None:
    """Takes a freeze back: that of a visit at once, that of a participant once a second person does it too.

    Returns:
        Why not, where it cannot be.
    """
    if not reason.strip():
        return gettext("Say why it is taken back.")
    ledger = asked.participant.ledger
    with turn_of(ledger):
        course = asked.again().course
        frozen = next((one for one in course.frozen.values() if one.entry == freeze_entry), None)
        if frozen is None:
            return gettext("It is not frozen any more.")
        asking = asked_to_unfreeze(course, freeze_entry)
        if frozen.encounter is None and asking == author.identity:
            return gettext("You asked for it: another person takes it back.")
        said = "asked" if frozen.encounter is None and asking is None else "taken_back"
        entry = compose(
            course,
            asked.reader,
            ledger,
            author,
            asked.now,
            "unfreeze",
            {"said": said},
            about=freeze_entry,
            reason=reason.strip()[:LONGEST_REASON],
        )
        store_entry(entry, author, asked.now)
    return None
