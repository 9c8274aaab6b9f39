"""The difference of two shares: the first minus the second, by a method that is an object."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Protocol

from entact.analysis.binary.arms import Pair, groups, tail, z_of
from entact.analysis.binary.score import common_limits, difference_score
from entact.analysis.frame import public
from entact.analysis.proportion import score_interval
from entact.analysis.result import Estimate, Side


class DifferenceMethod(Protocol):
    """A way to an interval of the difference of two shares."""

    @property
    def title(self) -> str:
        """As a paper would say it."""
        ...

    def limits(self, pair: Pair, level: float) -> tuple[float, float]:
        """Lower and upper limit."""
        ...

    def score(self, pair: Pair, null: float) -> float | None:
        """The standardised distance from a null, normal under it; None where the method tests nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Wald:
    """The normal interval with unpooled variance: too short in small samples and near 0 and 1."""

    title = "Wald"

    def limits(self, pair: Pair, level: float) -> tuple[float, float]:
        reach = z_of(level) * _wald_se(pair)
        at = pair.first.share - pair.second.share
        return at - reach, at + reach

    def score(self, pair: Pair, null: float) -> float | None:
        se, away = _wald_se(pair), pair.first.share - pair.second.share - null
        return None if se == 0 else away / se


@dataclass(frozen=True, slots=True)
class Newcombe:
    """The hybrid of two Wilson intervals (his method 10). Source: Newcombe 1998, Stat Med 17:873."""

    title = "Newcombe's hybrid score"

    def limits(self, pair: Pair, level: float) -> tuple[float, float]:
        one, two = pair.first, pair.second
        low_1, high_1 = score_interval(one.events, one.n, level=level)
        low_2, high_2 = score_interval(two.events, two.n, level=level)
        at = one.share - two.share
        return (
            at - sqrt((one.share - low_1) ** 2 + (high_2 - two.share) ** 2),
            at + sqrt((high_1 - one.share) ** 2 + (two.share - low_2) ** 2),
        )

    def score(self, pair: Pair, null: float) -> float | None:
        return None


@dataclass(frozen=True, slots=True)
class MiettinenNurminen:
    """The score interval with the variance at each hypothesis, times N / (N - 1).

    Source: Miettinen & Nurminen 1985, Stat Med 4:213. Equivalent to SAS `riskdiff(cl=mn)`.
    """

    title = "Miettinen-Nurminen score"

    def limits(self, pair: Pair, level: float) -> tuple[float, float]:
        return common_limits([pair], [1.0], level)

    def score(self, pair: Pair, null: float) -> float | None:
        return difference_score([pair], [1.0], null)


NEWCOMBE = Newcombe()


@public
def difference(
    pair: Pair,
    *,
    method: DifferenceMethod = NEWCOMBE,
    level: float = 0.95,
    null: float = 0.0,
    side: Side = "two_sided",
) -> Estimate:
    """The first share minus the second with its interval, and the test against a null or a margin.

    Args:
        pair: events and numbers of both arms. method: Wald(), Newcombe() or MiettinenNurminen().
        null: what is tested, such as -0.1 for non-inferiority by ten points, with `side="greater"`.
    Returns:
        p where the method has a test; Newcombe's has none, and Wald's none where neither share varies: there
        it has no interval either.
    Raises:
        ValueError: for a level or a null that cannot be.
    """
    if not -1 < null < 1:
        raise ValueError(f"the null {null:g} is no difference of two shares; it lies between -1 and 1")
    low, high = method.limits(pair, level)
    score = method.score(pair, null)
    alike = isinstance(method, Wald) and low == high
    why = "neither share varies: Wald's standard error is nought, no interval and no test"
    return Estimate(
        "risk difference",
        method.title,
        pair.first.share - pair.second.share,
        None if alike else max(low, -1.0) if not isinstance(method, Wald) else low,
        None if alike else min(high, 1.0) if not isinstance(method, Wald) else high,
        level,
        se=_wald_se(pair) if isinstance(method, Wald) else None,
        statistic=score,
        p=None if score is None else tail(score, side),
        null=None if score is None else null,
        side=side,
        groups=groups(pair),
        notes=(why,) if alike else (),
    )


def _wald_se(pair: Pair) -> float:
    one, two = pair.first, pair.second
    return sqrt(one.share * (1 - one.share) / one.n + two.share * (1 - two.share) / two.n)
