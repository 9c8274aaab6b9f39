"""Frames of who came how far: `disposition` (DS-like), `visits`, `deviations` (DV-like) and `findings`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import polars as pl

from entact.course.findings import findings as all_findings
from entact.course.state.encounter import visit_of
from entact.course.state.enrolment import EligibilityState
from entact.datasets.person import STOPS, Person

DISPOSITION = {
    "USUBJID": pl.String,
    "DSCAT": pl.String,
    "DSDECOD": pl.String,
    "DSTERM": pl.String,
    "DSSTDT": pl.Date,
}
VISITS = {
    "USUBJID": pl.String,
    "ENCOUNTER": pl.String,
    "AVISIT": pl.String,
    "AVISITN": pl.Int64,
    "STATUS": pl.String,
    "ADT": pl.Date,
    "ADY": pl.Int64,
    "MINUTES": pl.Float64,
    "CONTACT": pl.String,
    "LEFT": pl.String,
}
DEVIATIONS = {
    "USUBJID": pl.String,
    "DVCAT": pl.String,
    "IMPORTANCE": pl.String,
    "AVISIT": pl.String,
    "DVSTDT": pl.Date,
    "ENTRY": pl.String,
}
FINDINGS = {
    "USUBJID": pl.String,
    "RULE": pl.String,
    "ENTRY": pl.String,
    "ITEM": pl.String,
    "MESSAGE": pl.String,
    "HOLDS": pl.Boolean,
}

MILESTONE, EVENT = "PROTOCOL MILESTONE", "DISPOSITION EVENT"


def disposition(person: Person) -> Iterator[tuple[Any, ...]]:
    """Milestones reached, and how it ended. A screening failure has one row for each criterion that failed.

    DSTERM is the criterion's text, the cause that was entered, or the milestone's own name.
    """
    course = person.course

    def milestone(name: str, at: datetime | None) -> Iterator[tuple[Any, ...]]:
        if at is not None:
            yield person.usubjid, MILESTONE, name, name.lower(), person.day(at)

    consent, enrolment, randomisation = course.first_consent, course.enrolment, course.randomisation
    yield from milestone("INFORMED CONSENT OBTAINED", consent.since if consent else None)
    yield from milestone("ENROLLED", enrolment.at if enrolment else None)
    yield from milestone("RANDOMIZED", randomisation.at if randomisation else None)
    yield from milestone("TREATED", person.treated_from)
    decided = [attempt.eligibility for attempt in course.attempts[:-1] if attempt.over is not None]
    for judged in [*decided, *([course.eligibility] if course.status == "screen_failed" else [])]:
        if judged is not None:
            for text in _failed(person, judged) or ["not eligible"]:
                yield person.usubjid, EVENT, "SCREEN FAILURE", text, person.day(judged.at)
    for of in STOPS:
        if of in course.discontinued:
            stopped = course.discontinued[of]
            name = f"{of.replace('_', '-').upper()} DISCONTINUED"
            yield person.usubjid, EVENT, name, stopped.cause, person.day(stopped.at)
    if person.died_at is not None:
        yield person.usubjid, EVENT, "DEATH", "death", person.day(person.died_at)
    if person.has_finished:
        ended = max((one.ended for one in course.encounters.values() if one.ended is not None), default=None)
        yield person.usubjid, EVENT, "COMPLETED", "completed", person.day(ended)


def visits(person: Person) -> Iterator[tuple[Any, ...]]:
    """One row for each encounter: STATUS is started, ended or missed; MINUTES its length; LEFT: how."""
    for one in person.course.encounters.values():
        planned = person.book.visits.get(one.visit)
        day = person.day(one.started or one.ended)
        length = (one.ended - one.started).total_seconds() / 60 if one.started and one.ended else None
        yield (
            person.usubjid,
            one.id,
            one.visit,
            planned.number if planned else None,
            one.status,
            day,
            person.study_day(day),
            length,
            one.contact,
            one.disposition if one.status == "ended" else None,
        )


def deviations(person: Person) -> Iterator[tuple[Any, ...]]:
    """One row for each departure from the protocol (DV-like): reported, or a requirement set aside."""
    for one in person.course.deviations:
        visit = visit_of(one.encounter) or None
        yield person.usubjid, one.category, one.importance, visit, person.day(one.at), one.entry


def findings(person: Person, at: datetime | None) -> Iterator[tuple[Any, ...]]:
    """One row for each finding as seen at a time, else when the participant's last entry was made."""
    seen_at = at or (person.course.effective[-1].at if person.course.effective else None)
    if seen_at is not None:
        for one in all_findings(person.course, seen_at):
            yield person.usubjid, one.rule, one.entry, one.item or None, one.message, one.holds


def _failed(person: Person, judged: EligibilityState) -> list[str]:
    """The criteria for which a participant was not eligible, in the file's words."""
    criteria = person.course.release.criteria
    return [
        criterion.criterion.text
        for name, criterion in criteria.items()
        if judged.criteria.get(name) is (criterion.criterion.kind == "exclusion")
    ]
