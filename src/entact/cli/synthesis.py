"""`entact evidence`: the published trials of a condition, and what they say together."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from entact.analysis.meta import Pooled
from entact.protocol.problem import Problem, StudyError
from entact.report.evidence import bias_letters, forest_rows, heterogeneity, status
from entact.report.evidence import said as in_numbers
from entact.report.evidence_terminal import render_evidence
from entact.synthesis import (
    CONDITIONS,
    Answer,
    Checks,
    Evidence,
    NotDone,
    Trial,
    conditions_of,
    evidence_for,
    load_trials,
    read_database,
    with_checks,
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


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is asked of the trials of a condition.

    Attributes:
        changes: standardise changes, or values at the end; None for what more trials have. scale: of the
            prior of τ, None for the usual one. checks: whether to show how far the answers stand. by, on:
            what subgroups and the meta-regression are by; either asks for the checks too.
    """

    changes: bool | None = None
    scale: float | None = None
    checks: bool = False
    by: str | None = None
    on: str | None = None


def synthesise(trials: list[Trial], condition: str, asked: Asked) -> Evidence:
    """The synthesis of a condition.

    Raises:
        NoEvidence: for a condition without trials, or for what is known of none of them.
    """
    changes = asked.changes
    convention: Convention | None = None if changes is None else "change" if changes else "endpoint"
    found = evidence_for(trials, condition, convention=convention, scale=asked.scale)
    if asked.checks or asked.by is not None or asked.on is not None:
        return with_checks(found, by=asked.by, on=asked.on)
    return found


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
        "checks": None if answer.checks is None else _checks_as_data(answer.checks),
    }


def _checks_as_data(checks: Checks) -> dict[str, Any]:
    left = checks.left_out
    return {
        "estimators": {name: _pooled_as_data(one) for name, one in checks.estimators},
        "cumulative": [{"with": label} | _pooled_as_data(one) for label, one in checks.cumulative],
        "left_out": {"not_done": left.reason}
        if isinstance(left, NotDone)
        else [
            {"without": one.label, "residual": one.residual, "distance": one.distance}
            | _pooled_as_data(one.pooled)
            for one in left
        ],
        "egger": _plain(checks.egger),
        "begg": _plain(checks.begg)
        if isinstance(checks.begg, NotDone)
        else dict(zip(("tau", "p"), checks.begg, strict=True)),
        "trim_and_fill": _plain(checks.filled)
        if isinstance(checks.filled, NotDone)
        else {
            "estimator": checks.filled.estimator,
            "missing": checks.filled.missing,
            "side": checks.filled.side,
        }
        | _pooled_as_data(checks.filled.pooled),
        "rare": None if checks.rare is None else {name: _plain(one) for name, one in checks.rare},
        "by": checks.by,
        "groups": _plain(checks.groups)
        if checks.groups is None or isinstance(checks.groups, NotDone)
        else {
            "q": checks.groups.q,
            "df": checks.groups.df,
            "p": checks.groups.p,
            "groups": {name: _pooled_as_data(one) for name, one in checks.groups.groups.items()},
        },
        "on": checks.on,
        "slopes": _plain(checks.slopes)
        if checks.slopes is None or isinstance(checks.slopes, NotDone)
        else {name: value for name, value in _plain(checks.slopes).items() if name != "effects"},
        "without": list(checks.without),
    }


def _pooled_as_data(pooled: Pooled) -> dict[str, Any]:
    return {
        "k": pooled.k,
        "estimate": pooled.estimate,
        "se": pooled.se,
        "low": pooled.low,
        "high": pooled.high,
        "p": pooled.p,
        "tau2": pooled.tau2,
    }


def _plain(one: Any) -> Any:
    """A result as plain data; what was not done says why."""
    if one is None:
        return None
    return {"not_done": one.reason} if isinstance(one, NotDone) else dataclasses.asdict(one)
