"""One row of a list as another system wrote it: what it says, and when it was told."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from typing import Any, Final

from entact.course import Course
from entact.exchange.records.answers import answer_of, day_of, moment_of
from entact.exchange.records.lists import listed
from entact.exchange.records.mapping import Dates, Goes, RecordMapping
from entact.exchange.records.row import Cell, Row, Version
from entact.protocol.release import Release
from entact.protocol.study import Item

NOON: Final = time(12)


def said_in_list(
    version: Version, name: str, release: Release, mapping: RecordMapping, zone: tzinfo
) -> tuple[dict[str, Any], list[str]]:
    """What one version of a row says, by field; and what is wrong with it, each with its place."""
    items = listed(release)[name]
    found: dict[str, Any] = {}
    problems = []
    for item, cell in version.cells.items():
        goes = mapping.items.get(cell.name) or Goes(to=f"{name}.{item}")
        try:
            answer = _answer(cell, item, items[item], goes, mapping, zone)
        except ValueError as problem:
            problems.append(f"{cell.place}: {cell.name}: {problem}")
            continue
        if answer is not None:
            found[item] = answer
    return found, problems


def told_at(row: Row, course: Course, mapping: RecordMapping, zone: tzinfo, now: datetime) -> datetime:
    """When a row was told: as it says itself, else as the visit began that the mapping names, else when it
    was entered there. On which day something began the row says besides, and perhaps in part.

    Raises:
        ValueError: when that is not known, or lies in the future.
    """
    said, filled = row.versions[0], mapping.forms.get(row.form)
    visit = filled.visit if filled is not None else ""
    begun = course.encounters.get(visit if "#" in visit else f"{visit}#1") if visit else None
    found = _moment(said.at, mapping.dates, zone)
    if found is None and begun is not None:
        found = begun.started
    found = found or _moment(said.entered, "ymd", zone)
    if found is None:
        raise ValueError(
            f"when it was told is not known; name under `forms: {{{row.form}: …}}` a variable that says the "
            "day (`at:`), or a visit that has begun here (`visit:`)"
        )
    if found > now:
        raise ValueError(f"{said.at or said.entered!r} lies in the future")
    return found


def _moment(text: str, dates: Dates, zone: tzinfo) -> datetime | None:
    """An instant, or noon of a day; None of what is known in part, on which nothing was told."""
    try:
        found = moment_of(text, dates, zone) if text else None
    except ValueError:
        return None
    if found is None or isinstance(found, datetime):
        return found
    return datetime.combine(found, NOON, zone)


def _answer(cell: Cell, name: str, item: Item, goes: Goes, mapping: RecordMapping, zone: tzinfo) -> Any:
    """The answer in a cell of a list; None of a blank one, and of what is told to be missing.

    Raises:
        ValueError: as `answer_of`.
    """
    text = cell.text.strip()
    if cell.why or text in mapping.missing:
        return None
    if item.type == "partial_date" and text and not goes.values:
        return _when(text, goes.dates or mapping.dates, zone)
    try:
        answer = answer_of(cell, item, goes, mapping, zone)
    except ValueError as problem:
        if name != "term" or goes.values:
            raise
        said = "say under `values:` which it is, or map the variable to adverse_event.verbatim"
        raise ValueError(f"{text!r} is no event of the study's list; {said}") from problem
    return None if isinstance(answer, dict) else answer


def _when(text: str, dates: Dates, zone: tzinfo) -> str:
    """A day, as much of it as is known, or an instant."""
    if ":" not in text:
        return day_of("partial_date", text, dates)
    found: datetime | date = moment_of(text, dates, zone)
    return found.isoformat()
