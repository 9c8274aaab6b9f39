"""The outcome table of a study: its results by arm, beside what was published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from entact.datasets import Datasets
from entact.report import outcome_rows
from entact.report.analyses import AnalysisRow, analyses
from entact.report.cell import MARK, Cell
from entact.report.effect_rows import tested_together
from entact.report.published import ALL, Published, require_fit
from entact.report.row import Row, Source
from entact.report.time_rows import times


@dataclass(frozen=True, slots=True)
class ArmColumn:
    """A column: an arm, or all participants while the study is blinded."""

    name: str
    title: str
    n: int


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """The outcome table as data.

    Attributes:
        simulated: no person stands behind the values; every rendering has to say so.
        unblinded: whether there is a column for each arm; else one for all participants.
        arms: the columns. rows: in order, section by section. notes: what a reader has to know.
        citation: of the published values, where there are any. analyses: of the plan, one by one.
    """

    study: str
    title: str
    release: str
    environment: str
    simulated: bool
    unblinded: bool
    arms: tuple[ArmColumn, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    citation: str | None
    analyses: tuple[AnalysisRow, ...] = ()

    def sections(self) -> dict[str, list[Row]]:
        """Rows by section, in order."""
        sections: dict[str, list[Row]] = {}
        for row in self.rows:
            sections.setdefault(row.section, []).append(row)
        return sections

    def row(self, name: str) -> Row:
        """The row with an id such as `share/remission/assessment_4`.

        Raises:
            KeyError: when there is none.
        """
        for row in self.rows:
            if row.id == name:
                return row
        raise KeyError(f"the outcome table has no row {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """The table as plain data, for JSON: unrounded values, marked simulated, observed or published."""
        return {
            "study": self.study,
            "title": self.title,
            "release": self.release,
            "environment": self.environment,
            "simulated": self.simulated,
            "unblinded": self.unblinded,
            "arms": [{"name": arm.name, "title": arm.title, "n": arm.n} for arm in self.arms],
            "rows": [
                {
                    "id": row.id,
                    "section": row.section,
                    "label": row.label,
                    "remark": row.remark,
                    "values": {arm: cell.to_dict() for arm, cell in row.cells.items()},
                    "published": {arm: cell.to_dict() for arm, cell in row.published.items()},
                }
                for row in self.rows
            ],
            "notes": list(self.notes),
            "citation": self.citation,
            "analyses": [one.to_dict() for one in self.analyses],
        }


def outcome_table(
    datasets: Datasets, published: Published | None = None, remarks: Iterable[str] = ()
) -> OutcomeTable:
    """The outcome table of a study.

    Args:
        datasets: unblinded for one column an arm; blinded ones give one column of all participants, without
            what only arms give meaning to (differences, correct guesses).
        published: results of the same study, shown beside an unblinded table.
        remarks: what else a reader has to know, such as what simulated people were made of.
    Raises:
        PublishedError: when the published results are of another study or name an arm that it does not have.
    """
    book = datasets.book
    if published is not None:
        require_fit(published, book)
        if book.randomised and not datasets.unblinded:
            published = None
    source = Source(datasets, published)
    rows = tuple(
        row
        for section in (
            outcome_rows.disposition,
            outcome_rows.scores,
            outcome_rows.shares,
            times,
            tested_together,
            outcome_rows.events,
            outcome_rows.vital_signs,
            outcome_rows.blinding,
        )
        for row in section(source)
    )
    return OutcomeTable(
        study=book.study,
        title=book.title,
        release=book.release,
        environment=datasets.environment,
        simulated=datasets.simulated,
        unblinded=datasets.unblinded,
        arms=tuple(ArmColumn(arm, title, source.size(arm)) for arm, title in source.arms.items()),
        rows=rows,
        notes=tuple(dict.fromkeys(_notes(datasets, rows, remarks))),
        citation=published.citation if published else None,
        analyses=tuple(analyses(source)),
    )


def _notes(datasets: Datasets, rows: Iterable[Row], remarks: Iterable[str]) -> Iterable[str]:
    if datasets.simulated:
        yield "SIMULATED DATA: no person stands behind these values."
    yield from remarks
    if datasets.book.randomised and not datasets.unblinded:
        yield "Blinded: all participants together."
    if datasets.committed is not None and datasets.unblinded:
        yield (
            "Each analysis is held against the plan that stood in the study's ledger when arms were opened: "
            "as planned, changed since, or post hoc where it was not in it."
        )
    yield from _estimands(datasets)
    if datasets.unblinded and len(datasets.book.arms) > 1 and not any("effect/" in row.id for row in rows):
        yield "No arms are compared: the plan names no contrast."
    labels: dict[str, list[str]] = {}
    for row in rows:
        if row.remark:
            labels.setdefault(row.remark, []).append(row.label)
    for remark, said in labels.items():
        yield f"{'; '.join(dict.fromkeys(said))}: {remark}."
    if any(cell.is_assumed for row in rows for cell in _published(row)):
        yield f"{MARK} published, but quoted wholly or partly from memory: an assumption until it is checked."


def _estimands(datasets: Datasets) -> Iterable[str]:
    """Which values count under the estimand of each endpoint."""
    said = {
        "de_jure": "values until treatment was discontinued (de jure), as observed",
        "de_facto": "all observed values (de facto)",
    }
    endpoints = datasets.book.endpoints.values()
    for estimand in dict.fromkeys(one.estimand for one in endpoints):
        titles = [one.title for one in endpoints if one.estimand == estimand]
        others = len(titles) < len(endpoints)
        about = "; ".join(titles) if others else "Scores and responders"
        yield f"{about}: {said.get(estimand, estimand.replace('_', ' '))}."


def _published(row: Row) -> Iterable[Cell]:
    found: Mapping[str, Cell] = row.published
    return found.values()


__all__ = ["ALL", "ArmColumn", "OutcomeTable", "Row", "outcome_table"]
