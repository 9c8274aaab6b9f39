"""Entries to a course."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from entact.course.course import Course, of_entries
from entact.course.entry import Entry, Kept

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
