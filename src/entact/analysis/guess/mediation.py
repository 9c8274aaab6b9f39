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
"""Of whom a mean is that of few, whose own spread says little: with it the parts were found in 0.06 (of three
or four) to 0.13 (of two) of trials without them. So theirs is that within all groups: 0.05, if they vary as
the others do; 0.02 if they vary less, 0.10 if they vary one and a half times as much (simulated, 45 and 45
people of whom 95 % and 82 % guess their arm)."""


@public
def mediation_by_guess(guessed: Guessed, *, level: float = 0.95) -> Estimates:
    """The difference of two arms in its part by way of believing in the first arm, and its other part.

    With P(b | a) the share of arm a that guesses the first arm (or does not) and m(a, b) the mean of those:
    indirect is the sum over b of m(1, b) [P(b | 1) - P(b | 2)], direct that of [m(1, b) - m(2, b)] P(b | 2);
    both together are the difference of the means, exactly. No model is taken, not even that belief acts alike
    in both arms. Intervals by the delta method, with Satterthwaite's degrees of freedom. In a well-guessed
    trial one of the means is that of a handful of people: of fewer than five the spread is that within all
    four groups together.

    Raises:
        ValueError: when fewer than two of an arm guessed one way, so that a mean that is needed is not known.
    Source: Pearl 2001, Proceedings of the 17th UAI, 411; VanderWeele & Vansteelandt 2009, Statistics and Its
        Interface 2:457, without covariates.
    """
    first, second = guessed.arms
    groups_of = {
        (arm, belief): [
            float(value)
            for guess in guessed.guesses
            if (guess == first) is belief
            for value in guessed.of(arm, guess)
        ]
        for arm in guessed.arms
        for belief in (True, False)
    }
    share = {arm: len(groups_of[arm, True]) / guessed.total(arm) for arm in guessed.arms}
    means: dict[tuple[str, bool], float] = {}
    squares: dict[tuple[str, bool], float] = {}
    few: list[str] = []
    for (arm, belief), values in groups_of.items():
        what = f"{len(values)} in {arm} {'guessed' if belief else 'did not guess'} {first}"
        if len(values) < 2:
            raise ValueError(f"{what}: the parts of the effect need at least two")
        if len(values) < FEW:
            few.append(f"{what}: so few are taken to vary as all groups do")
        means[arm, belief] = sum(values) / len(values)
        squares[arm, belief] = sum((value - means[arm, belief]) ** 2 for value in values)
    everybody = sum(map(len, groups_of.values())) - len(groups_of)
    freedom = {
        group: everybody if len(values) < FEW else len(values) - 1 for group, values in groups_of.items()
    }
    within = sum(squares.values()) / everybody
    errors = {
        group: (within if len(values) < FEW else squares[group] / (len(values) - 1)) / len(values)
        for group, values in groups_of.items()
    }
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
