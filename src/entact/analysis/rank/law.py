"""Exact laws of rank statistics, midranks, and the end of an interval by inverting a test."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from entact.analysis.result import Side

Floats = NDArray[np.float64]
EXACT_BELOW = 50  # group sizes up to which the law without ties is enumerated, as in R


@lru_cache(maxsize=64)
def rank_sum_law(m: int, n: int) -> tuple[float, ...]:
    """P(U = u), u = 0 … mn, of the number of pairs in which the first group is greater, without ties."""
    # Gaussian binomial coefficients: multiply by 1 - q^(n + i), divide by 1 - q^i
    ways = np.zeros(m * n + 1, dtype=object)
    ways[0] = 1
    for i in range(1, m + 1):
        top = ways.copy()
        if n + i <= m * n:
            top[n + i :] -= ways[: m * n + 1 - n - i]
        for u in range(i, m * n + 1):
            top[u] += top[u - i]
        ways = top
    total = sum(ways)
    return tuple(float(way / total) for way in ways)


@lru_cache(maxsize=64)
def signed_rank_law(n: int) -> tuple[float, ...]:
    """P(V = v), v = 0 … n(n + 1)/2, of the sum of ranks of positive differences, without ties or noughts."""
    chance = np.zeros(n * (n + 1) // 2 + 1)
    chance[0] = 1.0
    for rank in range(1, n + 1):
        moved = np.zeros_like(chance)
        moved[rank:] = chance[: chance.size - rank]
        chance = 0.5 * (chance + moved)
    return tuple(chance.tolist())


def exact_p(law: tuple[float, ...], seen: int, side: Side) -> float:
    """p of a count under its law."""
    chance = np.array(law)
    upper, lower = float(chance[seen:].sum()), float(chance[: seen + 1].sum())
    if side == "two_sided":
        return min(1.0, 2 * min(upper, lower))
    return min(1.0, upper if side == "greater" else lower)


def exact_place(law: tuple[float, ...], level: float) -> tuple[int, float]:
    """Which of the ordered shifts is the lower limit, from one, and the level that is truly reached."""
    below = np.cumsum(law)
    quantile = int(np.searchsorted(below, (1 - level) / 2 * (1 - 1e-12)))
    place = max(quantile, 1)
    return place, 1 - 2 * float(below[place - 1])


def midranks(values: Floats) -> Floats:
    """Ranks from one; those that tie share their mean."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: Floats = ((last - count + 1 + last) / 2)[inverse.reshape(-1)]
    return ranks


def invert(shifts: Floats, statistic: Callable[[float], float], quantile: float) -> tuple[float, float]:
    """The shifts that a test does not reject: its statistic falls as the shift grows, in steps at `shifts`.

    Args:
        statistic: z against a shift, with continuity correction towards nought.
    """
    steps = np.unique(shifts)
    if steps.size == 1:
        return float(steps[0]), float(steps[0])
    between = (steps[1:] + steps[:-1]) / 2

    def first_below(limit: float) -> int:
        left, right = 0, between.size
        while left < right:
            middle = (left + right) // 2
            if statistic(float(between[middle])) > limit:
                left = middle + 1
            else:
                right = middle
        return left

    return float(steps[first_below(quantile)]), float(steps[first_below(-quantile)])
