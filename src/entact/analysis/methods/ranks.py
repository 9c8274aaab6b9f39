"""Methods by ranks: two arms, strata, changes within people, and the test by randomisation itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from entact.analysis.methods.answer import cut, labelled, parts
from entact.analysis.planned import Question
from entact.analysis.randomisation import Procedure, rerandomise
from entact.analysis.rank import rank_sum, signed_rank, van_elteren
from entact.analysis.result import Estimates


@dataclass(frozen=True, slots=True)
class RankSum:
    """Two arms by Wilcoxon's rank sum test, with the Hodges-Lehmann shift."""

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        found = rank_sum(
            first["value"], second["value"], level=question.level, side=question.side, names=question.pair()
        )
        return labelled(found, question)


@dataclass(frozen=True, slots=True)
class VanElteren:
    """Two arms by rank sums within strata."""

    strata: tuple[str, ...]

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        found, notes = cut(rows, question, self.strata)
        pairs = [(one.first, one.second) for one in found]
        own = van_elteren(pairs, level=question.level, side=question.side, names=question.pair())
        return labelled(own, question, *notes)


@dataclass(frozen=True, slots=True)
class SignedRank:
    """Changes within people, of each arm or of all, by Wilcoxon's signed rank test."""

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = question.here(rows)
        found = []
        for key, part in parts(here, ["arm"] if "arm" in here.columns else []):
            name = str(key[0]) if key else "all"
            own = signed_rank(part["value"], level=question.level, side=question.side, name=name)
            found.append(replace(own, label=name))
        return Estimates("", tuple(found))


@dataclass(frozen=True, slots=True)
class Rerandomisation:
    """Two arms by the allocations that the procedure would have made; rows in the order of allocation."""

    procedure: Procedure
    seed: int
    draws: int = 9999
    covariates: tuple[str, ...] = ()

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = question.here(rows).filter(pl.col("arm").cast(pl.String).is_in(list(question.pair())))
        found = rerandomise(
            here,
            contrast=question.pair(),
            procedure=self.procedure,
            generator=np.random.default_rng(self.seed),
            draws=self.draws,
            covariates=self.covariates,
            side=question.side,
            level=question.level,
        )
        return labelled(found, question, f"seed {self.seed}")
