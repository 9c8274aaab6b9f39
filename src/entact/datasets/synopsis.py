"""The synopsis of a study: what a report says of the study file, as plain data and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from entact.course.state.form import VITALS
from entact.datasets.codebook import words
from entact.protocol.quantity import parse_duration
from entact.protocol.release import Release, assumptions
from entact.protocol.study import Visit

Relation = Literal["<", "<=", ">", ">="]

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_EVENTS = {
    "consent": "consent",
    "washout_end": "the end of washout",
    "enrolment": "enrolment",
    "randomisation": "randomisation",
    "initial": "the initial dose",
}
_LIMIT = re.compile(rf"\b{VITALS}\.(\w+)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class ScheduledVisit:
    """A row of the schedule of activities.

    Attributes:
        window: when it takes place, in words. lasts: how long, in words. by: role, where it is not the site.
        activities: names done once. timed: name -> times in the session, in words.
    """

    name: str
    title: str
    kind: str
    contact: str
    window: str
    lasts: str | None
    by: str | None
    regimens: tuple[str, ...]
    activities: tuple[str, ...]
    timed: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on a vital sign, as a gate or an alert of the study file has it.

    Attributes:
        sign: item of the vital signs. relation: of the sign to the value, for the gate to open or the alert
            to be raised.
        of: `gate` or `alert`. name: its name. title: in words.
    """

    sign: str
    relation: Relation
    value: float
    of: Literal["gate", "alert"]
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something in the study file that could not be confirmed: where it stands, and what is assumed."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Synopsis:
    """The study file as a report tells it.

    Attributes:
        release: id with the digest. version: as the file calls it. regimens: dose level -> what is given.
        activities: name -> title, in order of first use in the schedule. alerts: name -> title.
        sources: short name -> citation.
    """

    study: str
    title: str
    registry: str | None
    phase: str | None
    condition: str
    release: str
    version: str
    planned: int
    planned_sites: int
    regimens: Mapping[str, str]
    visits: tuple[ScheduledVisit, ...]
    activities: Mapping[str, str]
    limits: tuple[Limit, ...]
    alerts: Mapping[str, str]
    assumptions: tuple[Assumption, ...]
    sources: Mapping[str, str]


def synopsis(release: Release) -> Synopsis:
    """What a report says of a release of a study."""
    file = release.file
    visits = tuple(_scheduled(release, name, visit) for name, visit in release.visits.items())
    used = dict.fromkeys(
        activity for visit in release.visits.values() for activity in (*visit.do, *_timed(visit))
    )
    return Synopsis(
        study=file.study,
        title=file.title,
        registry=file.registry,
        phase=None if file.phase is None else str(file.phase),
        condition=file.condition,
        release=release.id,
        version=file.release,
        planned=sum(population.planned for population in file.populations.values()),
        planned_sites=len(file.sites),
        regimens={name: _regimen(release, name) for name in file.regimens},
        visits=visits,
        activities={name: _activity(release, name) for name in used},
        limits=tuple(_limits(release)),
        alerts={name: alert.title for name, alert in file.alerts.items()},
        assumptions=tuple(Assumption(path, text) for path, text in assumptions(release)),
        sources=dict(file.sources),
    )


def span(length: timedelta, *, in_weeks: bool = False) -> str:
    """A length of time in words: `90 min`, `8 h`, `21 days`; whole weeks as such where that is asked."""
    unit = "week" if in_weeks and not length % (7 * _DAY) else _unit(length)
    number = _measure(length, unit)
    return f"{number} {_plural(number, unit)}"


def _unit(*lengths: timedelta) -> str:
    """The largest of days, hours and minutes in which all of them are whole numbers."""
    if all(not length % _DAY for length in lengths):
        return "day"
    return "h" if all(not length % _HOUR for length in lengths) else "min"


def _measure(length: timedelta, unit: str) -> str:
    size = {"week": 7 * _DAY, "day": _DAY, "h": _HOUR, "min": _MINUTE}[unit]
    return f"{length / size:g}"


def _plural(number: str, unit: str) -> str:
    return unit + "s" if unit in ("day", "week") and number != "1" else unit


def _between(low: timedelta, high: timedelta) -> str:
    if low == high:
        return span(low)
    unit = _unit(low, high)
    first, last = _measure(low, unit), _measure(high, unit)
    return f"{first} to {last} {_plural(last, unit)}"


