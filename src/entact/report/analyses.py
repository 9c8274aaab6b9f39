"""The analyses of the plan, one by one: what each estimates, in whom, whether as planned, and its hashes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from entact.analysis.analyse import Analysed
from entact.analysis.plan import read_study_plan
from entact.analysis.planned import Plan
from entact.analysis.shell import shell
from entact.analysis.words import METHODS
from entact.datasets import PlannedAnalysis, analysis_frames
from entact.report.row import Source, visit_title

STRATEGIES = {
    "treatment_policy": "treatment policy",
    "while_on_treatment": "while on treatment",
    "principal_stratum": "principal stratum",
}


@dataclass(frozen=True, slots=True)
class AnalysisRow:
    """One analysis of the plan.

    Attributes:
        asked: endpoint, arms and visit. estimand: its title, attributes and strategies. set: who belongs to
            it.
        standing: as planned, changed or post hoc; empty while the study is blinded.
        entered: rows and people by arm; while blinded how many may be taken. left_out, events, notes: what
            was not taken and why, what was done with each intercurrent event, what may have been meant
            otherwise. shell: the place that is held open for a result, while there is none.
        digests: SHA-256 of data, plan, allocation and code.
    """

    name: str
    asked: str
    method: str
    estimand: str
    set: str
    standing: str
    entered: str
    left_out: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    shell: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "asked": self.asked,
            "method": self.method,
            "estimand": self.estimand,
            "set": self.set,
            "standing": self.standing,
            "entered": self.entered,
            "left_out": list(self.left_out),
            "events": list(self.events),
            "notes": list(self.notes),
            "shell": self.shell,
            "digests": dict(self.digests),
        }


def analyses(source: Source) -> Iterator[AnalysisRow]:
    """Every analysis of the plan; while the study is blinded its shell, with how many it may take."""
    plan = read_study_plan(source.book.plan)
    open_now = source.datasets.unblinded or not source.book.randomised
    shells = {} if open_now else _shells(source, plan)
    for analysis in source.book.analyses:
        about = (
            analysis.name,
            _asked(source, analysis),
            METHODS[analysis.method].title,
            _estimand(plan, analysis.estimand),
            f"{analysis.set}: {source.book.sets[analysis.set]}"
            if analysis.set in source.book.sets
            else analysis.set,
        )
        if open_now:
            yield _done(about, source.analyses[analysis.name])
        else:
            row = shells[analysis.name]
            digest = next(one.digest for one in plan.analyses if one.id == analysis.name)
            yield AnalysisRow(
                *about, "", f"{row['n']} participants", shell=row["result"], digests={"plan": digest}
            )


def _done(about: tuple[str, str, str, str, str], found: Analysed) -> AnalysisRow:
    entered = found.entered
    people = ", ".join(f"{n} {arm}".strip() for arm, n in entered.participants.items()) or "nobody"
    return AnalysisRow(
        *about,
        found.standing,
        f"{entered.rows} rows of {people}",
        tuple(map(str, entered.left_out)),
        tuple(map(str, entered.events)),
        entered.notes if found.result is not None else (*entered.notes, f"no result: {found.why}"),
        digests=found.digests,
    )


def _shells(source: Source, plan: Plan) -> dict[str, dict[str, Any]]:
    frames: dict[str, pl.DataFrame] = analysis_frames(source.datasets)
    return {row["analysis"]: row for row in shell(plan, frames).iter_rows(named=True)}


def _asked(source: Source, analysis: PlannedAnalysis) -> str:
    title = source.book.endpoints[analysis.endpoint].title
    arms = "" if analysis.contrast is None else f", {analysis.contrast[0]} − {analysis.contrast[1]}"
    return f"{title}{arms}, {visit_title(source, analysis.at)}"


def _estimand(plan: Plan, name: str) -> str:
    """An estimand by its title, the attributes that are said, and its strategies."""
    known = plan.estimands.get(name)
    if known is None:
        return name.replace("_", " ")
    said = [f"{what}: {text}" for what, text in known.attributes.items()]
    ways = [
        f"{plan.events[event].title}: {STRATEGIES.get(way, way)}" for event, way in known.strategies.items()
    ]
    return "; ".join([known.title, *said, *ways])
