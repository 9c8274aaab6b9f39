"""Summary results of a study, as registries ask for them: plain numbers by arm, none of one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Parameter = Literal["mean", "median", "participants"]


@dataclass(frozen=True, slots=True)
class FlowOfArm:
    """How far the people of an arm came.

    Attributes:
        started: randomised, or enrolled where nobody is. completed: the study as planned.
        milestones: title -> how many reached it.
        reasons: why the others did not complete -> how many; together they are all.
    """

    started: int
    completed: int
    milestones: Mapping[str, int]
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Number:
    """What was found in an arm: of `n` people a mean with its SD, a median with its limits, or a count."""

    n: int
    value: float | None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """An analysis of the plan that compares arms.

    Attributes:
        name: in the plan. method: its name in the list of methods. title: the method in words. measure: what
            is estimated. estimate: None where there is only a test. level: of the interval. null: what p is a
            test of. standing: whether it is as planned. notes: in whom, under which estimand.
    """

    name: str
    arms: tuple[str, ...]
    method: str
    title: str
    measure: str
    estimate: float | None
    se: float | None
    low: float | None
    high: float | None
    level: float
    p: float | None
    sides: Literal[1, 2]
    null: float | None
    standing: str
    notes: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome measure, or a baseline characteristic, by arm.

    Attributes:
        endpoint: of the study file, or what the characteristic is. level: None of a characteristic.
        categories: title -> arm -> number, one without a title where there are none. unit: of the value.
    """

    endpoint: str
    title: str
    level: Literal["primary", "secondary", "other"] | None
    time_frame: str
    parameter: Parameter
    unit: str
    population: str
    categories: Mapping[str, Mapping[str, Number]]
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True)
class EventCount:
    """Of one term in one arm: events, people with one, and of the events those that were judged related,
    and those that were fatal, in all and related."""

    events: int
    people: int
    related: int = 0
    fatal: int = 0
    fatal_related: int = 0


@dataclass(frozen=True, slots=True)
class EventRow:
    """A term of the study's list, its serious or its other events by arm; `asked`: it is asked for."""

    term: str
    serious: bool
    asked: bool
    arms: Mapping[str, EventCount]


@dataclass(frozen=True, slots=True)
class EventsOfArm:
    """People of an arm who took a dose, those with a serious event, and with another that is listed; deaths
    of all causes among `started`, and those who died of an event."""

    at_risk: int
    with_serious: int
    with_other: int
    started: int
    deaths: int
    deaths_of_events: int


@dataclass(frozen=True, slots=True)
class PostedResults:
    """Summary results of an unblinded study, or of one that nobody is randomised in.

    Attributes:
        release: id with the digest. simulated: no person stands behind the numbers. arms: name -> title.
        events: all serious ones, and of the others those that more than `threshold` per cent had in any arm.
        first: day on which the first was enrolled; that a day was the last no record knows.
        unknown_seriousness: events of which it is not known whether they are serious; they stand with the
            others. left_out: what has no number here, and why.
    """

    study: str
    release: str
    simulated: bool
    arms: Mapping[str, str]
    flow: Mapping[str, FlowOfArm]
    baseline: tuple[Outcome, ...]
    outcomes: tuple[Outcome, ...]
    events: tuple[EventRow, ...]
    events_of: Mapping[str, EventsOfArm]
    threshold: float
    first: date | None
    unknown_seriousness: int
    left_out: Mapping[str, str]
