"""`entact compare`: regimens side by side in the same people, and how likely limits are crossed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from entact.cli.pharmacology.dose import (
    FALLING,
    PLASMA,
    Rows,
    cell,
    new_console,
    print_notes,
    print_rows,
    short,
    statistics,
)
from entact.pharmacology.compare import Crossing, at_times, crossings, simulate_each
from entact.pharmacology.notation import Limit, read_limit, read_regimen
from entact.pharmacology.population import Population
from entact.pharmacology.regimen import NotARegimen, Regimen
from entact.pharmacology.simulation import NotASimulation
from entact.pharmacology.uncertain import Uncertain

if TYPE_CHECKING:
    from entact.pharmacology.result import Simulation
    from entact.report.pictures.comparison import Compared, Output

MOST: Final = 8
"""regimens that can be told apart in a table or a picture"""
LETTERS: Final = "ABCDEFGH"
DRAWN: Final = 1000
"""people of whom courses are drawn; probabilities are of all"""
USUAL: Final = (
    *("mdma", "serotonin", "oxytocin", "cortisol", "subjective", "amygdala"),
    *("systolic", "heart_rate", "temperature"),
)


@dataclass(frozen=True)
class Comparison:
    """Regimens by letter, what each does in the same people, and how likely limits are crossed."""

    people: Population
    runs: Mapping[str, Simulation]
    limits: Sequence[Limit]
    found: Sequence[Crossing]

    @property
    def notes(self) -> list[str]:
        """What has to stand beside whatever is shown."""
        said = [run.notes for run in self.runs.values()] + [one.notes for one in self.found]
        return list(dict.fromkeys(note for notes in said for note in notes))


def read_regimens(texts: Sequence[str], times: Sequence[str]) -> dict[str, Regimen]:
    """Regimens by letter; with times, each with its supplement at each of them.

    Errors: as of `Regimen.mdma`; `NotARegimen` for none, or more than can be told apart.
    """
    regimens = [read_regimen(text) for text in texts]
    if times:
        regimens = [moved for one in regimens for moved in at_times(one, times).values()]
    if not 1 <= len(regimens) <= MOST:
        raise NotARegimen(f"{len(regimens)} regimens: 1 to {MOST} can stand beside each other")
    return dict(zip(LETTERS, regimens, strict=False))


def read_by(texts: Sequence[str]) -> dict[str, list[str]]:
    """Covariates and their levels: `cyp2d6` (the usual levels), `weight=50 kg,90 kg`, `with=none,x`."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, levels = text.partition("=")
        values = [level.strip() for level in levels.split(",") if level.strip()]
        if equals and not values:
            raise NotASimulation(f"--by {text!r}: write levels after the sign, like weight=50 kg,90 kg")
        found.setdefault(name.strip(), []).extend(values)
    return found


def compare(
    texts: Sequence[str],
    people: Population,
    *,
    limits: Sequence[str] = (),
    by: Sequence[str] = (),
    times: Sequence[str] = (),
    until: str | None = None,
    threads: int = 1,
) -> Comparison:
    """Simulates all regimens in the same people. Errors: of the regimens, the limits, the covariates."""
    regimens, asked, groups = read_regimens(texts, times), [read_limit(text) for text in limits], read_by(by)
    if groups and not asked:
        raise NotASimulation("--by says of whom a limit's probability is asked: name a --limit as well")
    runs = simulate_each(regimens, Uncertain(people), limits=asked, until=until, threads=threads)
    end = f"{next(iter(runs.values())).times[-1]:g} h"
    found = crossings(regimens, people, asked, by=groups, until=end, threads=threads) if asked else []
    return Comparison(people, runs, list(dict.fromkeys(asked)), found)


def as_data(compared: Comparison) -> dict[str, Any]:
    """The comparison as plain data."""
    regimens = []
    for letter, run in compared.runs.items():
        outputs = {variable.name: statistics(run, variable) for variable in run.columns}
        regimens.append({"letter": letter, "regimen": str(run.regimen), "outputs": outputs})
    return {
        "simulated": True,
        "notes": compared.notes,
        "who": str(compared.people),
        "quantiles": [0.05, 0.5, 0.95],
        "regimens": regimens,
        "crossings": [{**asdict(one), "limit": str(one.limit)} for one in compared.found],
    }


