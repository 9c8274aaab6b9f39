"""Where a rising function is 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, prod

from scipy.optimize import brentq

_FARTHEST = 60
_CLOSE = 1e-13  # product of a step and the two before it, after which less than rounding is missing
_MOST = 16


def rising_root(missing: Callable[[float], float], first: float, *, step: float, slope: float = 1.0) -> float:
    """Where a rising function is 0: by inverse interpolation, or between two values where it leads nowhere.

    The function need not have been asked there: what it would say is less than rounding.

    Args:
        first: near it. slope: of the function, about. step: by which it is looked for farther away.
    Raises:
        ValueError: where it is 0 nowhere near.
    """
    asked = [(first, missing(first))]
    for _ in range(_MOST):
        here, value = asked[-1]
        if value == 0:
            return here
        following = _following(asked[-3:], slope)
        if not isfinite(following):
            if len(asked) > 1:
                break
            following = first + step
        apart = [abs(following - one) for one, _ in asked[-3:]]
        if following == here or (len(apart) == 3 and prod(apart) <= _CLOSE * max(abs(following), 1.0)):
            return following
        asked.append((following, missing(following)))
    low = high = first
    for _ in range(_FARTHEST):
        if missing(low) <= 0:
            break
        low -= step
    for _ in range(_FARTHEST):
        if missing(high) >= 0:
            break
        high += step
    return float(brentq(missing, low, high, xtol=1e-13, rtol=1e-14))


def _following(asked: Sequence[tuple[float, float]], slope: float) -> float:
    """Where the inverse of the function, through what is known of it, is 0; NaN where it leads nowhere."""
    (here, value), *before = reversed(asked)
    if not isfinite(value):
        return float("nan")
    if not before:
        return here - value / slope
    one, its = before[0]
    if not isfinite(its) or its == value or (one - here) * (its - value) < 0:
        return float("nan")
    per = (one - here) / (its - value)
    if len(before) == 1 or not isfinite(before[1][1]) or before[1][1] in (value, its):
        return here - value * per
    other, that = before[1]
    bend = ((other - one) / (that - its) - per) / (that - value)
    return here - value * per + value * its * bend
