"""How ordered categories of one person go together: one odds ratio for every two visits and cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from entact.analysis.repeated.gee import Floats, Places

Association = Literal["independence", "exchangeable"]
ASSOCIATIONS: tuple[str, ...] = ("independence", "exchangeable")
STRONGEST = 12.0
"""Logarithm of an odds ratio beyond which two visits count as one."""
LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Pairs:
    """Chances (k, s, c, s, c) that two visits of k participants both lie above two cuts, and their slopes.

    Attributes:
        both: the chance. slope: of it in the logarithm of the odds ratio.
    """

    both: Floats
    slope: Floats

    @classmethod
    def of(cls, mu: Floats, log_odds: float) -> Pairs:
        """With these chances mu (k, s, c) of lying above each cut.

        Source: Plackett 1965, JASA 60:516; Heagerty & Zeger 1996, JASA 91:1024.
        """
        a, b = mu[:, :, :, None, None], mu[:, None, None, :, :]
        product, excess = a * b, np.expm1(log_odds)
        if abs(excess) < 1e-9:
            both = product + 0.0
        else:
            middle = 1 + (a + b) * excess
            root = np.sqrt(middle**2 - 4 * (1 + excess) * excess * product)
            # the smaller root, without the difference of two nearly equal numbers
            both = 2 * (1 + excess) * product / (middle + root)
        cells = (both, a - both, b - both, 1 - a - b + both)
        slope = 1 / sum(1 / np.maximum(one, LEAST) for one in cells)
        return cls(np.asarray(both, dtype=np.float64), np.asarray(slope, dtype=np.float64))

    def covariance(self, mu: Floats) -> Floats:
        """(k, s c, s c) of the flags that say which cuts each visit lies above."""
        k, s, c = mu.shape
        found = self.both - mu[:, :, :, None, None] * mu[:, None, None, :, :]
        own = np.minimum(mu[:, :, :, None], mu[:, :, None, :]) - mu[:, :, :, None] * mu[:, :, None, :]
        visits = np.arange(s)
        found[:, visits, :, visits, :] = own.transpose(
            1, 0, 2, 3
        )  # above the higher of two cuts is above both
        whole: Floats = found.reshape(k, s * c, s * c)
        return whole


def next_log_odds(mu: Floats, above: Floats, patterns: list[Places], log_odds: float) -> float:
    """The logarithm of the odds ratio after one step of its estimating equation.

    Args:
        mu, above: (n, c) chances of lying above each cut, and whether the values do. patterns: rows of those
            who were seen at the same visits, (k, s) of each.
    Source: Heagerty & Zeger 1996, equation of second moments, products of two flags taken as independent.
    """
    score = information = 0.0
    for own in patterns:
        s = own.shape[1]
        pairs, seen = Pairs.of(mu[own], log_odds), above[own]
        rest = seen[:, :, :, None, None] * seen[:, None, None, :, :] - pairs.both
        weight = pairs.slope / np.maximum(pairs.both * (1 - pairs.both), LEAST)
        later = np.triu(np.ones((s, s)), 1)[None, :, None, :, None]
        score += float((later * weight * rest).sum())
        information += float((later * weight * pairs.slope).sum())
    return log_odds + float(np.clip(score / max(information, LEAST), -2.0, 2.0))
