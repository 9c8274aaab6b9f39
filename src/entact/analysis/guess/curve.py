"""The correct-guess-rate curve: what the difference would be if so many in each arm had guessed their arm."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from scipy.special import stdtr, stdtrit

from entact.analysis.frame import public
from entact.analysis.guess.strata import CAVEAT, Guessed
from entact.analysis.level import check_level
from entact.analysis.result import Estimate, Estimates, Group


@public
def correct_guess_curve(
    guessed: Guessed, rates: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0), *, level: float = 0.95
) -> Estimates:
    """The difference of arms with correct and wrong guesses mixed at stated rates; at a half, as by chance.

    Args:
        rates: of correct guesses, the same in both arms. Who guessed neither is left out, and counted.
    Returns:
        For each rate c, c times the mean of those who guessed their arm plus 1 - c times that of those who
        guessed the other, of the first arm less the second; t intervals (Satterthwaite).
    Raises:
        ValueError: when nobody, or one alone, of an arm guessed right or wrong: the curve is not known then.
    Source: Szigeti et al. 2023, Scientific Reports 13:12107, in its closed form of means.
    """
    first, second = guessed.arms
    parts = {
        (arm, right): guessed.summary(arm, arm if right else other)
        for arm, other in ((first, second), (second, first))
        for right in (True, False)
    }
    for (arm, right), summary in parts.items():
        if summary.n < 2 or summary.mean is None or summary.sd is None:
            what = "their own arm" if right else "the other arm"
            raise ValueError(f"{summary.n} in {arm} guessed {what}: the curve needs at least two")
    others = sum(guessed.total(arm) for arm in guessed.arms) - sum(one.n for one in parts.values())
    check_level(level)
    rows = []
    seen = [parts[arm, True].n / (parts[arm, True].n + parts[arm, False].n) for arm in guessed.arms]
    for rate in rates:
        if not 0 <= rate <= 1:
            raise ValueError(f"{rate:g} is no rate of correct guesses; it lies between 0 and 1")
        at = variance = squares = 0.0
        for arm, sign in ((first, 1.0), (second, -1.0)):
            for right, weight in ((True, rate), (False, 1 - rate)):
                own = parts[arm, right]
                assert own.mean is not None
                assert own.sd is not None
                at += sign * weight * own.mean
                part = weight**2 * own.sd**2 / own.n
                variance += part
                squares += part**2 / (own.n - 1)
        se = sqrt(variance)
        df = variance**2 / squares if squares > 0 else None
        score = at / se if se > 0 else None
        reach = None if df is None else float(stdtrit(df, 0.5 + level / 2)) * se
        notes = [CAVEAT, f"correct in truth: {seen[0]:.0%} of {first}, {seen[1]:.0%} of {second}"]
        if reach is None:
            notes.append("nobody differs from who guessed alike in the same arm: no interval")
        if others:
            notes.append(f"{others} who guessed neither of the two left out")
        rows.append(
            Estimate(
                "mean difference",
                "correct-guess-rate curve",
                at,
                None if reach is None else at - reach,
                None if reach is None else at + reach,
                level,
                se=se,
                df=df,
                statistic=score,
                p=None if score is None or df is None else 2 * float(stdtr(df, -abs(score))),
                null=None if score is None else 0.0,
                groups=tuple(Group(arm, parts[arm, True].n + parts[arm, False].n) for arm in guessed.arms),
                notes=tuple(notes),
                label=f"{first} - {second}, {rate:.0%} guess correctly",
            )
        )
    return Estimates("Correct-guess-rate curve", tuple(rows))
