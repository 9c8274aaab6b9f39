"""Frame `questionnaires`: one row for each participant, form as filled in, and parameter (ADQS-like)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from entact.course.state.encounter import visit_of
from entact.course.state.form import Answers
from entact.course.state.rating import rating_at
from entact.datasets.codebook import Parameter
from entact.datasets.person import Person

SCHEMA = {
    "USUBJID": pl.String,
    "FORM": pl.String,
    "PARAMCD": pl.String,
    "AVISIT": pl.String,
    "AVISITN": pl.Int64,
    "ADT": pl.Date,
    "ADY": pl.Int64,
    "AVAL": pl.Float64,
    "AVALC": pl.String,
    "ABLFL": pl.Boolean,
    "BASE": pl.Float64,
    "CHG": pl.Float64,
    "ANL01FL": pl.Boolean,
    "ONTRTFL": pl.Boolean,
}


def rows(person: Person) -> Iterator[tuple[Any, ...]]:
    """Rows of one participant.

    AVAL is a number, or 1 and 0 for yes and no; AVALC a code; both are null where the value is unknown. BASE
    is the value at the visit from which the study file's endpoints count a change, else the last known one;
    never one of after the first dose. ANL01FL is the row that counts for a planned visit (see
    `course.state.rating`); ONTRTFL: before treatment was stopped.
    """
    for one in assessed(person):
        is_code = one.parameter.kind == "code"
        for answers, said, value, change, counts in zip(
            one.filled, one.rated, one.values, one.changes, one.counts, strict=True
        ):
            yield (
                person.usubjid,
                one.parameter.form,
                one.parameter.code,
                said.visit or None,
                said.number,
                said.day,
                said.study_day,
                value,
                answers.values.get(one.parameter.name) if is_code else None,
                answers is one.baseline,
                one.base,
                change,
                counts,
                said.on_treatment,
            )


class Rated(NamedTuple):
    """What is the same of every parameter of a form as filled in."""

    visit: str
    number: int | None
    day: date | None
    study_day: int | None
    on_treatment: bool


class Assessed(NamedTuple):
    """A parameter of one participant, as often as its form was filled in.

    `values`, their `changes` from `base`, and whether each `counts` for its visit are one for each of
    `filled`; so is `rated`, which is the same list for all parameters of a form. A code has no value.
    """

    parameter: Parameter
    filled: list[Answers]
    rated: list[Rated]
    values: list[float | None]
    baseline: Answers | None
    base: float | None
    changes: list[float | None]
    counts: list[bool]


def assessed(person: Person) -> Iterator[Assessed]:
    """Each parameter whose form was filled in; what it means stands at `rows`."""
    book = person.book
    by_form: dict[str, list[Parameter]] = {}
    for parameter in book.parameters.values():
        by_form.setdefault(parameter.form, []).append(parameter)
    for form, parameters in by_form.items():
        filled = list(person.answers(form))
        if not filled:
            continue
        rated = list(_rated(person, filled))
        by_visit: dict[str, list[Answers]] = {}
        for one, said in zip(filled, rated, strict=True):
            by_visit.setdefault(said.visit, []).append(one)
        held = by_visit.keys() & book.visits.keys()
        for parameter in parameters:
            name = parameter.name
            baseline = _baseline(person, parameter, filled)
            [base] = [None] if baseline is None else _numbers(parameter, [baseline])
            counted = {id(rating_at(person.course, by_visit[visit], visit, name)) for visit in held}
            values = _numbers(parameter, filled)
            changes: list[float | None] = [None] * len(filled)
            if baseline is not None and base is not None:
                changes = [
                    value - base if value is not None and one.at > baseline.at else None
                    for one, value in zip(filled, values, strict=True)
                ]
            counts = [id(one) in counted for one in filled]
            yield Assessed(parameter, filled, rated, values, baseline, base, changes, counts)


def _rated(person: Person, filled: list[Answers]) -> Iterator[Rated]:
    for one in filled:
        visit, day = visit_of(one.encounter), person.day(one.at)
        planned = person.book.visits.get(visit)
        number = planned.number if planned else None
        yield Rated(visit, number, day, person.study_day(day), person.on_treatment(one.at))


def _numbers(parameter: Parameter, filled: list[Answers]) -> list[float | None]:
    if parameter.kind == "code":
        return [None] * len(filled)
    said = [one.values.get(parameter.name) for one in filled]
    return [None if one is None else float(one) for one in said]


def _baseline(person: Person, parameter: Parameter, filled: list[Answers]) -> Answers | None:
    visit = person.book.baselines.get(parameter.form)
    if visit is not None:
        found = person.at_baseline(parameter.form, visit, parameter.name)
        return found if found is not None and found.values.get(parameter.name) is not None else None
    if person.may_be_rated_again:
        return None
    first = person.begun_at
    known = [
        one
        for one in filled
        if one.values.get(parameter.name) is not None and (first is None or one.at <= first)
    ]
    return known[-1] if known else None
