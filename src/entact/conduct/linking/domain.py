"""A participant is linked to another of the study, as their population asks."""

from __future__ import annotations

from django.utils.translation import gettext

from entact.conduct.asking import Asked
from entact.conduct.participants import find_number
from entact.conduct.reader import Folded
from entact.conduct.record.door import Author, Held, compose, store_entry, turn_of
from entact.course import Course
from entact.course.kinds.link import LINK


def linked_population(course: Course) -> str | None:
    """The population of whom a participant is to be linked to; None where theirs asks for nobody."""
    own = course.release.file.populations.get(course.population or "")
    return None if own is None else own.linked_to


def link(asked: Asked, number: str, author: Author) -> str:
    """Links a participant to another by number; what stands against it, empty where they are linked."""
    ledger = asked.participant.ledger
    with turn_of(ledger):
        course = asked.again().course
        wanted = linked_population(course)
        if wanted is None or course.population is None:
            return gettext("This participant is linked to nobody, as the study file has it.")
        if any(one.as_ == course.population for one in course.links):
            return gettext("This participant is linked already; a link in error is withdrawn first.")
        found = find_number(asked.reader, number.strip()) if number.strip() else []
        others = [one for one in found if one.ledger != ledger]
        if len(others) != 1:
            return gettext("Nobody whom you may see has the number {number}.").format(number=number.strip())
        folded = asked.reader.folded([others[0].ledger])[others[0].ledger]
        if not isinstance(folded, Folded) or folded.course.population != wanted:
            said = gettext("{number} takes part as another than: {population}.")
            return said.format(number=others[0].number, population=wanted.replace("_", " "))
        try:
            entry = compose(
                course,
                asked.reader,
                ledger,
                author,
                asked.now,
                LINK.name,
                {"ledger": others[0].ledger, "as": course.population},
            )
        except Held as error:
            return str(error)
        store_entry(entry, author, asked.now)
    return ""
