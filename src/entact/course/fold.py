"""Entries to a course."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from entact.course.course import Course, of_entries
from entact.course.entry import Entry, Kept, Line, read

if TYPE_CHECKING:
    from entact.protocol.release import Study


def fold(study: Study, entries: Iterable[Entry], *, known_to: int | None = None) -> Course:
    """The course that a set of entries makes, whatever their order of arrival.

    Args:
        study: all releases. entries: of one ledger, in any order.
        known_to: counts only entries that had arrived up to this number (`seq`); what no server has kept
            yet has no number and is left out then.
    """
    if known_to is not None:
        entries = (entry for entry in entries if isinstance(entry, Kept) and entry.seq <= known_to)
    return of_entries(study, entries)


class Broken(msgspec.Struct, frozen=True):
    """A participant whose course cannot be made, and why: nobody else's is the less for it."""

    ledger: str
    problem: str


def fold_lines(study: Study, ledger: str, lines: Iterable[Line]) -> Course | Broken:
    """The course that the lines of a ledger make; what is wrong where they make none.

    That is a text that somebody changed, or a defect of entact's: whoever shows or counts many participants
    says so of the one, and goes on with the others.
    """
    entries = read_lines(ledger, lines)
    if isinstance(entries, Broken):
        return entries
    try:
        course = fold(study, entries)
        _ = course.effective
    except Exception as error:  # noqa: BLE001 - the same
        return broken(ledger, error)
    return course


def read_lines(ledger: str, lines: Iterable[Line]) -> list[Kept] | Broken:
    """The entries in the lines of a ledger; what is wrong where one cannot be read."""
    entries: list[Kept] = []
    for line in lines:
        try:
            entries.append(read(line.text))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is of this participant alone
            return Broken(ledger, f"entry {line.seq} cannot be read ({error})")
    return entries


def broken(ledger: str, error: Exception) -> Broken:
    """What is said of a participant where something went wrong with what the course says."""
    return Broken(ledger, f"the course cannot be made ({type(error).__name__}: {error})")