def _scheduled(release: Release, name: str, visit: Visit) -> ScheduledVisit:
    return ScheduledVisit(
        name=name,
        title=visit.title or words(name),
        kind=visit.kind,
        contact=visit.contact.replace("_", " "),
        window=_window(release, visit),
        lasts=None if visit.lasts is None else span(visit.lasts),
        by=visit.by,
        regimens=visit.levels,
        activities=tuple(visit.do),
        timed={activity: tuple(map(_time, times)) for activity, times in _timed(visit).items()},
    )


def _timed(visit: Visit) -> dict[str, list[str]]:
    timed: dict[str, list[str]] = {}
    for readings in visit.timed:
        timed.setdefault(readings.do, []).extend(readings.at)
    return timed


def _time(timepoint: str) -> str:
    """A time in a session in words: `initial + 90 min` is `90 min after the initial dose`."""
    if timepoint == "end":
        return "at the end"
    if timepoint == "before initial":
        return "before the initial dose"
    base, plus, offset = timepoint.partition(" + ")
    dose = "the initial dose" if base == "initial" else "the supplement"
    return f"{span(parse_duration(offset))} after {dose}" if plus else f"at {dose}"


def _anchor(release: Release, name: str) -> str:
    if name in release.visits:
        return (release.visits[name].title or words(name)).lower()
    return _EVENTS.get(name, words(name).lower())


def _window(release: Release, visit: Visit) -> str:
    """When a visit takes place: anchor, window, target and the way out when the anchor never happens."""
    if visit.opens or visit.after is None:
        return "opens the study"
    anchor = _anchor(release, visit.after)
    within = visit.within
    if within is None:
        text = f"after {anchor}"
    elif within.next_morning:
        text = f"the morning after {anchor}"
    elif within.latest == timedelta(0):
        text = f"on the day of {anchor}"
    else:
        text = f"{_between(within.earliest, within.latest)} after {anchor}"
        if visit.target is not None and within.earliest != within.latest:
            text += f", target {_target(visit.target, within.earliest, within.latest)}"
    if visit.fallback is not None:
        base, offset = visit.fallback
        slack = f" ± {span(visit.slack, in_weeks=True)}" if visit.slack else ""
        text += f"; otherwise {span(offset, in_weeks=True)}{slack} after {_anchor(release, base)}"
    return text


def _target(target: timedelta, low: timedelta, high: timedelta) -> str:
    """The target, without its unit where the window has the same one."""
    unit = _unit(target)
    return _measure(target, unit) if unit == _unit(low, high) else span(target)


def _activity(release: Release, name: str) -> str:
    form = release.forms.get(name)
    if form is not None:
        return form.form.title or (form.instrument.title if form.instrument else words(name))
    return words(name)


def _regimen(release: Release, name: str) -> str:
    """What is given, with the salt: `2 × 40 mg, then 1 × 40 mg (MDMA hydrochloride)`."""
    file = release.file
    regimen = file.regimens[name]
    text = f"{regimen.initial.count} × {regimen.initial.strength}"
    if regimen.supplement is not None:
        given, window = regimen.supplement.give, regimen.supplement.window
        optional = "optional " if regimen.supplement.optional else ""
        when = _between(window.earliest, window.latest)
        text += f", {optional}supplement {given.count} × {given.strength} {when} later"
    held = {
        f"{product.substance} {product.salt.replace('_', ' ')}"
        for product in file.products.values()
        if regimen.initial.strength in product.strengths
    }
    return f"{text} ({' or '.join(sorted(held))})" if held else text


def _limits(release: Release) -> Iterator[Limit]:
    """Limits on single vital signs, from the text of the rules that compare one with a number."""
    for name, gate in release.file.gates.items():
        for requirement in gate.require:
            yield from _in_rule(requirement.require, "gate", name, words(name).lower())
    for name, alert in release.file.alerts.items():
        yield from _in_rule(alert.when, "alert", name, alert.title)


def _in_rule(rule: str, of: Literal["gate", "alert"], name: str, title: str) -> Iterator[Limit]:
    for sign, relation, value in _LIMIT.findall(rule):
        yield Limit(sign, relation, float(value), of, name, title)
