"""The frame that an analysis of the plan is fitted to."""

from __future__ import annotations

import re

import polars as pl

from entact.datasets.build import ARM, Datasets
from entact.datasets.codebook import Codebook, PlannedAnalysis, PlannedEndpoint

_TERMS = {"arm", "visit", "baseline", "site"}  # of a model, besides what stays true of a person


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
    book = datasets.book
    endpoint = book.endpoints[analysis.endpoint]
    named = set(re.findall(r"[A-Za-z_]\w*", analysis.fixed))
    if "baseline" in named and not endpoint.earlier:
        raise ValueError(
            f"{endpoint.name} compares with no earlier value: there is no baseline to adjust for"
        )
    rows = datasets.by_arm("endpoints", within=book.flags[analysis.set]).filter(
        pl.col("PARAMCD") == endpoint.name, pl.col("AVAL").is_not_null()
    )
    rows = counted(rows, book, endpoint, analysis.estimand)
    columns = [
        pl.col("USUBJID").alias("participant"),
        pl.col("AVISIT").alias("visit"),
        pl.col("SITEID").alias("site"),
        pl.col("ADT").to_physical().cast(pl.Float64).alias("day"),
    ]
    if ARM in rows.columns:  # nobody has one where nobody is randomised
        columns.insert(2, pl.col(ARM).alias("arm"))
    if endpoint.earlier:
        columns.append(pl.col("BASE").alias("baseline"))
    known = {one.name: column for column, one in book.characteristics.items() if one.name in named - _TERMS}
    if known:
        people = datasets.subjects.select("USUBJID", *known.values())
        rows = rows.join(people, on="USUBJID", how="left", maintain_order="left")
        columns += [pl.col(column).alias(name) for name, column in known.items()]
    return rows.select(*columns, pl.col("AVAL").alias("value")).drop_nulls()


def counted(rows: pl.DataFrame, book: Codebook, endpoint: PlannedEndpoint, estimand: str) -> pl.DataFrame:
    """The rows of `endpoints` that count under an estimand of the plan.

    Under one that the plan has no analysis by, `de_jure` counts what was observed on treatment, any other
    all.
    """
    planned = {one.estimand for one in book.analyses if one.endpoint == endpoint.name} | {endpoint.estimand}
    if estimand in planned:
        return rows.filter(pl.col("ESTIMANDS").str.split(" ").list.contains(estimand))
    return rows.filter(pl.col("ONTRTFL")) if estimand == "de_jure" else rows
