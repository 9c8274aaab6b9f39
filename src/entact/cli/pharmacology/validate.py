"""`entact validate pharmacology`: what was published beside what the model says, and what fails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from entact.pharmacology.check import NOTHING, Check
from entact.pharmacology.heldout import EXTREME, NO_SD, PERSONS, WANTED, held_out, within_one_sd
from entact.pharmacology.simulation import RESEARCH, NotASimulation
from entact.pharmacology.validation import validate

WIDTH: Final = 80
SIGNS: Final = "V17"
GROUPS: Final = (
    ("Plasma and CYP2D6", ("V01", "V02", "V03", "V04", "V06", "V07", "V08", "V09", "V10", "V16", "V19")),
    ("Pressure, heart rate, temperature", ("V11", "V12")),
    ("Hormones and sodium", ("V14", "V18")),
    ("Feeling", ("V15",)),
    ("Medicines on board (a change beyond 2 % is a change, within 10 % is none)", (SIGNS,)),
)
FURTHER: Final = "Further published facts"
SET: Final = "The held-out set: studies that entered no fit, fixed before they were simulated"
KINDS: Final = {
    "held out": "numbers pass that were held out: these are predictions.",
    "fitted": "numbers pass that the model was fitted to: no predictions.",
    "direction": "directions are as published (a limit on one side).",
    "by construction": "are so by construction: the model can't say otherwise, and they say nothing.",
}
"""of the checks whose published number was read in its source, by what a pass says"""
VERDICTS: Final = {True: "pass", False: "FAIL", None: "-"}


@dataclass(frozen=True)
class Validation:
    """All checks, and of how many virtual subjects and which seed the shares are."""

    checks: Sequence[Check]
    persons: int
    seed: int
    predicted: Sequence[Check] = ()
    """the held-out set"""

    @property
    def failed(self) -> list[Check]:
        """Checks that count, and are missed: those whose published number was read in its source.

        Of the held-out set: a direction or an extreme; and means, where too few are within one published SD.
        """
        own = [check for check in self.checks if check.status == "read" and check.passed is False]
        near, of = within_one_sd(self.predicted)
        counts = {"direction", EXTREME} | (set() if near >= WANTED * of else {"held out"})
        return own + [check for check in self.predicted if check.passed is False and check.kind in counts]

    @property
    def missed(self) -> list[Check]:
        """Checks that are missed and don't count, as what was published is not known well enough."""
        return [check for check in self.checks if check.status != "read" and check.passed is False]

    @property
    def reported(self) -> list[Check]:
        """Checks without limits."""
        return [check for check in self.checks if not check.judged]


def run_checks(subject: str, *, persons: int, seed: int, threads: int) -> Validation:
    """Makes all checks of a subject. Errors: `NotASimulation` for one that there is not."""
    if subject != "pharmacology":
        raise NotASimulation(f"there is nothing to validate called {subject!r}; there is: pharmacology")
    checks = validate(persons=persons, seed=seed, threads=threads)
    return Validation(checks, persons, seed, held_out(persons=min(persons, PERSONS), seed=seed))


def group_of(check: Check) -> str:
    """The heading under which a check stands."""
    return next((title for title, ids in GROUPS if check.id in ids), FURTHER)


def grouped(checks: Sequence[Check]) -> list[tuple[str, list[Check]]]:
    """The checks under their headings, in the order of the headings."""
    titles = [title for title, _ in GROUPS] + [FURTHER]
    ordered = sorted(checks, key=lambda check: titles.index(group_of(check)))
    return [(title, list(rows)) for title, rows in groupby(ordered, key=group_of)]


def as_data(found: Validation) -> dict[str, Any]:
    """The checks as plain data; a limit that there is not is null."""
    return {
        "simulated": True,
        "notes": [RESEARCH],
        "persons": found.persons,
        "seed": found.seed,
        "failed": len(found.failed),
        "checks": [_check_as_data(check, group_of(check)) for check in found.checks],
        "held_out": [_check_as_data(check, SET) for check in found.predicted],
    }


