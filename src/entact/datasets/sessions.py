"""Frames of the dosing sessions and of blinding: `vitals`, `doses`, `guesses`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from entact.course.state.encounter import visit_of
from entact.datasets.person import Person

VITALS = {
    "USUBJID": pl.String,
    "AVISIT": pl.String,
    "AVISITN": pl.Int64,
    "ATPT": pl.String,
    "ADT": pl.Date,
    "ARELTM": pl.Float64,
    "PARAMCD": pl.String,
    "AVAL": pl.Float64,
    "AVALU": pl.String,
}
DOSES = {
    "USUBJID": pl.String,
    "AVISIT": pl.String,
    "AVISITN": pl.Int64,
    "EXPART": pl.String,
    "EXLEVEL": pl.String,
    "KITNUM": pl.String,
    "ADT": pl.Date,
    "ARELTM": pl.Float64,
    "DISPENSED": pl.Int64,
    "TAKEN": pl.Int64,
    "RETURNED": pl.Int64,
    "LOST": pl.Int64,
    "OUTCOME": pl.String,
}
GUESSES = {
    "USUBJID": pl.String,
    "AVISIT": pl.String,
    "AVISITN": pl.Int64,
    "ADT": pl.Date,
    "GUESSER": pl.String,
    "PERSON": pl.String,
    "GUESS": pl.String,
    "CONFID": pl.Int64,
    "ANL01FL": pl.Boolean,
}


def vitals(person: Person) -> Iterator[tuple[Any, ...]]:
    """One row for each reading and sign; ARELTM is in minutes since the initial dose of the session."""
    for one in person.course.vitals:
        if not person.may_use(one.at):
            continue
        visit = visit_of(one.encounter)
        planned = person.book.visits.get(visit)
        day, minutes = person.day(one.at), person.minutes_since_dose(one.encounter, one.at)
        for name, sign in person.book.vital_signs.items():
            value = one.values.get(name)
            if isinstance(value, int | float):
                yield (
                    person.usubjid,
                    visit or None,
                    planned.number if planned else None,
                    one.timepoint,
                    day,
                    minutes,
                    name,
                    float(value),
                    sign.unit,
                )


def doses(person: Person) -> Iterator[tuple[Any, ...]]:
    """One row for each dose part: units of the kit and the nominal level, never the content."""
    for one in person.course.doses:
        if person.may_use(one.at):
            planned = person.book.visits.get(one.session)
            yield (
                person.usubjid,
                one.session or None,
                planned.number if planned else None,
                one.part,
                one.level,
                one.kit,
                person.day(one.at),
                person.minutes_since_dose(one.encounter, one.at),
                one.dispensed,
                one.taken,
                one.returned,
                one.lost,
                one.outcome,
            )


def guesses(person: Person) -> Iterator[tuple[Any, ...]]:
    """Rows of one participant; see `sourced_guesses`."""
    return (values for _, values in sourced_guesses(person))


def sourced_guesses(person: Person) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """One row for each guess, with its entry; ANL01FL marks the last one of each person who guessed.

    What somebody said who had been told is no guess, and in no row.
    """
    used = [one for one in person.course.guesses if person.may_use(one.at) and not one.told]
    last = {(one.guesser, one.by): one for one in used}
    for one in used:
        visit = visit_of(one.encounter)
        planned = person.book.visits.get(visit)
        values = (
            person.usubjid,
            visit or None,
            planned.number if planned else None,
            person.day(one.at),
            one.guesser,
            one.by,
            one.arm,
            one.confidence,
            last[one.guesser, one.by] is one,
        )
        yield one.entry, values


def peaks(readings: pl.DataFrame) -> pl.DataFrame:
    """The greatest value of each sign in each session after the initial dose, one row for each participant.

    Args:
        readings: the frame `vitals`.
    Returns:
        USUBJID, AVISIT, AVISITN, PARAMCD, AVALU, AVAL (the peak), BASE (last value before the dose), CHG.
    """
    keys = ["USUBJID", "AVISIT", "AVISITN", "PARAMCD", "AVALU"]
    timed = readings.filter(pl.col("ARELTM").is_not_null())
    peak = timed.filter(pl.col("ARELTM") > 0).group_by(keys).agg(pl.col("AVAL").max())
    before = (
        timed.filter(pl.col("ARELTM") <= 0).sort("ARELTM").group_by(keys[:4]).agg(BASE=pl.col("AVAL").last())
    )
    joined = peak.join(before, on=keys[:4], how="left")
    return joined.with_columns(CHG=pl.col("AVAL") - pl.col("BASE")).sort(keys[:4])
