"""What is looked at on purpose: adverse events of special interest, and suicidal ideation and behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from entact.analysis.binary.difference import DifferenceMethod
from entact.analysis.frame import public
from entact.analysis.result import Estimates
from entact.analysis.safety.incidence import incidence
from entact.analysis.safety.people import need
from entact.analysis.safety.shift import shift

SUICIDALITY = ("none", "ideation", "severe ideation", "behaviour")
"""Grades, the mildest first: none; ideation of type 1 to 3; of type 4 or 5 (some intent); behaviour."""


@public
def special_interest(
    events: pl.DataFrame,
    people: pl.DataFrame,
    contrast: tuple[str, str],
    groups: Mapping[str, Sequence[str]],
    *,
    method: DifferenceMethod | None = None,
    level: float = 0.95,
) -> Estimates:
    """For each group of terms the share of each arm that had any of them, and the difference.

    Args:
        events, people, contrast, method, level: as for `incidence`. groups: what each is called: its terms,
            written as they are in the events (upper and lower case alike). A term may belong to several.
    Returns:
        A row for each group, in the order given, with nobody too: that nobody had one is a result.
    Raises:
        ValueError: as for `incidence`, and for a group without terms.
    """
    need(events, ("participant", "term"), "events")
    empty = [name for name, terms in groups.items() if not terms]
    if empty or not groups:
        raise ValueError(f"the group {empty[0]!r} has no terms" if empty else "there is no group of terms")
    members = [(name, term.lower()) for name, terms in groups.items() for term in terms]
    named = pl.DataFrame(members, schema=["group", "key"], orient="row").unique()
    text = events.with_columns(pl.col("term").cast(pl.String).str.to_lowercase().alias("key"))
    part = text.join(named, on="key", how="inner").with_columns(pl.col("group").alias("term"))
    own = incidence(part, people, contrast, terms=list(groups), method=method, level=level)
    return Estimates(f"Events of special interest, {contrast[0]} - {contrast[1]}", own.rows)


@public
def suicidality_shift(rows: pl.DataFrame) -> pl.DataFrame:
    """Participants by their grade of suicidality before and their worst one after, of each arm.

    Args:
        rows: participant, arm, `time` ("before" or "after"), `ideation` (type 0 to 5, null if not asked) and
            `behaviour` (true, false or null), one row an assessment. No wording of the instrument is here.
    Returns:
        As for `shift`, with the grades of `SUICIDALITY`. What is not known of an assessment is not "none".
    Raises:
        ValueError: for a type that is none, or a time that is neither.
    Source: Posner et al. 2011, American Journal of Psychiatry 168:1266, for the types.
    """
    need(rows, ("participant", "arm", "time", "ideation", "behaviour"), "rows")
    times = set(rows["time"].cast(pl.String)) - {"before", "after"}
    if times:
        raise ValueError(f"a time is {min(map(str, times))!r}; it is before or after")
    types = rows["ideation"].cast(pl.Float64).drop_nulls()
    strange = [one for one in types if one not in (0, 1, 2, 3, 4, 5)]
    if strange:
        raise ValueError(f"ideation is {strange[0]:g}; its types go from 0 (none) to 5")
    ideation, behaviour = pl.col("ideation").cast(pl.Float64), pl.col("behaviour").cast(pl.Boolean)
    grade = (
        pl.when(behaviour)
        .then(pl.lit("behaviour"))
        .when(ideation >= 4)
        .then(pl.lit("severe ideation"))
        .when(ideation >= 1)
        .then(pl.lit("ideation"))
        .when((ideation == 0) & ~behaviour)
        .then(pl.lit("none"))
    )
    own = rows.select("participant", "arm", "time", grade.alias("grade"))
    order = {name: place for place, name in enumerate(SUICIDALITY)}
    place = pl.col("grade").replace_strict(order, default=None, return_dtype=pl.Int64)
    worst = own.group_by("participant", "arm", "time", maintain_order=True).agg(place.max().alias("place"))
    named = pl.col("place").replace_strict(dict(enumerate(SUICIDALITY)), default=None, return_dtype=pl.String)
    worst = worst.with_columns(named.alias("grade")).drop("place")
    parts = [
        worst.filter(time=time).select("participant", "arm", pl.col("grade").alias(time))
        for time in ("before", "after")
    ]
    both = parts[0].join(parts[1], on=["participant", "arm"], how="full", coalesce=True)
    return shift(both, SUICIDALITY)
