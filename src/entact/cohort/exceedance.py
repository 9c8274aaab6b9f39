"""How often alert limits on vital signs will be crossed, and how many crossings a study's readings will see.

For who writes a protocol: regimens, sessions, readings and alert limits are the study file's, the people and
what a dose does in them are the pharmacology's. Nothing of a running study reads it: it knows the drug.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from entact.cohort.physiology import SIGNS, doses_of, drug_of
from entact.cohort.usual import healthy, usual
from entact.course.state.form import VITALS
from entact.pharmacology import Population, Regimen, simulate
from entact.pharmacology.compare import wilson
from entact.pharmacology.regimen import Intake
from entact.pharmacology.uncertain import SETS, Uncertain, effective_number
from entact.protocol import Release
from entact.protocol.quantity import parse_duration
from entact.protocol.study import Visit

EVERY: Final = 5.0
"""min between the moments that are looked at"""
LASTS: Final = 8.0
"""h of a session that does not say how long it lasts"""
DENSER: Final = (60, 30, 15)
"""min between readings that are tried beside those of the study"""
READINGS: Final = ("vital_signs", VITALS)
"""what a session does when vital signs are read"""
_COMPARISON: Final = re.compile(rf"\(?\s*{VITALS}\.(\w+)\s*(>=|>|<=|<)\s*(-?\d+(?:\.\d+)?)\s*\)?")
_COUNTED: Final = re.compile(r"(.+): ([\d,]+) of [\d,]+ people\.")
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Values = Mapping[str, Array]


class NotAsked(ValueError):
    """A study of which this can't be asked: says why, and what would be right."""


@dataclass(frozen=True)
class Crossed:
    """How many people cross an alert's limit in a session, under a regimen in an arm.

    `group`: everyone, or who (`women`). `ever`: the share in whom it is crossed at any moment, with its 95 %
    interval (draw, and how sure the fitted numbers are). `seen`: the share in whom a reading is beyond it, by
    the study's own readings and by denser ones (`every 30 min`).
    """

    session: str
    regimen: str
    arm: str
    alert: str
    group: str
    n: int
    ever: float
    low: float
    high: float
    seen: Mapping[str, float]


@dataclass(frozen=True)
class Exceedance:
    """All crossings of a study; `silent`: alerts that the model cannot speak of; `notes` stand beside all."""

    study: str
    people: str
    alerts: Mapping[str, str]
    own: str
    rows: tuple[Crossed, ...]
    silent: tuple[str, ...]
    notes: tuple[str, ...]


def exceedance(release: Release, people: Population, *, threads: int = 1) -> Exceedance:
    """How often each alert limit on vital signs is crossed, by session, regimen, arm and covariate.

    Arguments: `release` of a study; `people`: of whom; in session k all are on their k-th occasion.

    Errors: `NotAsked` where the model does not know what the study gives, or no alert is on vital signs.
    """
    name = release.id.split("@")[0]
    alerts = {key: alert.when for key, alert in release.file.alerts.items()}
    asked = {key: limits for key, text in alerts.items() if (limits := _limits(release, text))}
    if not asked:
        raise NotAsked(f"{name}: no alert compares vital signs with numbers, like {VITALS}.systolic >= 180.0")
    shares = drug_of(release, release.file.arms)
    if not shares:
        raise NotAsked(
            f"{name}: the model is of MDMA, and doses of it that were studied; this study gives something "
            "else, or more"
        )
    sessions = [visit for visit in release.file.schedule if visit.kind == "dosing" and visit.levels]
    rows: list[Crossed] = []
    notes: list[str] = []
    own: dict[str, list[str]] = {}
    for number, visit in enumerate(sessions, 1):
        who = Uncertain(people.at_occasion(number))
        for arm, share in shares.items():
            levels = visit.levels if share else visit.levels[:1]
            for level in levels:
                regimen = _regimen(release, arm, level, share)
                times, values, said = _simulated(regimen, who, visit, threads)
                said_by, readings = _schedule(visit, regimen, times)
                if visit.visit not in own.setdefault(said_by, []):
                    own[said_by].append(visit.visit)
                notes += [note for note in said if note not in notes]
                given = level if share else "none"
                rows += _rows(visit.visit, given, arm, asked, values, readings, _groups(people))
    silent = tuple(key for key in alerts if key not in asked)
    notes = _most(notes)
    notes.append("Readings are exact, and nothing but the dose moves them: no error of a cuff, no distress.")
    if any(release.file.regimens[level].supplement for visit in sessions for level in visit.levels):
        notes.append("Everyone takes the supplement, in the middle of the time in which it is offered.")
    return Exceedance(
        name,
        str(people),
        {key: alerts[key] for key in asked},
        _in_sessions(own),
        tuple(rows),
        silent,
        tuple(notes),
    )


def _most(notes: Sequence[str]) -> list[str]:
    """The notes, of those that count people differently in each session the one that counts most."""
    found: dict[str, tuple[int, str]] = {}
    for note in notes:
        counted = _COUNTED.fullmatch(note)
        what, number = (counted[1], int(counted[2].replace(",", ""))) if counted else (note, 0)
        found[what] = max(found.get(what, (0, note)), (number, note))
    return [note for _, note in found.values()]


def _in_sessions(readings: Mapping[str, Sequence[str]]) -> str:
    """The readings of the study: where sessions differ, each with its own."""
    if len(readings) == 1:
        return next(iter(readings))
    return "; ".join(f"{', '.join(sessions)}: {said}" for said, sessions in readings.items())


def where(row: Crossed, rows: Sequence[Crossed]) -> str:
    """In which session of which regimen, and in which arm where several have the drug."""
    arms = {other.arm for other in rows if other.regimen != "none"}
    return f"{row.session}, {row.regimen}" + (f", arm {row.arm}" if len(arms) > 1 else "")


