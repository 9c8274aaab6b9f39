"""The synopsis of a study: what a report says of the study file, as plain data and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from entact.course.state.form import VITALS
from entact.datasets.codebook import words
from entact.protocol.release import Release, assumptions
from entact.protocol.words import Activities, activities

Relation = Literal["<", "<=", ">", ">="]

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_LIMIT = re.compile(rf"\b{VITALS}\.(\w+)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)")


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
        schedule: visits and what is done at each, as every page shows them. alerts: name -> title.
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
    schedule: Activities
    limits: tuple[Limit, ...]
    alerts: Mapping[str, str]
    assumptions: tuple[Assumption, ...]
    sources: Mapping[str, str]


def synopsis(release: Release) -> Synopsis:
    """What a report says of a release of a study."""
    file = release.file
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
        schedule=activities(release),
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
