"""Regimens beside each other in the same people: what is reached, and how likely limits are crossed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from entact.pharmacology.notation import Limit, usual_end
from entact.pharmacology.population import Population
from entact.pharmacology.quantity import hours
from entact.pharmacology.regimen import Intake, NotARegimen, Regimen
from entact.pharmacology.simulation import NotASimulation, simulate
from entact.pharmacology.uncertain import Uncertain, effective_number

if TYPE_CHECKING:
    from entact.pharmacology.parameters import Model
    from entact.pharmacology.people import People
    from entact.pharmacology.result import Simulation

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

SUPPLEMENT_TIMES: Final = ("1.5 h", "1 h 45 min", "2 h", "2 h 15 min", "2.5 h")
"""of trials of the therapy (F092): the supplement is offered 1.5 to 2.5 h after the initial dose"""
LEVELS: Final[Mapping[str, tuple[Any, ...]]] = {
    "sex": ("female", "male"),
    "cyp2d6": ("poor", "intermediate", "extensive", "ultrarapid"),
    "weight": ("50 kg", "60 kg", "70 kg", "85 kg", "100 kg"),
    "age": (20.0, 35.0, 50.0, 65.0),
}
"""what a covariate is set to in everyone, when nobody says"""
NORMAL_95: Final = 1.959963984540054


@dataclass(frozen=True)
class Crossing:
    """How likely a limit is crossed under a regimen, in people with a covariate set to a level.

    `probability` with its 95 % interval: of the draw of `n` people and of how sure the fitted numbers are,
    not of what is assumed. `notes` have to stand beside it.
    """

    regimen: str
    covariate: str
    level: str
    limit: Limit
    unit: str
    n: int
    probability: float
    low: float
    high: float
    notes: tuple[str, ...] = ()


def wilson(share: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a share found in n draws (Wilson 1927, J Am Stat Assoc 22:209)."""
    if n < 1 or not math.isfinite(share):
        return math.nan, math.nan
    square = NORMAL_95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    # At a share of 0 or 1 an end is the share itself, which rounding would miss.
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def share_crossing(simulation: Simulation, limit: Limit) -> float:
    """The fraction of people in whom an output crosses a limit at some output time."""
    within = simulation.probability_above if limit.is_above else simulation.probability_below
    return within(limit.output, limit.value)


def share_interval(simulation: Simulation, limit: Limit) -> tuple[float, float]:
    """95 % interval of the share who cross: of the draw, and of how sure the fitted numbers are."""
    place = [variable.name for variable in simulation.columns].index(limit.output)
    went = simulation.status == 0
    highest, lowest = simulation.statistics[0, place], simulation.statistics[1, place]
    crossed = np.where(highest > limit.value if limit.is_above else lowest < limit.value, 1.0, 0.0)
    sets = simulation.who.sets if isinstance(simulation.who, Uncertain) else 0
    n = effective_number(crossed, sets) if sets and went.all() else float(went.sum())
    return wilson(share_crossing(simulation, limit), n)


def hours_beyond(simulation: Simulation, limit: Limit) -> Array:
    """How long each person is beyond a limit, in h; the simulation was asked for that limit."""
    place = simulation.limits.index((limit.output, limit.value))
    above: Array = simulation.above[place]
    return above if limit.is_above else np.maximum(float(simulation.times[-1]) - above, 0.0)


def asked(limits: Sequence[Limit]) -> dict[str, list[float]]:
    """Limits as `simulate` takes them."""
    found: dict[str, list[float]] = {}
    for limit in limits:
        values = found.setdefault(limit.output, [])
        if limit.value not in values:
            values.append(limit.value)
    return found


def simulate_each(
    regimens: Mapping[str, Regimen],
    who: People,
    *,
    limits: Sequence[Limit] = (),
    until: str | None = None,
    outputs: Sequence[str] | None = None,
    threads: int = 1,
    summary_only: bool = True,
    model: Model | None = None,
) -> dict[str, Simulation]:
    """Regimens side by side: the same people under each of them.

    Args:
        regimens: by what to call them. who: a person or a population. limits: whose time beyond is kept.
        until: end of all simulations; else the latest end that one of the regimens wants.
        outputs, threads, summary_only, model: as of `simulate`.

    Returns:
        A simulation a regimen, by name; a person's differences between two are those of the regimens alone.

    Raises:
        NotARegimen: no regimen. Else as of `simulate`.
    """
    if not regimens:
        raise NotARegimen("no regimen to compare: name one or more, like '120 mg HCl + 60 mg HCl @ 2 h'")
    end = until or max((usual_end(regimen) for regimen in regimens.values()), key=hours)
    return {
        name: simulate(
            regimen,
            who,
            until=end,
            outputs=outputs,
            limits=asked(limits),
            threads=threads,
            summary_only=summary_only,
            model=model,
        )
        for name, regimen in regimens.items()
    }


