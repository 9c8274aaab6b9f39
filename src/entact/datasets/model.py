"""The frame that a plan's mixed model is fitted to."""

from __future__ import annotations

import polars as pl

from entact.datasets.build import ARM, Datasets
from entact.datasets.codebook import PlannedEndpoint


def model_frame(datasets: Datasets, endpoint: PlannedEndpoint) -> pl.DataFrame:
    """One row for each participant and visit after the first dose, as a mixed model takes them.

    The plan's analysis set and estimand decide which rows there are: under `de_jure` nothing after treatment
    was discontinued. The covariate is the value that the endpoint compares with.

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
    if endpoint.estimand == "de_jure":
        rows = rows.filter(pl.col("ONTRTFL"))
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
