"""Frame `endpoints`: the study file's endpoints, evaluated for everybody in the study."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import polars as pl

from entact.course.state.form import Answers
from entact.datasets.codebook import PlannedEndpoint
from entact.datasets.person import Person
from entact.protocol.release import Release
from entact.protocol.rule import RuleError, Unknown

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "USUBJID": pl.String,
    "PARAMCD": pl.String,
    "AVISIT": pl.String,
    "AVISITN": pl.Int64,
    "ADT": pl.Date,
    "AVAL": pl.Float64,
    "BASE": pl.Float64,
    "ANL01FL": pl.Boolean,
    "ONTRTFL": pl.Boolean,
    "ESTFL": pl.Boolean,
    "ESTIMANDS": pl.String,
    "EVENTS": pl.String,
    "CNSR": pl.Int64,
}
_Seen = tuple[Any, datetime | None, tuple[str, ...]]


def rows(person: Person, release: Release, failures: list[tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    """Rows of one participant; see `sourced`."""
    return (values for _, values in sourced(person, release, failures))


def sourced(
    person: Person, release: Release, failures: list[tuple[str, str]]
) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """Rows of one participant, each with the entries of the answers it was made of.

    There is one for each endpoint and visit at which its rule can be evaluated.

    AVAL is the number, or 1 and 0 for true and false, and null where the rule stays unknown. ANL01FL marks
    the visit for which the endpoint is defined; ADT is the day of the latest answer used, BASE the (first)
    value of an earlier visit that the endpoint compares with. ESTFL says whether the estimand of the
    endpoint's analysis counts it, given the intercurrent events before; ESTIMANDS are all of the plan's that
    do, with a space between them. Of a visit that is not planned for this person, of another population or of
    a track that has not opened, there is a row only where the value is known: it is nothing that could be
    missing. EVENTS are the participant's intercurrent events of the plan, each with its
    day, as in `stopped=2026-03-01`; of a plan that describes none, when treatment was stopped.

    Of the time until an event there is one row: AVAL are the days from its start to the first on which the
    event is known, with CNSR 0; else to the last on which it is known not to have come, with CNSR 1.

    Args:
        release: whose endpoints are evaluated. failures: gets (endpoint at visit, message) of rules that fail
            although everything they name is known.
    """
    if not person.entered:
        return
    own = release.visits_of(person.population, person.course.tracks)
    events = " ".join(f"{name}={on.isoformat()}" for name, on in person.intercurrent)
    for name, planned in person.book.endpoints.items():
        by_plan = (one.estimand for one in person.book.analyses if one.endpoint == name)
        estimands = sorted({planned.estimand, *by_plan})
        before = {
            f"{visit}.{parameter}": person.at_baseline(form, visit, item)
            for visit, parameters in planned.earlier.items()
            for parameter, (form, _, item) in ((one, one.partition(".")) for one in parameters)
        }
        earlier = {said: _value(answers, said.partition(".")[2]) for said, answers in before.items()}
        if planned.kind == "time":
            found = [_seen(person, release, name, visit, earlier, failures) for visit in planned.asked]
            latest, ended = _until(found)
            start, day = start_of(person, planned), person.day(latest)
            time = None if start is None or day is None or day < start else float((day - start).days)
            used = tuple(entry for one in found for entry in one[2])
            seen = [(planned.at, time, latest, None if time is None else 1 - int(ended), used)]
        else:
            at = {visit: _seen(person, release, name, visit, earlier, failures) for visit in planned.visits}
            seen = [
                (visit, _number(value), latest, None, used) for visit, (value, latest, used) in at.items()
            ]
        compared = [one.entry for one in before.values() if one is not None]
        for visit, value, latest, censored, used in seen:
            if visit not in own and value is None:
                continue
            counting = [one for one in estimands if latest is not None and person.counts(one, latest)]
            values = (
                person.usubjid,
                name,
                visit,
                person.book.visits[visit].number,
                person.day(latest),
                value,
                _number(next(iter(earlier.values()), None)),
                visit == planned.at,
                None if latest is None else person.on_treatment(latest),
                None if latest is None else planned.estimand in counting,
                " ".join(counting),
                events,
                censored,
            )
            yield tuple(dict.fromkeys([*used, *compared])), values


def _seen(
    person: Person,
    release: Release,
    name: str,
    visit: str,
    earlier: dict[str, Any],
    failures: list[tuple[str, str]],
) -> _Seen:
    """The value of an endpoint at a visit, when the latest answer used was given, and their entries."""
    planned = person.book.endpoints[name]
    used = _answers(person, release, planned, visit)
    values = earlier | {parameter: _value(answers, parameter) for parameter, answers in used.items()}
    try:
        value = release.endpoints[name].rule.evaluate(values)
    except (RuleError, ValueError) as problem:
        failures.append((f"{name} at {visit}", str(problem)))
        value = Unknown(frozenset())
    known = [one for one in used.values() if one is not None]
    return value, max((one.at for one in known), default=None), tuple(one.entry for one in known)


def _until(found: list[_Seen]) -> tuple[datetime | None, bool]:
    """When an event was first known to have come; else when it was last known that it had not."""
    came = [at for value, at, _ in found if value is True and at is not None]
    if came:
        return min(came), True
    return max((at for value, at, _ in found if value is False and at is not None), default=None), False


def start_of(person: Person, planned: PlannedEndpoint) -> date | None:
    """The day that a time is counted from; None where that has not come."""
    course = person.course
    if planned.after is None:
        entry = course.randomisation if person.book.randomised else course.enrolment
        return person.day(None if entry is None else entry.at)
    held = [one.started for one in course.encounters.values() if one.visit == planned.after]
    return person.day(min((at for at in held if at is not None), default=None))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, bool | int | float) else None


def _answers(
    person: Person, release: Release, planned: PlannedEndpoint, visit: str
) -> dict[str, Answers | None]:
    """Parameter -> the answers at the visit; of a lasting form the last ones of all in which it is known."""
    used: dict[str, Answers | None] = {}
    for parameter in planned.names:
        form, _, item = parameter.partition(".")
        if release.forms[form].lasting:
            used[parameter] = person.last_known(form, item)
        else:
            used[parameter] = person.at_visit(form, visit, item)
    return used


def _value(answers: Answers | None, parameter: str) -> Any:
    return None if answers is None else answers.values.get(parameter.partition(".")[2])
