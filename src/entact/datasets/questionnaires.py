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
    """Rows of one participant; see `sourced`."""
    return (values for _, _, values in sourced(person))


def sourced(person: Person) -> Iterator[tuple[Answers, Parameter, tuple[Any, ...]]]:
    """Rows of one participant, each with the answers and the parameter that it is of.

    AVAL is a number, or 1 and 0 for yes and no; AVALC a code; both are null where the value is unknown. BASE
    is the value at the visit from which the study file's endpoints count a change, else the last known one;
    never one of after the first dose. ANL01FL is the row that counts for a planned visit (see
    `course.state.rating`); ONTRTFL: before treatment was stopped.
    """
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
            baseline = _baseline(person, parameter, filled)
            base = None if baseline is None else _number(parameter, baseline)
            counted = {
                visit: rating_at(person.course, by_visit[visit], visit, parameter.name) for visit in held
            }
            for one, said in zip(filled, rated, strict=True):
                value = _number(parameter, one)
                later = baseline is not None and one.at > baseline.at
                values = (
                    person.usubjid,
                    form,
                    parameter.code,
                    said.visit or None,
                    said.number,
                    said.day,
                    said.study_day,
                    value,
                    one.values.get(parameter.name) if parameter.kind == "code" else None,
                    one is baseline,
                    base,
                    value - base if later and value is not None and base is not None else None,
                    said.visit in held and counted[said.visit] is one,
                    said.on_treatment,
                )
                yield one, parameter, values


class _Rated(NamedTuple):
    """What is the same of every parameter of a form as filled in."""

    visit: str
    number: int | None
    day: date | None
    study_day: int | None
    on_treatment: bool


def _rated(person: Person, filled: list[Answers]) -> Iterator[_Rated]:
    for one in filled:
        visit, day = visit_of(one.encounter), person.day(one.at)
        planned = person.book.visits.get(visit)
        number = planned.number if planned else None
        yield _Rated(visit, number, day, person.study_day(day), person.on_treatment(one.at))


def _number(parameter: Parameter, answers: Answers) -> float | None:
    value = answers.values.get(parameter.name)
    return None if value is None or parameter.kind == "code" else float(value)


def _baseline(person: Person, parameter: Parameter, filled: list[Answers]) -> Answers | None:
    visit = person.book.baselines.get(parameter.form)
    if visit is not None:
        found = person.at_baseline(parameter.form, visit, parameter.name)
        return found if found is not None and found.values.get(parameter.name) is not None else None
    first = person.begun_at
    known = [
        one
        for one in filled
        if one.values.get(parameter.name) is not None and (first is None or one.at <= first)
    ]
    return known[-1] if known else None
