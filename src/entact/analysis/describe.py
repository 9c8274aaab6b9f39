"""Columns described by groups, changes from baseline, and differences of means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from typing import Any, Literal

import polars as pl
from scipy.special import nctdtrinc, stdtr, stdtrit

from entact.analysis.frame import numbers, read_frame, sort_groups
from entact.analysis.level import check_level


@dataclass(frozen=True, slots=True)
class Summary:
    """Number, mean and standard deviation (n - 1) of one group; no SD for fewer than two values."""

    n: int
    mean: float | None
    sd: float | None


@dataclass(frozen=True, slots=True)
class MeanInterval:
    """Number and mean of one group, with the interval of the mean."""

    n: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """First mean minus second, with its standard error, interval and two-sided p by the t test."""

    difference: float
    se: float
    df: float
    low: float
    high: float
    p: float
    variances: Literal["unequal", "equal"]


@dataclass(frozen=True, slots=True)
class StandardisedDifference:
    """First mean minus second in units of the pooled SD, with its interval from the noncentral t."""

    difference: float
    low: float
    high: float
    measure: Literal["cohen", "hedges"]


def describe(frame: Any, column: str, by: str | Sequence[str] = ()) -> pl.DataFrame:
    """n, number missing, mean, SD (n - 1), median, least and greatest value of a column, group by group.

    Args:
        frame: Polars or pandas. column: numeric, null or NaN where missing. by: one or more columns of
        groups, or
            none.
    Returns:
        The columns of groups, then `n`, `missing`, `mean`, `sd`, `median`, `min`, `max`, sorted by group: an
        Enum in
        its order, text with the numbers in it by size (week 2 before week 12).
    Raises:
        ValueError: when a column is not there or is not numeric.
    """
    groups = [by] if isinstance(by, str) else list(by)
    if column in groups:
        raise ValueError(f"column {column!r} can't be described by itself")
    frame = read_frame(frame, [column, *groups])
    frame = frame.with_columns(numbers(frame[column], f"column {column!r}").alias(column))
    value = pl.col(column)
    measures = [
        value.count().alias("n"),
        value.null_count().alias("missing"),
        value.mean().alias("mean"),
        value.std().alias("sd"),
        value.median().alias("median"),
        value.min().alias("min"),
        value.max().alias("max"),
    ]
    return sort_groups(frame.group_by(groups).agg(measures), groups) if groups else frame.select(measures)


def summarise(values: Any) -> Summary:
    """Number, mean and SD of the values that are there: a Polars or pandas series, an array or a list."""
    present = numbers(values, "the column")
    if present.null_count():
        present = present.drop_nulls()
    mean, sd = present.mean(), present.std()
    return Summary(
        len(present), mean if isinstance(mean, float) else None, sd if isinstance(sd, float) else None
    )


def mean_interval(values: Any, *, level: float = 0.95) -> MeanInterval | None:
    """The mean of one group with its t interval; None for fewer than two values.

    Args:
        values: of one group (missing ones are left out), or their summary. level: of the interval.
    Equivalent to t.test with one sample in R.
    """
    check_level(level)
    summary = values if isinstance(values, Summary) else summarise(values)
    if summary.n < 2 or summary.mean is None or summary.sd is None:
        return None
    reach = float(stdtrit(summary.n - 1, 0.5 + level / 2)) * summary.sd / sqrt(summary.n)
    return MeanInterval(summary.n, summary.mean, summary.mean - reach, summary.mean + reach)


def change_from_baseline(
    frame: Any, value: str, *, subject: str, visit: str, baseline: str, within: Sequence[str] = ()
) -> pl.DataFrame:
    """Adds the baseline (`BASE`) of each row and the change from it (`CHG`, null where either is unknown).

    Args:
        frame: Polars or pandas, long, one row for each subject and visit. value, subject, visit: columns.
        baseline: the visit that is the baseline; its own rows have no change.
        within: further columns that tell the rows of one visit apart, such as the parameter.
    Raises:
        ValueError: when a subject has two baselines, so that the change would be ambiguous; when the
        baseline is no
            visit of the frame, or a column is not there.
    """
    keys = [subject, *within]
    read = read_frame(frame, [*keys, visit, value])
    names = [str(name) for name in frame.columns]
    whole: pl.DataFrame = frame if isinstance(frame, pl.DataFrame) else read_frame(frame, names)
    taken = {"BASE", "CHG"} & set(names)
    if taken:
        raise ValueError(f"the frame has a column {sorted(taken)[0]!r} already: drop or rename it")
    if baseline not in set(read[visit].drop_nulls().cast(pl.String)):
        raise ValueError(f"{baseline!r} is no visit in column {visit!r}; there are {_levels(read[visit])}")
    at_baseline = read[visit].cast(pl.String) == baseline
    found = numbers(read[value], f"column {value!r}")
    base = read.select(*keys, found.alias("BASE")).filter(at_baseline)
    twice = base.filter(base.select(keys).is_duplicated())
    if len(twice):
        raise ValueError(f"two rows at {baseline!r} for {twice.select(keys).row(0)}: which is the baseline?")
    joined = read.select(keys).join(base, on=keys, how="left", maintain_order="left")
    change = found - joined["BASE"]
    return whole.with_columns(
        joined["BASE"], pl.select(pl.when(~at_baseline).then(change)).to_series().alias("CHG")
    )


def _levels(visits: pl.Series) -> str:
    return ", ".join(str(one) for one in visits.drop_nulls().unique(maintain_order=True).to_list())


def mean_difference(
    first: Any,
    second: Any,
    *,
    variances: Literal["unequal", "equal"] = "unequal",
    level: float = 0.95,
) -> MeanDifference:
    """The difference of two means with its t interval: Welch's (`unequal`) or Student's (`equal`).

    Args:
        first, second: values of two groups (missing ones are left out), or their summaries. level: of the
        interval.
    Raises:
        ValueError: when a group has fewer than two values, or neither group varies.
    Source: Welch 1947, Biometrika 34:28. Equivalent to t.test in R.
    """
    check_level(level)
    if variances not in ("unequal", "equal"):
        raise ValueError(f'variances must be "unequal" or "equal", not {variances!r}')
    one, two = _usable(first), _usable(second)
    part_1, part_2 = one.sd**2 / one.n, two.sd**2 / two.n
    if variances == "equal":
        df = float(one.n + two.n - 2)
        se = _pooled_sd(one, two) * sqrt(1 / one.n + 1 / two.n)
    else:
        se = sqrt(part_1 + part_2)
        spread = part_1**2 / (one.n - 1) + part_2**2 / (two.n - 1)
        df = (part_1 + part_2) ** 2 / spread if spread else 0.0
    if se == 0:
        raise ValueError("neither group varies, so the difference has no standard error")
    difference = one.mean - two.mean
    reach = float(stdtrit(df, 0.5 + level / 2)) * se
    p = 2 * float(stdtr(df, -abs(difference / se)))
    return MeanDifference(difference, se, df, difference - reach, difference + reach, p, variances)


def combined_difference(
    groups: Mapping[str, Any],
    factors: Mapping[str, float],
    *,
    variances: Literal["unequal", "equal"] = "unequal",
    level: float = 0.95,
) -> MeanDifference:
    """A sum of means of several groups, each times its factor, with its t interval.

    Args:
        groups: values of each, or their summaries. factors: of each; in a difference they are 0 together.
    Raises:
        ValueError: when a group has fewer than two values, or none varies.
    Source: Welch 1951, Biometrika 38:330; for two groups the test of `mean_difference`.
    """
    check_level(level)
    own = {name: _usable(values) for name, values in groups.items()}
    if variances == "equal":
        df = float(sum(one.n - 1 for one in own.values()))
        pooled = sum((one.n - 1) * one.sd**2 for one in own.values()) / df
        parts = {name: factors[name] ** 2 * pooled / one.n for name, one in own.items()}
    else:
        parts = {name: factors[name] ** 2 * one.sd**2 / one.n for name, one in own.items()}
        spread = sum(part**2 / (own[name].n - 1) for name, part in parts.items())
        df = sum(parts.values()) ** 2 / spread if spread else 0.0
    se = sqrt(sum(parts.values()))
    if se == 0:
        raise ValueError("no group varies, so the difference has no standard error")
    difference = sum(factors[name] * one.mean for name, one in own.items())
    reach = float(stdtrit(df, 0.5 + level / 2)) * se
    p = 2 * float(stdtr(df, -abs(difference / se)))
    return MeanDifference(difference, se, df, difference - reach, difference + reach, p, variances)


def standardised_difference(
    first: Any,
    second: Any,
    *,
    measure: Literal["cohen", "hedges"] = "cohen",
    level: float = 0.95,
) -> StandardisedDifference:
    """The difference of two means in units of their pooled SD (of change scores: the SD of the change).

    Args:
        first, second: values of two groups (missing ones are left out), or their summaries.
        measure: Cohen's d, or Hedges's g, which is d without its bias in small samples.
    Raises:
        ValueError: when a group has fewer than two values, or neither group varies.
    Source: Hedges 1981, Journal of Educational Statistics 6:107; interval: Steiger, Fouladi 1997.
    """
    check_level(level)
    if measure not in ("cohen", "hedges"):
        raise ValueError(f'measure must be "cohen" or "hedges", not {measure!r}')
    one, two = _usable(first), _usable(second)
    pooled = _pooled_sd(one, two)
    if pooled == 0:
        raise ValueError("neither group varies, so there is no SD to measure the difference by")
    df = one.n + two.n - 2
    scale = sqrt(1 / one.n + 1 / two.n)
    d = (one.mean - two.mean) / pooled
    low, high = (
        float(nctdtrinc(df, share, d / scale)) * scale for share in (0.5 + level / 2, 0.5 - level / 2)
    )
    factor = 1.0 if measure == "cohen" else exp(lgamma(df / 2) - lgamma((df - 1) / 2) - 0.5 * log(df / 2))
    return StandardisedDifference(d * factor, low * factor, high * factor, measure)


@dataclass(frozen=True, slots=True)
class _Usable:
    n: int
    mean: float
    sd: float


def _usable(group: Any) -> _Usable:
    summary = group if isinstance(group, Summary) else summarise(group)
    if summary.n < 2 or summary.mean is None or summary.sd is None:
        raise ValueError(
            f"a comparison of means needs at least two values in each group; one has {summary.n}"
        )
    return _Usable(summary.n, summary.mean, summary.sd)


def _pooled_sd(one: _Usable, two: _Usable) -> float:
    return sqrt(((one.n - 1) * one.sd**2 + (two.n - 1) * two.sd**2) / (one.n + two.n - 2))
