"""The frame that a plan's mixed model is fitted to."""

from __future__ import annotations

import polars as pl

from entact.datasets.build import ARM, Datasets
from entact.datasets.codebook import Codebook, PlannedEndpoint


def model_frame(datasets: Datasets, endpoint: PlannedEndpoint) -> pl.DataFrame:
    """One row for each participant and visit after the first dose, as a mixed model takes them.

    The plan's analysis set and estimand decide which rows there are: nothing after an intercurrent event that
    ends what the estimand counts. The covariate is the value that the endpoint compares with.

    Args:
        datasets: unblinded. endpoint: of their book.
    Returns:
        Columns participant, visit, arm, site, baseline, value; null nowhere.
    Raises:
        ValueError: when the endpoint compares with no earlier value.
    """
    if not endpoint.earlier:
        raise ValueError(
            f"{endpoint.name} compares with no earlier value: there is no baseline to adjust for"
        )
    visit, parameters = next(iter(endpoint.earlier.items()))
    rows = datasets.by_arm("endpoints", within=datasets.book.flags[endpoint.set]).filter(
        pl.col("PARAMCD") == endpoint.name, pl.col("AVAL").is_not_null()
    )
    rows = counted(rows, datasets.book, endpoint)
    earlier = datasets.questionnaires.filter(
        pl.col("PARAMCD") == parameters[0], pl.col("AVISIT") == visit, pl.col("ANL01FL")
    ).select("USUBJID", pl.col("AVAL").alias("baseline"))
    return (
        rows.join(earlier, on="USUBJID", how="inner", maintain_order="left")
        .select(
            pl.col("USUBJID").alias("participant"),
            pl.col("AVISIT").alias("visit"),
            pl.col(ARM).alias("arm"),
            pl.col("SITEID").alias("site"),
            "baseline",
            pl.col("AVAL").alias("value"),
        )
        .drop_nulls()
    )


def counted(rows: pl.DataFrame, book: Codebook, endpoint: PlannedEndpoint) -> pl.DataFrame:
    """The rows of `endpoints` that count under an endpoint's estimand.

    Under another estimand than the plan's, `de_jure` counts what was observed on treatment, any other all.
    """
    planned = book.endpoints.get(endpoint.name)
    if planned is not None and planned.estimand == endpoint.estimand:
        return rows.filter(pl.col("ESTFL"))
    return rows.filter(pl.col("ONTRTFL")) if endpoint.estimand == "de_jure" else rows
