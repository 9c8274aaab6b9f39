"""`entact dose`: what a regimen does in one person or in a population, as a table and as data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from entact.pharmacology.compare import asked, hours_beyond, share_crossing, share_interval
from entact.pharmacology.notation import Limit, usual_end
from entact.pharmacology.person import Person
from entact.pharmacology.population import Population
from entact.pharmacology.regimen import Regimen
from entact.pharmacology.simulation import simulate
from entact.pharmacology.substrate import substrate_effect
from entact.pharmacology.uncertain import Uncertain

if TYPE_CHECKING:
    from entact.cli.pharmacology.question import Question
    from entact.pharmacology.result import Simulation
    from entact.pharmacology.variables import Variable
    from entact.report.pictures.dose import Course, DoseDrawn

PLASMA = ("mdma", "r_mdma", "s_mdma", "mda", "hmma")
FALLING = ("cyp2d6", "sodium", "amygdala")
"""outputs whose lowest value is what matters"""
DRAWN = 2000
"""people whose series are kept for a picture: person i is the same in a population of any size"""
ALIKE = 500
"""people of whom the band around one person is drawn"""
QUANTILES = (0.05, 0.5, 0.95)
ONE = "a typical person (5 % to 95 % of the sets of fitted numbers: how sure these are)"
Numbers = Sequence[float]
Rows = list[list[str]]


@dataclass(frozen=True)
class Answer:
    """What was simulated: statistics of everyone, and the series of those who are drawn."""

    everyone: Simulation
    sets: Simulation | None
    """one person under each set of the fitted numbers"""
    drawn: Simulation | None
    limits: Sequence[Limit]
    substrates: Sequence[str]
    """what the regimen does to medicines that CYP2D6 clears, each a sentence"""
    rest: Sequence[Numbers]
    """each output without a dose: the value of one person, quantiles of several"""

    @property
    def title(self) -> str:
        """Regimen and people in a line."""
        return f"{self.everyone.regimen} · {self.everyone.who} · to {self.everyone.times[-1]:g} h"


def answer(
    question: Question, *, until: str | None = None, threads: int = 1, picture: bool = False
) -> Answer:
    """Simulates what is asked. Errors: of the regimen, the people, the limits, the medicines."""
    regimen, who, limits = question.regimen(), question.who(), question.read_limits()
    settings: dict[str, Any] = {"until": until or usual_end(regimen)}
    rest = at_rest(who, threads)
    sure = Uncertain(who)
    everyone = simulate(
        regimen,
        sure if who.n > 1 else who,
        limits=asked(limits),
        threads=threads,
        summary_only=not picture or who.n > DRAWN,
        **settings,
    )
    sets = None
    if who.n == 1:
        sets = simulate(
            regimen, sure, limits=asked(limits), threads=threads, summary_only=True, **settings
        )  # fmt: skip
    drawn = None
    if picture:
        some = Uncertain(around(who, question.seed))
        drawn = everyone if 1 < who.n <= DRAWN else simulate(regimen, some, **settings)
    substrates = [substrate_effect(regimen, typical(who), name).sentence for name in question.substrates]
    return Answer(everyone, sets, drawn, limits, substrates, rest)


def typical(who: Person | Population) -> Person:
    """The person, or of a population a typical one with what was fixed in everyone."""
    if isinstance(who, Person):
        return who
    given = {"weight": who.weight, "sex": who.sex, "age": who.age, "cyp2d6": who.cyp2d6}
    return Person(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def at_rest(who: Person | Population, threads: int) -> list[Numbers]:
    """Every output before a dose; of a million people no more is kept than is shown."""
    still = simulate(Regimen.placebo(), who, until="1 min", every="1 min", threads=threads, summary_only=True)
    return [spread(values) for values in still.statistics[0]]


def around(who: Person | Population, seed: int) -> Population:
    """Whose band is drawn: of a large population the first people, of one person people alike."""
    if isinstance(who, Population):
        return replace(who, n=DRAWN) if who.n > 1 else who
    return Population.healthy(
        ALIKE,
        seed=seed,
        weight=who.weight,
        sex=who.sex,
        age=who.age,
        cyp2d6=who.cyp2d6,
        medicines=who.medicines,
        pressure=who.pressure,
        heart_rate=who.heart_rate,
    )


def spread(values: Any) -> list[float]:
    """The value of one person; of several 5 %, 50 % and 95 % quantiles, without those that are no number."""
    found = np.asarray(values, float)
    found = found[np.isfinite(found)]
    if found.size == 0:
        return [math.nan]
    if np.asarray(values).size == 1:
        return [float(found[0])]
    return [float(value) for value in np.quantile(found, QUANTILES)]


def statistics(simulation: Simulation, variable: Variable) -> dict[str, list[float]]:
    """Of an output: highest and lowest value, their times, area and terminal half-life, over the people."""
    place = simulation.columns.index(variable)
    rows = {
        "peak": simulation.statistics[0, place],
        "peak_at": simulation.times[simulation.when[0, place]],
        "trough": simulation.statistics[1, place],
        "trough_at": simulation.times[simulation.when[1, place]],
        "area": simulation.statistics[2, place],
    }
    if variable.name in simulation.fitted:
        rows["half_life"] = simulation.half_lives[simulation.fitted.index(variable.name)]
    return {name: spread(values) for name, values in rows.items()}


def as_data(found: Answer) -> dict[str, Any]:
    """The answer as plain data: quantities with units, people as quantiles, nothing without its notes."""
    run = found.everyone
    outputs = []
    for variable in run.columns:
        numbers: dict[str, Any] = {name: _plain(values) for name, values in statistics(run, variable).items()}
        if found.sets is not None:
            numbers["uncertainty_90"] = {
                name: _plain([values[0], values[-1]])
                for name, values in statistics(found.sets, variable).items()
            }
        numbers["rest"] = _plain(found.rest[run.columns.index(variable)])
        outputs.append({"output": variable.name, "title": variable.title, "unit": variable.unit, **numbers})
    return {
        "simulated": True,
        "notes": list(notes_of(found)),
        "regimen": str(run.regimen),
        "who": str(run.who),
        "people": run.n,
        "until_h": float(run.times[-1]),
        "quantiles": list(QUANTILES) if run.n > 1 else None,
        "outputs": outputs,
        "limits": [_limit_data(found, limit) for limit in found.limits],
        "substrates": list(found.substrates),
    }


def _plain(values: Numbers) -> float | list[float] | None:
    kept = [value if math.isfinite(value) else None for value in values]
    return kept[0] if len(kept) == 1 else kept  # type: ignore[return-value]


def notes_of(found: Answer) -> Sequence[str]:
    """What has to stand beside the answer."""
    # Not the notes of the sets: these are one person, and would be counted as many.
    sure = () if found.sets is None else (Uncertain(found.everyone.who).note,)
    return (*found.everyone.notes, *sure)


def _limit_data(found: Answer, limit: Limit) -> dict[str, Any]:
    run = found.everyone
    beyond = spread(hours_beyond(run, limit))
    data = {
        "output": limit.output,
        "limit": limit.value,
        "direction": "above" if limit.is_above else "below",
        "unit": run.units[limit.output],
        "hours": _plain(beyond),
    }
    share = share_crossing(run, limit)
    if run.n == 1:
        assert found.sets is not None
        return {**data, "crossed": share == 1.0, "of_parameter_sets": share_crossing(found.sets, limit)}
    return {**data, "probability": share, "interval_95": list(share_interval(run, limit))}


def print_answer(found: Answer) -> None:
    """The answer in the terminal."""
    console = new_console()
    run = found.everyone
    console.print(Text(f"{found.title} · SIMULATED", style="bold"))
    said = "median (5 % to 95 % of the people)" if run.n > 1 else ONE
    console.print(Text(said, style="dim"))
    print_rows(console, plasma_rows(found))
    print_rows(console, effect_rows(found))
    if found.limits:
        print_rows(console, limit_rows(found))
    for sentence in found.substrates:
        console.print(Text(sentence))
    print_notes(console, notes_of(found))


def new_console() -> Console:
    """The terminal."""
    return Console(highlight=False, markup=False)


def print_rows(console: Console, rows: Rows) -> None:
    """Rows as a table, of which the first is the head and the first column says what each is of."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, column in enumerate(rows[0]):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=True)
    for row in rows[1:]:
        table.add_row(*row)
    table.add_row()
    # A number that is cut is none: in a terminal that is too narrow the lines break.
    needed = sum(2 + max(map(len, column)) for column in zip(*rows, strict=True))
    usual = console.width
    console.width = max(usual, needed)
    console.print(table)
    console.width = usual


