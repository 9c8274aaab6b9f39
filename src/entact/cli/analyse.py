"""`entact analyse`: a plan file run on a table, without any study."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import typer

from entact.analysis.analyse import Analyses, analyse, dummy_allocation
from entact.analysis.entered import NAMES
from entact.analysis.planned import Plan, Planned
from entact.analysis.shell import shell
from entact.analysis.vocabulary import PlanError, read_plan
from entact.analysis.words import METHODS
from entact.cli.tables import Table, TableError, read_table
from entact.protocol.problem import Fault, StudyError
from entact.protocol.source import read_source

_NUMBERS = ("baseline", "day")  # roles that are numbers


class AnalyseError(ValueError):
    """What was asked of a table and cannot be answered: says what would be right."""


def load_plan(path: Path) -> Plan:
    """A plan file.

    Raises:
        StudyError: for everything that is wrong with it, with line and column.
        OSError: when there is no such file.
    """
    source = read_source(path.read_bytes(), str(path))
    if not isinstance(source.data, dict):
        raise StudyError([source.locate(Fault((), "a plan is a block of keys; begin it with 'analyses:'"))])
    try:
        return read_plan(source.data)
    except PlanError as problem:
        faults = [Fault(path, message, at_key=_is_key(message)) for path, message in problem.faults]
        raise StudyError([source.locate(fault) for fault in faults]) from None


def run(
    plan_path: Path, table_path: Path, committed: Path | None, dry: int | None
) -> tuple[Analyses, tuple[str, ...]]:
    """A plan on a table, and what was noted in reading it.

    Args:
        committed: the plan as it was before unblinding. dry: seed of made-up arms, for a dry run.
    """
    plan = load_plan(plan_path)
    table = read_table(table_path, {plan.columns.get(role, role) for role in NAMES})
    _refuse_mixed(plan, table)
    before = None if committed is None else {one.id: one.digest for one in load_plan(committed).analyses}
    allocation = None
    if dry is not None:
        allocation = _made_up(plan, table.frame, dry)
    try:
        found = analyse(plan, table.frame, allocation=allocation, dry=dry is not None, committed=before)
    except ValueError as problem:
        raise AnalyseError(f"{table_path}: {problem}") from problem
    return found, table.notes


def shells_of(plan_path: Path, table_path: Path | None) -> pl.DataFrame:
    """The place of every result of a plan; with a table, of how many participants each will be."""
    plan = load_plan(plan_path)
    if table_path is None:
        return shell(plan)
    table = read_table(table_path, {plan.columns.get(role, role) for role in NAMES})
    try:
        return shell(plan, table.frame)
    except ValueError as problem:
        raise AnalyseError(f"{table_path}: {problem}") from problem


def print_found(found: Analyses, notes: tuple[str, ...]) -> None:
    """Every result, and what was noted."""
    for note in notes:
        typer.echo(note)
    if notes:
        typer.echo("")
    typer.echo(str(found))


def as_data(found: Analyses, notes: tuple[str, ...]) -> dict[str, Any]:
    """The results for `--json`: one row a statistic."""
    rows = found.to_ard().with_columns(
        pl.when(pl.col("value").is_infinite()).then(None).otherwise(pl.col("value")).alias("value")
    )
    return {"dry": found.dry, "digests": dict(found.digests), "notes": list(notes), "ard": rows.to_dicts()}


def write_ard(found: Analyses, path: Path) -> None:
    """Analysis results data as a file."""
    if path.suffix == ".csv":
        found.to_ard().write_csv(path)
    elif path.suffix == ".parquet":
        found.to_ard().write_parquet(path)
    else:
        raise AnalyseError(f"{path}: analysis results are written as .csv or .parquet")


def check_picture(path: Path) -> None:
    """Says at once when no picture can be written there."""
    from entact.report.pictures.sheet import PictureError, check_suffix

    try:
        check_suffix(path)
    except PictureError as problem:
        raise AnalyseError(str(problem)) from problem


def write_picture(found: Analyses, path: Path, table: str) -> None:
    """Every estimate with its interval, as a picture."""
    from entact.report.pictures.estimates import estimates_sheet
    from entact.report.pictures.sheet import write_sheet

    results = {name: list(one.result) for name, one in found.items() if one.result is not None}
    origin = "DRY RUN: ARMS ARE MADE UP" if found.dry else table
    caption = "Estimates with their intervals; the grey line is what is tested against."
    try:
        sheet = estimates_sheet("Results", caption, results, origin=origin)
    except ValueError as problem:
        raise AnalyseError(f"{path}: {problem}") from problem
    write_sheet(sheet, path)


def _is_key(message: str) -> bool:
    return message.startswith(("there is no key", "there is no role", "has no", "there is no analysis;")) or (
        " needs " in message or "compares two arms" in message
    )


def _made_up(plan: Plan, frame: pl.DataFrame, seed: int) -> dict[str, str]:
    arms = sorted({arm for one in plan.analyses if one.question.contrast for arm in one.question.contrast})
    who = plan.columns.get("participant", "participant")
    if who not in frame.columns:
        raise AnalyseError(f"the data have no column {who!r} that says who each row is of")
    people = frame[who].cast(pl.String).drop_nulls().unique().to_list()
    if len(arms) < 2:
        raise AnalyseError("a dry run makes up arms, and the plan compares none")
    return dummy_allocation(people, arms, seed=seed)


def _named(planned: Planned) -> list[str]:
    """The columns that an analysis names."""
    found = []
    for key, takes in METHODS[str(planned.said["method"])].takes.items():
        said: Any = planned.said.get(key, ())
        if takes == "formula":
            found += re.findall(r"[\w.]+", str(said))
        elif takes in ("column", "columns", "measure", "flag"):
            found += [said] if isinstance(said, str) else [str(name) for name in said]
    return found


def _refuse_mixed(plan: Plan, table: Table) -> None:
    """A column that stops being numbers is no number and no category: whoever uses it is told."""
    used = {plan.columns.get("value", "value"), *(plan.columns.get(role, role) for role in _NUMBERS)}
    for one in plan.analyses:
        used |= {one.value or "", *(plan.columns.get(name, name) for name in _named(one))}
    wrong = [message for column, message in table.mixed.items() if column in used]
    if wrong:
        raise TableError("\n".join(wrong))