def with_covariate(people: Population, covariate: str, level: Any) -> Population:
    """The same people, with one covariate set in everyone.

    Args:
        covariate: sex, cyp2d6, weight, age, or `with` for the medicines on board.
        level: as `Population` takes it; of `with`, a medicine, several joined by `+`, or `none`.
    """
    if covariate == "with":
        names = () if level == "none" else tuple(part.strip() for part in str(level).split("+"))
        return replace(people, medicines=names)
    if covariate not in LEVELS:
        raise NotASimulation(f"covariate {covariate!r} is not known; known: {', '.join([*LEVELS, 'with'])}")
    if covariate in ("age", "cyp2d6"):
        level = number_or_word(covariate, level)
    return replace(people, **{covariate: level})


def number_or_word(covariate: str, level: Any) -> Any:
    """A covariate's level as a number where it is one; an age that is none is refused."""
    try:
        return float(level)
    except ValueError:
        if covariate == "age":
            raise NotASimulation(f"age {level!r}: write years as a number, like 35") from None
        return level


def crossings(
    regimens: Mapping[str, Regimen],
    people: Population,
    limits: Sequence[Limit],
    *,
    by: Mapping[str, Sequence[Any]] | None = None,
    until: str | None = None,
    threads: int = 1,
    model: Model | None = None,
) -> list[Crossing]:
    """How likely limits are crossed, by regimen and by covariate.

    Args:
        regimens: by what to call them. people: those drawn; a covariate is set to a level in all of them, so
            that levels differ by the covariate alone (weight is drawn for the sex that is set).
        limits: which. by: covariate (sex, cyp2d6, weight, age, with) -> levels; without levels those of
            `LEVELS`.
        until, threads, model: as of `simulate`.

    Returns:
        For each regimen everyone as drawn (covariate ""), then each level; in each, all limits.

    Raises:
        NotASimulation: no limit, or a covariate that is not known. Else as of `simulate`.
    """
    if not limits:
        raise NotASimulation("no limit: name one or more, like systolic=160")
    groups: list[tuple[str, str, Population]] = [("", "everyone", people)]
    for covariate, levels in (by or {}).items():
        if covariate == "with" and not levels:
            raise NotASimulation("by medicine: name them, like with=none,paroxetine")
        for level in levels or LEVELS.get(covariate, ("",)):
            word = f"{level:g}" if isinstance(level, float) else str(level)
            groups.append((covariate, word, with_covariate(people, covariate, level)))
    outputs = list(dict.fromkeys(limit.output for limit in limits))
    found = []
    for name, regimen in regimens.items():
        for covariate, word, group in groups:
            one = simulate_each(
                {name: regimen},
                Uncertain(group),
                limits=limits,
                until=until,
                outputs=outputs,
                threads=threads,
                model=model,
            )[name]
            for limit in limits:
                share = share_crossing(one, limit)
                low, high = share_interval(one, limit)
                found.append(
                    Crossing(
                        regimen=name,
                        covariate=covariate,
                        level=word,
                        limit=limit,
                        unit=one.units[limit.output],
                        n=one.n,
                        probability=share,
                        low=low,
                        high=high,
                        notes=one.notes,
                    )
                )
    return found


def at_times(regimen: Regimen, times: Sequence[str] = SUPPLEMENT_TIMES) -> dict[str, Regimen]:
    """The regimen with its supplement at each of several times.

    Raises:
        NotARegimen: a regimen without a supplement, or a time that is not after the initial dose.
    """
    if len(regimen.intakes) < 2:
        raise NotARegimen(f"{regimen} has no supplement whose time could change: add '+ 60 mg HCl @ 2 h'")
    first, second, *rest = regimen.intakes
    found = {}
    for time in times:
        at = hours(time, "time of the supplement")
        moved = (first, Intake(second.dose, at), *rest)
        found[f"{second.dose} at {at:g} h"] = replace(regimen, intakes=moved)
    return found
