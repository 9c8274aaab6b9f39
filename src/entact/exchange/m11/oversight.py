"""Sections 11 to 14: oversight, supporting details, references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from entact.datasets.sdtm.homes import homes_of
from entact.exchange.m11.text import Block, Line, Words, lines, table
from entact.protocol.release import Release, assumptions
from entact.protocol.words.design import Design
from entact.protocol.words.label import unit_words


def oversight_sections(release: Release) -> dict[str, Iterable[Block]]:
    """Sections 11 to 14."""
    file, design = release.file, Design(release)
    return {
        "11.2": [Line(name.replace("_", " "), str(said)) for name, said in file.roles.items()],
        "11.3": lines(one for one in design.design() if one.term.startswith("Consent: ")),
        "11.4": [Line("committee", str(file.roles["committee"]))] if "committee" in file.roles else [],
        "11.9": lines(design.verification()),
        "12": _assumed(release),
        "12.1": _laboratory(release),
        "12.3": [Words("This protocol has not been amended.")] if file.amendment is None else [],
        "14": [Line(name, text) for name, text in file.sources.items()],
    }


def _assumed(release: Release) -> Iterator[Block]:
    """What the study file marks as not confirmed: a reader of the protocol has to know it."""
    found = [(field.removesuffix(".assumption"), text) for field, text in assumptions(release)]
    if found:
        yield Words("What the study file marks as an assumption, by its field:")
    yield from table(("Field", "What is assumed"), found)


def _laboratory(release: Release) -> Iterator[Block]:
    rows = [
        (str(release.forms[form].items[item].title or home.name), unit_words(home.unit) if home.unit else "")
        for form, items in homes_of(release).by_form.items()
        for item, home in items.items()
        if home.domain == "LB" and item in release.forms[form].items
    ]
    yield from table(("Test", "Unit"), dict.fromkeys(rows))
