"""`entact rehearse` and `entact demo`: a rehearsal into the store, verified, and its outcome table."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from entact import store
from entact.cohort import Trial, rehearse, shipped_scenario
from entact.course import Line, fold, read
from entact.datasets import Accumulator, Datasets, synopsis
from entact.protocol import Study, load_study
from entact.report.document import ReportInput, write_report
from entact.report.outcomes import OutcomeTable, outcome_table
from entact.report.published import load_published
from entact.report.terminal import render

BUFFER = 4000  # lines that wait in memory before they are copied into the store


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal that was stored and verified: the trial, its table, and how long each step took."""

    study: Study
    trial: Trial
    datasets: Datasets
    table: OutcomeTable
    verification: store.Verification
    report: Path
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        return {
            "study": self.study.name,
            "release": self.study.newest.id,
            "environment": "rehearsal",
            "simulated": True,
            "seed": self.trial.seed,
            "scenario": self.trial.parameters.scenario,
            "consented": self.trial.screened,
            "randomised": self.trial.randomised,
            "entries": self.trial.entries,
            "ledgers_verified": self.verification.ledgers,
            "breaks": [msgspec.to_builtins(one) for one in self.verification.breaks],
            "seconds": {step: round(taken, 2) for step, taken in self.seconds.items()},
            "findings_about_the_study": [msgspec.to_builtins(one) for one in self.trial.findings],
            "outcomes": self.table.to_dict(),
            "report": str(self.report),
        }


def run_rehearsal(
    name: str,
    participants: int | None,
    seed: int,
    scenario: str | None,
    out: Path,
    workers: int | None,
    database: str,
) -> Rehearsed:
    """Rehearses a study into a database of its own, verifies it, and makes datasets, table and report of what is stored."""
    seconds: dict[str, float] = {}
    study = load_study(name)
    cohort = None if study.name == name else _folder(name) / "cohort.yaml"
    path = None if scenario is None else shipped_scenario(study.name, scenario)
    out.mkdir(parents=True, exist_ok=True)
    with _steps(seconds) as step:
        with step("prepare"):
            store.create_database(database, "rehearsal", study.name, replace=True)
        with step("rehearse") as show, _executor(workers) as executor:
            buffer = _Buffer()
            trial = rehearse(
                study,
                participants,
                seed,
                cohort=cohort,
                scenario=path,
                executor=executor,
                sink=buffer.add,
                progress=show,
            )
            buffer.flush()
            store.keep_keys(trial.keys)
            _write_allocation(trial, out / "allocation.json")
        with step("verify"):
            verification = store.verify()
        with step("derive"):
            datasets = _derive(study, trial)
            table = outcome_table(datasets, load_published(study.name) if cohort is None else None)
        report = out / "report.html"
        with step("report"):
            write_report(_report_input(study, trial, datasets, table, verification), report)
    return Rehearsed(study, trial, datasets, table, verification, report, seconds)


def print_result(result: Rehearsed, *, full: bool) -> None:
    """The outcome table, what was found about the study, and where things are."""
    console = Console()
    trial, seconds = result.trial, result.seconds
    sites = len(trial.parameters.sites.by_id)
    scenario = f" · scenario {trial.parameters.scenario}" if trial.parameters.scenario else ""
    console.print(
        f"[bold]{result.study.name}[/] · rehearsal, seed {trial.seed}{scenario} · [bold yellow]SIMULATED DATA[/]"
    )
    broken = result.verification.broken
    chains = (
        f"{result.verification.ledgers} chains verified" if broken is None else f"[red]broken: {broken}[/]"
    )
    console.print(
        f"{sites} sites, {trial.screened} consented, {trial.randomised} randomised, "
        f"{_spaced(trial.entries)} entries in {seconds['rehearse']:.1f} s; {chains}"
    )
    console.print()
    console.print(render(result.table, width=console.width, full=full))
    findings = trial.findings
    console.print(
        f"[bold]findings about the study: {len(findings)}[/]" + (f" ({result.report})" if findings else "")
    )
    for finding in findings:
        console.print(f"  {finding.about}: {finding.message}")


class _Buffer:
    """Lines on their way to the store, copied in large pieces."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Line]] = []

    def add(self, name: str, lines: list[Line]) -> None:
        self.lines.extend((name, line) for line in lines)
        if len(self.lines) >= BUFFER:
            self.flush()

    def flush(self) -> None:
        store.append_many(self.lines)
        self.lines = []


def _derive(study: Study, trial: Trial) -> Datasets:
    accumulator = Accumulator(study)
    for _, lines in store.chains("participant:"):
        accumulator.add(fold(study, [read(line.text) for line in lines]))
    return accumulator.finish(trial.allocation.arms())


def _report_input(
    study: Study, trial: Trial, datasets: Datasets, table: OutcomeTable, verification: store.Verification
) -> ReportInput:
    return ReportInput(
        datasets=datasets,
        table=table,
        synopsis=synopsis(study.newest),
        sites=len(trial.parameters.sites.by_id),
        entries=trial.entries,
        seed=trial.seed,
        scenario=trial.parameters.scenario,
        chains=verification.ledgers,
        faults=tuple(f"{one.ledger}, entry {one.seq}: {one.problem}" for one in verification.breaks),
        study_findings=tuple((finding.about, finding.message) for finding in trial.findings),
    )


def _write_allocation(trial: Trial, path: Path) -> None:
    """The secret file: readable by its owner alone, from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(trial.allocation), indent=1))


@contextmanager
def _executor(workers: int | None) -> Iterator[Executor | None]:
    count = workers or os.cpu_count() or 1
    if count == 1:
        yield None
        return
    # Neither the terminal's threads nor the database's connection may be copied into a worker.
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as executor:
        yield executor


@contextmanager
def _steps(seconds: dict[str, float]) -> Iterator[Any]:
    """Shows what is going on, and notes how long each step took."""
    titles = {
        "prepare": "database",
        "rehearse": "rehearsal",
        "verify": "verification",
        "derive": "datasets",
        "report": "report",
    }
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:

        @contextmanager
        def step(name: str) -> Iterator[Any]:
            task = progress.add_task(titles[name], total=None, count="")
            begun = time.perf_counter()

            def show(stage: str, done: int, of: int) -> None:
                progress.update(
                    task,
                    description=f"{titles[name]}: {stage}",
                    completed=done,
                    total=of,
                    count=f"{done}/{of}",
                )

            yield show
            seconds[name] = time.perf_counter() - begun
            progress.update(task, completed=1, total=1)

        yield step


def _folder(name: str) -> Path:
    path = Path(name)
    return path if path.is_dir() else path.parent


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
