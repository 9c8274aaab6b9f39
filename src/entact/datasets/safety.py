"""Frames of safety: `events` (ADAE-like) and `alerts`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import polars as pl

from entact.course.entry.dates import read_date
from entact.course.kinds.calls import calls_of
from entact.course.state.encounter import visit_of
from entact.course.state.safety import AdverseEventState
from entact.datasets.person import Person

EVENTS = {
    "USUBJID": pl.String,
    "AESEQ": pl.Int64,
    "AECODE": pl.String,
    "AEDECOD": pl.String,
    "AESTDTC": pl.String,
    "AEENDTC": pl.String,
    "ASTDT": pl.Date,
    "ASTDY": pl.Int64,
    "AESEV": pl.String,
    "AESER": pl.Boolean,
    "AEREL": pl.String,
    "AEOUT": pl.String,
    "AEACN": pl.String,
    "VALENCE": pl.String,
    "AESI": pl.String,
    "SOLICIT": pl.Boolean,
    "TRTEMFL": pl.Boolean,
    "SESSION": pl.String,
    "ARELTM": pl.Float64,
}
ALERTS = {
    "USUBJID": pl.String,
    "ALERT": pl.String,
    "AVISIT": pl.String,
    "ADT": pl.Date,
    "UNKNOWN": pl.Boolean,
    "MISSING": pl.String,
    "OPEN": pl.Boolean,
    "ENTRY": pl.String,
    "EPISODE": pl.Int64,
    "READINGS": pl.Int64,
    "CALLS": pl.Int64,
    "ANSTM": pl.Float64,
}


def events(person: Person) -> Iterator[tuple[Any, ...]]:
    """One row for each adverse event, favourable ones too.

    SESSION and ARELTM are the last dosing session before the onset and the minutes since its initial dose.
    TRTEMFL (treatment-emergent) takes an onset of which only a date is known as late as can be; an event from
    before the first dose is one too, if it became worse afterwards (ICH E9). AESEV is the worst severity.
    VALENCE is what was entered, else the term's.
    """
    book = person.book
    for number, event in enumerate(person.course.adverse_events.values(), start=1):
        if event.begun is not None and not person.may_use(event.begun):
            continue
        term = book.terms.get(event.term or "")
        at, day, latest = _onset(person, event.onset, event.begun)
        after = None if at is None else person.last_dose_before(at)
        yield (
            person.usubjid,
            number,
            event.term,
            term.title if term else None,
            event.onset,
            event.resolved,
            day,
            person.study_day(day),
            event.worst_severity,
            event.serious,
            event.related,
            event.outcome,
            event.action,
            event.valence or (term.valence if term else None),
            term.special_interest if term else None,
            event.solicited,
            _is_emergent(person, event, at, latest),
            after[0] if after else None,
            after[1] if after else None,
        )


def alerts(person: Person) -> Iterator[tuple[Any, ...]]:
    """One row for each alert of each episode: READINGS by which it held, and CALLS, of which the first was
    answered after ANSTM minutes; UNKNOWN could not be evaluated, OPEN waits for an answer."""
    course = person.course
    places = {one.id: one for one in course.effective} if course.alerts else {}
    for number, episode in enumerate(course.alerts, start=1):
        calls = calls_of(course, episode)
        answered = calls[0].answered_at
        minutes = None if answered is None else (answered - calls[0].at).total_seconds() / 60
        for name in episode.alerts:
            yield (
                person.usubjid,
                name,
                visit_of(places[episode.entry].entry.encounter) or None,
                person.day(episode.began),
                episode.cannot_evaluate,
                ", ".join(episode.missing) or None,
                calls[-1].answer is None,
                episode.entry,
                number,
                len(episode.held),
                len(calls),
                minutes,
            )


def _onset(
    person: Person, text: str | None, begun: datetime | None
) -> tuple[datetime | None, date | None, date | None]:
    """The instant of an onset and its day, as far as they are known, and the last day that it may mean."""
    found = read_date(text)
    if found is None:
        return None, None, person.day(begun)
    if found.at is not None:
        return found.at, person.day(found.at), person.day(found.at)
    return None, found.latest if found.exact else None, found.latest


def _is_emergent(
    person: Person, event: AdverseEventState, at: datetime | None, latest: date | None
) -> bool | None:
    first = person.begun_at
    if first is None:
        return None if person.is_cut else False  # it may have become worse since
    first_day = person.day(first)
    if at is not None:
        begun_after: bool | None = at >= first
    else:
        begun_after = None if latest is None or first_day is None else latest >= first_day
    return True if event.became_worse(first) else begun_after
