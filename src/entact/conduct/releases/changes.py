"""What a release changes, place by place in the study's own words: what stood there, and what stands now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from entact.conduct.language.codes import code_words
from entact.conduct.language.rules import told_rule
from entact.conduct.words import lower_words, title_of_form, title_of_item, title_of_visit, words
from entact.protocol import Release
from entact.protocol.amendment import ABSENT, Difference, differences
from entact.protocol.words.change import members_changed, rules_in_words, value_text

LONGEST: Final = 400  # characters of a value that a page shows; a whole form that is new has thousands


@dataclass(frozen=True)
class Changed:
    """One change: where, for whom, and what stood there and stands now; None where there is nothing.

    Attributes:
        field: the place in the file. called: the same as people call it. because: why, where it is said.
    """

    field: str
    called: str
    applies: str
    because: str
    before: str | None
    after: str | None


def changes_of(old: Release, new: Release) -> tuple[Changed, ...]:
    """Every change that somebody can notice, in the order of the file."""
    found = (one for one in differences(old.data, new.data) if not one.only_explains)
    return tuple(row for one in found for row in _rows(one, old, new))


def _rows(one: Difference, old: Release, new: Release) -> Iterator[Changed]:
    rules = rules_in_words(one, old, new)
    before, after = (None if value is ABSENT else value for value in (one.before, one.after))
    parts = [("", before, after)]
    if isinstance(before, list) and isinstance(after, list):
        parts = list(members_changed(before, after)) or parts  # the same members in another order
    for member, was, now in parts:
        yield Changed(
            one.field + member,
            _called(one.place, member, old if after is None else new),
            code_words(one.applies or ""),
            one.because or "",
            _said(was, rules),
            _said(now, rules),
        )


def _said(value: Any, rules: dict[str, str]) -> str | None:
    if value is None:
        return None
    text = told_rule(rules[value]) if isinstance(value, str) and value in rules else value_text(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"


def _called(place: tuple[str, ...], member: str, release: Release) -> str:
    """A place of the study file as people call it: forms, items and visits by their titles."""
    first, *rest = place
    told = [words(first)]
    form = release.forms.get(rest[0]) if first == "forms" and rest else None
    if first == "schedule" and rest:
        told, rest = [title_of_visit(rest[0], release.visits)], rest[1:]
    elif form is not None:
        told, rest = [title_of_form(form)], rest[1:]
        if len(rest) > 1 and rest[0] == "items" and rest[1] in form.items:
            told, rest = [*told, title_of_item(form, rest[1])], rest[2:]
    number, _, part = member.strip("[").partition("]")  # as in `[6].within`
    within = [lower_words(part.strip("."))] if part else []
    named = ", ".join([*told, *(lower_words(one) for one in rest)])
    return ", ".join([f"{named} {number}".rstrip(), *within])
