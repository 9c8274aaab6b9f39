"""The QT interval corrected for heart rate, and how many had a long one."""

from __future__ import annotations

import polars as pl

from entact.analysis.frame import public
from entact.analysis.safety.people import need

ABSOLUTE = (450.0, 480.0, 500.0)
"""Milliseconds above which QTcF is counted (ICH E14, 2.2.2)."""
RISES = (30.0, 60.0)
"""Milliseconds by which it rises (ICH E14, 2.2.2)."""


@public
def qtcf(qt: pl.Series, rr: pl.Series) -> pl.Series:
    """QT corrected by Fridericia's formula.

    Args:
        qt: in milliseconds. rr: between two beats, in milliseconds (60,000 over the heart rate).
    Returns:
        QT over the cube root of RR in seconds, in milliseconds; null where one is unknown.
    Raises:
        ValueError: for what is not above 0, or an RR that was given in seconds.
    Source: Fridericia 1920, Acta Medica Scandinavica 53:469.
    """
    for name, values in (("QT", qt), ("RR", rr)):
        known = values.drop_nulls()
        if len(known) and not bool((known > 0).all()):
            raise ValueError(f"{name} is above 0")
    known = rr.drop_nulls()
    if len(known) and bool((known < 10).any()):
        raise ValueError("RR is in milliseconds, as in 857 for 70 beats a minute; one is below 10")
    return (qt.cast(pl.Float64) / (rr.cast(pl.Float64) / 1000) ** (1 / 3)).alias("qtcf")


@public
def qt_categories(rows: pl.DataFrame) -> pl.DataFrame:
    """How many participants of each arm ever had a QTcF above a limit, or a rise beyond one.

    Args:
        rows: participant, arm, `qtcf` and its `baseline`, one row a measurement after the dose.
    Returns:
        arm, category, participants, known: who was measured, for a rise with a baseline too.
    """
    need(rows, ("participant", "arm", "qtcf", "baseline"), "rows")
    peaks = rows.group_by(pl.col("arm").cast(pl.String), "participant").agg(
        pl.col("qtcf").cast(pl.Float64).fill_nan(None).max().alias("peak"),
        (pl.col("qtcf").cast(pl.Float64) - pl.col("baseline").cast(pl.Float64))
        .fill_nan(None)
        .max()
        .alias("rise"),
    )
    found = []
    for arm in sorted(peaks["arm"].drop_nulls().unique()):
        own = peaks.filter(arm=arm)
        for column, limits, said in (("peak", ABSOLUTE, "above"), ("rise", RISES, "rise above")):
            known = own[column].drop_nulls()
            found += [
                (arm, f"{said} {limit:g} ms", int((known > limit).sum()), len(known)) for limit in limits
            ]
    schema = {"arm": pl.String, "category": pl.String, "participants": pl.Int64, "known": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")
