"""Frame `subjects`: one row for each participant who consented (ADSL-like)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from entact.course.state.person import members
from entact.datasets.codebook import SETS, Codebook, Parameter
from entact.datasets.person import Person
from entact.datasets.rows import Schema

POPULATION = "COHORT"  # a column of studies with several populations
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
        **dict.fromkeys(_own_flags(book), pl.Boolean),
        **({POPULATION: pl.String} if len(book.populations) > 1 else {}),
    }


def row(person: Person) -> tuple[Any, ...]:
    """The participant's row: flags are the analysis sets, EOT the end of treatment, EOS that of the study.

    Where the study file gives a set a rule, the rule says who belongs to it.
    """
    course, book = person.course, person.book
    screening, enrolment, randomisation = course.screening, course.enrolment, course.randomisation
    dosed = len(person.first_doses)
    treatment, stopped, why_stopped = _end(person, ("treatment", "procedures"), dosed >= book.doses)
    study, left, why_left = _end(person, ("follow_up", "data_use"), course.status == "completed")
    entered = person.entered
    rated = person.is_rated_after_dose
    sets = {
        "SAFFL": dosed > 0,
        "MITTFL": entered and rated,
        "PPROTFL": entered and dosed >= book.doses and person.is_rated_at_end,
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
        *(sets[flag] for flag in ("SAFFL", "MITTFL", "PPROTFL", *_own_flags(book))),
        *([person.population] if len(book.populations) > 1 else []),
    )


def _own_flags(book: Codebook) -> list[str]:
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
