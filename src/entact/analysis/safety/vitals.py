"""Vital signs on days of dosing: the peak of each person, and how many were out of limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from entact.analysis.frame import public
from entact.analysis.safety.people import need


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as an outlier of a parameter: a value at or beyond a limit, or a change by so much.

    Attributes:
        high, low: at least, at most. rise, fall: at least so much above or below the value before the dose.
    """

    high: float | None = None
    low: float | None = None
    rise: float | None = None
    fall: float | None = None


@public
def dose_day_peaks(rows: pl.DataFrame) -> pl.DataFrame:
    """The greatest value of each parameter, of each arm on each day of dosing, and how far it rose.

    Args:
        rows: participant, arm, `session`, `parameter`, `value` and `before` (the last one before the dose),
            one row a measurement after the dose.
    Returns:
        session, parameter, arm; participants, of whom one has a value; mean, SD, median and greatest peak;
        mean rise, of `risen` participants with a value before.
    """
    return (
        _peaks(rows)
        .group_by("session", "parameter", "arm")
        .agg(
            pl.col("peak").count().alias("participants"),
            pl.col("peak").mean().alias("mean peak"),
            pl.col("peak").std().alias("SD"),
            pl.col("peak").median().alias("median"),
            pl.col("peak").max().alias("greatest"),
            (pl.col("peak") - pl.col("before")).mean().alias("mean rise"),
            (pl.col("peak") - pl.col("before")).count().alias("risen"),
        )
        .sort("session", "parameter", "arm")
    )


@public
def vital_outliers(rows: pl.DataFrame, limits: Mapping[str, Limits]) -> pl.DataFrame:
    """How many participants of each arm were ever beyond a limit on a day of dosing.

    Args:
        rows: as for `dose_day_peaks`. limits: of each parameter that has some.
    Returns:
        session, parameter, arm, criterion, participants, known: of whom it could be told. A rise is told of
        those with a value before the dose.
    Raises:
        ValueError: for a parameter that the rows do not have.
    """
    own = _peaks(rows)
    missing = sorted(set(limits) - set(own["parameter"]))
    if missing:
        there = ", ".join(sorted(set(own["parameter"])))
        raise ValueError(f"there are limits for {missing[0]!r}, and the rows have: {there}")
    found = []
    for parameter, limit in limits.items():
        told = {
            "at least {}": (limit.high, pl.col("peak"), 1),
            "at most {}": (limit.low, pl.col("trough"), -1),
            "rise of at least {}": (limit.rise, pl.col("peak") - pl.col("before"), 1),
            "fall of at least {}": (limit.fall, pl.col("before") - pl.col("trough"), 1),
        }
        part = own.filter(parameter=parameter)
        for words, (bound, value, sign) in told.items():
            if bound is None:
                continue
            beyond = value >= bound if sign > 0 else value <= bound
            found.append(
                part.group_by("session", "parameter", "arm")
                .agg(beyond.sum().cast(pl.Int64).alias("participants"), value.count().alias("known"))
                .select(
                    "session",
                    "parameter",
                    "arm",
                    pl.lit(words.format(f"{bound:g}")).alias("criterion"),
                    "participants",
                    "known",
                )
                .sort("session", "arm")
            )
    if not found:
        raise ValueError("there is no limit at all; name one for a parameter")
    return pl.concat(found)


def _peaks(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a participant, session and parameter: the greatest and least value, and the one before."""
    need(rows, ("participant", "arm", "session", "parameter", "value", "before"), "rows")
    own = rows.with_columns(
        pl.col("participant", "arm", "session", "parameter").cast(pl.String),
        pl.col("value", "before").cast(pl.Float64).fill_nan(None),
    )
    several = own.group_by("participant", "session", "parameter").agg(
        pl.col("before").drop_nulls().n_unique().alias("n")
    )
    if (several["n"] > 1).any():
        who = several.filter(pl.col("n") > 1)["participant"][0]
        raise ValueError(f"participant {who} has two values before one dose")
    return own.group_by("participant", "arm", "session", "parameter").agg(
        pl.col("value").max().alias("peak"),
        pl.col("value").min().alias("trough"),
        pl.col("before").drop_nulls().first(),
    )
