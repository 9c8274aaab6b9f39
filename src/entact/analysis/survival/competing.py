"""How many have had an event by a time, when others can come first: Aalen and Johansen's estimate."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from entact.analysis.binary.arms import tail, z_of
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group, Side
from entact.analysis.survival.times import Floats


@public
def cumulative_incidence(
    time: Floats,
    cause: NDArray[np.int64],
    until: float,
    *,
    of: int = 1,
    level: float = 0.95,
    name: str = "all",
) -> Estimate:
    """The share that has had one cause by a time, whatever else came first.

    Args:
        time, cause: (n,); 0 is censored, others number the causes. until: the time. of: which cause.
    Returns:
        The share, its standard error by the infinitesimal jackknife, and a log-log interval within 0 and 1.
    Raises:
        ValueError: when nobody has a time, or was followed so long.
    Source: Aalen & Johansen 1978. Equivalent to R `survfit(Surv(time, factor(cause)) ~ 1)`.
    """
    if not time.size:
        raise ValueError(f"nobody in {name} has a time")
    censored = cause == 0
    if until > time.max() and bool(censored[time == time.max()].any()):
        raise ValueError(f"nobody was followed to {until:g}; the longest time is {time.max():g}")
    n = time.size
    free, had = 1.0, 0.0
    of_free, of_had = np.zeros(n), np.zeros(n)
    for moment in np.unique(time[~censored & (time <= until)]):
        risk = time >= moment
        y = float(risk.sum())
        now = time == moment
        any_cause, own = now & ~censored, now & (cause == of)
        leave, enter = float(any_cause.sum()) / y, float(own.sum()) / y
        # what each adds: the hazards' own slopes, carried through the shares before
        slope_leave = (any_cause - risk * leave) / y
        slope_enter = (own - risk * enter) / y
        of_had = of_had + of_free * enter + free * slope_enter
        of_free = of_free * (1 - leave) - free * slope_leave
        had, free = had + free * enter, free * (1 - leave)
    se = sqrt(float((of_had**2).sum()))
    low: float | None = None
    high: float | None = None
    notes: tuple[str, ...] = ()
    if 0 < had < 1 and se > 0:
        turn = z_of(level) * se / (had * np.log(had))
        low, high = float(had ** np.exp(-turn)), float(had ** np.exp(turn))
    else:
        notes = ("nobody or everybody has had it: no interval",)
    events = int(((cause == of) & (time <= until)).sum())
    return Estimate(
        f"cumulative incidence at {until:g}",
        "Aalen-Johansen, log-log interval",
        had,
        low,
        high,
        level,
        se=se,
        groups=(Group(name, n, events=events),),
        notes=notes,
        label=name,
    )


@public
def incidence_difference(
    first: Estimate, second: Estimate, *, null: float = 0.0, side: Side = "two_sided"
) -> Estimate:
    """The difference of two groups' cumulative incidence at one time.

    Args:
        first, second: of `cumulative_incidence`, at one time and level.
    Returns:
        The difference with Wald's interval and test. Where nobody or everybody in a group has had it, only
        the difference: the group's standard error of nought says nothing.
    """
    assert first.estimate is not None
    assert second.estimate is not None
    found = first.estimate - second.estimate
    groups = (*first.groups, *second.groups)
    measure = first.measure.replace("cumulative incidence", "difference of cumulative incidence")
    method = "Aalen-Johansen, Wald"
    if not (first.se and second.se):
        why = "nobody or everybody in a group has had it: no interval and no test"
        return Estimate(measure, method, found, level=first.level, groups=groups, notes=(why,))
    se = sqrt(first.se**2 + second.se**2)
    z, reach = (found - null) / se, z_of(first.level) * se
    return Estimate(
        measure,
        method,
        found,
        max(found - reach, -1.0),
        min(found + reach, 1.0),
        first.level,
        se=se,
        statistic=z,
        p=tail(z, side),
        null=null,
        side=side,
        groups=groups,
    )
