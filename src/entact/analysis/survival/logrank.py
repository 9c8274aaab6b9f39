"""The log-rank test of two groups, within strata."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from entact.analysis.binary.arms import tail, z_of
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group, Side
from entact.analysis.survival.times import Times


@public
def logrank(
    strata: Sequence[tuple[Times, Times]], *, level: float = 0.95, side: Side = "two_sided"
) -> Estimate:
    """Whether the event comes as soon in both groups.

    Args:
        strata: both groups in each; one pair where there are none. side: "greater": more in the first.
    Returns:
        Peto's hazard ratio, exp((O - E) / V), with the log-rank test.
    Raises:
        ValueError: without strata.
    Sources: Mantel 1966; Peto & Peto 1972. Equivalent to R `survdiff(Surv(time, event) ~ arm + strata(s))`.
    """
    if not strata:
        raise ValueError("no stratum has both groups: there is nothing to compare within")
    away = variance = 0.0
    for first, second in strata:
        both = Times(np.concatenate([first.time, second.time]), np.concatenate([first.event, second.event]))
        when, at_risk, events = both.table()
        ordered = np.sort(first.time)
        own_risk = first.n - np.searchsorted(ordered, when, side="left")
        own = np.array([float((first.time[first.event] == t).sum()) for t in when])
        share = own_risk / at_risk
        away += float((own - events * share).sum())
        spread = np.where(at_risk > 1, (at_risk - events) / np.maximum(at_risk - 1, 1), 0.0)
        variance += float((events * share * (1 - share) * spread).sum())
    names = strata[0][0].name or "first", strata[0][1].name or "second"
    groups = tuple(
        Group(
            name, sum(pair[k].n for pair in strata), events=int(sum(pair[k].event.sum() for pair in strata))
        )
        for k, name in enumerate(names)
    )
    notes = (f"{len(strata)} strata",) if len(strata) > 1 else ()
    method = ("stratified " if len(strata) > 1 else "") + "log-rank test, Peto's hazard ratio"
    if variance <= 0:
        why = "nobody had the event while both groups were followed: no test"
        return Estimate("hazard ratio", method, None, level=level, groups=groups, notes=(*notes, why))
    z = away / sqrt(variance)
    reach = z_of(level) / sqrt(variance)
    return Estimate(
        "hazard ratio",
        method,
        float(np.exp(away / variance)),
        float(np.exp(away / variance - reach)),
        float(np.exp(away / variance + reach)),
        level,
        se=1 / sqrt(variance),
        statistic=z,
        p=tail(z, side),
        null=1.0,
        side=side,
        groups=groups,
        notes=(*notes, "SE is of the logarithm"),
    )
