"""Where a rising function is 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

_FARTHEST = 60
_CLOSE = 1e-8  # a secant's step after which less than rounding is missing


def rising_root(missing: Callable[[float], float], first: float, *, step: float, slope: float = 1.0) -> float:
    """Where a rising function is 0: by secants, or between two values where these lead nowhere.

    Args:
        first: near it. slope: of the function, about. step: by which it is looked for farther away.
    Raises:
        ValueError: where it is 0 nowhere near.
    """
    before, start = missing(first), first
    second = first - before / slope
    if before == 0 or not np.isfinite(second):
        second = first + step
    here = missing(second)
    for _ in range(12):
        if here == 0:
            return second
        if not np.isfinite(here - before) or here == before:
            break
        third = second - here * (second - first) / (here - before)
        if abs(third - second) <= _CLOSE * abs(third):
            return third
        first, second, before, here = second, third, here, missing(third)
    low = high = start
    for _ in range(_FARTHEST):
        if missing(low) <= 0:
            break
        low -= step
    for _ in range(_FARTHEST):
        if missing(high) >= 0:
            break
        high += step
    return float(brentq(missing, low, high, xtol=1e-13, rtol=1e-14))
