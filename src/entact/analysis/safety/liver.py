"""Peaks of liver tests as the eDISH plot has them."""

from __future__ import annotations

import polars as pl

from entact.analysis.frame import public
from entact.analysis.safety.people import need

ALT_LIMIT, BILIRUBIN_LIMIT = 3.0, 2.0  # multiples of the upper limit of normal
QUADRANTS = HY, TEMPLE, YELLOW, NORMAL = (
    "possible Hy's Law",
    "Temple's corollary",
    "hyperbilirubinaemia",
    "normal",
)


@public
def edish(rows: pl.DataFrame) -> pl.DataFrame:
    """Each participant's greatest ALT (or AST) and bilirubin, in multiples of the upper limit of normal.

    Args:
        rows: participant, `alt` and `bilirubin` as such multiples, one row a measurement; null where unknown.
    Returns:
        participant, alt, bilirubin, and the quadrant: "possible Hy's Law" where both are raised, whenever
        each was, "Temple's corollary" for ALT alone, "hyperbilirubinaemia", "normal"; "unknown" where one is.
    Source: US FDA, Drug-Induced Liver Injury: Premarketing Clinical Evaluation, 2009; Senior 2014, Drug
        Safety 37 Suppl 1:S9.
    """
    need(rows, ("participant", "alt", "bilirubin"), "rows")
    values = [pl.col(name).cast(pl.Float64).fill_nan(None) for name in ("alt", "bilirubin")]
    negative = rows.filter(pl.any_horizontal([value < 0 for value in values]))
    if len(negative):
        raise ValueError(f"participant {negative['participant'][0]} has a liver test below 0")
    peaks = rows.group_by("participant", maintain_order=True).agg([value.max() for value in values])
    high, yellow = pl.col("alt") > ALT_LIMIT, pl.col("bilirubin") > BILIRUBIN_LIMIT
    quadrant = (
        pl.when(high & yellow)
        .then(pl.lit(HY))
        .when(pl.col("alt").is_null() | pl.col("bilirubin").is_null())
        .then(pl.lit("unknown"))
        .when(high)
        .then(pl.lit(TEMPLE))
        .when(yellow)
        .then(pl.lit(YELLOW))
        .otherwise(pl.lit(NORMAL))
    )
    return peaks.with_columns(quadrant.alias("quadrant"))
