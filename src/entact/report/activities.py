"""The schedule of activities as a table: rows are visits, columns activities, notes times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from entact.datasets import ScheduledVisit, Synopsis
from entact.report.lettering import abbreviation

MARKS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands where a visit meets an activity: how often it is done there, and its footnote."""

    times: int
    footnote: str | None

    @property
    def text(self) -> str:
        return "●" if self.times == 1 else f"{self.times} ×"


@dataclass(frozen=True, slots=True)
class ActivitiesTable:
    """The table.

    Attributes:
        columns: activity -> title. rows: visits with activity -> mark. footnotes: mark -> text.
        abbreviations: those in the short titles of columns, with what they stand for.
    """

    columns: Mapping[str, str]
    rows: tuple[tuple[ScheduledVisit, Mapping[str, Mark]], ...]
    footnotes: Mapping[str, str]
    abbreviations: Mapping[str, str]


def activities_table(synopsis: Synopsis) -> ActivitiesTable:
    """The schedule of activities of a study; readings at the same times share a footnote."""
    notes: dict[str, str] = {}
    rows = []
    for visit in synopsis.visits:
        marks = {activity: Mark(1, None) for activity in visit.activities}
        for activity, times in visit.timed.items():
            text = f"{synopsis.activities[activity]}: {'; '.join(times)}"
            letter = notes.setdefault(text, _letter(len(notes)))
            marks[activity] = Mark(len(times) + (activity in visit.activities), letter)
        rows.append((visit, marks))
    short = filter(None, map(abbreviation, synopsis.activities.values()))
    footnotes = {letter: text for text, letter in notes.items()}
    return ActivitiesTable(synopsis.activities, tuple(rows), footnotes, dict(short))


def _letter(place: int) -> str:
    """a to z, then aa, bb and so on."""
    return MARKS[place % len(MARKS)] * (place // len(MARKS) + 1)
