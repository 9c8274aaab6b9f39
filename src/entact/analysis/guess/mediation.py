"""How much of a difference goes by way of the guess: natural effects, under assumptions that are stated."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import stdtrit

from entact.analysis.binary.arms import tail, z_of
from entact.analysis.continuous.ancova import t_tail
from entact.analysis.frame import public
from entact.analysis.guess.strata import CAVEAT, Guessed
from entact.analysis.result import Estimate, Estimates, Group

ASSUMED = (
    "assumes that nothing unmeasured changes both guess and outcome, and nothing that treatment changed",
    "assumes that the guess came before the outcome and is no consequence of it",
)

FEW = 5
"""Of whom a mean is that of few: with two the parts were found in 0.10 to 0.12 of trials without them, with
three in 0.08 (`benchmarks/blinding.py`)."""


@public
def mediation_by_guess(guessed: Guessed, *, level: float = 0.95) -> Estimates:
    """The difference of two arms in its part by way of believing in the first arm, and its other part.

    With P(b | a) the share of arm a that guesses the first arm (or does not) and m(a, b) the mean of those:
    indirect is the sum over b of m(1, b) [P(b | 1) - P(b | 2)], direct that of [m(1, b) - m(2, b)] P(b | 2);
    both together are the difference of the means, exactly. No model is taken, not even that belief acts alike
    in both arms. Intervals by the delta method, with Satterthwaite's degrees of freedom: in a well-guessed
    trial one of the means is that of a handful of people, whose spread nobody knows well.

    Raises:
        ValueError: when fewer than two of an arm guessed one way, so that a mean that is needed is not known.
    Source: Pearl 2001, Proceedings of the 17th UAI, 411; VanderWeele & Vansteelandt 2009, Statistics and Its
        Interface 2:457, without covariates.
    """
    first, second = guessed.arms
    means: dict[tuple[str, bool], float] = {}
    errors: dict[tuple[str, bool], float] = {}
    freedom: dict[tuple[str, bool], int] = {}
    share: dict[str, float] = {}
    few: list[str] = []
    for arm in guessed.arms:
        total = guessed.total(arm)
        believed = len(guessed.of(arm, first))
        share[arm] = believed / total
        for belief in (True, False):
            values = [
                float(value)
                for guess in guessed.guesses
                if (guess == first) is belief
                for value in guessed.of(arm, guess)
            ]
            what = f"guessed {first}" if belief else f"did not guess {first}"
            if len(values) < 2:
                raise ValueError(f"{len(values)} in {arm} {what}: the parts of the effect need at least two")
            if len(values) < FEW:
                few.append(f"{len(values)} in {arm} {what}: with so few the level of the test is kept badly")
            means[arm, belief] = sum(values) / len(values)
            spread = sum((value - means[arm, belief]) ** 2 for value in values) / (len(values) - 1)
            errors[arm, belief] = spread / len(values)
            freedom[arm, belief] = len(values) - 1
    gap = share[first] - share[second]
    step = means[first, True] - means[first, False]
    differences = {belief: means[first, belief] - means[second, belief] for belief in (True, False)}
    chance = {arm: share[arm] * (1 - share[arm]) / guessed.total(arm) for arm in guessed.arms}
    indirect = step * gap
    own = share[second]
    direct = differences[True] * own + differences[False] * (1 - own)
    of_indirect = {(first, belief): gap**2 * errors[first, belief] for belief in (True, False)}
    of_direct = {
        (arm, belief): (own if belief else 1 - own) ** 2 * errors[arm, belief]
        for arm in guessed.arms
        for belief in (True, False)
    }
    spread_indirect = _Spread.of(of_indirect, freedom, step**2 * (chance[first] + chance[second]))
    change = (differences[True] - differences[False]) ** 2
    spread_direct = _Spread.of(of_direct, freedom, change * chance[second])
    groups = tuple(Group(arm, guessed.total(arm), share=share[arm]) for arm in guessed.arms)
    notes = (
        *guessed.notes,
        *few,
        f"believed in {first}: {share[first]:.0%} of {first}, {share[second]:.0%} of {second}",
    )
    label = f"{first} - {second}"
    rows = [
        _row("indirect effect, by way of the guess", indirect, spread_indirect, level, groups, notes, label),
        _row("direct effect, whatever is guessed", direct, spread_direct, level, groups, notes, label),
    ]
    return Estimates("Mediation by guess", tuple(rows))


@dataclass(frozen=True, slots=True)
class _Spread:
    """A variance made of those of means and of shares, and its degrees of freedom; None for endless ones."""

    variance: float
    df: float | None

    @classmethod
    def of(
        cls, means: dict[tuple[str, bool], float], freedom: dict[tuple[str, bool], int], shares: float
    ) -> _Spread:
        """Of means each with their own degrees of freedom; shares count as known (Satterthwaite 1946)."""
        variance = sum(means.values()) + shares
        below = sum(one**2 / freedom[cell] for cell, one in means.items())
        return cls(variance, variance**2 / below if below > 0 else None)


def _row(
    measure: str,
    value: float,
    spread: _Spread,
    level: float,
    groups: tuple[Group, ...],
    notes: tuple[str, ...],
    label: str,
) -> Estimate:
    se, df = sqrt(spread.variance), spread.df
    reach = float(stdtrit(df, 0.5 + level / 2)) * se if df is not None else z_of(level) * se
    score = value / se if se > 0 else None
    return Estimate(
        measure,
        "natural effects, without a model",
        value,
        value - reach,
        value + reach,
        level,
        se=se,
        df=df,
        statistic=score,
        p=None
        if score is None
        else tail(score, "two_sided")
        if df is None
        else t_tail(score, df, "two_sided"),
        null=None if score is None else 0.0,
        groups=groups,
        notes=(*notes, *ASSUMED, CAVEAT),
        label=label,
    )
