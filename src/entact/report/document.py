"""The report of a study: one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entact.datasets import Datasets, Synopsis
from entact.report.consort import consort
from entact.report.figures import Figure, events_figure, guesses_figure, scores_figure, vitals_figure
from entact.report.flow import flow
from entact.report.outcomes import OutcomeTable
from entact.report.page import render
from entact.report.quality import alerts_table, findings_table
from entact.report.row import Source
from entact.report.schedule import schedule_parts
from entact.report.verdict import verdict

NOTE = "SIMULATED DATA"
TEMPLATE, STYLE = "report.html.j2", "report.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInput:
    """All that a report tells.

    Attributes:
        datasets: frames, unblinded for results by arm. table: the outcome table of the same frames.
        synopsis: of the release. seed, scenario: of a rehearsal. sites: that have a ledger. entries: of all
            ledgers.
        chains: ledgers whose chain was verified; None when verification was not run. faults: what it found.
        study_findings: what a rehearsal found about the study itself, as (what it is about, message).
        parameters: what virtual participants are made of, as (name, source or assumption).
    """

    datasets: Datasets
    table: OutcomeTable
    synopsis: Synopsis
    sites: int
    entries: int
    seed: int | None = None
    scenario: str | None = None
    chains: int | None = None
    faults: tuple[str, ...] = ()
    study_findings: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()


def write_report(input: ReportInput, path: Path) -> None:
    """Writes the report of a study; folders on the way are made.

    Raises:
        ValueError: when the table or the synopsis is of another study or release than the datasets.
        OSError: when the file cannot be written.
    """
    page = render_report(input)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def render_report(input: ReportInput) -> str:
    """The report as HTML: no address, no script; the same input gives the same text.

    Raises:
        ValueError: when the table or the synopsis is of another study or release than the datasets.
    """
    _check(input)
    note = NOTE if input.table.simulated else None
    figures = list(_figures(input, Source(input.datasets, None), note))
    values = {
        "input": input,
        "table": input.table,
        "synopsis": input.synopsis,
        "note": note,
        "schedule": schedule_parts(input.synopsis.schedule),
        "verdict": verdict(input.datasets, input.table),
        "flow": flow(input.datasets),
        "consorts": _consorts(input, note),
        "primary": [one for one in figures if one.name == "scores"],
        "figures": [one for one in figures if one.name != "scores"],
        "findings": findings_table(input.datasets),
        "alerts": alerts_table(input.datasets, input.synopsis),
        "assumptions": _by_part(input.synopsis),
        "digest": input.synopsis.release.rpartition(":")[2],
    }
    return render(TEMPLATE, STYLE, values, filters={"count": count, "name": words})


def count(number: int) -> str:
    """A count with its thousands apart, by a space that does not break: `41 208`."""
    return f"{number:,}".replace(",", "\u202f")


def words(name: str) -> str:
    """A name as one reads it."""
    return name.replace("_", " ")


def _check(input: ReportInput) -> None:
    release = input.datasets.book.release
    for what, other in (("outcome table", input.table.release), ("synopsis", input.synopsis.release)):
        if other != release:
            raise ValueError(f"the {what} is of {other}, the datasets of {release}; make both of one release")


def _consorts(input: ReportInput, note: str | None) -> list[dict[str, str]]:
    """The diagram twice: the style sheet shows the one that fits the screen."""
    told = flow(input.datasets)
    return [
        {"screen": "wide", "svg": consort(told, width=720, note=note, name="consort-wide")},
        {"screen": "narrow", "svg": consort(told, width=360, note=note, name="consort-narrow")},
    ]


def _figures(input: ReportInput, source: Source, note: str | None) -> Iterator[Figure]:
    for figure in (
        scores_figure(source, input.table, note=note),
        vitals_figure(source, input.synopsis.limits, note=note),
        guesses_figure(source, note=note),
        events_figure(input.table, note=note),
    ):
        if figure is not None:
            yield figure


def _by_part(synopsis: Synopsis) -> Mapping[str, list[Any]]:
    """Assumptions by the part of the study file that they stand in."""
    parts: dict[str, list[Any]] = {}
    for one in synopsis.assumptions:
        parts.setdefault(one.path.partition(".")[0].partition("[")[0], []).append(one)
    return parts
