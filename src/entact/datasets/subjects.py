"""Frame `subjects`: one row for each participant who consented (ADSL-like)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from entact.course.state.numbers import unit_of
from entact.course.state.person import is_without_drug, members, planned_doses
from entact.datasets.codebook import SETS, Codebook, Parameter
from entact.datasets.person import Person
from entact.datasets.rows import Schema

POPULATION = "COHORT"  # a column of studies with several populations
UNIT = "UNITID"  # and of studies that randomise people as one: who belong together, by whom the row is of
_TYPES: dict[str, type[pl.DataType]] = {"number": pl.Float64, "boolean": pl.Boolean, "code": pl.String}


def schema(book: Codebook) -> Schema:
    """Columns of `subjects`; the study's lasting forms give those after AGE and SEX."""
    return {
        "STUDYID": pl.String,
        "USUBJID": pl.String,
        "SUBJID": pl.String,
        "SCRNID": pl.String,
        "SITEID": pl.String,
        "ENVIRON": pl.String,
        **{column: _TYPES[said.kind] for column, said in book.characteristics.items()},
        "RFICDT": pl.Date,
        "ENRLDT": pl.Date,
        "RANDDT": pl.Date,
        "RANDNUM": pl.String,
        "TRTSDT": pl.Date,
        "TRTEDT": pl.Date,
        "NDOSED": pl.Int64,
        "EOTSTT": pl.String,
        "EOTDT": pl.Date,
        "DCTREAS": pl.String,
        "EOSSTT": pl.String,
        "EOSDT": pl.Date,
        "DCSREAS": pl.String,
        "DTHFL": pl.Boolean,
        "SCRFFL": pl.Boolean,
        "ENRLFL": pl.Boolean,
        "RANDFL": pl.Boolean,
        "SAFFL": pl.Boolean,
        "MITTFL": pl.Boolean,
        "PPROTFL": pl.Boolean,
        **dict.fromkeys(own_flags(book), pl.Boolean),
        **({POPULATION: pl.String} if len(book.populations) > 1 else {}),
        **({UNIT: pl.String} if book.has_units else {}),
    }


def row(person: Person) -> tuple[Any, ...]:
    """The participant's row: flags are the analysis sets, EOT the end of treatment, EOS that of the study.

    Where the study file gives a set a rule, the rule says who belongs to it. Who is of an arm without a drug
    belongs to the safety set as randomised.
    """
    course, book = person.course, person.book
    screening, enrolment, randomisation = course.screening, course.enrolment, course.randomisation
    dosed, planned = len(person.first_doses), planned_doses(course)
    is_untreated = is_without_drug(course) is True
    complete = planned is not None and dosed >= planned
    if is_untreated:  # what they are given instead lasts as long as the study
        complete = course.status == "completed"
    treatment, stopped, why_stopped = _end(person, ("treatment", "procedures"), complete)
    study, left, why_left = _end(person, ("follow_up", "data_use"), person.has_finished)
    entered = person.entered
    rated = person.is_rated_after_dose
    sets = {
        "SAFFL": dosed > 0 or (entered and is_untreated),
        "MITTFL": entered and rated,
        "PPROTFL": entered and (complete or is_untreated) and person.is_rated_at_end,
    }
    ruled = members(course, course.effective[-1].at) if course.effective else {}
    own = {book.flags[name]: held is True for name, held in ruled.items() if name in book.flags}
    sets |= {flag: held for flag, held in own.items() if flag != book.entered}
    return (
        book.study,
        person.usubjid,
        enrolment.subject if enrolment else screening.number if screening else None,
        screening.number if screening else None,
        course.site,
        course.effective[0].entry.environment if course.effective else None,
        *(_characteristic(person, said) for said in book.characteristics.values()),
        person.day(course.first_consent.since if course.first_consent else None),
        person.day(enrolment.at if enrolment else None),
        person.day(randomisation.at if randomisation else None),
        randomisation.number if randomisation else None,
        person.day(person.treated_from),
        person.day(max(person.first_doses.values(), default=None)),
        dosed,
        treatment if entered else None,
        person.day(stopped) if entered else None,
        why_stopped if entered else None,
        study if entered else None,
        person.day(left),
        why_left,
        course.died is not None,
        course.status == "screen_failed",
        enrolment is not None,
        randomisation is not None,
        *(sets[flag] for flag in ("SAFFL", "MITTFL", "PPROTFL", *own_flags(book))),
        *([person.population] if len(book.populations) > 1 else []),
        *([_unit(person)] if book.has_units else []),
    )


def _unit(person: Person) -> str:
    """Whose unit somebody is of; their own, where the others are linked to them or nobody is."""
    head = unit_of(person.course)
    return person.usubjid if head is None else f"{person.book.study}-{head.partition(':')[2]}"


def own_flags(book: Codebook) -> list[str]:
    """Flags of analysis sets that only this study has."""
    return [flag for flag in book.flags.values() if flag not in {*SETS.values(), book.entered}]


def _end(person: Person, of: tuple[str, ...], complete: bool) -> tuple[str, datetime | None, str | None]:
    """How treatment or study ended (CDISC codelist SBJTSTAT), when, and why if early."""
    course = person.course
    stops = [course.discontinued[one] for one in of if one in course.discontinued]
    died_at = person.died_at
    if died_at is not None and not complete and all(died_at <= one.at for one in stops):
        return "DISCONTINUED", died_at, "death"
    if stops:
        first = min(stops, key=lambda one: one.at)
        return "DISCONTINUED", first.at, first.cause
    return ("COMPLETED" if complete else "ONGOING"), None, None


def _characteristic(person: Person, said: Parameter) -> Any:
    found = person.last_known(said.form, said.name)
    value = None if found is None else found.values[said.name]
    return float(value) if value is not None and said.kind == "number" else value
