"""Gray's test: whether an event comes as often in both groups, when another can come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from entact.analysis.binary.arms import tail
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group, Side
from entact.analysis.survival.times import Floats


@dataclass(frozen=True)
class Causes:
    """Times (n,) and what ended them: 0 for nothing (censored), 1 for the event, 2 for another."""

    time: Floats
    cause: NDArray[np.int64]
    name: str = ""


@public
def gray(strata: Sequence[tuple[Causes, Causes]], *, side: Side = "two_sided") -> Estimate:
    """Whether the cumulative incidence of an event is the same in both groups.

    Args:
        strata: both groups in each; one pair where there are none. side: "greater": more in the first.
    Returns:
        The test alone: it has no effect of its own; `cumulative_incidence` has the shares.
    Raises:
        ValueError: without strata.
    Source: Gray 1988, Annals of Statistics 16:1141, with rho 0. Equivalent to R `cmprsk::cuminc(...)$Tests`.
    """
    if not strata:
        raise ValueError("no stratum has both groups: there is nothing to compare within")
    parts = [_score(*pair) for pair in strata]
    away, variance = sum(one[0] for one in parts), sum(one[1] for one in parts)
    names = strata[0][0].name or "first", strata[0][1].name or "second"
    groups = tuple(
        Group(
            name,
            sum(pair[k].time.size for pair in strata),
            events=sum(int((pair[k].cause == 1).sum()) for pair in strata),
        )
        for k, name in enumerate(names)
    )
    method = ("stratified " if len(strata) > 1 else "") + "Gray's test"
    notes = (f"{len(strata)} strata",) if len(strata) > 1 else ()
    if not variance > 0:
        why = "nobody had the event while both groups were followed: no test"
        return Estimate("cumulative incidence", method, None, groups=groups, notes=(*notes, why))
    z = away / sqrt(variance)
    return Estimate(
        "cumulative incidence",
        method,
        None,
        statistic=z,
        p=tail(z, side),
        side=side,
        groups=groups,
        notes=(*notes, "a test of the whole curves, which has no estimate of its own"),
    )


def _score(first: Causes, second: Causes) -> tuple[float, float]:
    """Events of the first group beyond what is expected of it, and the variance of that.

    In Gray's words: h of a group is who is at risk over its share without any event, and the expected events
    are shared out by h times its share without this one. Ties count as draws without replacement.
    """
    pair = (first, second)
    whole = np.concatenate([first.time[first.cause > 0], second.time[second.cause > 0]])
    when = np.unique(whole)
    if not when.size:
        return 0.0, 0.0
    at_risk = np.array(
        [own.time.size - np.searchsorted(np.sort(own.time), when, side="left") for own in pair]
    )
    events, others = (
        np.array([[(own.cause[own.time == t] == cause).sum() for t in when] for own in pair]).astype(float)
        for cause in (1, 2)
    )
    there = at_risk > 0
    risk = np.where(there, at_risk, 1).astype(float)
    free = np.cumprod(np.where(there, 1 - (events + others) / risk, 1.0), axis=1)
    free_before = np.column_stack([np.ones(2), free[:, :-1]])
    had = np.cumsum(np.where(there, free_before * events / risk, 0.0), axis=1)
    had_before = np.column_stack([np.zeros(2), had[:, :-1]])
    h = np.where(there, risk / np.where(there, free_before, 1.0), 0.0)
    kept = h * (1 - had_before)
    came, together = events.sum(axis=0), h.sum(axis=0)
    away = float((events[0] - came * kept[0] / kept.sum(axis=0)).sum())
    step = came / together  # of the incidence in both groups together
    share = np.cumsum(step)
    share_before = np.concatenate([[0.0], share[:-1]])
    weight = h[0] * h[1] / together  # with the other sign in the second group
    ahead = np.cumsum(weight * step / (1 - share_before))
    ahead = ahead[-1] - ahead
    variance = 0.0
    for k in range(2):
        with np.errstate(divide="ignore", invalid="ignore"):
            lost = np.where(free[k] > 0, (1 - share) / free[k], 0.0)
            tied = np.where(came > 1, 1 - (came - 1) / (together * free_before[k] - 1), 1.0)
            tied_others = np.where(others[k] > 1, 1 - (others[k] - 1) / (risk[k] - 1), 1.0)
        own = weight + (1 - lost) * ahead
        spread = np.where(there[k], tied * step * free_before[k] / risk[k], 0.0)
        variance += float((own**2 * spread).sum())
        known = there[k] & (free[k] > 0)
        spread = np.where(known, tied_others * free_before[k] ** 2 * others[k] / risk[k] ** 2, 0.0)
        variance += float(((lost * ahead) ** 2 * spread).sum())
    return away, variance