Limits = tuple[tuple[tuple[str, str, float], ...], ...]
"""alternatives, each of comparisons that all hold: sign of the model, operator, limit in the model's unit"""


def _limits(release: Release, text: str) -> Limits:
    """What a rule compares, in the model's signs and units; nothing where it speaks of anything else."""
    form = release.forms.get(VITALS)
    out = []
    for alternative in text.split("||"):
        every = []
        for part in alternative.split("&&"):
            found = _COMPARISON.fullmatch(part.strip())
            item = form.items.get(found[1]) if found and form is not None else None
            known = usual(found[1], item) if found and item is not None else None
            if found is None or known is None or known.name not in SIGNS:
                return ()
            offset = known.mean - known.factor * healthy(known.name).mean
            every.append((known.name, found[2], (float(found[3]) - offset) / known.factor))
        out.append(tuple(every))
    return tuple(out)


def _regimen(release: Release, arm: str, level: str, share: float) -> Regimen:
    if share == 0.0:
        return Regimen.placebo()
    doses, form = doses_of(release, arm)
    initial, more = (f"{amount * share:g} mg {form}" for amount in doses[level])
    supplement = release.file.regimens[level].supplement
    if supplement is None:
        return Regimen.mdma(initial)
    span = supplement.window
    middle = (span.earliest + span.latest) / 2
    return Regimen.mdma(initial, supplement=more, after=f"{middle.total_seconds() / 60:g} min")


def _simulated(
    regimen: Regimen, who: Uncertain, visit: Visit, threads: int
) -> tuple[Array, dict[str, Array], tuple[str, ...]]:
    hours = visit.lasts.total_seconds() / 3600 if visit.lasts else LASTS
    run = simulate(regimen, who, until=f"{hours:g} h", every=f"{EVERY:g} min", outputs=SIGNS, threads=threads)
    return run.times, {name: run.values(name) for name in SIGNS}, run.notes


def _schedule(visit: Visit, regimen: Regimen, times: Array) -> tuple[str, dict[str, Any]]:
    """The study's readings in words, and the places of the moments of each schedule of readings."""
    said = [at for timed in visit.timed if timed.do in READINGS for at in timed.at]
    last: Intake = regimen.intakes[-1]
    own = []
    for at in said:
        base, _, offset = at.partition(" + ")
        start = {"before initial": 0.0, "initial": 0.0, "supplement": last.at, "end": float(times[-1])}[base]
        own.append(start + (parse_duration(offset).total_seconds() / 3600 if offset else 0.0))
    places: dict[str, Any] = {"as in the study": own}
    places |= {f"every {apart} min": np.arange(0.0, times[-1] + 1e-9, apart / 60) for apart in DENSER}
    found = {}
    for name, moments in places.items():
        # What comes after a supplement that nobody takes here is not read.
        found[name] = [
            int(np.argmin(np.abs(times - moment))) for moment in moments if moment <= times[-1] + 1e-9
        ]
    return ", ".join(said) or "none", found


def _groups(people: Population) -> dict[str, Any]:
    """Who is looked at apart."""
    body = people.covariates()
    groups = {
        "everyone": np.full(people.n, True),
        "women": body["female"] > 0.5,
        "men": body["female"] < 0.5,
        "below 65 kg": body["weight"] < 65,
        "65 kg and more": body["weight"] >= 65,
        "CYP2D6 poor": body["activity"] == 0.0,
    }
    if "systolic_baseline" in body:
        groups["130 mmHg or more at rest"] = body["systolic_baseline"] >= 130
    return {name: who for name, who in groups.items() if who.any()}


def _rows(
    session: str,
    level: str,
    arm: str,
    asked: Mapping[str, Limits],
    values: Values,
    readings: Mapping[str, Any],
    groups: Mapping[str, Any],
) -> list[Crossed]:
    rows = []
    for alert, limits in asked.items():
        beyond = np.any([np.all([_holds(values, *one) for one in every], axis=0) for every in limits], axis=0)
        ever = beyond.any(axis=1)
        seen = {name: beyond[:, places].any(axis=1) for name, places in readings.items()}
        for group, who in groups.items():
            crossed = ever[who].astype(np.float64)
            low, high = wilson(float(crossed.mean()), effective_number(crossed, SETS, np.flatnonzero(who)))
            rows.append(
                Crossed(
                    session, level, arm, alert, group, int(who.sum()), float(crossed.mean()), low, high,
                    {name: float(found[who].mean()) for name, found in seen.items()},
                )
            )  # fmt: skip
    return rows


def _holds(values: Values, sign: str, operator: str, limit: float) -> Any:
    # A reading is a whole number of mmHg or beats, and a tenth of a degree, as it is entered.
    own = np.round(values[sign], 1 if sign == "temperature" else 0)
    if operator == ">=":
        return own >= limit
    if operator == ">":
        return own > limit
    return own <= limit if operator == "<=" else own < limit


def in_words(found: Exceedance, rows: Sequence[Crossed]) -> list[str]:
    """Each crossing of everyone as a sentence."""
    sentences = []
    for row in rows:
        if row.group == "everyone" and row.regimen != "none":
            own, dense = row.seen["as in the study"], row.seen[f"every {DENSER[-1]} min"]
            sentences.append(
                f"{where(row, rows)}: {row.alert} is crossed in {_percent(row.ever)} of people "
                f"({_percent(row.low)} to {_percent(row.high)}); the study's readings see it in "
                f"{_percent(own)}, readings every {DENSER[-1]} min in {_percent(dense)}."
            )
    return sentences


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
