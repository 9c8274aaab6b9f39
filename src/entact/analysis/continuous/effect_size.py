"""A difference of means in units of a standard deviation, which is named: of the values, or at baseline."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import polars as pl

from entact.analysis.binary.arms import z_of
from entact.analysis.describe import standardised_difference, summarise
from entact.analysis.frame import public
from entact.analysis.meta.effect import Means, baseline_standardised
from entact.analysis.result import Estimate, Group

Kind = Literal["cohen", "hedges"]
_TITLES = {"cohen": "Cohen's d", "hedges": "Hedges' g"}


@public
def effect_size(
    first: pl.Series,
    second: pl.Series,
    *,
    kind: Kind = "hedges",
    sd_of: str = "the values",
    level: float = 0.95,
    names: tuple[str, str] = ("first", "second"),
) -> Estimate:
    """Cohen's d or Hedges' g (without its bias in small samples), with the noncentral t interval.

    Args:
        first, second: values of both groups. kind: which. sd_of: what the values are, said in the result: the
            SD of changes and that of values are not the same unit.
    Raises:
        ValueError: when a group has fewer than two values, or neither varies.
    Source: Hedges 1981; interval: Steiger & Fouladi 1997.
    """
    if kind not in _TITLES:
        raise ValueError(f"kind {kind!r} is none; write cohen or hedges")
    found = standardised_difference(first, second, measure=kind, level=level)
    return Estimate(
        _TITLES[kind],
        f"{_TITLES[kind]}, pooled SD of {sd_of}, noncentral t interval",
        found.difference,
        found.low,
        found.high,
        level,
        groups=tuple(_group(values, name) for values, name in zip((first, second), names, strict=True)),
    )


@public
def baseline_effect_size(
    change: tuple[pl.Series, pl.Series],
    baseline: tuple[pl.Series, pl.Series],
    *,
    level: float = 0.95,
    names: tuple[str, str] = ("first", "second"),
) -> Estimate:
    """Hedges' g of mean changes in units of the pooled SD at baseline.

    Args:
        change, baseline: of both groups, one row a participant in the same order; who lacks one is left out.
    Raises:
        ValueError: when a group has fewer than two people with both.
    Source: Morris 2008, Organizational Research Methods 11:364, with the correlation of the people here.
    """
    pairs = [
        pl.DataFrame({"change": one.cast(pl.Float64), "base": two.cast(pl.Float64)}).drop_nulls()
        for one, two in zip(change, baseline, strict=True)
    ]
    changes, sds, correlations = [], [], []
    for pair, name in zip(pairs, names, strict=True):
        own, base = summarise(pair["change"]), summarise(pair["base"])
        if own.n < 2 or own.mean is None or not own.sd or not base.sd:
            raise ValueError(
                f"an effect size needs at least two people whose values vary; {name} has {own.n}"
            )
        end = pair["change"] + pair["base"]
        both = pl.DataFrame({"end": end, "base": pair["base"]}).select(pl.corr("end", "base")).item()
        correlations.append((own.n, float(both)))
        changes.append(Means(own.n, own.mean, own.sd))
        sds.append(base.sd)
    total = sum(n for n, _ in correlations)
    together = sum(n * r for n, r in correlations) / total
    found = baseline_standardised(changes[0], changes[1], sds[0], sds[1], correlation=together)
    reach = z_of(level) * sqrt(found.variance)
    return Estimate(
        "Hedges' g",
        "Hedges' g, pooled SD at baseline (Morris), normal interval",
        found.estimate,
        found.estimate - reach,
        found.estimate + reach,
        level,
        se=sqrt(found.variance),
        groups=tuple(_group(pair["change"], name) for pair, name in zip(pairs, names, strict=True)),
        notes=(f"correlation of baseline and end {together:.2f}, of these people",),
    )


def _group(values: pl.Series, name: str) -> Group:
    found = summarise(values)
    return Group(name, found.n, mean=found.mean, sd=found.sd)
