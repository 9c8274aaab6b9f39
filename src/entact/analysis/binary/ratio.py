"""The ratio of two shares and of their odds, by logarithm or by score."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, sqrt
from typing import Literal, Protocol

from entact.analysis.binary.arms import Pair, groups, tail, z_of
from entact.analysis.binary.score import odds_score, ratio_limits, ratio_score
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Side

Kind = Literal["risk ratio", "odds ratio"]


class RatioMethod(Protocol):
    """A way to an interval of a ratio."""

    @property
    def title(self) -> str:
        """As a paper would say it."""
        ...

    def limits(self, pair: Pair, kind: Kind, level: float) -> tuple[float, float] | None:
        """Lower and upper limit; None where the method has none."""
        ...

    def score(self, pair: Pair, kind: Kind, null: float) -> float | None:
        """The standardised distance from a null; None where the method has none."""
        ...


@dataclass(frozen=True, slots=True)
class LogWald:
    """The normal interval of the logarithm (Katz of the risk ratio, Woolf of the odds ratio)."""

    title = "Wald on the log scale"

    def limits(self, pair: Pair, kind: Kind, level: float) -> tuple[float, float] | None:
        at, se = seen(pair, kind), _log_se(pair, kind)
        if at is None or se is None:
            return None
        reach = z_of(level) * se
        return at * exp(-reach), at * exp(reach)

    def score(self, pair: Pair, kind: Kind, null: float) -> float | None:
        at, se = seen(pair, kind), _log_se(pair, kind)
        return None if not at or not se else log(at / null) / se


@dataclass(frozen=True, slots=True)
class ScoreRatio:
    """The score interval with the variance at each hypothesis, which needs no event in every cell.

    Source: Miettinen & Nurminen 1985, Statistics in Medicine 4:213.
    """

    title = "Miettinen-Nurminen score"

    def limits(self, pair: Pair, kind: Kind, level: float) -> tuple[float, float] | None:
        at = seen(pair, kind)
        if at is None and not _is_unbounded(pair, kind):
            return 0.0, inf
        score = ratio_score if kind == "risk ratio" else odds_score
        return ratio_limits(lambda value: score(pair, value), inf if at is None else at, level)

    def score(self, pair: Pair, kind: Kind, null: float) -> float | None:
        return (ratio_score if kind == "risk ratio" else odds_score)(pair, null)


SCORE = ScoreRatio()


@public
def ratio(
    pair: Pair,
    kind: Kind = "risk ratio",
    *,
    method: RatioMethod = SCORE,
    level: float = 0.95,
    null: float = 1.0,
    side: Side = "two_sided",
) -> Estimate:
    """The first share over the second, or the odds likewise, with interval and test.

    Args:
        pair: events and numbers of both arms. kind: of shares or of odds. method: ScoreRatio() or LogWald().
        null: what is tested. side: on which the first is expected.
    Returns:
        No estimate where the second share is 0 (or the first 1, for odds); then the score interval is open
        above, and Wald's does not exist, which the notes say.
    Raises:
        ValueError: for a level, a null or a kind that cannot be.
    """
    if kind not in ("risk ratio", "odds ratio"):
        raise ValueError(f"{kind!r} is no ratio; write 'risk ratio' or 'odds ratio'")
    if not null > 0:
        raise ValueError(f"the null {null:g} is no ratio; it is above 0")
    at, notes = seen(pair, kind), []
    if at is None:
        notes.append(f"no value of the {kind}: {_empty(pair, kind)}")
    found = method.limits(pair, kind, level)
    if found is None:
        notes.append(f"an empty cell leaves {method.title} no interval; the score interval has one")
    score = method.score(pair, kind, null)
    se = _log_se(pair, kind) if isinstance(method, LogWald) else None
    low, high = found or (None, None)
    return Estimate(
        kind,
        method.title,
        at,
        low,
        high,
        level,
        se=se,
        statistic=score,
        p=None if score is None else tail(score, side),
        null=None if score is None else null,
        side=side,
        groups=groups(pair),
        notes=(*notes, *(("SE is of the logarithm",) if se is not None else ())),
    )


def seen(pair: Pair, kind: Kind) -> float | None:
    """The ratio of what was seen; None where it has no finite value."""
    one, two = pair.first, pair.second
    if kind == "risk ratio":
        return None if two.events == 0 else one.share / two.share
    below = (one.n - one.events) * two.events
    return None if below == 0 else one.events * (two.n - two.events) / below


def _is_unbounded(pair: Pair, kind: Kind) -> bool:
    """Whether a ratio without a value is one over nought, not nought over nought."""
    one, two = pair.first, pair.second
    if kind == "risk ratio":
        return one.events > 0
    return one.events > 0 and two.events < two.n


def _empty(pair: Pair, kind: Kind) -> str:
    if kind == "risk ratio" or pair.second.events == 0:
        return "nobody in the second arm had an event"
    return "everybody in the first arm had an event"


def _log_se(pair: Pair, kind: Kind) -> float | None:
    one, two = pair.first, pair.second
    cells = [one.events, two.events]
    if kind == "odds ratio":
        cells += [one.n - one.events, two.n - two.events]
    if min(cells) == 0:
        return None
    if kind == "odds ratio":
        return sqrt(sum(1 / cell for cell in cells))
    return sqrt(1 / one.events - 1 / one.n + 1 / two.events - 1 / two.n)
