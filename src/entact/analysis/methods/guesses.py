"""Methods for guesses of the treatment: how well it was hidden, and the effect given what was guessed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from entact.analysis.blinding import UNKNOWN, Guesses, Index, bang, count_guesses, james
from entact.analysis.guess import (
    Guessed,
    correct_guess_curve,
    effect_by_guess,
    expectancy_needed,
    mediation_by_guess,
    read_guesses,
)
from entact.analysis.methods.means import TTest
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates, Group

SHORT = 30
"""People in an arm up to whom Bang's interval is too short. Over every outcome, at shares of 0.1 to 0.9:
of 10 it holds in 0.65 to 0.90, of 20 in 0.88 to 0.96, of 30 in 0.81 to 0.96 of trials."""


@dataclass(frozen=True, slots=True)
class BlindingIndex:
    """Bang's index of each arm, or James's of the study; the value is the guess.

    Attributes:
        unknown: what stands in it for "do not know".
    """

    kind: Literal["bang", "james"]
    unknown: str = UNKNOWN

    takes_text = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = question.here(rows).with_columns(
            pl.col("arm").cast(pl.String), pl.col("value").cast(pl.String)
        )
        pair = question.pair()
        own = here.filter(pl.col("arm").is_in(list(pair)))
        others = sorted(set(own["value"]) - {*pair, self.unknown})
        if others:
            raise ValueError(
                f"{others[0]!r} was guessed, which is none of {', '.join(pair)} nor {self.unknown!r}; "
                "say with `unknown` what stands for not knowing"
            )
        counted = count_guesses(own, arm="arm", guess="value", arms=pair, unknown=self.unknown)
        if self.kind == "james":
            groups = tuple(_group(counted, arm) for arm in pair)
            found = _index(
                james(counted.counts, level=question.level), "James's blinding index", question, groups
            )
            return Estimates("", (replace(found, label=question.label),))
        each = []
        for arm in pair:
            index = bang(counted.correct(arm), counted.wrong(arm), counted.unknown(arm), level=question.level)
            one = _index(index, "Bang's blinding index", question, (_group(counted, arm),))
            each.append(replace(one, label=arm))
        return Estimates("", tuple(each))


@dataclass(frozen=True, slots=True)
class EffectGivenGuess:
    """The outcome given the guess: by guess, as a curve, in parts, or what belief would have to do."""

    what: Literal["by_guess", "guess_curve", "expectancy", "mediation"]
    guess: str

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        guessed = read_guesses(question.here(rows), question.pair(), guess=self.guess)
        if self.what == "by_guess":
            return effect_by_guess(guessed, level=question.level)
        if self.what == "guess_curve":
            return correct_guess_curve(guessed, level=question.level)
        if self.what == "mediation":
            return mediation_by_guess(guessed, level=question.level)
        return Estimates("", (self._needed(rows, question, guessed),))

    def _needed(self, rows: pl.DataFrame, question: Question, guessed: Guessed) -> Estimate:
        effect = TTest().answer(rows, replace(question, null=None, side="two_sided"))[0]
        spread = question.here(rows)["value"].cast(pl.Float64).std()
        sd = spread if isinstance(spread, float) and spread > 0 else None
        return replace(expectancy_needed(guessed, effect, sd=sd), label=question.label)


def _group(counted: Guesses, arm: str) -> Group:
    return Group(arm, counted.total(arm), events=counted.correct(arm))


def _index(index: Index, name: str, question: Question, groups: tuple[Group, ...]) -> Estimate:
    notes: tuple[str, ...] = ("events are correct guesses",)
    alike = index.se == 0  # an interval without width would say that the index of everybody is known
    if alike and index.estimate is not None:
        notes = ("all guessed alike: Wald's standard error is nought, and there is no interval", *notes)
    elif name.startswith("Bang") and index.n <= SHORT:
        notes = (
            *notes,
            f"{index.n} in an arm are few for Wald's interval: of 10 that at 0.95 holds in 0.65 to 0.90",
        )
    if index.estimate is None:
        notes = ("the guesses do not determine it: nobody ventured one, or all guessed alike", *notes)
        return Estimate(name, "Wald interval", None, level=question.level, groups=groups, notes=notes)
    return Estimate(
        name,
        "Wald interval",
        index.estimate,
        None if alike else index.low,
        None if alike else index.high,
        question.level,
        se=index.se,
        groups=groups,
        notes=notes,
    )
