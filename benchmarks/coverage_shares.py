"""Coverage of every interval of shares, summed over every possible outcome: no error of simulation.

Run by `python -m benchmarks coverage_shares`. One arm of 5 to 50 and two arms of 8 to 30, also unequal
ones, at shares from 0.01, where most trials have a zero cell, to 0.99. Where a method has no interval, as a
ratio of two arms without events has none, the truth counts as held: nothing was claimed. How often that is
stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf

import numpy as np
from scipy.stats import binom

from entact.analysis.binary import (
    Arm,
    Boschloo,
    ClopperPearson,
    Fisher,
    LogWald,
    MiettinenNurminen,
    Newcombe,
    Pair,
    ScoreRatio,
    Wald,
    Wilson,
    difference,
    exact,
    number_needed,
    ratio,
    share,
)
from entact.analysis.result import Estimate

GRID = np.array([0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99])
INNER = (GRID >= 0.1) & (GRID <= 0.9)
ONE = (5, 10, 20, 50)
TWO = ((8, 8), (20, 20), (10, 30))
EXACT = {"share, Clopper-Pearson", "odds ratio, Fisher"}
"""what has to cover 95 % everywhere"""
PAIRS: dict[str, tuple[Callable[[Pair], Estimate], Callable[[float, float], float]]] = {
    "difference, Newcombe": (partial(difference, method=Newcombe()), lambda a, b: a - b),
    "difference, Miettinen-Nurminen": (partial(difference, method=MiettinenNurminen()), lambda a, b: a - b),
    "difference, Wald": (partial(difference, method=Wald()), lambda a, b: a - b),
    "risk ratio, Wald": (partial(ratio, kind="risk ratio", method=LogWald()), lambda a, b: a / b),
    "risk ratio, score": (partial(ratio, kind="risk ratio", method=ScoreRatio()), lambda a, b: a / b),
    "odds ratio, Wald": (
        partial(ratio, kind="odds ratio", method=LogWald()),
        lambda a, b: _odds(a) / _odds(b),
    ),
    "odds ratio, score": (
        partial(ratio, kind="odds ratio", method=ScoreRatio()),
        lambda a, b: _odds(a) / _odds(b),
    ),
    "odds ratio, Fisher": (partial(exact, method=Fisher()), lambda a, b: _odds(a) / _odds(b)),
}


def _odds(share: float) -> float:
    return share / (1 - share)


def one_arm(n: int) -> dict[str, tuple[float, float, float]]:
    """name -> least coverage, least and mean from 0.1 to 0.9."""
    chance = binom.pmf(np.arange(n + 1)[:, None], n, GRID)
    found = {}
    for name, method in {"share, Clopper-Pearson": ClopperPearson(), "share, Wilson": Wilson()}.items():
        ends = [share(Arm(events, n), method=method) for events in range(n + 1)]
        low, high = (np.array([getattr(end, side) for end in ends], dtype=float) for side in ("low", "high"))
        own = (((low[:, None] <= GRID) & (high[:, None] >= GRID)) * chance).sum(0)
        found[name] = (float(own.min()), float(own[INNER].min()), float(own[INNER].mean()))
    return found


def two_arms(n: int, m: int) -> dict[str, tuple[float, float, float, float]]:
    """name -> least coverage, least and mean from 0.1 to 0.9, and the most often without an interval."""
    chances = [binom.pmf(np.arange(size + 1)[:, None], size, GRID) for size in (n, m)]
    found = {}
    for name, (way, of) in PAIRS.items():
        low, high = np.full((n + 1, m + 1), -inf), np.full((n + 1, m + 1), inf)
        none = np.zeros((n + 1, m + 1))
        for first in range(n + 1):
            for second in range(m + 1):
                try:
                    one = way(Pair.of(first, n, second, m))
                except ValueError:
                    none[first, second] = 1.0
                    continue
                none[first, second] = one.low is None and one.high is None
                low[first, second] = -inf if one.low is None else one.low
                high[first, second] = inf if one.high is None else one.high
        truth = np.array([[of(a, b) for b in GRID] for a in GRID])
        slack = 1e-12 * np.maximum(np.abs(truth), 1.0)
        held = (low[:, :, None, None] <= truth + slack) & (truth - slack <= high[:, :, None, None])
        own = np.einsum("ia,ijab,jb->ab", chances[0], held.astype(float), chances[1], optimize=True)
        inner = own[np.ix_(INNER, INNER)]
        silent = float((chances[0].T @ none @ chances[1]).max())
        found[name] = (float(own.min()), float(inner.min()), float(inner.mean()), silent)
    return found


def tests(n: int, m: int) -> dict[str, float]:
    """name -> the greatest share of rejections at 0.05 where both shares are the same."""
    chances = [binom.pmf(np.arange(size + 1)[:, None], size, GRID) for size in (n, m)]
    found = {}
    for name, method in {"Fisher": Fisher(), "Boschloo": Boschloo()}.items():
        p = np.array(
            [[exact(Pair.of(i, n, j, m), method=method).p for j in range(m + 1)] for i in range(n + 1)]
        )
        rejected = (p.astype(float) <= 0.05).astype(float)
        found[name] = float(np.einsum("ia,ij,ja->a", chances[0], rejected, chances[1]).max())
    return found


def needed_is_the_difference(n: int = 8) -> bool:
    """Whether the number needed has the ends of the difference, turned: then its coverage is that one's."""
    for first in range(n + 1):
        for second in range(n + 1):
            pair = Pair.of(first, n, second, n)
            one, other = number_needed(pair), difference(pair)
            if one.low is None or one.high is None or other.low is None or other.high is None:
                continue
            if other.low > 0 and abs(one.low - 1 / other.high) > 1e-9 * one.low:
                return False
    return True


def main() -> int:
    """Prints the table; 1 where an exact method covers less than 95 %."""
    short = 0
    for n in ONE:
        for name, (least, inner, mean) in one_arm(n).items():
            short += name in EXACT and least < 0.95
            print(f"{name:32s} {n:3d}      least {least:.3f}; 0.1 to 0.9: least {inner:.3f}, mean {mean:.3f}")
    for n, m in TWO:
        for name, (least, inner, mean, silent) in two_arms(n, m).items():
            short += name in EXACT and least < 0.95
            print(
                f"{name:32s} {n:3d} {m:3d}  least {least:.3f}; 0.1 to 0.9: least {inner:.3f}, "
                f"mean {mean:.3f}; none {silent:.3f}"
            )
    for name, worst in tests(12, 12).items():
        short += worst > 0.05
        print(f"{name:32s}  12  12  rejected at 0.05, at most {worst:.4f}")
    print(f"the number needed is the difference turned: {needed_is_the_difference()}")
    return int(short > 0)
