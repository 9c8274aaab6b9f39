"""What stands under a heading: words, lines with a term each, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from entact.protocol.words import Passage

UNSAID: Final = "Not stated in the study file."


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the study file says: what it is called, what is said, what is not confirmed of it."""

    term: str
    text: str
    assumption: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as its head. `narrow`: all columns but the first are marks."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    narrow: bool = False


Block = Words | Line | Table


def words(text: str) -> Iterator[Words]:
    """A paragraph, where there is something to say."""
    if text:
        yield Words(text)


def lines(passages: Iterable[Passage]) -> Iterator[Line]:
    """Passages as lines, notes after their text."""
    for one in passages:
        sentence = f"{one.text}." if one.text and one.notes and not one.text.endswith(".") else one.text
        yield Line(one.term, " ".join(filter(None, (sentence, *one.notes))), one.assumption)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, narrow: bool = False) -> Iterator[Table]:
    """A table, where it has a row."""
    found = tuple(tuple(row) for row in rows)
    if found:
        yield Table(tuple(head), found, narrow)
