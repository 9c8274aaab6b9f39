"""One share, with its interval, and the exact test against a null."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import betainc, gammaln

from entact.analysis.binary.arms import Arm, require_side
from entact.analysis.frame import public
from entact.analysis.proportion import proportion, score_interval
from entact.analysis.result import Estimate, Group, Side


class ShareMethod(Protocol):
    """A way to the interval of a share."""

    @property
    def title(self) -> str:
        """As a paper would say it."""
        ...

    def limits(self, arm: Arm, level: float) -> tuple[float, float]:
        """Lower and upper limit."""
        ...


@dataclass(frozen=True, slots=True)
class ClopperPearson:
    """Exact: covers at least its level. Source: Clopper & Pearson 1934."""

    title = "exact (Clopper-Pearson)"

    def limits(self, arm: Arm, level: float) -> tuple[float, float]:
        found = proportion(arm.events, arm.n, level=level)
        return found.low, found.high


@dataclass(frozen=True, slots=True)
class Wilson:
    """The score interval, which covers its level on average. Source: Wilson 1927."""

    title = "Wilson's score"

    def limits(self, arm: Arm, level: float) -> tuple[float, float]:
        return score_interval(arm.events, arm.n, level=level)


CLOPPER_PEARSON = ClopperPearson()


@public
def share(
    arm: Arm,
    *,
    method: ShareMethod = CLOPPER_PEARSON,
    level: float = 0.95,
    null: float | None = None,
    side: Side = "two_sided",
) -> Estimate:
    """A share with its interval; with a null the exact binomial test too.

    Raises:
        ValueError: for a null that is no share. Equivalent to R `binom.test`.
    """
    require_side(side)
    low, high = method.limits(arm, level)
    return Estimate(
        "share",
        method.title + ("" if null is None else "; exact binomial test"),
        arm.share,
        low,
        high,
        level,
        p=None if null is None else binomial_p(arm, null, side),
        null=null,
        side=side,
        groups=(Group(arm.name or "all", arm.n, events=arm.events, share=arm.share),),
    )


def binomial_p(arm: Arm, null: float, side: Side) -> float:
    """p of so many events when each has the chance `null`; two-sided: of all that are no likelier."""
    if not 0 < null < 1:
        raise ValueError(f"the null {null:g} is no share that can be tested; it lies between 0 and 1")
    x, n = arm.events, arm.n
    if side == "greater":
        return 1.0 if x == 0 else float(betainc(x, n - x + 1, null))
    if side == "less":
        return 1.0 if x == n else float(betainc(n - x, x + 1, 1 - null))
    k = np.arange(n + 1)
    logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(null) + (n - k) * np.log1p(-null)
    chance = np.exp(logs)
    return min(1.0, float(chance[chance <= chance[x] * (1 + 1e-7)].sum()))
