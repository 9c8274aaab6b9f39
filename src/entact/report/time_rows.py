"""Rows of the times until an event: who had it, the median, and what the plan compares."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from entact.analysis.survival import Times, median_time
from entact.report import cell as cells
from entact.report.cell import Cell
from entact.report.effect_rows import plan_effects
from entact.report.row import GROUP, Row, Source, observed, visit_title

_SECTION = "Time until an event"


def times(source: Source) -> Iterator[Row]:
    """Of each time of the study: participants with its event, the median in days, and the effects."""
    for endpoint in source.book.endpoints.values():
        if endpoint.kind != "time":
            continue
        rows = observed(source, endpoint, endpoint.at)
        until = f"{endpoint.title}, up to {visit_title(source, endpoint.at)}"
        had = source.concerned(source.shares(rows, pl.col("CNSR") == 0), [endpoint.at])
        yield Row(f"time/{endpoint.name}/event", _SECTION, f"{until}: had the event", had)
        median = source.concerned({arm: _median(source, rows, arm) for arm in source.arms}, [endpoint.at])
        yield Row(f"time/{endpoint.name}/median", _SECTION, f"{until}: median, days (95 % CI)", median)
        yield from plan_effects(source, _SECTION, endpoint)


def _median(source: Source, rows: pl.DataFrame, arm: str) -> Cell:
    """Kaplan and Meier's median of an arm."""
    own = rows.filter(pl.col(GROUP) == arm)
    if own.is_empty():
        return Cell(cells.NOTHING, source.kind)
    found = median_time(Times.of(own["AVAL"], (own["CNSR"] == 0).alias("ended"), arm))
    if found.estimate is None:
        return Cell("not reached", source.kind, {"n": len(own), "median": None})
    return cells.of_estimate(found, source.kind)
