"""What a plan says of one person's outcomes: intercurrent events, and windows in which ratings count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING

import msgspec

from entact.course.entry.dates import read_date
from entact.course.schedule import civil_date
from entact.course.state.person import first_dose
from entact.course.state.progress import progress_of

if TYPE_CHECKING:
    from entact.course.state.encounter import EncounterState
    from entact.course.state.state import State
    from entact.protocol.study import Intercurrent, Strategy


class IntercurrentEvent(msgspec.Struct, frozen=True):
    """An event after the start of treatment that changes what an outcome means: its name, when, and why."""

    name: str
    on: date
    entry: str


def intercurrent_events(course: State, zone: tzinfo) -> list[IntercurrentEvent]:
    """The intercurrent events of the plan that a participant had, in order of time.

    Args:
        zone: of the site. Days are civil dates there; a partial date stands for the last day it may mean.
    Source: ICH E9(R1), A.3.1.
    """
    first = first_dose(course)
    if first is None:
        return []
    since = civil_date(first, zone)
    found = [
        IntercurrentEvent(name, day, entry)
        for name, said in course.release.file.analysis.intercurrent.items()
        for day, entry in _occurrences(course, said, zone)
        if day >= since
    ]
    return sorted(found, key=lambda one: (one.on, one.name, one.entry))


def strategies(course: State, estimand: str, zone: tzinfo) -> list[tuple[IntercurrentEvent, Strategy]]:
    """The events that a participant had, each with what an estimand of the plan does about it."""
    said = course.release.file.analysis.estimands.get(estimand)
    if said is None:
        return []
    events = intercurrent_events(course, zone)
    return [(event, said.strategies[event.name]) for event in events if event.name in said.strategies]


def counts_until(course: State, estimand: str, zone: tzinfo) -> date | None:
    """The last civil date whose outcomes an estimand counts; None when all of them count.

    Hypothetical and while-on-treatment strategies end at the event; treatment policy does not; composite and
    principal stratum are about the value and the person, not about time.
    """
    ends = [
        event.on
        for event, strategy in strategies(course, estimand, zone)
        if strategy in ("hypothetical", "while_on_treatment")
    ]
    return min(ends, default=None)


def analysis_windows(course: State, encounter: EncounterState, zone: tzinfo) -> dict[str, bool]:
    """The analysis windows of an encounter's visit, and whether it lies in each; none before its anchor."""
    began = encounter.started or encounter.ended
    if began is None:
        return {}
    day = civil_date(began, zone)
    found = {}
    for name, window in course.release.file.analysis.windows.items():
        if window.visit != encounter.visit:
            continue
        anchor = progress_of(course, zone).anchors.get(window.after)
        if anchor is not None:
            days = day - civil_date(anchor, zone)
            found[name] = window.within.earliest <= days <= window.within.latest
    return found


def _occurrences(course: State, said: Intercurrent, zone: tzinfo) -> Iterator[tuple[date, str]]:
    match said.on:
        case "treatment_stopped" | "procedures_stopped":
            of = said.on.removesuffix("_stopped")
            if of in course.discontinued:
                yield civil_date(course.discontinued[of].at, zone), course.discontinued[of].entry
        case "died":
            if course.died is not None:
                yield _day(course.died.date, course.died.at, zone), course.died.entry
        case "unblinded":
            if course.told is not None:
                yield civil_date(course.told.at, zone), course.told.entry
            for one in course.unblindings:
                yield civil_date(one.at, zone), one.entry
        case "medicine_begun":
            for medicine in course.medication.values():
                if medicine.medicine_class in said.classes or (not said.classes and medicine.psychiatric):
                    begun = medicine.begun
                    if medicine.started is not None or begun is not None:
                        yield _day(medicine.started, begun, zone), medicine.entry


def _day(text: str | None, otherwise: datetime | None, zone: tzinfo) -> date:
    """A date as written, or where it cannot be read the day on which it was entered."""
    found = read_date(text)
    if found is not None:
        return found.latest if found.at is None else civil_date(found.at, zone)
    assert otherwise is not None
    return civil_date(otherwise, zone)
