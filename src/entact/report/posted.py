"""Summary results for registries: the numbers of the report's own flow, table and analyses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import polars as pl

from entact.analysis.analyse import Analysed
from entact.analysis.result import Estimate
from entact.analysis.words import METHODS
from entact.datasets import Datasets, PlannedAnalysis, PlannedEndpoint
from entact.datasets.posted import (
    Comparison,
    EventCount,
    EventRow,
    EventsOfArm,
    FlowOfArm,
    Number,
    Outcome,
    Parameter,
    PostedResults,
)
from entact.report.cell import Cell
from entact.report.flow import ArmFlow, flow
from entact.report.outcomes import OutcomeTable, outcome_table
from entact.report.row import GROUP, Source, visit_title

OFF_LIST = "Not on the study's list of terms"
UNDER_WAY = "still in the study"
_OTHER = "other"  # the code of an event that is on no list
_RELATED = ("possible", "probable", "definite")


def posted_results(datasets: Datasets, *, threshold: float = 5.0) -> PostedResults:
    """The summary results of a study.

    Args:
        threshold: per cent (0 to 5); other than serious events that more people had in any arm are listed.
    Raises:
        ValueError: when the study is randomised and blinded: nothing of it is posted then; or the
            threshold is none that registries allow.
    """
    if not 0 <= threshold <= 5:
        raise ValueError(f"a threshold of {threshold:g} % is not allowed: it is at least 0 and at most 5")
    if datasets.book.randomised and not datasets.unblinded:
        raise ValueError("results are posted once arms are opened: give the allocation")
    source, table = Source(datasets, None), outcome_table(datasets)
    left_out: dict[str, str] = {}
    emergent = _emergent(source)
    at_risk = {
        arm: len(source.frame("subjects", "SAFFL").filter(pl.col(GROUP) == arm)) for arm in source.arms
    }
    listed = {
        code: row
        for code, row in _events(source, emergent)
        if row.serious or any(100 * one.people > threshold * at_risk[arm] for arm, one in row.arms.items())
    }
    enrolled = source.frame("subjects").select(pl.min_horizontal("ENRLDT", "RANDDT").min())
    return PostedResults(
        study=datasets.book.study,
        release=datasets.book.release,
        simulated=datasets.simulated,
        arms=dict(source.arms),
        flow={one.name: _flow(source, one) for one in flow(datasets).arms},
        baseline=tuple(_baseline(source, table, left_out)),
        outcomes=tuple(_outcomes(source, table, left_out)),
        events=tuple(listed.values()),
        events_of={arm: _events_of(source, arm, at_risk[arm], emergent, listed) for arm in source.arms},
        threshold=threshold,
        first=enrolled.item(),
        unknown_seriousness=len(emergent.filter(pl.col("AESER").is_null())),
        left_out=left_out,
    )


def _flow(source: Source, arm: ArmFlow) -> FlowOfArm:
    own = source.frame("subjects").filter(pl.col(GROUP) == arm.name)
    completed = len(own.filter(pl.col("EOSSTT") == "COMPLETED"))
    reasons = {one.text: one.n for one in arm.left}
    under_way = arm.allocated - completed - sum(reasons.values())
    milestones = {"Took at least one dose": arm.treated}
    milestones |= {f"Took a dose in {title}": n for title, n in arm.sessions}
    milestones |= {"In the analysis of the primary outcome": arm.analysed}
    return FlowOfArm(
        started=arm.allocated,
        completed=completed,
        milestones=milestones,
        reasons=reasons | ({UNDER_WAY: under_way} if under_way else {}),
    )


def _baseline(source: Source, table: OutcomeTable, left_out: dict[str, str]) -> Iterator[Outcome]:
    """Age, sex, and the score of the primary outcome before treatment, of all who started."""
    subjects = source.frame("subjects")
    known = subjects.filter(pl.col("AGE").is_not_null()) if "AGE" in subjects.columns else subjects.clear()
    if known.is_empty():
        left_out["baseline: age"] = "it is not recorded"
    else:
        ages = {arm: _mean(known.filter(pl.col(GROUP) == arm)["AGE"].cast(pl.Float64)) for arm in source.arms}
        yield Outcome("age", "Age, Continuous", None, "", "mean", "years", "", {"": ages})
    known = subjects.filter(pl.col("SEX").is_not_null()) if "SEX" in subjects.columns else subjects.clear()
    if known.is_empty():
        left_out["baseline: sex"] = "it is not recorded"
    else:
        codes = dict.fromkeys(["female", "male", *sorted(known["SEX"].unique().to_list())])
        sexes = {code.replace("_", " ").capitalize(): _counts(source, known, code) for code in codes}
        yield Outcome("sex", "Sex: Female, Male", None, "", "participants", "Participants", "", sexes)
    primary = source.book.endpoints[source.book.primary]
    for visit, names in primary.earlier.items():
        for name in names:
            cells = _cells(table, f"score/{name}/{visit}")
            if cells:
                title = f"{source.book.parameters[name].title}, {visit_title(source, visit)}"
                numbers = {arm: _of_mean(cell) for arm, cell in cells.items()}
                yield Outcome(name, title, None, "", "mean", "units on a scale", "", {"": numbers})


def _counts(source: Source, known: pl.DataFrame, code: str) -> dict[str, Number]:
    found = {}
    for arm in source.arms:
        own = known.filter(pl.col(GROUP) == arm)
        found[arm] = Number(len(own), len(own.filter(pl.col("SEX") == code)))
    return found


def _mean(values: pl.Series) -> Number:
    mean, sd = values.mean(), values.std()
    return Number(
        len(values),
        float(mean) if isinstance(mean, int | float) else None,
        float(sd) if isinstance(sd, int | float) else None,
    )


def _outcomes(source: Source, table: OutcomeTable, left_out: dict[str, str]) -> Iterator[Outcome]:
    """Each endpoint at its own visit, with the analyses of the plan that compare arms in it."""
    analysed = {one.endpoint for one in source.book.analyses}
    for name, endpoint in source.book.endpoints.items():
        cells, parameter, unit = _values(source, table, endpoint)
        if not cells:
            left_out[f"outcome: {endpoint.title}"] = "the report has no value of it by arm"
            continue
        numbers = {arm: _of_share(one) if unit else _of_mean(one) for arm, one in cells.items()}
        yield Outcome(
            endpoint=name,
            title=endpoint.title,
            level="primary" if name == source.book.primary else "secondary" if name in analysed else "other",
            time_frame=visit_title(source, endpoint.at),
            parameter=parameter,
            unit=unit or "units on a scale",
            population=source.book.sets.get(endpoint.set, endpoint.set.replace("_", " ")),
            categories={"": numbers},
            comparisons=tuple(_comparisons(source, endpoint, left_out)),
        )


def _values(
    source: Source, table: OutcomeTable, endpoint: PlannedEndpoint
) -> tuple[Mapping[str, Cell], Parameter, str]:
    """The cells of an endpoint by arm, what they are, and their unit; an empty one for that of a score."""
    if endpoint.kind == "boolean":
        return _cells(table, f"share/{endpoint.name}/{endpoint.at}"), "participants", "Participants"
    if endpoint.kind == "time":
        return _cells(table, f"time/{endpoint.name}/event"), "participants", "Participants"
    for (
        other
    ) in source.book.endpoints.values():  # of those that differ in their visit alone the first is named
        same = (other.value, other.set, other.estimand) == (endpoint.value, endpoint.set, endpoint.estimand)
        if same and (cells := _cells(table, f"change/{other.name}/{endpoint.at}")):
            return cells, "mean", ""
    return {}, "mean", ""


def _cells(table: OutcomeTable, name: str) -> dict[str, Cell]:
    columns = {one.name for one in table.arms}
    found = next((row.cells for row in table.rows if row.id == name), {})
    return {arm: cell for arm, cell in found.items() if arm in columns}


def _of_mean(cell: Cell) -> Number:
    return Number(int(cell.numbers["n"] or 0), cell.numbers["mean"], cell.numbers["sd"])


def _of_share(cell: Cell) -> Number:
    return Number(int(cell.numbers["n"] or 0), cell.numbers["events"])


def _comparisons(source: Source, endpoint: PlannedEndpoint, left_out: dict[str, str]) -> Iterator[Comparison]:
    for planned in source.book.analyses:
        word = METHODS[planned.method]
        if planned.endpoint != endpoint.name or not word.compares or planned.contrast is None:
            continue
        found = source.analyses[planned.name]
        if found.result is None:
            left_out[f"analysis: {planned.name}"] = found.why or "it has no result"
            continue
        for one in [found.result[0]] if word.tests else list(found.result):
            if one.estimate is None and one.p is None:
                left_out[f"analysis: {planned.name}"] = "; ".join(one.notes) or "not estimable"
            else:
                yield _comparison(planned, found, one, word.title)


def _comparison(planned: PlannedAnalysis, found: Analysed, one: Estimate, title: str) -> Comparison:
    assert planned.contrast is not None
    estimand = planned.estimand.replace("_", " ")
    said = [f"Analysis {planned.name} of the plan", f"estimand: {estimand}", f"set: {planned.set}", one.label]
    return Comparison(
        name=planned.name,
        arms=planned.contrast,
        method=planned.method,
        title=title,
        measure=one.measure,
        estimate=one.estimate,
        se=one.se,
        low=one.low,
        high=one.high,
        level=one.level,
        p=one.p,
        sides=2 if one.side == "two_sided" else 1,
        null=one.null,
        standing=found.standing,
        notes="; ".join(filter(None, said)),
    )


def _emergent(source: Source) -> pl.DataFrame:
    """The events that the report's table counts: treatment-emergent, or not known to be none."""
    treated = source.frame("subjects", "SAFFL").select("USUBJID", GROUP)
    events = source.datasets.events.filter(pl.col("TRTEMFL").is_null() | pl.col("TRTEMFL"))
    return events.join(treated, on="USUBJID", how="inner").with_columns(
        pl.when(pl.col("AECODE").is_in(list(source.book.terms)))
        .then(pl.col("AECODE"))
        .otherwise(pl.lit(_OTHER))
        .alias("AECODE"),
        pl.col("AESER").fill_null(value=False).alias("SERIOUS"),
    )


