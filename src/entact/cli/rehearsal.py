"""`entact rehearse` and `entact demo`: a rehearsal into the store, verified, and its outcome table."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from entact import store
from entact.cli.derivation import derive
from entact.cli.plan import plan_rehearsal
from entact.cli.work import show_steps, use_workers
from entact.cohort import StudyFinding, Trial, rehearse
from entact.course import Line
from entact.datasets import Datasets, synopsis, unmeasured
from entact.protocol import Study
from entact.report.document import ReportInput, write_report
from entact.report.outcomes import OutcomeTable, outcome_table
from entact.report.terminal import render

BUFFER = 4000  # lines that wait in memory before they are copied into the store
TITLES = {
    "prepare": "database",
    "rehearse": "rehearsal",
    "verify": "verification",
    "derive": "datasets",
    "table": "analyses",
    "report": "report",
}
ALLOCATION, REPORT = "allocation.json", "report.html"


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal that was stored and verified: the trial, its table, and how long each step took.

    Attributes:
        findings: what is wrong with the study file, by what was met on the way and by what came of it.
    """

    study: Study
    trial: Trial
    datasets: Datasets
    table: OutcomeTable
    findings: list[StudyFinding]
    verification: store.Verification
    report: Path
    allocation: Path
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
            "entered": self.trial.randomised,
            "randomised": self.trial.randomised if self.datasets.book.randomised else 0,
            "neutral": list(self.trial.parameters.neutral),
            "entries": self.trial.entries,
            "ledgers_verified": self.verification.ledgers,
            "breaks": [msgspec.to_builtins(one) for one in self.verification.breaks],
            "seconds": {step: round(taken, 2) for step, taken in self.seconds.items()},
            "findings_about_the_study": [msgspec.to_builtins(one) for one in self.findings],
            "outcomes": self.table.to_dict(),
            "report": str(self.report),
            "allocation": str(self.allocation),
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
    """Rehearses a study into a database of its own, verifies it, and derives table and report from there."""
    seconds: dict[str, float] = {}
    plan = plan_rehearsal(name, scenario)
    study = plan.study
    _require_writable(out)
    with store.reserved(database), _reserved(out), show_steps(TITLES, seconds) as step:
        with step("prepare"):
            store.create_database(database, "rehearsal", study.name, replace=True)
            (out / ALLOCATION).unlink(missing_ok=True)  # it belongs to what was thrown away
            _keep_earlier(out / REPORT)
        with _whole(database, study.name), use_workers(workers) as executor:
            with step("rehearse") as show:
                buffer = _Buffer()
                trial = rehearse(
                    study,
                    participants,
                    seed,
                    cohort=plan.cohort,
                    scenario=plan.scenario,
                    executor=executor,
                    sink=buffer.add,
                    progress=show,
                )
                buffer.flush()
                store.keep_keys(trial.keys)
                write_allocation(trial, out / ALLOCATION)
            with step("verify"):
                verification = store.verify()
            with step("derive"):
                accumulator, consents = derive(study, executor)
                datasets = accumulator.finish(trial.allocation.arms())
        with step("table"):
            table = outcome_table(datasets, plan.published, [*trial.remarks, *consents.remarks()])
        findings = trial.findings + [
            StudyFinding(f"endpoint {name}", said) for name, said in unmeasured(datasets)
        ]
        report = out / REPORT
        with step("report"):
            _make_private(report)
            write_report(_report_input(study, trial, datasets, table, findings, verification), report)
    return Rehearsed(study, trial, datasets, table, findings, verification, report, out / ALLOCATION, seconds)


def print_result(result: Rehearsed, *, full: bool) -> None:
    """The outcome table, what was found about the study, and where things are."""
    console = Console(highlight=False)
    trial, seconds = result.trial, result.seconds
    sites = len(trial.parameters.sites.by_id)
    book = result.datasets.book
    entered = "randomised" if book.randomised and not book.beside else "enrolled"
    scenario = f" · scenario {trial.parameters.scenario}" if trial.parameters.scenario else ""
    told = f" · rehearsal, seed {trial.seed}{scenario} · "
    console.print(
        Text.assemble((result.study.name, "bold"), told, ("SIMULATED DATA", "bold yellow")), soft_wrap=True
    )
    console.print(
        f"{sites} {'site' if sites == 1 else 'sites'}, {trial.screened} consented, "
        f"{trial.randomised} {entered}, "
        f"{_spaced(trial.entries)} entries in {seconds['rehearse']:.1f} s; "
        f"{result.verification.ledgers} chains verified"
    )
    for one in result.verification.breaks:
        console.print(Text(f"broken: {one.ledger}, entry {one.seq}: {one.problem}", "bold red"))
    console.print()
    console.print(render(result.table, width=console.width, full=full))
    console.print(f"[bold]findings about the study: {len(result.findings)}[/]")
    for finding in result.findings:
        console.print(Text(f"  {finding.about}: {finding.message}"))
    console.print(Text(f"report      {result.report}"), soft_wrap=True)
    console.print(Text(f"allocation  {result.allocation}   (secret; follows from the seed)"), soft_wrap=True)


class _Buffer:
    """Lines on their way to the store, copied in large pieces."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Line]] = []

    def add(self, name: str, lines: list[Line]) -> None:
        self.lines.extend((name, line) for line in lines)
        if len(self.lines) >= BUFFER:
            self.flush()

    def flush(self) -> None:
        store.append_many(self.lines, lists=False)
        self.lines = []


def _report_input(
    study: Study,
    trial: Trial,
    datasets: Datasets,
    table: OutcomeTable,
    findings: list[StudyFinding],
    verification: store.Verification,
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
        study_findings=tuple((finding.about, finding.message) for finding in findings),
    )


def write_allocation(trial: Trial, path: Path) -> None:
    """The secret file: readable by its owner alone, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _make_private(path)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(trial.allocation), indent=1))


def _keep_earlier(report: Path) -> None:
    """Puts the report of an earlier rehearsal aside under the time at which it was written."""
    if not report.is_file():
        return
    report.chmod(0o600)  # it shows arms
    written = datetime.fromtimestamp(report.stat().st_mtime).astimezone()
    names = (
        f"{report.stem}-{written:%Y-%m-%dT%H%M%S}{again}.html"
        for again in ("", *map("-{}".format, range(2, 99)))
    )
    report.rename(next(path for name in names if not (path := report.with_name(name)).exists()))


def _make_private(path: Path) -> None:
    """Makes a new empty file for its owner alone, whatever the folder lets others do: it will show arms."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


@contextmanager
def _whole(database: str, study: str) -> Iterator[None]:
    """All of a rehearsal or nothing: what was interrupted is not left behind as if it were a study."""
    try:
        yield
    except BaseException:
        with suppress(Exception):  # what went wrong first is what is said
            store.create_database(database, "rehearsal", study, replace=True)
        raise


@contextmanager
def _reserved(out: Path) -> Iterator[None]:
    """Keeps a folder for one rehearsal: allocation and report belong to the same."""
    descriptor = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise store.StoreError(
                f"another rehearsal into the folder {out} is under way: wait, or name another with --out"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _require_writable(out: Path) -> None:
    """Makes the folder, and says now, not after the rehearsal, when nothing can be written there."""
    out.mkdir(mode=0o700, parents=True, exist_ok=True)  # the report shows arms
    probe = out / f".probe.{os.getpid()}"
    probe.touch()
    probe.unlink()


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
