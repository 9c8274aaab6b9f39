"""What is open before a lock, in words, each a link to where it is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from entact.conduct.asking import Asked
from entact.conduct.attested import form_of
from entact.conduct.entries.address import told_at
from entact.conduct.forms.place import visit_address
from entact.conduct.locks.domain import Place, Point
from entact.conduct.queries.page import entry_words
from entact.conduct.words import title_of_item, title_of_visit

MOST: Final = 25  # of each point; the others are seen as these are closed


@dataclass(frozen=True)
class Line:
    """One point: what is open, how much, the first of it in words with its address, how many without one."""

    title: str
    count: int
    links: tuple[tuple[str, str], ...]
    more: int = 0


def lines_of(asked: Asked, points: list[Point]) -> list[Line]:
    """Each point of a participant, with links for whoever asks."""
    return [
        Line(
            one.title,
            one.count,
            tuple(_link(asked, place) for place in one.places[:MOST]),
            max(one.count - MOST, 0),
        )
        for one in points
    ]


def _link(asked: Asked, place: Place) -> tuple[str, str]:
    """What a place is called and where it is seen; of what is not to be seen, whose it is and no more."""
    key, course, known = asked.key, asked.course, asked.course.release.visits
    effective = next((one for one in course.effective if place.entry in (one.id, *one.corrections)), None)
    if effective is not None and effective.id in asked.seen.entries:
        item = title_of_item(form_of(course, effective), place.item) if place.item else ""
        said = f"{entry_words(asked, effective)}{f': {item}' if item else ''}"
        return said, reverse("query", args=[key, place.query]) if place.query else told_at(key, effective)
    visit = (place.encounter or place.item).partition("#")[0]
    if visit not in known or not asked.reader.sight.sees_visit(visit):
        return asked.participant.number, reverse("matrix", args=[key])
    if place.encounter:
        return title_of_visit(visit, known), reverse("visit", args=[key, visit_address(place.encounter)])
    return title_of_visit(visit, known), reverse("matrix", args=[key])