def _events(source: Source, emergent: pl.DataFrame) -> Iterator[tuple[tuple[bool, str], EventRow]]:
    """Each term's serious and its other events, by whether they are serious and the term's code."""
    terms = source.book.terms
    order = {code: place for place, code in enumerate(terms)}
    for serious in (True, False):
        rows = emergent.filter(pl.col("SERIOUS") == serious)
        codes = sorted(set(rows["AECODE"].to_list()), key=lambda code: (order.get(code, len(order)), code))
        for code in codes:
            here = rows.filter(pl.col("AECODE") == code)
            title = terms[code].title if code in terms else OFF_LIST
            asked = bool(here["SOLICIT"].fill_null(value=False).any())
            arms = {arm: _count(here.filter(pl.col(GROUP) == arm)) for arm in source.arms}
            yield (serious, code), EventRow(title, serious, asked, arms)


def _count(rows: pl.DataFrame) -> EventCount:
    related, fatal = pl.col("AEREL").is_in(_RELATED), pl.col("AEOUT") == "fatal"
    return EventCount(
        events=len(rows),
        people=rows["USUBJID"].n_unique(),
        related=len(rows.filter(related)),
        fatal=len(rows.filter(fatal)),
        fatal_related=len(rows.filter(related, fatal)),
    )


def _events_of(
    source: Source,
    arm: str,
    at_risk: int,
    emergent: pl.DataFrame,
    listed: Collection[tuple[bool, str]],
) -> EventsOfArm:
    emergent = emergent.filter(pl.col(GROUP) == arm)
    others = [code for serious, code in listed if not serious]
    own = source.frame("subjects").filter(pl.col(GROUP) == arm)
    return EventsOfArm(
        at_risk=at_risk,
        with_serious=emergent.filter(pl.col("SERIOUS"))["USUBJID"].n_unique(),
        with_other=emergent.filter(~pl.col("SERIOUS"), pl.col("AECODE").is_in(others))["USUBJID"].n_unique(),
        started=len(own),
        deaths=len(own.filter(pl.col("DTHFL"))),
        deaths_of_events=emergent.filter(pl.col("AEOUT") == "fatal")["USUBJID"].n_unique(),
    )
