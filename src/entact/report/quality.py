"""Findings in the data and alerts, counted: how many, of how many participants, and which still hold."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from entact.datasets import Datasets, Synopsis

RULES = {
    "activity_missing": "planned activity not entered",
    "answer_missing": "form not answered by each who is asked",
    "guess_missing": "guess of the treatment not entered",
    "item": "item out of range or of another kind than planned",
    "out_of_window": "visit outside its window",
    "reading_missing": "timed reading not entered",
    "unusual": "answer that is unusual",
    "visit_missed": "visit missed",
    "without_gate": "act without a gate's yes",
}


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One rule: findings that hold, findings that no longer hold, participants with any, and one of them."""

    rule: str
    holding: int
    resolved: int
    participants: int
    example: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert: times raised, participants; of these times, not to be evaluated, and still open."""

    title: str
    raised: int
    participants: int
    unknown: int
    open: int


def findings_table(datasets: Datasets) -> list[FoundRow]:
    """Findings in the data by rule, the most frequent first."""
    rows = datasets.findings.group_by("RULE", maintain_order=True).agg(
        pl.col("HOLDS").sum().alias("holding"),
        (~pl.col("HOLDS")).sum().alias("resolved"),
        pl.col("USUBJID").n_unique().alias("participants"),
        pl.col("MESSAGE").sort_by("HOLDS", descending=True, maintain_order=True).first().alias("example"),
    )
    found = [
        FoundRow(RULES.get(rule, rule.replace("_", " ")), holding, resolved, participants, example)
        for rule, holding, resolved, participants, example in rows.rows()
    ]
    return sorted(found, key=lambda row: (-row.holding, -row.resolved, row.rule))


def alerts_table(datasets: Datasets, synopsis: Synopsis) -> list[AlertRow]:
    """Every alert of the study file, raised or not, and any that another release raised."""
    rows = datasets.alerts.group_by("ALERT").agg(
        pl.len(),
        pl.col("USUBJID").n_unique(),
        pl.col("UNKNOWN").sum().alias("unknown"),
        pl.col("OPEN").sum().alias("open"),
    )
    counted = {name: (raised, who, unknown, open) for name, raised, who, unknown, open in rows.rows()}
    names = [*synopsis.alerts, *sorted(counted.keys() - synopsis.alerts.keys())]
    return [
        AlertRow(synopsis.alerts.get(name, name.replace("_", " ")), *counted.get(name, (0, 0, 0, 0)))
        for name in names
    ]