def print_notes(console: Console, notes: Sequence[str]) -> None:
    """What has to stand beside whatever is shown."""
    for note in notes:
        console.print(Text(note, style="yellow"))


def told(found: Answer, variable: Variable) -> dict[str, list[float]]:
    """Statistics of an output: quantiles over people, or of one person the value within how sure it is."""
    own = statistics(found.everyone, variable)
    if found.sets is None:
        return own
    sure = statistics(found.sets, variable)
    return {name: [sure[name][0], values[0], sure[name][-1]] for name, values in own.items()}


def plasma_rows(found: Answer) -> Rows:
    """Cmax, Tmax, area and half-life of what is in plasma."""
    run = found.everyone
    rows = [["plasma (ng/mL, h)", "Cmax", "Tmax", f"AUC 0-{run.times[-1]:g} h", "half-life"]]
    for variable in run.columns:
        if variable.name in PLASMA:
            of = told(found, variable)
            times = cell(of["peak_at"], decimals=2)
            rows.append([short(variable), cell(of["peak"]), times, cell(of["area"]), cell(of["half_life"])])
    return rows


def effect_rows(found: Answer) -> Rows:
    """The farthest value of all else, and when."""
    run = found.everyone
    rows = [["effect", "at rest", "farthest", "at h"]]
    for place, variable in enumerate(run.columns):
        if variable.name in PLASMA:
            continue
        of = told(found, variable)
        far = "trough" if variable.name in FALLING else "peak"
        times = cell(of[f"{far}_at"], decimals=2)
        rows.append(
            [short(variable), number(found.rest[place][len(found.rest[place]) // 2]), cell(of[far]), times]
        )
    return rows


def limit_rows(found: Answer) -> Rows:
    """Limits: how long one person is beyond each, or how many people cross it."""
    run = found.everyone
    rows = [["limit", "hours beyond", "crossed" if run.n == 1 else "people who cross it (95 % interval)"]]
    for limit in found.limits:
        share = share_crossing(run, limit)
        if found.sets is None:
            low, high = share_interval(run, limit)
            word = f"{100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
        else:
            sure = share_crossing(found.sets, limit)
            word = f"{'yes' if share == 1.0 else 'no'} ({100 * sure:.0f} % of the sets: yes)"
        rows.append(
            [f"{limit} {run.units[limit.output]}", cell(spread(hours_beyond(run, limit)), decimals=2), word]
        )
    return rows


def short(variable: Variable) -> str:
    """What an output is called in a table, with its unit."""
    if variable.name in PLASMA:
        return variable.title.split(" in plasma")[0]
    title = variable.title.split(",")[0].replace(" in plasma", "")
    unit = "x baseline" if "multiple of baseline" in variable.title else variable.unit
    return f"{title}, {'of own' if unit == '1' else unit}"


def cell(values: Numbers, decimals: int = 3) -> str:
    """A number, or median and quantiles, to the digits that the model deserves."""
    if not math.isfinite(values[0]):
        return "-"
    words = [number(value, decimals) for value in values]
    return words[0] if len(words) == 1 else f"{words[1]} ({words[0]}-{words[2]})"


def number(value: float, decimals: int = 3) -> str:
    """Three digits, or all before the point."""
    if value == 0.0:
        return "0"
    rounded = float(f"{value:.3g}")
    digits = min(max(0, 2 - math.floor(math.log10(abs(rounded)))), decimals)
    return f"{value:,.{digits}f}"


def to_be_drawn(found: Answer) -> DoseDrawn:
    """The answer as it is drawn: lines, bands and the tables below."""
    from entact.report.pictures.dose import Course, DoseDrawn, outputs_drawn
    from entact.report.pictures.dose import Limit as LimitDrawn

    assert found.drawn is not None
    run, around = found.everyone, found.drawn
    limits = [LimitDrawn(limit.output, limit.value) for limit in found.limits]
    units = {variable.name: (variable.title, variable.unit) for variable in run.columns}

    def course(name: str, of_rest: bool) -> Course:
        band = around.values(name)
        line = run.values(name)[0] if run.n == 1 else np.median(band, axis=0)
        if of_rest:
            band = band / band[:, :1]
            line = line / line[0] if run.n == 1 else np.median(band, axis=0)
        low, high = np.quantile(band, (0.05, 0.95), axis=0)
        return Course(line.tolist(), low.tolist(), high.tolist())

    tables = [("Plasma", plasma_rows(found)), ("Effects", effect_rows(found))]
    if found.limits:
        tables.append(("Limits", limit_rows(found)))
    return DoseDrawn(
        title=found.title,
        people=_of_whom(found),
        notes=notes_of(found),
        times=around.times.tolist(),
        doses=run.regimen.times.tolist(),
        courses={name: course(name, False) for name in outputs_drawn(limits, units, of_rest=False)},
        of_rest={name: course(name, True) for name in outputs_drawn(limits, units, of_rest=True)},
        limits=limits,
        units=units,
        tables=tables,
    )


def _of_whom(found: Answer) -> str:
    """Whose lines and bands are drawn, in words."""
    assert found.drawn is not None
    if found.everyone.n == 1:
        return (
            "Lines: a person whose unknown traits are typical. Bands: 90 % of people with the same weight, "
            "sex, age, CYP2D6 and medicines."
        )
    some = (
        ""
        if found.drawn.n == found.everyone.n
        else (f" Drawn from the first {found.drawn.n:,} of {found.everyone.n:,}.")
    )
    return f"Lines: median. Bands: 90 % of the people.{some}"
