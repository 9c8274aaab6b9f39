"""Exact tests of two shares: conditional on the margins (Fisher), or on the arms' sizes alone (Barnard,
Boschloo), where the nuisance rate is the one least favourable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from entact.analysis.binary.arms import Pair, groups, require_side
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Side

Floats = NDArray[np.float64]

ALIKE = 1 + 1e-7  # tables whose statistic differs by less count as equally extreme, as in R
GRID = 501  # nuisance rates tried before the neighbourhood of the worst is searched


class ExactTest(Protocol):
    """A test of two shares that keeps its level for any numbers."""

    @property
    def title(self) -> str:
        """As a paper would say it."""
        ...

    def p(self, pair: Pair, side: Side) -> float:
        """p that the shares are equal."""
        ...


@dataclass(frozen=True, slots=True)
class Fisher:
    """Conditional on both margins. Source: Fisher 1935. Equivalent to R `fisher.test`."""

    title = "Fisher's exact test"

    def p(self, pair: Pair, side: Side) -> float:
        support, weights = _support(pair)
        chance = _chances(support, weights, 0.0)
        if side == "greater":
            return _at_most_one(chance[support >= pair.first.events].sum())
        if side == "less":
            return _at_most_one(chance[support <= pair.first.events].sum())
        own = chance[support == pair.first.events][0]
        return _at_most_one(chance[chance <= own * ALIKE].sum())


@dataclass(frozen=True, slots=True)
class Barnard:
    """Unconditional, tables ordered by the pooled Z. Source: Barnard 1947; Suissa & Shuster 1985."""

    title = "Barnard's exact test (pooled Z)"

    def p(self, pair: Pair, side: Side) -> float:
        x1, x2 = _tables(pair)
        n1, n2 = pair.first.n, pair.second.n
        share = (x1 + x2) / (n1 + n2)
        spread = share * (1 - share) * (1 / n1 + 1 / n2)
        away = x1 / n1 - x2 / n2
        z = np.where(spread > 0, away / np.sqrt(np.where(spread > 0, spread, 1.0)), 0.0)
        return _worst(pair, _sided(z, side))


@dataclass(frozen=True, slots=True)
class Boschloo:
    """Unconditional, tables ordered by Fisher's p; never weaker than Fisher's. Source: Boschloo 1970."""

    title = "Boschloo's exact test"

    def p(self, pair: Pair, side: Side) -> float:
        n1, n2 = pair.first.n, pair.second.n
        x1, x2 = (one.ravel() for one in np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij"))
        total, ways = x1 + x2, _log_ways(n1)[x1] + _log_ways(n2)[x2]
        chance = np.exp(ways - _log_ways(n1 + n2)[total])  # of a table, given its total
        likely = {"two_sided": np.log(np.maximum(chance, 1e-300)), "less": x1, "greater": -x1}[side]
        # Every total has a stretch of its own on one line, so that all are sorted and summed at once.
        stretch = 4096.0 + 4 * max(n1, n2)
        place = total * stretch + likely
        order = np.argsort(place, kind="stable")
        sums = np.concatenate([[0.0], np.cumsum(chance[order])])
        first = np.searchsorted(place[order], (total - 0.5) * stretch)
        upto = np.searchsorted(place[order], place + np.log(ALIKE), side="right")
        statistic = (sums[upto] - sums[first]).reshape(n1 + 1, n2 + 1)
        return _worst(pair, -statistic)


FISHER = Fisher()


@public
def exact(
    pair: Pair, *, method: ExactTest = FISHER, level: float = 0.95, side: Side = "two_sided"
) -> Estimate:
    """An exact test that two shares are equal; Fisher's with the conditional odds ratio and its interval.

    Args:
        pair: events and numbers of both arms. method: Fisher(), Barnard() or Boschloo().
        side: on which the first share is expected. level: of the interval, which is two-sided.
    Returns:
        The odds ratio most likely given the margins (Fisher), else the difference of shares without interval.
    """
    require_side(side)
    p = method.p(pair, side)
    if isinstance(method, Fisher):
        at, low, high = conditional_odds_ratio(pair, level)
        notes = () if at is not None else ("an empty cell leaves the odds ratio without a value",)
        found: dict[str, Any] = {"estimate": at, "low": low, "high": high, "null": 1.0, "notes": notes}
        measure = "odds ratio"
    else:
        found = {"estimate": pair.first.share - pair.second.share, "null": 0.0}
        measure = "risk difference"
    return Estimate(measure, method.title, level=level, p=p, side=side, groups=groups(pair), **found)


def conditional_odds_ratio(pair: Pair, level: float) -> tuple[float | None, float, float]:
    """The odds ratio most likely given the margins, and its exact interval, as R `fisher.test` has them."""
    from scipy.optimize import brentq

    support, weights = _support(pair)
    own, least, most = pair.first.events, int(support[0]), int(support[-1])
    if least == most:
        return None, 0.0, inf

    def solve(function: Callable[[float], float]) -> float:
        return float(np.exp(brentq(function, -50.0, 50.0, xtol=1e-12, rtol=1e-14)))

    def mean(log_odds: float) -> float:
        return float((support * _chances(support, weights, log_odds)).sum()) - own

    def above(log_odds: float) -> float:
        return float(_chances(support, weights, log_odds)[support >= own].sum()) - (1 - level) / 2

    def below(log_odds: float) -> float:
        return float(_chances(support, weights, log_odds)[support <= own].sum()) - (1 - level) / 2

    at = 0.0 if own == least else None if own == most else solve(mean)
    return at, 0.0 if own == least else solve(above), inf if own == most else solve(below)


def _support(pair: Pair) -> tuple[NDArray[np.int64], Floats]:
    """Possible events of the first arm given the margins, and the logarithm of their number of ways."""
    n1, n2, total = pair.first.n, pair.second.n, pair.events
    x = np.arange(max(0, total - n2), min(n1, total) + 1)
    ways = -gammaln(x + 1) - gammaln(n1 - x + 1) - gammaln(total - x + 1) - gammaln(n2 - total + x + 1)
    return x, ways


def _chances(support: NDArray[np.int64], weights: Floats, log_odds: float) -> Floats:
    logs = weights + support * log_odds
    chance: Floats = np.exp(logs - logs.max())
    share: Floats = chance / chance.sum()
    return share


def _tables(pair: Pair) -> tuple[Floats, Floats]:
    return (
        np.arange(pair.first.n + 1, dtype=np.float64)[:, None],
        np.arange(pair.second.n + 1, dtype=np.float64)[None, :],
    )


def _sided(z: Floats, side: Side) -> Floats:
    return np.abs(z) if side == "two_sided" else z if side == "greater" else -z


def _worst(pair: Pair, statistic: Floats) -> float:
    """The largest probability, over the rate that both arms share, of a table at least as extreme."""
    own = statistic[pair.first.events, pair.second.events]
    extreme = (statistic >= own - abs(own) * (ALIKE - 1) - 1e-12).astype(np.float64)
    n1, n2 = pair.first.n, pair.second.n
    ways_1, ways_2 = _log_ways(n1), _log_ways(n2)
    x1, x2 = np.arange(n1 + 1), np.arange(n2 + 1)

    def chance(rates: Floats) -> Floats:
        on, off = np.log(rates)[:, None], np.log1p(-rates)[:, None]
        one = np.exp(ways_1 + x1 * on + (n1 - x1) * off)
        two = np.exp(ways_2 + x2 * on + (n2 - x2) * off)
        result: Floats = ((one @ extreme) * two).sum(1)
        return result

    rates = (np.arange(GRID) + 0.5) / GRID
    found = chance(rates)
    best = float(found.max())
    for place in np.argsort(found)[-3:]:
        middle, reach = rates[place], 1 / GRID
        for _ in range(3):
            near = np.clip(np.linspace(middle - reach, middle + reach, 41), 1e-9, 1 - 1e-9)
            seen = chance(near)
            middle, reach = near[int(seen.argmax())], reach / 20
            best = max(best, float(seen.max()))
    return _at_most_one(best)


def _log_ways(n: int) -> Floats:
    x = np.arange(n + 1)
    ways: Floats = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    return ways


def _at_most_one(p: float) -> float:
    return min(1.0, float(p))
