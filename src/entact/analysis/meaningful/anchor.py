"""Thresholds of a change by what people say of themselves, and how many reach any of them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from entact.analysis.describe import mean_interval, summarise
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group


@dataclass(frozen=True, slots=True)
class Anchored:
    """Thresholds by an anchor.

    Attributes:
        mean: of the changes of those who say that they are a little better. threshold: the change that tells
            the better from the others with the greatest sum of sensitivity and specificity.
        area: under that curve. sensitivity, specificity: at the threshold.
    """

    mean: Estimate
    threshold: float
    area: float
    sensitivity: float
    specificity: float


@public
def anchored(change: pl.Series, better: pl.Series, little: pl.Series) -> Anchored:
    """Thresholds of a change, negative where it is an improvement, by what people say.

    Args:
        change: of each. better: whether they say that they are better at all. little: whether a little
            better.
    Raises:
        ValueError: when nobody is better or nobody is not, or the three are of unequal length.
    Sources: Jaeschke, Singer & Guyatt 1989, Controlled Clinical Trials 10:407 (mean); Ward, Marx & Barry
        2000, Journal of Clinical Epidemiology 53:1230 (curve). The area is that of Mann and Whitney.
    """
    if not len(change) == len(better) == len(little):
        raise ValueError("change, better and little are of the same people, one value each")
    rows = pl.DataFrame({"change": change.cast(pl.Float64), "better": better, "little": little})
    rows = rows.with_columns(pl.col("change").fill_nan(None)).drop_nulls(["change", "better"])
    yes, no = rows.filter("better")["change"], rows.filter(~pl.col("better"))["change"]
    if not len(yes) or not len(no):
        raise ValueError("a threshold tells those who are better from others, and one of them is nobody")
    summary = summarise(rows.filter(pl.col("little").fill_null(value=False))["change"])
    group = Group("a little better", summary.n, mean=summary.mean, sd=summary.sd)
    within = mean_interval(summary) if summary.sd else None
    told = "fewer than two are" if summary.n < 2 else "all have the same change who are"
    mean = Estimate(
        "mean change",
        "t interval",
        summary.mean,
        None if within is None else within.low,
        None if within is None else within.high,
        groups=(group,),
        notes=() if within is not None else (f"{told} a little better: there is no interval",),
    )
    best = (-1.0, 0.0, 0.0, 0.0)
    for limit in rows["change"].unique().sort():
        right, left = float((yes <= limit).mean() or 0), float((no > limit).mean() or 0)
        if right + left - 1 > best[0] + 1e-12:
            best = (right + left - 1, float(limit), right, left)
    pairs = sum(float((no > one).sum()) + 0.5 * float((no == one).sum()) for one in yes)
    return Anchored(mean, best[1], pairs / (len(yes) * len(no)), best[2], best[3])


@public
def distribution(rows: pl.DataFrame) -> pl.DataFrame:
    """The empirical distribution of changes: of each arm, the share at or below every value that was seen.

    Args:
        rows: arm and value, one row a participant; who has no value is in the number, and reaches nothing.
    Returns:
        arm, value, share, participants. Shares of all, so that drop-out is no success.
    """
    for name in ("arm", "value"):
        if name not in rows.columns:
            raise ValueError(f"there is no column {name!r}; there are: {', '.join(rows.columns)}")
    known = rows.select(pl.col("arm").cast(pl.String), pl.col("value").cast(pl.Float64).fill_nan(None))
    found = []
    for arm in sorted(known["arm"].drop_nulls().unique()):
        own = known.filter(arm=arm)
        n = len(own)
        counted = own["value"].drop_nulls().value_counts(sort=False).sort("value")
        below = 0
        for value, count in counted.iter_rows():
            below += count
            found.append((arm, value, below / n, n))
    schema = {"arm": pl.String, "value": pl.Float64, "share": pl.Float64, "participants": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")
