"""The frame that an analysis of the plan is fitted to."""

from __future__ import annotations

import re

import polars as pl

from entact.datasets.build import ARM, Datasets
from entact.datasets.codebook import Codebook, PlannedEndpoint
from entact.datasets.planned import PlannedAnalysis
from entact.datasets.subjects import UNIT
from entact.protocol.plan_data import COMPETING, ENDED, guess_column

_TERMS = {"arm", "visit", "baseline", "site", "unit"}  # of a model, besides what stays true of a person


def model_frame(datasets: Datasets, analysis: PlannedAnalysis) -> pl.DataFrame:
    """One row for each participant and visit after the first dose, as a model takes them.

    The analysis's set and estimand decide which rows there are: nothing after an intercurrent event that ends
    what the estimand counts. The baseline is the value that the endpoint compares with.

    Args:
        datasets: unblinded. analysis: of their book.
    Returns:
        Columns participant, visit, arm where there are any, site, day (of the value, for structures in time),
        baseline where the endpoint compares with an earlier value, each characteristic that the model names,
        and value; null nowhere.
    Raises:
        ValueError: when the model asks for a baseline and the endpoint compares with no earlier value.
    """
    endpoint = datasets.book.endpoints[analysis.endpoint]
    rows = _rows(datasets, analysis).filter(pl.col("AVAL").is_not_null())
    rows = counted(rows, datasets.book, endpoint, analysis.estimand)
    return rows.select(*_columns(datasets, analysis, rows)).drop_nulls()


def analysis_frames(datasets: Datasets) -> dict[str, pl.DataFrame]:
    """Every analysis of the plan with its rows, as `entact.analysis.analyse` takes them with `book.plan`.

    Of its set everybody and every visit, whatever came between: the estimand is applied by the analysis, by
    the columns with the first day after each intercurrent event. Visits are in the order of the schedule;
    the value of who was not seen is null, and so is the guess of who made none by then.
    """
    return {one.name: _analysis_frame(datasets, one) for one in datasets.book.analyses}


def _analysis_frame(datasets: Datasets, analysis: PlannedAnalysis) -> pl.DataFrame:
    book = datasets.book
    rows = _rows(datasets, analysis)
    columns = _columns(datasets, analysis, rows)
    seen = list(dict.fromkeys(rows.sort("AVISITN")["AVISIT"]))
    rows = rows.with_columns(pl.col("AVISIT").cast(pl.Enum(seen)))
    after = [_after(event, said["day"], book) for event, said in book.plan["intercurrent"].items()]
    needed = [one for one in rows.select(*columns).columns if one not in ("value", "day")]
    if analysis.competing is not None:
        rows = _first_to_come(datasets, rows, analysis.competing)
        columns.append(pl.col(COMPETING))
    if book.endpoints[analysis.endpoint].kind == "time":
        columns.append((pl.col("CNSR") == 0).alias(ENDED))
    if analysis.guesser is not None:
        name = guess_column(analysis.guesser)
        rows = rows.with_columns(_last_guess(datasets, rows, analysis.guesser).alias(name))
        columns.append(pl.col(name))
    for other in analysis.beside:
        measured = datasets.endpoints.filter(pl.col("PARAMCD") == other)
        visit = pl.col("AVISIT").cast(pl.Enum(seen), strict=False)
        measured = measured.select("USUBJID", visit, pl.col("AVAL").alias(other)).drop_nulls("AVISIT")
        rows = rows.join(measured, on=["USUBJID", "AVISIT"], how="left", maintain_order="left")
        columns.append(pl.col(other))
    return rows.select(*columns, *after).drop_nulls(needed)


def _first_to_come(datasets: Datasets, rows: pl.DataFrame, other: str) -> pl.DataFrame:
    """The rows of a time, ended by another event where that came first; of one day its own event counts."""
    times = datasets.endpoints.filter(PARAMCD=other, CNSR=0).select("USUBJID", other="AVAL", when="ADT")
    rows = rows.join(times, on="USUBJID", how="left", maintain_order="left")
    came = pl.col("other").is_not_null()
    first = came & (pl.col("AVAL").is_null() | (pl.col("CNSR") == 1) | (pl.col("other") < pl.col("AVAL")))
    return rows.with_columns(
        first.alias(COMPETING),
        AVAL=pl.when(first).then("other").otherwise("AVAL"),
        ADT=pl.when(first).then("when").otherwise("ADT"),
        CNSR=pl.when(first).then(1).otherwise("CNSR"),
    )


