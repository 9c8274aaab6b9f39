"""Score statistics: how far counts lie from a hypothesis, measured where the hypothesis would have them.

The rates most likely under a difference, a ratio or an odds ratio have closed forms; each gives a variance,
and the interval is every hypothesis that is not too far. With strata the differences are added with weights.

Source: Miettinen & Nurminen 1985, Statistics in Medicine 4:213, appendix I.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import acos, copysign, cos, inf, isinf, log, pi, sqrt

from entact.analysis.binary.arms import Pair, z_of

FAR = 25.0  # logarithm of a ratio beyond which it counts as without bound


def difference_rates(pair: Pair, delta: float) -> tuple[float, float]:
    """The two rates most likely when the first is greater by `delta`."""
    one, two, n = pair.first, pair.second, float(pair.n)
    if delta == 0:
        return pair.events / n, pair.events / n
    # The derivative of the likelihood in the second rate is a cubic; its middle root is the one in range.
    c2 = (one.n + 2 * two.n) * delta - n - pair.events
    c1 = (two.n * delta - n - 2 * two.events) * delta + pair.events
    c0 = two.events * delta * (1 - delta)
    third = c2 / (3 * n)
    q = third**3 - c1 * c2 / (6 * n * n) + c0 / (2 * n)
    p = copysign(sqrt(max(third * third - c1 / (3 * n), 0.0)), q)
    turn = 0.0 if p == 0 else (pi + acos(min(1.0, max(-1.0, q / p**3)))) / 3
    second = min(max(2 * p * cos(turn) - third, max(0.0, -delta)), min(1.0, 1.0 - delta))
    return second + delta, second


def difference_score(pairs: Sequence[Pair], weights: Sequence[float], delta: float) -> float:
    """The weighted difference of shares less `delta`, over its standard error under `delta`."""
    away, variance = 0.0, 0.0
    for pair, weight in zip(pairs, weights, strict=True):
        one, two = difference_rates(pair, delta)
        spread = one * (1 - one) / pair.first.n + two * (1 - two) / pair.second.n
        away += weight * (pair.first.share - pair.second.share - delta)
        variance += weight * weight * max(spread, 0.0) * pair.n / (pair.n - 1)
    return _over(away, variance)


def common_limits(pairs: Sequence[Pair], weights: Sequence[float], level: float) -> tuple[float, float]:
    """Every common difference that the score does not reject: its ends."""
    total = sum(weights)
    at = sum(w * (p.first.share - p.second.share) for w, p in zip(weights, pairs, strict=True)) / total
    return _ends(lambda delta: difference_score(pairs, weights, delta), at, -1.0, 1.0, z_of(level))


def ratio_score(pair: Pair, ratio: float) -> float:
    """The first share less `ratio` times the second, over its standard error when that is the ratio."""
    one, two, n = pair.first, pair.second, pair.n
    a, b = n * ratio, ratio * (one.n + two.events) + one.events + two.n
    root = sqrt(max(b * b - 4 * a * pair.events, 0.0))
    rate_2 = min(2 * pair.events / (b + root), 1.0, 1 / ratio)
    rate_1 = ratio * rate_2
    variance = rate_1 * (1 - rate_1) / one.n + ratio * ratio * rate_2 * (1 - rate_2) / two.n
    return _over(one.share - ratio * two.share, max(variance, 0.0) * n / (n - 1))


def odds_score(pair: Pair, odds: float) -> float:
    """How far the first arm's events lie from those expected when `odds` is the odds ratio."""
    one, two, n = pair.first, pair.second, pair.n
    events, rest = pair.events, pair.n - pair.events
    # each rate and each complement is solved for: the difference from 1 would have no digits left
    rate_1, free_1 = _odds_rate(two.n, one.n, events, 1 / odds), _odds_rate(two.n, one.n, rest, odds)
    rate_2, free_2 = _odds_rate(one.n, two.n, events, odds), _odds_rate(one.n, two.n, rest, 1 / odds)
    spread_1, spread_2 = one.n * rate_1 * free_1, two.n * rate_2 * free_2
    if spread_1 <= 0 or spread_2 <= 0:
        return 0.0
    # the four cells are off by the same number, which the smallest tells best
    _, away = min(
        (one.events, one.events - one.n * rate_1),
        (one.n - one.events, one.n * free_1 - (one.n - one.events)),
        (two.events, two.n * rate_2 - two.events),
        (two.n - two.events, (two.n - two.events) - two.n * free_2),
    )
    return away * sqrt((1 / spread_1 + 1 / spread_2) * (n - 1) / n)


def _odds_rate(other: int, own: int, events: int, odds: float) -> float:
    """The rate in an arm of `own` when the odds in the other are `odds` times its own."""
    if abs(odds - 1) < 1e-12:
        return events / (own + other)
    a = own * (odds - 1)
    b = other * odds + own - events * (odds - 1)
    root = sqrt(max(b * b + 4 * a * events, 0.0))
    return min(2 * events / (b + root) if b > 0 else (root - b) / (2 * a), 1.0)


def ratio_limits(score: Callable[[float], float], at: float, level: float) -> tuple[float, float]:
    """The ends of a ratio, 0 and infinite where nothing bounds it; `at`: the ratio seen, maybe these."""
    from math import exp

    z = z_of(level)

    def of_log(value: float) -> float:
        return score(exp(value))

    middle = -FAR if at == 0 else FAR if isinf(at) else log(at)
    low = _root(lambda value: of_log(value) - z, -FAR, middle) if at > 0 else None
    high = _root(lambda value: of_log(value) + z, middle, FAR) if not isinf(at) else None
    return 0.0 if low is None else exp(low), inf if high is None else exp(high)


def _ends(
    score: Callable[[float], float], at: float, least: float, most: float, z: float
) -> tuple[float, float]:
    """Where a falling score passes z and -z, on both sides of where it is nought."""
    edge = 1e-12
    low = _root(lambda value: score(value) - z, least + edge, at) if at > least + edge else None
    high = _root(lambda value: score(value) + z, at, most - edge) if at < most - edge else None
    return least if low is None else low, most if high is None else high


def _root(function: Callable[[float], float], left: float, right: float) -> float | None:
    from scipy.optimize import brentq

    if function(left) < 0 or function(right) > 0:
        return None
    return float(brentq(function, left, right, xtol=1e-14, rtol=1e-14, maxiter=500))


def _over(away: float, variance: float) -> float:
    if variance > 0:
        return away / sqrt(variance)
    return 0.0 if abs(away) < 1e-15 else copysign(inf, away)
