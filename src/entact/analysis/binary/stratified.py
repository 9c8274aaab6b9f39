"""Two shares compared within strata, and what the strata say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Literal

from entact.analysis.binary.arms import Pair, pooled_groups, tail
from entact.analysis.binary.score import common_limits, difference_score
from entact.analysis.frame import public
from entact.analysis.meta.effect import Counts
from entact.analysis.meta.rare import TwoByTwo, cochran_mantel_haenszel, mantel_haenszel
from entact.analysis.result import Estimate, Side, strata_told

Weights = Literal["mantel_haenszel", "sample_size", "equal"]


@dataclass(frozen=True, slots=True)
class Stratum:
    """The two arms within one stratum."""

    name: str
    pair: Pair


@public
def stratified_difference(
    strata: Sequence[Stratum],
    *,
    weights: Weights = "mantel_haenszel",
    level: float = 0.95,
    null: float = 0.0,
    side: Side = "two_sided",
) -> Estimate:
    """The common difference of shares with the stratified score interval of Miettinen and Nurminen.

    Args:
        strata: those with both arms. weights: of the strata, Mantel and Haenszel's by default.
        null, side: what is tested, as a margin of non-inferiority.
    Raises:
        ValueError: without strata, or for weights that are none of these.
    Source: Miettinen & Nurminen 1985, Statistics in Medicine 4:213. Equivalent to metalite.ae `rate_compare`.
    """
    pairs = _pairs(strata)
    known = {
        "mantel_haenszel": [pair.first.n * pair.second.n / pair.n for pair in pairs],
        "sample_size": [float(pair.n) for pair in pairs],
        "equal": [1.0 for _ in pairs],
    }
    if weights not in known:
        raise ValueError(f"weights {weights!r} are none; write one of: {', '.join(known)}")
    own = known[weights]
    low, high = common_limits(pairs, own, level)
    at = sum(w * (p.first.share - p.second.share) for w, p in zip(own, pairs, strict=True)) / sum(own)
    score = difference_score(pairs, own, null)
    return Estimate(
        "common risk difference",
        f"stratified Miettinen-Nurminen score, {weights.replace('_', '-')} weights",
        at,
        low,
        high,
        level,
        statistic=score,
        p=tail(score, side),
        null=null,
        side=side,
        groups=pooled_groups(pairs),
        notes=(strata_told(len(pairs)),),
    )


@public
def mantel_haenszel_difference(
    strata: Sequence[Stratum], *, level: float = 0.95, null: float = 0.0, side: Side = "two_sided"
) -> Estimate:
    """The Mantel-Haenszel risk difference, with Sato's variance. Equivalent to metafor `rma.mh`."""
    found = mantel_haenszel(_trials(strata), "RD", level=level)
    z = (found.estimate - null) / found.se
    return Estimate(
        "common risk difference",
        "Mantel-Haenszel, Sato's variance",
        found.estimate,
        found.low,
        found.high,
        level,
        se=found.se,
        statistic=z,
        p=tail(z, side),
        null=null,
        side=side,
        groups=pooled_groups(_pairs(strata)),
        notes=(strata_told(len(strata)),),
    )


@public
def mantel_haenszel_ratio(
    strata: Sequence[Stratum],
    kind: Literal["risk ratio", "odds ratio"] = "odds ratio",
    *,
    level: float = 0.95,
) -> Estimate:
    """The common ratio by Mantel and Haenszel. Equivalent to metafor `rma.mh`."""
    found = mantel_haenszel(_trials(strata), "RR" if kind == "risk ratio" else "OR", level=level)
    return Estimate(
        f"common {kind}",
        "Mantel-Haenszel",
        exp(found.estimate),
        exp(found.low),
        exp(found.high),
        level,
        se=found.se,
        p=found.p,
        null=1.0,
        groups=pooled_groups(_pairs(strata)),
        notes=(strata_told(len(strata)), "SE is of the logarithm"),
    )


@public
def cochran_test(strata: Sequence[Stratum], *, correct: bool = False, level: float = 0.95) -> Estimate:
    """The Cochran-Mantel-Haenszel test, beside the common odds ratio where it has a value.

    Args:
        correct: whether half an event is taken off, for continuity, as R does unless told otherwise.
    Equivalent to R `mantelhaen.test`.
    """
    chi2, p = cochran_mantel_haenszel(_trials(strata), correct=correct)
    notes = [strata_told(len(strata)), "with continuity correction" if correct else "without correction"]
    at = low = high = None
    try:
        ratio = mantel_haenszel_ratio(strata, level=level)
        at, low, high = ratio.estimate, ratio.low, ratio.high
    except ValueError as problem:
        notes.append(str(problem))
    return Estimate(
        "common odds ratio",
        "Cochran-Mantel-Haenszel",
        at,
        low,
        high,
        level,
        df=1.0,
        statistic=chi2,
        p=p,
        null=1.0,
        groups=pooled_groups(_pairs(strata)),
        notes=tuple(notes),
    )


def _pairs(strata: Sequence[Stratum]) -> list[Pair]:
    if not strata:
        raise ValueError("no stratum has both arms: there is nothing to compare within")
    return [one.pair for one in strata]


def _trials(strata: Sequence[Stratum]) -> list[TwoByTwo]:
    _pairs(strata)
    return [
        TwoByTwo(
            Counts(one.pair.first.events, one.pair.first.n),
            Counts(one.pair.second.events, one.pair.second.n),
            one.name,
        )
        for one in strata
    ]