def _last_guess(datasets: Datasets, rows: pl.DataFrame, guesser: str) -> pl.Series:
    """For each row the last guess that one of them made about the participant, up to the day of the value."""
    made = datasets.guesses.filter(pl.col("GUESSER") == guesser).select("USUBJID", "GUESS", made="ADT")
    known = (
        rows.select("USUBJID", "ADT")
        .with_row_index("row")
        .join(made, on="USUBJID", how="left", maintain_order="left_right")
        .filter(pl.col("made") <= pl.col("ADT"))
    )
    last = known.sort("made", maintain_order=True).group_by("row").agg(pl.col("GUESS").last())
    return rows.with_row_index("row").join(last, on="row", how="left", maintain_order="left")["GUESS"]


def _after(event: str, column: str, book: Codebook) -> pl.Expr:
    """The first day after an event of each participant, as a number; null for never.

    Where the plan describes no events, what was observed when treatment had been stopped tells the day
    itself: both may be of one day.
    """
    on = pl.col("EVENTS").str.extract(rf"(?:^| ){event}=(\S+)").str.to_date("%Y-%m-%d").to_physical()
    after = on.cast(pl.Float64) + 1
    if not book.describes_estimands:
        off = pl.col("ADT").to_physical().cast(pl.Float64).filter(pl.col("ONTRTFL").not_()).min()
        after = pl.min_horizontal(after, off.over("USUBJID"))
    return after.alias(column)


def _rows(datasets: Datasets, analysis: PlannedAnalysis) -> pl.DataFrame:
    """The rows of `endpoints` of an analysis's set, with what it names of each person."""
    book = datasets.book
    endpoint = book.endpoints[analysis.endpoint]
    if "baseline" in _named(analysis) and not endpoint.earlier:
        raise ValueError(
            f"{endpoint.name} compares with no earlier value: there is no baseline to adjust for"
        )
    rows = datasets.by_arm("endpoints", within=book.flags[analysis.set])
    rows = rows.filter(pl.col("PARAMCD") == endpoint.name)
    known = [*covariates(book, analysis).values(), *([UNIT] if _by_unit(book, analysis) else [])]
    if not known:
        return rows
    people = datasets.subjects.select("USUBJID", *known)
    return rows.join(people, on="USUBJID", how="left", maintain_order="left")


def covariates(book: Codebook, analysis: PlannedAnalysis) -> dict[str, str]:
    """What stays true of a person and an analysis names -> its column of `subjects`."""
    named = _named(analysis) - _TERMS
    return {one.name: column for column, one in book.characteristics.items() if one.name in named}


def _by_unit(book: Codebook, analysis: PlannedAnalysis) -> bool:
    """Whether an analysis takes who were randomised as one together."""
    return book.has_units and "unit" in _named(analysis)


def _named(analysis: PlannedAnalysis) -> set[str]:
    """What an analysis names of a row."""
    return {*re.findall(r"[A-Za-z_]\w*", analysis.fixed), *analysis.columns}


def _columns(datasets: Datasets, analysis: PlannedAnalysis, rows: pl.DataFrame) -> list[pl.Expr]:
    """The columns of a frame that is analysed, under the names of a plan."""
    columns = [
        pl.col("USUBJID").alias("participant"),
        pl.col("AVISIT").alias("visit"),
        pl.col("SITEID").alias("site"),
        pl.col("ADT").to_physical().cast(pl.Float64).alias("day"),
    ]
    if ARM in rows.columns:  # nobody has one where nobody is randomised
        columns.insert(2, pl.col(ARM).alias("arm"))
    if datasets.book.endpoints[analysis.endpoint].earlier:
        columns.append(pl.col("BASE").alias("baseline"))
    columns += [pl.col(column).alias(name) for name, column in covariates(datasets.book, analysis).items()]
    if _by_unit(datasets.book, analysis):
        columns.append(pl.col(UNIT).alias("unit"))
    return [*columns, pl.col("AVAL").alias("value")]


def counted(rows: pl.DataFrame, book: Codebook, endpoint: PlannedEndpoint, estimand: str) -> pl.DataFrame:
    """The rows of `endpoints` that count under an estimand of the plan.

    Under one that the plan has no analysis by, `de_jure` counts what was observed on treatment, any other
    all.
    """
    planned = {one.estimand for one in book.analyses if one.endpoint == endpoint.name} | {endpoint.estimand}
    if estimand in planned:
        return rows.filter(pl.col("ESTIMANDS").str.split(" ").list.contains(estimand))
    return rows.filter(pl.col("ONTRTFL")) if estimand == "de_jure" else rows
