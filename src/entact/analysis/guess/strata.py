"""Outcomes by arm and guess, and the difference of arms among those who guessed alike."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from entact.analysis.describe import Summary, mean_difference, summarise
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Estimates, Group

CAVEAT = "a guess is made after treatment and may follow from its effect: groups by guess are not randomised"


@dataclass(frozen=True)
class Guessed:
    """Outcomes of two arms by what was guessed.

    Attributes:
        arms: the first and the second. outcomes: (arm, guess) -> values; guesses are the arms and others,
            such as "do not know".
    """

    arms: tuple[str, str]
    outcomes: dict[tuple[str, str], pl.Series]
    notes: tuple[str, ...] = ()

    def of(self, arm: str, guess: str) -> pl.Series:
        """The values of an arm in which a guess was made; empty where it was by nobody."""
        return self.outcomes.get((arm, guess), pl.Series([], dtype=pl.Float64))

    def summary(self, arm: str, guess: str) -> Summary:
        """Their number, mean and SD."""
        return summarise(self.of(arm, guess))

    def total(self, arm: str) -> int:
        """How many of an arm guessed anything."""
        return sum(len(values) for (own, _), values in self.outcomes.items() if own == arm)

    @property
    def guesses(self) -> list[str]:
        """Every guess that was made, the arms first."""
        others = sorted({guess for _, guess in self.outcomes} - set(self.arms))
        return [*self.arms, *others]


@public
def read_guesses(
    rows: pl.DataFrame, contrast: tuple[str, str], *, guess: str = "guess", value: str = "value"
) -> Guessed:
    """Outcomes by arm and guess.

    Args:
        rows: one row a participant, with arm, the guess of an arm or another answer, and the outcome; who
            lacks one is left out, and counted in the notes.
    Raises:
        ValueError: when a column is not there, or an arm has nobody with a guess.
    """
    for name in ("arm", guess, value):
        if name not in rows.columns:
            raise ValueError(f"there is no column {name!r}; there are: {', '.join(rows.columns)}")
    own = rows.filter(pl.col("arm").cast(pl.String).is_in(list(contrast)))
    known = own.select(
        pl.col("arm").cast(pl.String),
        pl.col(guess).cast(pl.String).alias("guess"),
        pl.col(value).cast(pl.Float64),
    ).drop_nulls()
    outcomes = {
        (str(arm), str(said)): part[value]
        for (arm, said), part in known.group_by("arm", "guess", maintain_order=True)
    }
    lost = len(own) - len(known)
    found = Guessed(contrast, outcomes, (f"{lost} without a guess or an outcome left out",) if lost else ())
    for arm in contrast:
        if not found.total(arm):
            raise ValueError(f"nobody in arm {arm!r} has both a guess and an outcome")
    return found


@public
def effect_by_guess(guessed: Guessed, *, level: float = 0.95) -> Estimates:
    """The difference of arms among those who guessed alike, by Welch's test; or why there is none."""
    first, second = guessed.arms
    rows = []
    for guess in guessed.guesses:
        one, two = guessed.summary(first, guess), guessed.summary(second, guess)
        groups = tuple(
            Group(arm, summary.n, mean=summary.mean, sd=summary.sd)
            for arm, summary in ((first, one), (second, two))
        )
        label = f"{first} - {second}, who guessed {guess}"
        try:
            found = mean_difference(one, two, level=level)
        except ValueError as problem:
            note = f"{guess}: {problem}"
            rows.append(
                Estimate(
                    "mean difference",
                    "Welch's t test",
                    None,
                    level=level,
                    groups=groups,
                    notes=(note,),
                    label=label,
                )
            )
            continue
        rows.append(
            Estimate(
                "mean difference",
                "Welch's t test",
                found.difference,
                found.low,
                found.high,
                level,
                se=found.se,
                df=found.df,
                p=found.p,
                null=0.0,
                groups=groups,
                notes=(*guessed.notes, CAVEAT),
                label=label,
            )
        )
    return Estimates("Effect by guess", tuple(rows))
