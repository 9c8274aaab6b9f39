"""Kaplan and Meier's curve, its median, and its restricted mean."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np
import polars as pl

from entact.analysis.binary.arms import tail, z_of
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Side
from entact.analysis.survival.times import Floats, Times

Scale = Literal["log", "log_log"]


@dataclass(frozen=True)
class Curve:
    """The share without the event, from each time of an event on.

    Attributes:
        times, at_risk, events, share: (k,). hazard_variance: (k,) Greenwood's sums. last: the longest time.
    """

    times: Floats
    at_risk: Floats
    events: Floats
    share: Floats
    hazard_variance: Floats
    last: float
    level: float
    scale: Scale

    @property
    def se(self) -> Floats:
        """(k,) Greenwood's standard errors; 0 where everybody has had it."""
        found: Floats = self.share * np.sqrt(np.where(self.share > 0, self.hazard_variance, 0.0))
        return found

    def limits(self) -> tuple[Floats, Floats]:
        """(k,) of the interval at each time; NaN where everybody has had it, as there is none."""
        z = z_of(self.level)
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(self.hazard_variance)
            if self.scale == "log":
                low, high = self.share * np.exp(-z * root), np.minimum(self.share * np.exp(z * root), 1.0)
            else:
                turn = z * root / np.log(self.share)
                low, high = self.share ** np.exp(-turn), self.share ** np.exp(turn)
        over = self.share <= 0
        return np.where(over, np.nan, low), np.where(over, np.nan, high)

    def at(self, time: float) -> tuple[float, float | None, float | None]:
        """Share at a time with its limits; None where nobody or everybody has had it by then.

        Raises:
            ValueError: for a time beyond the longest one.
        """
        if time > self.last and (not self.share.size or self.share[-1] > 0):
            raise ValueError(f"nobody was followed to {time:g}; the longest time is {self.last:g}")
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        if place < 0:
            return 1.0, None, None
        low, high = self.limits()
        ends = [None if np.isnan(one[place]) else float(one[place]) for one in (low, high)]
        return float(self.share[place]), ends[0], ends[1]

    def quantile(self, share: float = 0.5) -> tuple[float | None, float | None, float | None]:
        """When so few are left without the event, with limits; None where that was not reached."""
        low, high = self.limits()
        return tuple(_crossing(self.times, one, share) for one in (self.share, low, high))  # type: ignore[return-value]

    def restricted_mean(self, until: float) -> tuple[float, float]:
        """The mean time without the event up to a time, and its standard error.

        Source: Klein & Moeschberger 2003, section 4.5. Equivalent to R `summary(survfit, rmean = until)`.
        """
        if until > self.last and (not self.share.size or self.share[-1] > 0):
            raise ValueError(f"nobody was followed to {until:g}; the longest time is {self.last:g}")
        inside = self.times < until
        edges = np.concatenate([[0.0], self.times[inside], [until]])
        heights = np.concatenate([[1.0], self.share[inside]])
        areas = np.diff(edges) * heights
        rest = np.cumsum(areas[::-1])[::-1][1:]
        n, d = self.at_risk[inside], self.events[inside]
        spread = np.where(n > d, d / np.where(n > d, n * (n - d), 1.0), 0.0)
        return float(areas.sum()), sqrt(float((rest**2 * spread).sum()))

    def to_polars(self) -> pl.DataFrame:
        """One row a time of an event."""
        low, high = self.limits()
        columns = {
            "time": self.times,
            "at_risk": self.at_risk,
            "events": self.events,
            "share": self.share,
            "se": self.se,
            "low": low,
            "high": high,
        }
        return pl.DataFrame(columns).with_columns(pl.col("low", "high").fill_nan(None))


@public
def kaplan_meier(times: Times, *, level: float = 0.95, scale: Scale = "log_log") -> Curve:
    """The curve, with limits on the scale named: `log_log` stays within 0 and 1 (SAS), `log` is R's.

    Source: Kaplan & Meier 1958; Greenwood 1926. Equivalent to R `survfit`.
    """
    when, at_risk, events = times.table()
    share: Floats = np.asarray(np.cumprod(1 - events / at_risk), dtype=np.float64)
    with np.errstate(divide="ignore"):
        spread: Floats = np.cumsum(events / (at_risk * (at_risk - events)))
    return Curve(when, at_risk, events, share, spread, float(times.time.max()), level, scale)


@public
def median_time(times: Times, *, level: float = 0.95, scale: Scale = "log_log") -> Estimate:
    """The median time to the event, with the interval of Brookmeyer and Crowley."""
    at, low, high = kaplan_meier(times, level=level, scale=scale).quantile()
    notes = () if at is not None else ("more than half have not had the event: the median was not reached",)
    return Estimate(
        "median time",
        f"Kaplan-Meier, {scale.replace('_', '-')} interval",
        at,
        low,
        inf if high is None and low is not None else high,
        level,
        groups=(times.group(),),
        notes=notes,
        label=times.name,
    )


@public
def restricted_mean_difference(
    first: Times,
    second: Times,
    until: float,
    *,
    level: float = 0.95,
    null: float = 0.0,
    side: Side = "two_sided",
) -> Estimate:
    """The mean time without the event up to a time, of the first group less that of the second.

    Raises:
        ValueError: when nobody of a group was followed so long.
    Source: Royston & Parmar 2013, BMC Medical Research Methodology 13:152.
    """
    (one, se_1), (two, se_2) = (kaplan_meier(group).restricted_mean(until) for group in (first, second))
    se, z = sqrt(se_1**2 + se_2**2), z_of(level)
    score = (one - two - null) / se if se > 0 else None
    alike = () if se > 0 else ("no event came before: no interval and no test",)
    return Estimate(
        "restricted mean time difference",
        f"Kaplan-Meier up to {until:g}",
        one - two,
        one - two - z * se if se > 0 else None,
        one - two + z * se if se > 0 else None,
        level,
        se=se if se > 0 else None,
        statistic=score,
        p=None if score is None else tail(score, side),
        null=None if score is None else null,
        side=side,
        groups=(first.group(), second.group()),
        notes=(f"{first.name} {one:.4g}, {second.name} {two:.4g}", *alike),
    )


def _crossing(times: Floats, heights: Floats, share: float) -> float | None:
    """The first time at which a falling curve is no higher; the middle where it lies at the height."""
    near = np.abs(heights - share) < 1e-12
    below = np.flatnonzero((heights < share) | near)
    if not below.size:
        return None
    place = int(below[0])
    if near[place]:
        later = np.flatnonzero(heights < share - 1e-12)
        if later.size:
            return float((times[place] + times[later[0]]) / 2)
    return float(times[place])