def _check_as_data(check: Check, group: str) -> dict[str, Any]:
    return {
        "id": check.id,
        "group": group,
        "what": check.what,
        "unit": check.unit,
        "published": check.published,
        "simulated": _finite(check.simulated),
        "least": _finite(check.least),
        "most": _finite(check.most),
        "source": check.source,
        "status": check.status,
        "kind": check.kind if check.judged else "reported",
        "counts": check.judged and check.status == "read" and check.kind != NO_SD,
        "passed": check.passed,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def print_checks(found: Validation) -> None:
    """The checks in the terminal, then what they come to."""
    console = Console(highlight=False, markup=False, width=WIDTH)
    console.print(Text("Published beside SIMULATED", style="bold"))
    console.print(f"{found.persons:,} virtual subjects where a share is asked for, seed {found.seed}", "\n")
    for title, checks in grouped(found.checks):
        console.print(Text(title, style="bold"))
        console.print(_table(checks))
    console.print(Text(SET, style="bold"))
    console.print(_table(found.predicted))
    for line in conclusion(found):
        console.print(line)
    console.print(Text(RESEARCH, style="yellow"))


def _table(checks: Sequence[Check]) -> Table:
    """Checks as a table of at most 80 columns; words that are too long go on in a second line."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name, width in (("id", 4), ("what", 29), ("published", 12), ("simulated", 11), ("limits", 14)):
        right = name == "simulated"
        table.add_column(name, width=width, overflow="fold", justify="right" if right else "left")
    table.add_column("", width=4, no_wrap=True)
    for check in checks:
        verdict = VERDICTS[check.passed]
        if check.passed is False and (check.status != "read" or check.kind == NO_SD):
            verdict = "miss"
        style = {"FAIL": "bold red", "miss": "yellow"}.get(verdict, "")
        table.add_row(
            check.id,
            check.what,
            check.published,
            _simulated(check),
            check.limits,
            Text(verdict, style=style),
        )
    table.add_row()
    return table


def _simulated(check: Check) -> str:
    unit = {"1": "", "% change": " %"}.get(check.unit, f" {check.unit}")
    sign = "+" if check.unit == "% change" else ""
    value = float(f"{check.simulated:.3g}") if abs(check.simulated) >= NOTHING else 0.0
    return f"{value:{sign}g}{unit}"


def _passed(checks: Sequence[Check]) -> int:
    return sum(check.passed is True for check in checks)


def of_the_set(predicted: Sequence[Check]) -> str:
    """How many rows of the held-out set are as published, by what each was published with."""
    near, of = within_one_sd(predicted)
    parts = [f"{near} of {of} means within one published SD (at least {WANTED:.0%})"]
    for kind, said in (("direction", "directions"), (EXTREME, "extremes"), (NO_SD, "that have no SD")):
        own = [check for check in predicted if check.kind == kind]
        parts.append(f"{_passed(own)} of {len(own)} {said}")
    return f"The held-out set: {', '.join(parts)}."


def conclusion(found: Validation) -> list[str]:
    """How many checks pass, fail, are missed without counting, and are only reported."""
    counted = [check for check in found.checks if check.judged and check.status == "read"]
    lines = []
    for kind, said in KINDS.items():
        own = [check for check in counted if check.kind == kind]
        if own:
            lines.append(f"{_passed(own)} of {len(own)} {said}")
    if found.predicted:
        lines.append(of_the_set(found.predicted))
    lines += [f"FAIL {check.id} {check.what}: {_simulated(check)}, {check.limits}" for check in found.failed]
    others = [check for check in found.checks if check.judged and check.status != "read"]
    if others:
        lines.append(
            f"{len(others)} more do not count, as what was published is not known well enough; "
            f"{len(found.missed)} of them missed."
        )
    if found.reported:
        names = ", ".join(dict.fromkeys(check.id for check in found.reported))
        lines.append(f"{len(found.reported)} are reported only (-), without limits: {names}.")
    return lines
