"""Intervals by profile likelihood: how far a number can go before the others can't make up for it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from entact.pharmacology.likelihood import Array
from entact.pharmacology.objective import Objective

ROOT: Final = 1.959964
"""square root of the rise of -2 log L at the ends of a 95 % interval"""
NEAR: Final = 0.01
"""of that root, within which an end is found"""
ROUNDS: Final = 10
"""of the search for an end"""


def interval(problem: Objective, best: Array, covariance: Array, place: int) -> tuple[float, float]:
    """The ends of the 95 % interval of one logarithm: -2 log L has risen by 3.84, the others fitted anew.

    An end that lies beyond the bounds of the search is infinite: the data do not close the interval.

    Arguments: `best`: the logarithms at the minimum; `covariance` of them; `place` of the one.

    Source: Venzon and Moolgavkar 1988, Applied Statistics 37:87.
    """
    lowest = float(problem.minus_log(best[None])[0])
    low, high = (_end(problem, best, covariance, place, sign, lowest) for sign in (-1.0, 1.0))
    return low, high


def _end(problem: Objective, best: Array, covariance: Array, place: int, sign: float, lowest: float) -> float:
    bound = problem.free.bounds[place][0 if sign < 0.0 else 1]
    # The root of the rise is nearly a straight line in the logarithm: by the secant, held between two sides.
    inside, root_inside, outside = 0.0, 0.0, math.inf
    step, most = ROOT * math.sqrt(covariance[place, place]), abs(bound - float(best[place]))
    along = np.nan_to_num(covariance[:, place] / covariance[place, place])
    rest = best
    for _ in range(ROUNDS):
        step = min(step, most)
        at = float(best[place]) + sign * step
        start = rest + along * (at - rest[place])
        rest, value = _rest(problem, start, covariance, place, at)
        root = math.sqrt(max(0.0, 2.0 * (value - lowest)))
        if abs(root - ROOT) < NEAR:
            return at
        if root < ROOT:
            if step == most:
                return sign * math.inf
            inside, root_inside = step, root
        else:
            outside, root_outside = step, root
        if math.isinf(outside):
            step *= min(3.0, max(1.1, ROOT / max(root, 1e-3)))
        else:
            step = inside + (outside - inside) * (ROOT - root_inside) / (root_outside - root_inside)
    return float(best[place]) + sign * step


def _rest(problem: Objective, start: Array, covariance: Array, place: int, at: float) -> tuple[Array, float]:
    """The other logarithms at their best where one is held: Newton steps, the curvature of the minimum."""
    others = [i for i in range(start.size) if i != place and math.isfinite(covariance[i, i])]
    bounds = np.array(problem.free.bounds)
    here = np.clip(start, *bounds.T)
    here[place] = at
    if not others:
        return here, problem.value_and_slope(here)[0]
    told = [*others, place]
    curvature = np.linalg.inv(covariance[np.ix_(told, told)])[: len(others), : len(others)]
    value, slope = problem.value_and_slope(here)
    for _ in range(ROUNDS):
        move = np.linalg.solve(curvature, slope[others])
        if 0.5 * float(move @ slope[others]) < 1e-3:
            break
        for size in (1.0, 0.5, 0.25):
            tried = here.copy()
            tried[others] = np.clip(here[others] - size * move, *bounds[others].T)
            found, slope_there = problem.value_and_slope(tried)
            if found < value:
                here, value, slope = tried, found, slope_there
                break
        else:
            break
    return here, value
