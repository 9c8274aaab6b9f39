"""`entact evidence`: the published trials of a condition, and what they say together."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from entact.protocol.problem import Problem, StudyError
from entact.report.evidence import bias_letters, forest_rows, heterogeneity, status
from entact.report.evidence import said as in_numbers
from entact.report.evidence_terminal import render_evidence
from entact.synthesis import (
    CONDITIONS,
    Answer,
    Evidence,
    Trial,
    conditions_of,
    evidence_for,
    load_trials,
    read_database,
)
from entact.synthesis.trial import Convention


def find_trials(folder: Path | None, database: Path | None, condition: str | None) -> list[Trial]:
    """The shipped trials with those of a folder, or those of a database alone.

    Raises:
        StudyError: with every fault of every file.
    """
    known = load_trials(folder)
    if database is None:
        return known
    if folder is not None:
        message = "trials come from a folder or from a database, not from both: people would be counted twice"
        raise StudyError([Problem(str(database), 0, 0, "", message)])
    return read_database(database.read_bytes(), str(database), condition=condition, known=known)


def synthesise(trials: list[Trial], condition: str, changes: bool | None) -> Evidence:
    """The synthesis of a condition; of changes, of values at the end, or of what more trials have.

    Raises:
        NoEvidence: for a condition without trials.
    """
    convention: Convention | None = None if changes is None else "change" if changes else "endpoint"
    return evidence_for(trials, condition, convention=convention)


def write_files(evidence: Evidence, html: Path | None, picture: Path | None) -> None:
    """Writes the page and the picture. Errors: `PictureError`, `OSError`."""
    from entact.report.pictures.forest import evidence_sheet
    from entact.report.pictures.sheet import PictureError, check_suffix, write_sheet

    for path, suffixes in ((html, (".html",)), (picture, (".svg", ".png"))):
        if path is None:
            continue
        if path.suffix.lower() not in suffixes:
            raise PictureError(f"{path}: end the name in {' or '.join(suffixes)}")
        check_suffix(path)
        if not evidence.answers:
            raise PictureError(f"{path}: no trial of {evidence.title} has published a comparison to draw")
        write_sheet(evidence_sheet(evidence), path)


def print_evidence(evidence: Evidence) -> None:
    """The synthesis in the terminal."""
    console = Console(highlight=False, markup=False)
    console.print(render_evidence(evidence, console.width))


def print_conditions(trials: list[Trial]) -> None:
    """What there is evidence of, a line a condition."""
    console = Console(highlight=False, markup=False)
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    for name in ("condition", "trials", "pooled", "severity, together"):
        table.add_column(name, justify="right" if name in ("trials", "pooled") else "left")
    for name, count in conditions_of(trials).items():
        answers = evidence_for(trials, name).answers
        first = next((one for one in answers if one.domain == "severity"), None)
        told = "no comparison with a control" if first is None else _in_brief(first)
        table.add_row(
            Text.assemble(name, (f"\n  {CONDITIONS[name]}", "dim")),
            str(count),
            str(0 if first is None else first.pooled.k),
            told,
        )
    console.print(Text("Published trials of MDMA-assisted therapy", style="bold"), table)
    console.print(
        Text("g: standardised mean difference; below 0, less ill than with the control", style="dim")
    )


def _in_brief(answer: Answer) -> str:
    pooled = answer.pooled
    return f"g {in_numbers(answer, pooled.estimate, pooled.low, pooled.high)}"


def conditions_as_data(trials: list[Trial]) -> dict[str, Any]:
    """What there is evidence of, as plain data."""
    return {"conditions": {name: as_data(evidence_for(trials, name)) for name in conditions_of(trials)}}


def as_data(evidence: Evidence) -> dict[str, Any]:
    """The synthesis as plain data."""
    return {
        "condition": evidence.condition,
        "title": evidence.title,
        "answers": [_answer_as_data(one) for one in evidence.answers],
        "trials": [
            trial.model_dump(mode="json", exclude_none=True)
            | {"status": status(trial), "bias": bias_letters(trial)}
            for trial in evidence.trials
        ],
    }


def _answer_as_data(answer: Answer) -> dict[str, Any]:
    pooled, posterior = answer.pooled, answer.posterior
    prediction = pooled.prediction("k-1"), pooled.prediction("k-2")
    return {
        "domain": answer.domain,
        "measure": answer.measure,
        "convention": answer.convention,
        "better": answer.better,
        "rows": [dataclasses.asdict(row) for row in forest_rows(answer)],
        "estimate": pooled.estimate,
        "se": pooled.se,
        "low": pooled.low,
        "high": pooled.high,
        "df": pooled.df,
        "p": pooled.p,
        "tau2": pooled.tau2,
        "tau2_interval": pooled.tau2_interval(),
        "i2": pooled.i2,
        "q": pooled.q,
        "q_p": pooled.q_p,
        "heterogeneity": heterogeneity(answer),
        "floor_acted": pooled.floor_acted,
        "prediction": {"k-1": prediction[0], "k-2": prediction[1]},
        "bayes": None
        if posterior is None
        else {
            "prior": posterior.prior,
            "mean": posterior.mean,
            "median": posterior.median,
            "low": posterior.low,
            "high": posterior.high,
            "below_0": posterior.below,
            "prediction": posterior.prediction,
            "assumption": "the scale of the prior",
        },
        "assumptions": answer.has_assumptions,
        "not_pooled": [{"trial": one.trial.trial, "reason": one.reason} for one in answer.left_out],
        "notes": list(answer.notes),
    }
