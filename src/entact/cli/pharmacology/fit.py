"""`entact fit`: parameters estimated from a file of concentrations, as a table and as data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from entact.cli.pharmacology.dose import new_console, print_notes, print_rows
from entact.pharmacology.data import read_data
from entact.pharmacology.fit import Estimate, Fit, fit, shrinkage
from entact.pharmacology.predictive import vpc
from entact.pharmacology.prior import Prior

if TYPE_CHECKING:
    from entact.report.pictures.sheet import Sheet

MOST = 30
"""rows of participants' own values that are printed; --json has all"""


def fit_file(
    path: Path,
    estimate: Sequence[str],
    *,
    form: str | None,
    unit: str = "ng/mL",
    method: Any,
    vary: Sequence[str] | None,
    spread: bool,
    proportional: float | None,
    additive: float | None,
    below: Any = "M1",
    occasion: Sequence[str] = (),
    priors: Sequence[str] = (),
    profile: bool = False,
) -> Fit:
    """Reads the file and fits it. Errors: `NotAPrior`, `NotData`, `NotAFit`, `ModelError`, `OSError`."""
    known = [Prior.parse(text) for text in priors]
    return fit(
        read_data(path, form=form, unit=unit),
        estimate,
        method=method,
        vary=vary,
        spread=spread,
        proportional=proportional,
        additive=additive,
        below=below,
        occasion=occasion,
        priors=known,
        profile=profile,
    )


def as_data(found: Fit) -> dict[str, Any]:
    """The fit as plain data; what is no number is null."""
    shrunk = shrinkage(found)
    return {
        "file": found.data.name,
        "method": found.method,
        "participants": len(found.data.participants),
        "occasions": len(found.data.subjects),
        "samples": found.data.samples,
        "converged": found.converged,
        "reason": found.reason,
        "minus_2_log_likelihood": found.objective,
        "notes": list(found.notes),
        "estimates": [_estimate(one) for one in found.estimates],
        "correlation": [[_number(value) for value in row] for row in found.correlation.tolist()],
        "individuals": [{"id": name, **_estimate(one)} for name, one in found.individuals],
        "shrinkage": {name: _number(value) for name, value in shrunk.items()},
        "predictions": found.predictions().to_dicts(),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _estimate(one: Estimate) -> dict[str, Any]:
    low, high = one.interval
    return {
        "name": one.name,
        "value": one.value,
        "unit": one.unit,
        "se": _number(one.se),
        "low_95": _number(low),
        "high_95": _number(high),
        "start": one.start if one.start else None,
    }


def print_fit(found: Fit) -> None:
    """The fit in the terminal."""
    console = new_console()
    samples = f"{found.data.samples} samples of {len(found.data.participants)} participants"
    console.print(Text(f"{found.data.name} · {samples} · {found.method}", style="bold"))
    style = "dim" if found.converged else "red"
    said = "converged" if found.converged else "NOT CONVERGED"
    console.print(Text(f"{said}: {found.reason} · -2 log L {found.objective:.2f}", style=style))
    if found.estimates:
        rows = [["estimate", "value", "SE", "95 %", "model", "unit"]]
        print_rows(console, rows + [_row(one) for one in found.estimates])
    if found.individuals:
        rows = [["participant", "value", "SE", "95 %", "typical", "unit"]]
        own = [[f"{name} {one.name}", *_row(one)[1:]] for name, one in found.individuals]
        print_rows(console, rows + own[:MOST])
        if len(own) > MOST:
            console.print(Text(f"and {len(own) - MOST} more: --json has them", style="dim"))
        for name, value in shrinkage(found).items():
            console.print(Text(f"shrinkage of {name}: {100 * value:.0f} %", style="dim"))
    print_notes(console, found.notes)


def _row(one: Estimate) -> list[str]:
    told = math.isfinite(one.se)
    low, high = one.interval
    return [
        one.name,
        f"{one.value:.4g}",
        f"{one.se:.2g}" if told else "not told",
        _between(low, high) if told else "",
        f"{one.start:.4g}" if one.start else "",
        "" if one.unit == "1" else one.unit,
    ]


def _between(low: float, high: float) -> str:
    """An interval; an end that the data do not close is open."""
    ends = [f"{one:.3g}" if 0.0 < one < math.inf else "open" for one in (low, high)]
    return " to ".join(ends)


def draw(found: Fit, *, seed: int = 1) -> Sheet:
    """The goodness of a fit, drawn."""
    from entact.report.pictures.fit import fit_sheet

    estimated = ", ".join(f"{one.name} {one.value:.3g}" for one in found.estimates)
    data = found.data
    of = f"{data.samples} samples of {len(data.participants)} participants, {found.method}: {estimated}"
    notes = [*found.notes, ("Converged: " if found.converged else "NOT converged: ") + found.reason]
    return fit_sheet(f"Fit of {data.name}", of, notes, found.predictions(), vpc(found, seed=seed).to_dicts())