def print_comparison(compared: Comparison) -> None:
    """The comparison in the terminal."""
    console = new_console()
    console.print(Text(f"{compared.people} · SIMULATED", style="bold"))
    for letter, run in compared.runs.items():
        console.print(Text(f"{letter}  {run.regimen}"))
    console.print(Text("\nmedian (5 % to 95 % of the people)", style="dim"))
    print_rows(console, side_rows(compared))
    if compared.found:
        console.print(Text("people who cross a limit, % (95 % interval of the draw)", style="dim"))
        print_rows(console, crossing_rows(compared))
    print_notes(console, compared.notes)


def side_rows(compared: Comparison) -> Rows:
    """The farthest value of each output, a column a regimen; of what is in plasma the area too."""
    runs = compared.runs
    rows = [["", *runs]]
    first = next(iter(runs.values()))
    for variable in first.columns:
        of = {letter: statistics(run, variable) for letter, run in runs.items()}
        name = short(variable)
        if variable.name in PLASMA:
            rows.append([f"{name} Cmax, ng/mL", *(cell(of[letter]["peak"]) for letter in runs)])
            area = f"{name} AUC 0-{first.times[-1]:g} h, ng·h/mL"
            rows.append([area, *(cell(of[letter]["area"]) for letter in runs)])
            continue
        far = "trough" if variable.name in FALLING else "peak"
        rows.append([name, *(cell(of[letter][far]) for letter in runs)])
    return rows


def crossing_rows(compared: Comparison) -> Rows:
    """How likely each limit is crossed: a row a limit and level of a covariate, a column a regimen."""
    rows = [["limit", *compared.runs]]
    groups = dict.fromkeys((one.covariate, one.level) for one in compared.found)
    for limit in compared.limits:
        for covariate, level in groups:
            own = [
                one
                for one in compared.found
                if one.limit == limit and (one.covariate, one.level) == (covariate, level)
            ]
            label = f"{limit} {own[0].unit}" if not covariate else f"  {covariate} {level}"
            cells = [f"{100 * one.probability:.1f} ({100 * one.low:.1f}-{100 * one.high:.1f})" for one in own]
            rows.append([label, *cells])
    return rows


def to_be_drawn(compared: Comparison) -> Compared:
    """The comparison as it is drawn: courses of the first people, and how likely limits are crossed."""
    import polars as pl

    from entact.report.pictures.comparison import Chance, Compared, Output

    names = list(dict.fromkeys([*USUAL, *(limit.output for limit in compared.limits)]))
    people = replace(compared.people, n=min(compared.people.n, DRAWN))
    first = next(iter(compared.runs.values()))
    regimens = {letter: run.regimen for letter, run in compared.runs.items()}
    end = float(first.times[-1])
    runs = simulate_each(regimens, Uncertain(people), until=f"{end:g} h", outputs=names, summary_only=False)
    bands = {letter: run.bands() for letter, run in runs.items()}
    titles = {variable.name: variable for variable in first.columns}

    def output(name: str) -> Output:
        variable = titles[name]
        unit = "times baseline" if "multiple of baseline" in variable.title else variable.unit
        own = {letter: frame.filter(pl.col("output") == name) for letter, frame in bands.items()}
        limits = [limit.value for limit in compared.limits if limit.output == name]
        unit = unit.replace("Cel", "°C").replace(" (base)", "")
        return Output(variable.title.split(",")[0].replace(" (base)", ""), unit, own, limits)

    chances: dict[str, list[Chance]] = {}
    for one in compared.found:
        group = f"{one.covariate} {one.level}" if one.covariate else one.level
        chance = Chance(one.regimen, group, one.probability, one.low, one.high)
        chances.setdefault(f"{one.limit} {one.unit}", []).append(chance)
    tables = [("Side by side, median (5 % to 95 %)", side_rows(compared))]
    if compared.found:
        tables.append(("People who cross a limit, % (95 % interval)", crossing_rows(compared)))
    return Compared(
        title=str(compared.people),
        regimens={letter: str(regimen) for letter, regimen in regimens.items()},
        drawn="" if people.n == compared.people.n else f" of the first {people.n:,} people",
        notes=compared.notes,
        end=end,
        outputs=[output(name) for name in names],
        chances=chances,
        tables=tables,
    )
