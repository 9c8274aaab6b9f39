"""`entact dose --study`: how often a study's alert limits will be crossed: words, data, picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from entact.cli.pharmacology.dose import new_console, print_notes, print_rows
from entact.cohort.exceedance import DENSER, Crossed, Exceedance, exceedance, in_words, where
from entact.pharmacology.population import Population
from entact.protocol import load_study

if TYPE_CHECKING:
    from entact.report.pictures.sheet import Sheet

PEOPLE: Final = 640
"""people when nobody says how many: ten for each set of the fitted numbers"""
OWN: Final = "as in the study"
DENSEST: Final = f"every {DENSER[-1]} min"


def ask_study(name: str, people: Population, *, threads: int) -> Exceedance:
    """Reads the study and asks. Errors: `StudyError`, `NotAsked`, of the people and the medicines."""
    return exceedance(load_study(name).newest, people, threads=threads)


def as_data(found: Exceedance) -> dict[str, Any]:
    """The answer as plain data."""
    return {
        "simulated": True,
        "notes": list(found.notes),
        "study": found.study,
        "who": found.people,
        "readings": found.own,
        "alerts": dict(found.alerts),
        "not_asked": list(found.silent),
        "rows": [
            {
                "session": row.session, "regimen": row.regimen, "arm": row.arm, "alert": row.alert,
                "group": row.group, "people": row.n, "ever": row.ever, "interval_95": [row.low, row.high],
                "seen": dict(row.seen),
            }
            for row in found.rows
        ],
    }  # fmt: skip


def print_study(found: Exceedance) -> None:
    """The answer in the terminal: in words, then as tables by group."""
    console = new_console()
    console.print(Text(f"{found.study} · alert limits · {found.people} · SIMULATED", style="bold"))
    console.print(Text(f"readings of the study: {found.own}", style="dim"))
    for sentence in in_words(found, found.rows):
        console.print(Text(sentence))
    for alert, rule in found.alerts.items():
        console.print(Text(f"\n{alert}: {rule}", style="bold"))
        print_rows(console, table([row for row in found.rows if row.alert == alert]))
    if found.silent:
        console.print(Text(f"not on vital signs alone, so not asked: {', '.join(found.silent)}", style="dim"))
    print_notes(console, found.notes)


def table(rows: Sequence[Crossed]) -> list[list[str]]:
    """Crossings by session, regimen, arm and group."""
    schedules = list(rows[0].seen)
    head = ["session", "regimen", "arm", "who", "ever, % (95 %)", *(f"seen {name}" for name in schedules)]
    return [
        head,
        *(
            [
                row.session,
                row.regimen,
                row.arm,
                f"{row.group} ({row.n})",
                f"{100 * row.ever:.1f} ({100 * row.low:.1f}-{100 * row.high:.1f})",
                *(f"{100 * row.seen[name]:.1f}" for name in schedules),
            ]
            for row in rows
        ),
    ]


def draw(found: Exceedance) -> Sheet:
    """The answer, drawn: the sessions of the arms that hold the drug."""
    from entact.report.pictures.exceedance import exceedance_sheet

    alerts = []
    for alert, rule in found.alerts.items():
        rows = [
            {
                "session": where(row, found.rows),
                "ever": row.ever, "low": row.low, "high": row.high,
                "own": row.seen[OWN], "denser": row.seen[DENSEST],
            }
            for row in found.rows
            if row.alert == alert and row.group == "everyone" and row.regimen != "none"
        ]  # fmt: skip
        alerts.append((f"{alert}: {rule}", rows))
    return exceedance_sheet(
        f"{found.study} · alert limits · {found.people}",
        f"Readings of the study: {found.own}.",
        found.notes,
        alerts,
        DENSEST,
    )
