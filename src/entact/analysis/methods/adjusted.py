"""Marginal effects: arms compared with covariates in the model, averaged over everybody."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from entact.analysis.adjustment import Ge, Ye, linear, logistic, standardise
from entact.analysis.adjustment.logistic import Fitting
from entact.analysis.adjustment.marginal import Measure
from entact.analysis.adjustment.profile import firth_odds_ratios
from entact.analysis.binary import count
from entact.analysis.binary.arms import groups
from entact.analysis.frame import as_categories
from entact.analysis.methods.answer import labelled, other_arms
from entact.analysis.planned import Question
from entact.analysis.result import Estimates


@dataclass(frozen=True, slots=True)
class Standardised:
    """The marginal difference of means or shares by a linear or logistic model (g-computation).

    Attributes:
        randomised_within: columns by which randomisation was stratified, which Ye's variance counts.
    """

    family: Literal["linear", "logistic"]
    fixed: str
    measure: Measure = "difference"
    variance: str = "ye"
    randomised_within: tuple[str, ...] = ()
    fitting: Fitting = "firth_if_separated"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = as_categories(question.here(rows), "arm")
        formula = f"value ~ {self.fixed}"
        if self.family == "linear":
            model = linear(formula, here)
        else:
            model = logistic(formula, here, fitting=self.fitting)
        found = standardise(
            model,
            here,
            question.pair(),
            measure=self.measure,
            variance=Ye(self.randomised_within) if self.variance == "ye" else Ge(),
            level=question.level,
            null=question.null,
            side=question.side,
        )
        return labelled(found, question)


@dataclass(frozen=True, slots=True)
class FirthOdds:
    """The odds ratio of two arms by Firth's penalised likelihood, which stands where shares are separated."""

    fixed: str

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        pair = question.pair()
        arm = pl.col("arm").cast(pl.String)
        everybody = question.here(rows)
        here = everybody.filter(arm.is_in(list(pair)))
        here = here.with_columns(arm.cast(pl.Enum([pair[1], pair[0]])))
        formula, of = f"value ~ {self.fixed}", re.compile(r"(?<![\w.])arm(?![\w.])").search
        own = firth_odds_ratios(formula, here, level=question.level, of=lambda name: bool(of(name)))
        if len(own) != 1:
            raise ValueError(
                "the odds ratio of the arms is one coefficient where 'arm' stands in `fixed` once and alone"
            )
        both = groups(count(first["value"], second["value"], pair))
        return labelled(replace(own[0], groups=both), question, *other_arms(everybody, question))
