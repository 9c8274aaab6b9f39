"""`entact sensitivity`: what a result of the model hangs on, as a table and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from entact.cli.pharmacology.dose import new_console, number, print_notes, print_rows
from entact.pharmacology.person import Person
from entact.pharmacology.sensitivity import ONE_SD, Sensitivity, local, sobol
from entact.pharmacology.simulation import NotASimulation

if TYPE_CHECKING:
    from entact.cli.pharmacology.question import Question
    from entact.report.pictures.sheet import Sheet

SHOWN: Final = 20
"""factors of a table and of a picture at most: the rest changes less than these"""
LEAST: Final = 0.0005
"""of the measure, or of its variance: what is moved by less is not shown"""
Row = dict[str, Any]


def find(
    question: Question,
    of: Sequence[str],
    factors: Sequence[str],
    change: str,
    together: int | None,
    seed: int,
    *,
    until: str | None,
    threads: int,
) -> Sensitivity:
    """Local sensitivity, or global where `together` says how large the base sample is.

    Errors: of the regimen and the person; `NotASimulation` for names, a change or a sample that cannot be.
    """
    who = question.who()
    assert isinstance(who, Person)
    names = [name.strip() for text in factors for name in text.split(",") if name.strip()]
    regimen = question.regimen()
    if together is None:
        return local(regimen, who, of, factors=names, change=change, until=until, threads=threads)
    if change != ONE_SD:
        raise NotASimulation("--global draws factors as people differ: leave --change out")
    return sobol(regimen, who, of, seed=seed, n=together, factors=names, until=until, threads=threads)


def by_measure(found: Sensitivity) -> dict[str, list[Row]]:
    """The rows of each measure, in the order of what the factors change."""
    out: dict[str, list[Row]] = {}
    for row in found.rows.iter_rows(named=True):
        out.setdefault(row["of"], []).append(row)
    return out


def worth_showing(rows: Sequence[Row]) -> list[Row]:
    """The factors that change the measure most, and at all; the first in any case."""

    def changes(row: Row) -> bool:
        if "first" in row:
            return (row["total"] or 0.0) >= LEAST
        moved = max(abs(row["at_low"] - row["at_base"]), abs(row["at_high"] - row["at_base"]))
        return bool(moved >= LEAST * abs(row["at_base"]))

    return [row for place, row in enumerate(rows) if place == 0 or changes(row)][:SHOWN]


def as_data(found: Sensitivity) -> dict[str, Any]:
    """The answer as plain data, with units in the rows."""
    return {
        "simulated": True,
        "notes": list(found.notes),
        "regimen": str(found.regimen),
        "who": str(found.who),
        "method": found.method,
        "rows": found.rows.to_dicts(),
    }


def heading(rows: Sequence[Row]) -> str:
    """What a table or a picture is of, and its value."""
    row = rows[0]
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    if "first" in row:
        return f"{row['of']}: {number(row['mean'])}{unit}, SD {number(row['sd'])}"
    return f"{row['of']}: {number(row['at_base'])}{unit}"


def print_sensitivity(found: Sensitivity) -> None:
    """The answer in the terminal."""
    console = new_console()
    console.print(Text(f"{found.regimen} · {found.who} · SIMULATED", style="bold"))
    console.print(Text(found.method, style="dim"))
    for rows in by_measure(found).values():
        shown = worth_showing(rows)
        console.print(Text(heading(rows), style="bold"))
        print_rows(console, _global_table(shown) if "first" in rows[0] else _local_table(shown))
        if len(rows) > len(shown):
            rest = len(rows) - len(shown)
            console.print(Text(f"{rest} more change it less or not at all (--json has all)", style="dim"))
    print_notes(console, found.notes)


def _local_table(rows: Sequence[Row]) -> list[list[str]]:
    table = [["factor", "from", "to", "changes it by", "to", "elasticity"]]
    for row in rows:
        unit = "" if row["factor_unit"] == "1" else f", {row['factor_unit']}"
        table.append(
            [
                f"{row['factor']}{unit}",
                number(row["low"]),
                number(row["high"]),
                _signed(row["at_low"] - row["at_base"]),
                _signed(row["at_high"] - row["at_base"]),
                "-" if row["elasticity"] is None else _signed(row["elasticity"]),
            ]
        )
    return table


def _signed(value: float) -> str:
    if abs(value) < 0.0005:
        return "0"
    return f"{'+' if value > 0 else '-'}{number(abs(value))}"


def _global_table(rows: Sequence[Row]) -> list[list[str]]:
    table = [["factor", "alone", "± 95 %", "with interactions", "± 95 %"]]
    for row in rows:
        cells = [row[name] for name in ("first", "first_interval", "total", "total_interval")]
        table.append([row["factor"], *("-" if cell is None else f"{cell:z.3f}" for cell in cells)])
    return table


def draw(found: Sensitivity) -> Sheet:
    """The answer as a picture: a panel a measure."""
    from entact.report.pictures.tornado import tornado_sheet

    measures = [(heading(rows), worth_showing(rows)) for rows in by_measure(found).values()]
    return tornado_sheet(f"{found.regimen} · {found.who}", found.method, found.notes, measures)
