"""Shares of participants: exact intervals, and differences between two groups."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import polars as pl
from scipy.special import betaincinv, ndtri

from entact.analysis.frame import read_frame, sort_groups
from entact.analysis.level import check_level


@dataclass(frozen=True, slots=True)
class Proportion:
    """Events among `n`, the share, and its exact interval; no share where `n` is 0."""

    events: int
    n: int
    share: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RiskDifference:
    """First share minus second, with Newcombe's interval."""

    difference: float
    low: float
    high: float


def proportion(events: int, n: int, *, level: float = 0.95) -> Proportion:
    """The share of events with the exact (Clopper-Pearson) interval.

    Args:
        events, n: counts. level: of the interval, at least which is covered.
    Raises:
        ValueError: unless 0 <= events <= n.
    Source: Clopper, Pearson 1934, Biometrika 26:404. Equivalent to binom.test in R.
    """
    _check(events, n)
    check_level(level)
    tail = (1 - level) / 2
    low = float(betaincinv(events, n - events + 1, tail)) if events else 0.0
    high = float(betaincinv(events + 1, n - events, 1 - tail)) if events < n else 1.0
    return Proportion(events, n, events / n if n else None, low, high)


def risk_difference(
    events_1: int, n_1: int, events_2: int, n_2: int, *, level: float = 0.95
) -> RiskDifference:
    """The first share minus the second, with Newcombe's hybrid score interval (his method 10).

    Args:
        events_1, n_1, events_2, n_2: counts of the two groups. level: of the interval.
    Raises:
        ValueError: unless 0 <= events <= n and n > 0 in both groups.
    Source: Newcombe 1998, Statistics in Medicine 17:873. Equivalent to prop.test's score intervals, combined.
    """
    for events, n in ((events_1, n_1), (events_2, n_2)):
        _check(events, n)
        if not n:
            raise ValueError("a risk difference needs somebody in both groups")
    share_1, share_2 = events_1 / n_1, events_2 / n_2
    low_1, high_1 = score_interval(events_1, n_1, level=level)
    low_2, high_2 = score_interval(events_2, n_2, level=level)
    difference = share_1 - share_2
    return RiskDifference(
        difference,
        difference - sqrt((share_1 - low_1) ** 2 + (high_2 - share_2) ** 2),
        difference + sqrt((high_1 - share_1) ** 2 + (share_2 - low_2) ** 2),
    )


def score_interval(events: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share, without continuity correction.

    Raises:
        ValueError: unless 0 <= events <= n and n > 0.
    Source: Wilson 1927, Journal of the American Statistical Association 22:209.
    """
    _check(events, n)
    check_level(level)
    if not n:
        raise ValueError("a score interval needs at least one observation")
    z = float(ndtri(0.5 + level / 2))
    share = events / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (0.0 if events == 0 else middle - reach, 1.0 if events == n else middle + reach)


def count_events(frame: Any, column: str, by: str, *, level: float = 0.95) -> dict[Any, Proportion]:
    """The share with a true value in each group; unknown (null) values count neither as events nor in `n`.

    Args:
        frame: Polars or pandas, one row for each participant. column: true or false, or 1 and 0. by: column
        of
            groups; rows without are left out.
    Raises:
        ValueError: when a column is not there, or holds anything but true and false: a count is no event.
    """
    check_level(level)
    read = read_frame(frame, [by, column] if by != column else [by])
    value = read[column]
    if value.dtype != pl.Boolean:
        wrong = [one for one in value.drop_nulls().unique(maintain_order=True).to_list() if one not in (0, 1)]
        if wrong:
            raise ValueError(f"column {column!r} holds {wrong[0]!r}; an event is true or false (or 1 and 0)")
    rows = pl.DataFrame([read[by].alias("by"), value.cast(pl.Boolean).alias("value")]).drop_nulls()
    counted = rows.group_by("by").agg(pl.col("value").sum().alias("events"), pl.len().alias("n"))
    counted = sort_groups(counted, ["by"])
    return {group: proportion(int(events), int(n), level=level) for group, events, n in counted.iter_rows()}


def _check(events: int, n: int) -> None:
    if not 0 <= events <= n:
        raise ValueError(
            f"{events} events among {n}: events are counted from 0 to the number of observations"
        )
